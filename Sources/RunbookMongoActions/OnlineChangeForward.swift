import MongoDriver
import RunbookActions

/// Carries a change forward: passes over the documents that still need it, each batch written ahead, sent, recorded (online-change page, B).
final class OnlineChangeForward {
  static let mostPasses = 20

  let change: OnlineChange
  let definition: ChangeDefinition
  let batchSize: Int
  let isStopped: @Sendable () -> Bool
  let onBatch: (OnlineChangeTally) -> Void

  private var session: OnlineChangeSession
  private var pace: OnlineChangePace
  private var counter: Int64
  private var missedByLastPass = 0
  private(set) var tally = OnlineChangeTally()

  init(
    _ change: OnlineChange, definition: ChangeDefinition, batchSize: Int, isStopped: @escaping @Sendable () -> Bool,
    onBatch: @escaping (OnlineChangeTally) -> Void
  ) async throws(ActionError) {
    self.change = change
    self.definition = definition
    self.batchSize = batchSize
    pace = OnlineChangePace(most: batchSize)
    self.isStopped = isStopped
    self.onBatch = onBatch
    // Blocks of an earlier attempt under the same lease have numbers already.
    let epoch = try change.lease().epoch
    let newest = try await change.read(
      ["_id": ["$gte": .int64(UndoBlock.id(epoch: epoch, counter: 0))]], withEntries: false, newestFirst: true, limit: 1)
    counter = newest.first.map { $0.id & 0xFFFF_FFFF } ?? 0
    session = try await change.openSession()
  }

  /// Repeats passes until one finds nothing to write.
  /// - Returns: false where that did not happen within the passes allowed.
  func run() async throws(ActionError) -> Bool {
    defer { change.target.forgetSession(session.uuid) }
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
      aggregate.append("readConcern", ["level": "majority"] as BSONDocument)
      if natural { aggregate.append("hint", ["$natural": 1] as BSONDocument) }
    }
    var builder = BlockBuilder(definition, size: pace.size)
    var found = 0
    let target = change.target
    do {
      // Without a time limit of its own: a pass may read for hours; each batch is waited for at most an hour.
      found = try await target.client(forMilliseconds: 3_600_000)
        .withCursor(command, database: target.database, batchSize: Int32(batchSize)) { cursor in
          var found = 0
          while let batch = try await cursor.next() {
            for document in batch {
              if builder.hasNoRoom(for: document) { found += try await flush(&builder) }
              guard builder.add(document) else {
                throw ActionError(code: MongoErrorCode.failed, message: "the server answered a row without fields", kind: .refused)
              }
              if builder.isFull { found += try await flush(&builder) }
            }
          }
          return found + (try await flush(&builder))
        }
    } catch let error as MongoError {
      throw target.error(error, collection: definition.collection, doing: "reading the documents to change")
    } catch let error as ActionError {
      throw error
    } catch {
      preconditionFailure("a pass threw \(error)")
    }
    tally.alreadyDone = builder.alreadyDone
    if !builder.tooLarge.isEmpty {
      throw ActionError(
        code: UpdateErrorCode.documentsRefused,
        message: "\(builder.tooLarge.count) documents of '\(definition.collection)' are too large for their undo entries, the first "
          + "\(MongoValues.text(builder.tooLarge[0]))", kind: .refused, help: "leave them out by the filter")
    }
    return found
  }

  /// Writes what the builder holds: block, command, outcome.
  private func flush(_ builder: inout BlockBuilder) async throws(ActionError) -> Int {
    guard builder.count > 0 else { return 0 }
    if isStopped() || Task.isCancelled { throw change.stopped }
    try await change.crashPoints.hit("update.captured")
    let lease = try change.lease()
    let delivery = try await change.delivery(session: session.uuid, number: session.nextNumber())
    // Only once the block is made: the numbers of an epoch have no gap, by which the undo sees that none is missing.
    counter += 1
    let block = builder.take(
      id: UndoBlock.id(epoch: lease.epoch, counter: counter), step: change.step, database: change.target.database, delivery: delivery)
    tally.captured += block.count
    let done: UndoBlock
    let refusal: MongoError?
    do throws(ActionError) {
      try await change.insert(block)
      try await change.crashPoints.hit("update.block-written")
      let sent = ContinuousClock.now
      (done, refusal) = try await change.send(block, in: session, mayHaveActed: false)
      pace.learn(count: block.count, milliseconds: wholeMilliseconds(ContinuousClock.now - sent))
      builder.size = pace.size
      try await change.crashPoints.hit("update.sent")
      try await change.record(done, known: block)
    } catch {
      // The block is open: nothing may follow in this session before it is resolved.
      throw error.kind == .transient ? error.of(kind: .outcomeUnknown) : error
    }
    try await change.crashPoints.hit("update.recorded")
    tally.add(done)
    onBatch(tally)
    if let refusal { throw change.target.error(refusal, collection: definition.collection, doing: "changing a batch of documents") }
    if let first = done.failed.first { throw try change.documentsRefused(done, first: first) }
    return block.count
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
    let command: BSONDocument
    do throws(UndoBlockError) { command = try block.forwardCommand() } catch { throw broken(error) }
    let (outcome, refusal) = try await deliver(command, in: session, statements: block.count, mayHaveActed: mayHaveActed) {
      (indexes) throws(ActionError) in try await forwardLooks(indexes, of: block)
    }
    return (block.with(outcome), refusal)
  }

  func forwardLooks(_ indexes: [Int], of block: UndoBlock) async throws(ActionError) -> [Int: OnlineChangeLook] {
    let entries: UndoEntries
    do throws(UndoBlockError) { entries = try block.readEntries() } catch { throw broken(error) }
    let documents = try await documents(of: indexes.map { entries[$0] }, in: block)
    var looks: [Int: OnlineChangeLook] = [:]
    for index in indexes {
      looks[index] = UndoBlock.look(entries[index], fields: block.fields, document: documents[entries[index].key])
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
