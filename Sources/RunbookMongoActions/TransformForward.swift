import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// Carries a transform forward: passes over the documents that need it; each batch is asked of a program and written like a batch of any other change.
final class TransformForward {
  private let change: OnlineChange
  private let definition: ChangeDefinition
  private let arguments: TransformArguments
  private let programs: TransformPrograms
  private let stop: any StopSignal
  private let progress: ChangeProgress
  private let writer: OnlineChangeWriter
  /// What has been answered, by the state in which the answer leaves a document: not asked again as long as it is in that.
  private var answered: Set<KeyHash> = []
  /// In the latest complete pass.
  private var refitting: (count: Int, example: RawBSONValue?) = (0, nil)
  /// Documents left as they are.
  private(set) var left: RefusedDocuments
  /// Documents whose answer was what is stored.
  private(set) var alreadyDone = 0
  /// Questions that were answered, in this attempt.
  private(set) var asked = 0
  private(set) var warnings: [String] = []

  var tally: OnlineChangeTally { writer.tally }
  var arrivingPerSecond: Double { writer.arrivingPerSecond }

  /// A batch is cut where what the program is given has more bytes.
  private static let batchBytes = 8 << 20

  init(
    _ change: OnlineChange, definition: ChangeDefinition, arguments: TransformArguments, programs: TransformPrograms, throttle: Throttle,
    stop: any StopSignal, progress: ChangeProgress
  ) async throws(ActionError) {
    self.change = change
    self.definition = definition
    self.arguments = arguments
    self.programs = programs
    self.stop = stop
    self.progress = progress
    left = RefusedDocuments(collection: definition.collection, rule: arguments.onDocumentError)
    writer = try await OnlineChangeWriter(
      change, collection: definition.collection, points: "transform", batchSize: arguments.batchSize, throttle: throttle,
      isStopped: { stop.isRequested }, onBatch: { progress.note($0) })
    writer.onRecorded = { [unowned self] (block) throws(ActionError) in
      if !block.failed.isEmpty { try left.add(block, self.change.entries(of: block)) }
    }
  }

  /// Documents that fit the filter although their answer is written: a later run would ask for them again.
  var stillFitting: String? {
    guard refitting.count > 0, let example = refitting.example else { return nil }
    let documents = refitting.count == 1 ? "1 document fits" : "\(refitting.count) documents fit"
    return
      "\(documents) the filter with their answer written, for example \(MongoValues.text(example)): a later run would ask about them again"
  }

  /// Repeats passes until one finds nothing to write.
  /// - Returns: false where that did not happen within the passes allowed.
  func run() async throws(ActionError) -> Bool {
    defer { writer.end() }
    do throws(ActionError) {
      try await left.learn(definition, of: change)
      try await learnEarlierAnswers()
      let hasConverged = try await passes()
      warnings += try await programs.finish()
      return hasConverged
    } catch {
      await programs.abandon()
      throw error
    }
  }

  private func passes() async throws(ActionError) -> Bool {
    for pass in 1...OnlineChangeForward.mostPasses {
      // A cursor on an index misses a document whose key moves behind it, so the pass that ends the step goes by the natural order.
      let isNatural = pass > 1 && definition.selection == nil
      let found = try await completePass(natural: isNatural)
      if found == 0, pass > 1 { return true }
    }
    return false
  }

  /// After a crash: what the blocks of this step say was written has been answered.
  private func learnEarlierAnswers() async throws(ActionError) {
    for header in try await change.read(["st": "applied"], withEntries: false) {
      let block = try await change.block(header.id)
      let entries = try change.entries(of: block)
      for index in block.applied {
        let entry = entries[index]
        answered.insert(state(of: entry.key, touched: entry.fields.map { $0.changes ? $0.after : $0.before }, inputs: entry.inputs))
      }
    }
  }

  /// A document's state as far as it concerns the program: the touched fields, and what an answer depends on.
  private func state(of key: RawBSONValue, touched: [RawBSONValue?], inputs: [RawBSONValue?]) -> KeyHash {
    let state = BSONDocument { state in
      state.append("k", raw: key)
      for (field, value) in zip(arguments.fields, touched) { if let value { state.append("t" + field, raw: value) } }
      if definition.inputs == [.root] {
        // Where a field stands that is new is the server's affair.
        let others = (inputs[0]?.document ?? [:]).filter { $0.key != "_id" && !arguments.fields.contains($0.key) }
        for element in others.sorted(by: { $0.key < $1.key }) { state.append("i" + element.key, raw: element.value) }
      } else {
        for (field, value) in zip(definition.inputs, inputs) { if let value { state.append("i" + field.text, raw: value) } }
      }
    }
    return KeyHash(state.raw)
  }

  /// The state of a row, with its touched fields as they are or are to be.
  private func state(of row: TransformRow, touched: BSONDocument) -> KeyHash {
    let inputs: [RawBSONValue?]
    if definition.inputs == [.root] {
      inputs = [row.row["w"]]
    } else {
      let read = row.row["r"]?.document ?? BSONDocument()
      inputs = definition.inputs.enumerated().map { read[ChangeDefinition.rowName($1, at: $0)] }
    }
    return state(of: row.key, touched: arguments.fields.map { touched[$0] }, inputs: inputs)
  }

  /// A pass, begun again where its cursor died; a program may take longer than a server keeps one.
  private func completePass(natural: Bool) async throws(ActionError) -> Int {
    try await writer.completePass { () throws(ActionError) in
      refitting = (0, nil)
      return try await pass(natural: natural)
    }
  }

  private func pass(natural: Bool) async throws(ActionError) -> Int {
    let stages = definition.match + arguments.projection.stages(of: definition)
    let command = BSONDocument { aggregate in
      aggregate.append("aggregate", definition.collection)
      aggregate.append("pipeline", BSONArray(stages.map(BSONValue.document)))
      definition.writeReading(to: &aggregate)
      aggregate.append("readConcern", ["level": "majority"] as BSONDocument)
      if natural, definition.allowsNaturalOrder { aggregate.append("hint", ["$natural": 1] as BSONDocument) }
    }
    let target = change.target
    var asking: [Asked] = []
    do {
      let found = try await target.client(forMilliseconds: 3_600_000)
        .withCursor(command, database: target.database, batchSize: Int32(arguments.batchSize)) { cursor in
          var found = 0
          while let documents = try await cursor.next() {
            for rows in try batches(documents) {
              if asking.count == arguments.workers { found += try await take(&asking) }
              try writer.checkStop()
              asking.append(ask(rows))
            }
          }
          while !asking.isEmpty { found += try await take(&asking) }
          return found
        }
      return found
    } catch let error as MongoError {
      let failure = target.error(error, collection: definition.collection, doing: "reading the documents to change")
      // A cursor that died has nothing to do with what is being asked, and may cost much.
      do throws(ActionError) {
        if failure.kind == .transient { while !asking.isEmpty { _ = try await take(&asking) } }
      } catch {
        await giveUp(asking)
        throw error
      }
      await giveUp(asking)
      throw failure
    } catch let error as ActionError {
      await giveUp(asking)
      throw error
    } catch {
      preconditionFailure("a pass threw \(error)")
    }
  }

  /// What is still being asked would be answered for nobody.
  private func giveUp(_ asking: [Asked]) async {
    for each in asking { each.answers.cancel() }
    for each in asking { _ = await each.answers.value }
  }

  /// The rows of documents that are to be asked about, in batches.
  private func batches(_ documents: BSONBatch) throws(ActionError) -> [[TransformRow]] {
    var batches: [[TransformRow]] = []
    var bytes = 0
    for document in documents {
      guard let row = TransformRow(document) else {
        throw ActionError(code: MongoErrorCode.failed, message: "the server answered a row without fields", kind: .refused)
      }
      if left.has(row.key) { continue }
      if answered.contains(state(of: row, touched: row.before)) {
        refitting = (refitting.count + 1, refitting.example ?? row.key.detached())
        continue
      }
      if batches.isEmpty || batches[batches.count - 1].count >= arguments.batchSize || bytes + row.sent.byteCount > Self.batchBytes {
        batches.append([])
        bytes = 0
      }
      batches[batches.count - 1].append(row)
      bytes += row.sent.byteCount
    }
    return batches
  }

  /// A batch that a program has been given.
  private struct Asked {
    let rows: [TransformRow]
    let answers: Task<Result<[[UInt8]], ActionError>, Never>
  }

  private func ask(_ rows: [TransformRow]) -> Asked {
    var text: [UInt8] = []
    for row in rows {
      text += row.sent.extendedJSON(canonical: true).utf8
      text.append(0x0A)
    }
    let (programs, stop, progress) = (programs, stop, progress)
    return Asked(
      rows: rows,
      answers: Task { [text] in
        await programs.ask(text, lines: rows.count, stop: stop) { progress.note("the program has answered \($0) of \(rows.count)") }
      })
  }

  /// Waits for the oldest of the batches that are asked, and writes it.
  private func take(_ asking: inout [Asked]) async throws(ActionError) -> Int {
    let oldest = asking[0]
    let answers = try await withTaskCancellationHandler {
      await oldest.answers.value
    } onCancel: {
      oldest.answers.cancel()
    }.get()
    asking.removeFirst()
    progress.note(nil)
    asked += answers.count
    try await change.crashPoints.hit("transform.answered")
    return try await write(oldest.rows, answers)
  }

  private func write(_ rows: [TransformRow], _ answers: [[UInt8]]) async throws(ActionError) -> Int {
    var builder = BlockBuilder(definition, size: writer.batchSize)
    var found = 0
    for (row, line) in zip(rows, answers) {
      switch TransformAnswer(line, about: row, fields: arguments.fields) {
      case .after(let after):
        answered.insert(state(of: row, touched: after))
        if after == row.before {
          alreadyDone += 1
          continue
        }
        let changed = row.changed(after)
        if builder.hasNoRoom(for: changed) { found += try await write(&builder) }
        guard builder.add(changed) else { preconditionFailure("a row that was made here is none") }
        if builder.isFull { found += try await write(&builder) }
      case .failed(let why): left.add(row.key, answer: "the program says: \(why)", isRejected: false)
      case .rejected(let why): left.add(row.key, answer: "the program's answer \(why)", isRejected: true)
      }
    }
    found += try await write(&builder)
    left.add(tooLarge: builder.tooLarge)
    try left.check()
    return found
  }

  private func write(_ builder: inout BlockBuilder) async throws(ActionError) -> Int { try await writer.write(&builder).count }
}
