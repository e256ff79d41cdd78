import MongoDriver
import RunbookActions

/// Carries a change forward: passes over the documents that still need it, each batch written ahead, sent, recorded (online-change page, B).
final class OnlineChangeForward {
  static let mostPasses = 20

  let change: OnlineChange
  let definition: ChangeDefinition
  let batchSize: Int
  let isStopped: @Sendable () -> Bool

  private let writer: OnlineChangeWriter
  private var missedByLastPass = 0
  private(set) var tally: OnlineChangeTally {
    get { writer.tally }
    set { writer.tally = newValue }
  }

  init(
    _ change: OnlineChange, definition: ChangeDefinition, batchSize: Int, throttle: Throttle,
    isStopped: @escaping @Sendable () -> Bool, onBatch: @escaping (OnlineChangeTally) -> Void
  ) async throws(ActionError) {
    self.change = change
    self.definition = definition
    self.batchSize = batchSize
    self.isStopped = isStopped
    writer = try await OnlineChangeWriter(
      change, collection: definition.collection, points: definition.kind == .delete ? "delete" : "update", batchSize: batchSize,
      throttle: throttle, isStopped: isStopped, onBatch: onBatch)
  }

  /// Repeats passes until one finds nothing to write.
  /// - Returns: false where that did not happen within the passes allowed.
  func run() async throws(ActionError) -> Bool {
    defer { writer.end() }
    for pass in 1...Self.mostPasses {
      // A cursor on an index misses a document whose key moves behind it, so the pass that ends the step goes by the natural order.
      let isNatural = pass > 1
      let found = try await completePass(natural: isNatural)
      if found == 0, isNatural { return true }
    }
    return false
  }

  /// A pass, begun again where its cursor died.
  /// - Returns: how many documents it found to write.
  private func completePass(natural: Bool) async throws(ActionError) -> Int {
    var deaths = 0
    let missedBefore = missedByLastPass
    let missedAtStart = tally.missed
    defer { missedByLastPass = tally.missed - missedAtStart }
    while true {
      let before = tally.captured
      do throws(ActionError) {
        let found = try await pass(natural: natural)
        tally.sweeps += 1
        if tally.sweeps > 1 { tally.lateArrivals += max(0, found - missedBefore) }
        return found
      } catch {
        // What a dead cursor would have given is not known to be nothing.
        guard error.kind == .transient else { throw error }
        deaths = tally.captured > before ? 1 : deaths + 1
        if deaths > 6 { throw error }
      }
      try? await Task.sleep(for: .milliseconds(250 << min(deaths, 5)))
      if isStopped() || Task.isCancelled { throw change.stopped }
    }
  }

  private func pass(natural: Bool) async throws(ActionError) -> Int {
    let command = BSONDocument { aggregate in
      aggregate.append("aggregate", definition.collection)
      aggregate.append("pipeline", BSONArray(definition.capture.map(BSONValue.document)))
      definition.writeReading(to: &aggregate)
      aggregate.append("readConcern", ["level": "majority"] as BSONDocument)
      if natural, definition.allowsNaturalOrder { aggregate.append("hint", ["$natural": 1] as BSONDocument) }
    }
    var builder = BlockBuilder(definition, size: writer.batchSize)
    var found = 0
    let target = change.target
    do {
      // Without a time limit of its own: a pass may read for hours; each batch is waited for at most an hour.
      found = try await target.client(forMilliseconds: 3_600_000)
        .withCursor(command, database: target.database, batchSize: Int32(batchSize)) { cursor in
          var found = 0
          while let batch = try await cursor.next() {
            for document in batch {
              if builder.hasNoRoom(for: document) { found += try await writer.write(&builder).count }
              guard builder.add(document) else {
                throw ActionError(code: MongoErrorCode.failed, message: "the server answered a row without fields", kind: .refused)
              }
              if builder.isFull { found += try await writer.write(&builder).count }
            }
          }
          return found + (try await writer.write(&builder).count)
        }
    } catch let error as MongoError {
      throw target.error(error, collection: definition.collection, doing: "reading the documents to change")
    } catch let error as ActionError {
      throw error
    } catch {
      preconditionFailure("a pass threw \(error)")
    }
    tally.alreadyDone = builder.alreadyDone
    try writer.refuseUnfit(builder.unfit)
    try writer.refuseTooLarge(builder.tooLarge)
    return found
  }
}

/// What a forward change came to so far, in this attempt.
struct OnlineChangeTally: Sendable {
  var captured = 0
  var applied = 0
  var missed = 0
  var doubt = 0
  var failed = 0
  var batches = 0
  var sweeps = 0
  /// In the latest complete pass.
  var alreadyDone = 0
  /// Documents found by later passes that no earlier one had missed.
  var lateArrivals = 0

  mutating func add(_ block: UndoBlock) {
    applied += block.count - block.missed.count - block.doubt.count - block.failed.count
    missed += block.missed.count
    doubt += block.doubt.count
    failed += block.failed.count
    batches += 1
  }
}

extension OnlineChange {
  /// A fresh session, kept alive with the lease and noted in the receipt, so that a successor can close it to late commands.
  func openSession() async throws(ActionError) -> OnlineChangeSession {
    let session = try await OnlineChangeSession(target)
    let lease = try lease()
    let command: BSONDocument = [
      "update": .string(RunbookCollections.runs),
      "updates": [
        [
          "q": ["_id": .string(run), "epoch": .int64(lease.epoch)],
          "u": ["$addToSet": ["changeSessions": .binary(BSONBinary(subtype: 4, bytes: session.uuid))]],
        ]
      ],
      "writeConcern": .document(target.durable), "maxTimeMS": .int64(try target.unfencedMilliseconds()),
    ]
    let reply = WriteReply(try await target.repeated(command, collection: RunbookCollections.runs, doing: "noting a session"))
    guard reply.count == 1 else { throw target.leaseLostError() }
    target.keepSession(session.uuid)
    return session
  }

  /// Sends a block's forward command until its outcome is known.
  /// - Returns: the block as it is to be recorded, and the error of a command that was refused as a whole.
  func send(_ block: UndoBlock, in session: OnlineChangeSession, mayHaveActed: Bool) async throws(ActionError) -> (UndoBlock, MongoError?) {
    if block.removes(isUndo: false) { return try await sendRemovals(block, mayHaveActed: mayHaveActed) }
    let command: BSONDocument
    do throws(UndoBlockError) { command = try block.forwardCommand() } catch { throw broken(error) }
    let (outcome, refusal) = try await deliver(command, in: session, statements: block.count, mayHaveActed: mayHaveActed) {
      (indexes) throws(ActionError) in try await forwardLooks(indexes, of: block)
    }
    return (block.with(outcome), refusal)
  }

  private func sendRemovals(_ block: UndoBlock, mayHaveActed: Bool) async throws(ActionError) -> (UndoBlock, MongoError?) {
    let entries: UndoEntries
    do throws(UndoBlockError) { entries = try block.readEntries() } catch { throw broken(error) }
    let removed = try await remove(
      Array(0..<block.count), of: block, entries: entries, delivery: block.delivery, isUndo: false, mayHaveActed: mayHaveActed)
    var done = block.with(removed.outcome)
    done.images = removed.images.filter { entries[$0.key].fields[0].before != $0.value.raw }
    return (done, removed.refusal)
  }

  func forwardLooks(_ indexes: [Int], of block: UndoBlock) async throws(ActionError) -> [Int: OnlineChangeLook] {
    let entries: UndoEntries
    do throws(UndoBlockError) { entries = try block.readEntries() } catch { throw broken(error) }
    let documents = try await documents(of: indexes.map { entries[$0] }, in: block)
    var looks: [Int: OnlineChangeLook] = [:]
    for index in indexes {
      looks[index] = block.look(entries[index], document: documents[entries[index].identity])
    }
    return looks
  }

  func documentsRefused(_ block: UndoBlock, first: UndoBlock.Failure) throws(ActionError) -> ActionError {
    let entries: UndoEntries
    do throws(UndoBlockError) { entries = try block.readEntries() } catch { throw broken(error) }
    let why = first.code == 121 ? "the collection's validator" : first.code == 11000 ? "a unique index" : "code \(first.code)"
    return ActionError(
      code: UpdateErrorCode.documentsRefused,
      message: "the server refused \(block.failed.count) documents of a batch of '\(block.collection)', the first "
        + "\(MongoValues.text(entries[first.index].key)) by \(why)", kind: .refused,
      help: "correct the documents or leave them out by the filter; what was written is recorded and can be rolled back")
  }
}

extension UndoBlock {
  /// The block with the outcome of its forward command. Where nobody else writes the fields, what looks like ours is ours.
  func with(_ outcome: OnlineChangeOutcome) -> UndoBlock {
    var block = self
    block.state = .applied
    block.missed = outcome.missed
    block.doubt = isAlone ? [] : outcome.doubt
    block.failed = outcome.failed
    return block
  }
}

extension ActionError {
  func of(kind: Kind) -> ActionError { ActionError(code: code, message: message, kind: kind, help: help) }
}

extension MongoValues {
  /// A value as one line of Extended JSON, for messages.
  static func text(_ value: RawBSONValue) -> String { MongoValues.value(value.decoded).encodedJSON() }
}
