import MongoDriver
import RunbookActions

/// Writes batches: each ahead as a block, sent, recorded. One session, one series of numbers.
final class OnlineChangeWriter {
  let change: OnlineChange
  let collection: String
  private let points: String
  private let isStopped: @Sendable () -> Bool
  private let onBatch: (OnlineChangeTally) -> Void
  private let throttle: Throttle
  private var session: OnlineChangeSession
  private var counter: Int64
  private var pace: OnlineChangePace
  var tally = OnlineChangeTally()

  /// - Parameters:
  ///   - points: what the names of the crash points begin with.
  ///   - throttle: what each batch waits for.
  init(
    _ change: OnlineChange, collection: String, points: String, batchSize: Int, throttle: Throttle,
    isStopped: @escaping @Sendable () -> Bool, onBatch: @escaping (OnlineChangeTally) -> Void
  ) async throws(ActionError) {
    self.change = change
    self.collection = collection
    self.points = points
    self.isStopped = isStopped
    self.onBatch = onBatch
    self.throttle = throttle
    // A removal is a command of its own, and an insertion takes a server longer than a change.
    pace = OnlineChangePace(
      most: batchSize, first: points == "delete" ? 10 : points == "update" ? 100 : 20, target: throttle.settings.targetLatency)
    // Blocks of an earlier attempt under the same lease have numbers already.
    let epoch = try change.lease().epoch
    let newest = try await change.read(
      ["_id": ["$gte": .int64(UndoBlock.id(epoch: epoch, counter: 0))]], withEntries: false, newestFirst: true, limit: 1)
    counter = newest.first.map { $0.id & 0xFFFF_FFFF } ?? 0
    session = try await change.openSession()
  }

  /// How many documents the next batch has.
  var batchSize: Int { max(1, min(pace.size, throttle.batchLimit)) }

  func end() { change.target.forgetSession(session.uuid) }

  /// - Throws: `stopped` where a stop has been asked for.
  func checkStop() throws(ActionError) {
    if isStopped() || Task.isCancelled { throw change.stopped }
  }

  /// What became of a batch.
  struct Written {
    /// nil where there was nothing to write.
    var block: UndoBlock?
    var count: Int { block?.count ?? 0 }
  }

  /// Writes what the builder holds: block, command, outcome.
  /// - Parameter position: what a resumed attempt is told of how far the source has been dealt with.
  func write(_ builder: inout BlockBuilder, position: Int64 = 0) async throws(ActionError) -> Written {
    guard builder.count > 0 else { return Written() }
    await throttle.wait()
    try checkStop()
    try await change.crashPoints.hit(points + ".captured")
    let lease = try change.lease()
    let delivery = try await change.delivery(session: session.uuid, number: session.nextNumber())
    // Only once the block is made: the numbers of an epoch have no gap, by which the undo sees that none is missing.
    counter += 1
    var block = builder.take(
      id: UndoBlock.id(epoch: lease.epoch, counter: counter), step: change.step, database: change.target.database, delivery: delivery)
    block.position = position
    tally.captured += block.count
    let done: UndoBlock
    let refusal: MongoError?
    do throws(ActionError) {
      try await change.insert(block)
      try await change.crashPoints.hit(points + ".block-written")
      let sent = ContinuousClock.now
      (done, refusal) = try await change.send(block, in: session, mayHaveActed: false)
      pace.learn(count: block.count, milliseconds: wholeMilliseconds(ContinuousClock.now - sent))
      builder.size = batchSize
      try await change.crashPoints.hit(points + ".sent")
      try await change.record(done, known: block)
    } catch {
      // The block is open: nothing may follow in this session before it is resolved.
      throw error.kind == .transient ? error.of(kind: .outcomeUnknown) : error
    }
    try await change.crashPoints.hit(points + ".recorded")
    tally.add(done)
    onBatch(tally)
    if let refusal { throw change.target.error(refusal, collection: collection, doing: "changing a batch of documents") }
    if let first = done.failed.first { throw try change.documentsRefused(done, first: first) }
    return Written(block: done)
  }

  func refuseTooLarge(_ keys: [RawBSONValue]) throws(ActionError) {
    guard let first = keys.first else { return }
    throw ActionError(
      code: UpdateErrorCode.documentsRefused,
      message: "\(keys.count) documents of '\(collection)' are too large for their undo entries, the first \(MongoValues.text(first))",
      kind: .refused, help: "leave them out by the filter")
  }
}
