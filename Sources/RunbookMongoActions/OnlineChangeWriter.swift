import MongoDriver
import RunbookActions
import Synchronization

/// Writes batches: each ahead as a block, sent, recorded.
///
/// With several workers one command is under way in the session of each. Blocks are numbered and written ahead one after the other, in the order of the
/// capture, and only sending and recording go on side by side; so the numbers have no gap whenever the process dies.
final class OnlineChangeWriter {
  let change: OnlineChange
  let collection: String
  private let points: String
  private let isStopped: @Sendable () -> Bool
  private let onBatch: (OnlineChangeTally) -> Void
  private let throttle: Throttle
  private var lanes: [Lane]
  private var counter: Int64
  private var pace: OnlineChangePace
  private let failure = FailureMark()
  private var missedByLastPass = 0
  /// When the second pass began, and with it the counting of what arrives.
  private var arrivalsSince: ContinuousClock.Instant?
  private let asksValidator: Bool
  var tally = OnlineChangeTally()
  /// Told of each block whose outcome is recorded. Where nobody is told, documents that the server refused are an error.
  var onRecorded: ((UndoBlock) throws(ActionError) -> Void)?

  /// A session, and the command that is under way in it.
  private struct Lane {
    var session: OnlineChangeSession
    var flight: Flight?
  }

  private struct Flight {
    let number: Int64
    /// The documents of its block.
    let keys: Set<KeyHash>
    let outcome: Task<Result<CarriedOut, ActionError>, Never>
  }

  /// - Parameters:
  ///   - points: what the names of the crash points begin with.
  ///   - workers: how many commands may be under way at a time.
  ///   - throttle: what each batch waits for.
  init(
    _ change: OnlineChange, collection: String, points: String, batchSize: Int, workers: Int = 1, throttle: Throttle,
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
    asksValidator = !(await change.target.mayBypassValidation(of: collection))
    lanes = []
    for _ in 0..<workers { lanes.append(Lane(session: try await change.openSession())) }
  }

  /// How many documents the next batch has.
  var batchSize: Int { max(1, min(pace.size, throttle.batchLimit)) }

  /// Whether the keys of a batch have to be told, since others may be under way beside it.
  var needsKeys: Bool { lanes.count > 1 }

  func end() { for lane in lanes { change.target.forgetSession(lane.session.uuid) } }

  /// - Throws: `stopped` where a stop has been asked for.
  func checkStop() throws(ActionError) {
    if isStopped() || Task.isCancelled { throw change.stopped }
  }

  /// What became of a batch.
  struct Written {
    /// nil where there was nothing to write, and where it is still under way beside others.
    var block: UndoBlock?
    var count = 0
  }

  /// Writes what the builder holds: block, command, outcome.
  /// - Parameters:
  ///   - position: what a resumed attempt is told of how far the source has been dealt with.
  ///   - keys: of the documents that the builder holds, where `needsKeys`.
  func write(_ builder: inout BlockBuilder, position: Int64 = 0, keys: Set<KeyHash> = []) async throws(ActionError) -> Written {
    guard builder.count > 0 else { return Written() }
    await throttle.wait()
    try checkStop()
    try await change.crashPoints.hit(points + ".captured")
    let lane = try await freeLane(for: keys)
    let lease = try change.lease()
    let delivery = try await change.delivery(session: lanes[lane].session.uuid, number: lanes[lane].session.nextNumber())
    // Only once the block is made: the numbers of an epoch have no gap, by which the undo sees that none is missing.
    counter += 1
    var block = builder.take(
      id: UndoBlock.id(epoch: lease.epoch, counter: counter), step: change.step, database: change.target.database, delivery: delivery)
    block.asksValidator = asksValidator
    block.position = position
    tally.captured += block.count
    do throws(ActionError) {
      try await change.insert(block)
      try await change.crashPoints.hit(points + ".block-written")
    } catch {
      throw error.kind == .transient ? error.of(kind: .outcomeUnknown) : error
    }
    defer { builder.size = batchSize }
    let (change, session, points) = (change, lanes[lane].session, points)
    if lanes.count == 1 {
      let done = try take(await change.carryOut(block, in: session, points: points))
      return Written(block: done, count: block.count)
    }
    let failure = failure
    let sending = Task { [block] in
      let outcome = await change.carryOut(block, in: session, points: points)
      if case .failure = outcome { failure.set() }
      return outcome
    }
    lanes[lane].flight = Flight(number: counter, keys: keys, outcome: sending)
    return Written(count: block.count)
  }

  /// A lane without a command under way. A document that is under way is not sent once more beside it: which of both came last would not be known.
  private func freeLane(for keys: Set<KeyHash>) async throws(ActionError) -> Int {
    let meets = lanes.contains { lane in lane.flight.map { !$0.keys.isDisjoint(with: keys) } ?? false }
    if meets || failure.isSet { try await drain() }
    if let free = lanes.firstIndex(where: { $0.flight == nil }) { return free }
    let oldest = lanes.indices.min { lanes[$0].flight?.number ?? 0 < lanes[$1].flight?.number ?? 0 } ?? 0
    try await land(oldest)
    return oldest
  }

  private func land(_ lane: Int) async throws(ActionError) {
    guard let flight = lanes[lane].flight else { return }
    let outcome = await withTaskCancellationHandler {
      await flight.outcome.value
    } onCancel: {
      flight.outcome.cancel()
    }
    lanes[lane].flight = nil
    _ = try take(outcome)
  }

  /// Waits until nothing is under way any more.
  /// - Throws: the gravest of the errors of what was.
  func drain() async throws(ActionError) {
    var gravest: ActionError?
    for lane in lanes.indices.sorted(by: { lanes[$0].flight?.number ?? 0 < lanes[$1].flight?.number ?? 0 }) {
      do throws(ActionError) { try await land(lane) } catch { gravest = gravest.map { $0.graver(error) } ?? error }
    }
    if let gravest { throw gravest }
  }

  /// Waits until nothing is under way any more, after something has gone wrong.
  /// - Returns: the gravest of this error and those of what was under way.
  func drain(after error: ActionError) async -> ActionError {
    do throws(ActionError) { try await drain() } catch let other { return other.graver(error) }
    return error
  }

  /// Takes the outcome of a block in.
  private func take(_ outcome: Result<CarriedOut, ActionError>) throws(ActionError) -> UndoBlock {
    let done = try outcome.get()
    pace.learn(count: done.block.count, milliseconds: done.milliseconds)
    tally.add(done.block)
    onBatch(tally)
    if let refusal = done.refusal { throw change.target.error(refusal, collection: collection, doing: "changing a batch of documents") }
    if let onRecorded {
      try onRecorded(done.block)
    } else if !done.block.failed.isEmpty {
      var refused = RefusedDocuments(collection: collection, rule: .stop)
      try refused.add(done.block, change.entries(of: done.block))
    }
    return done.block
  }

  func refuseTooLarge(_ keys: [RawBSONValue]) throws(ActionError) {
    var refused = RefusedDocuments(collection: collection, rule: .stop)
    try refused.replace(unsent: keys.map { ($0, RefusedDocuments.tooLarge) })
  }
}

extension OnlineChangeWriter {
  /// A pass that reads and writes, begun again where its cursor died; counted among the sweeps, with what arrived since the one before.
  /// - Parameter sweep: gives how many documents it found to write.
  func completePass(_ sweep: () async throws(ActionError) -> Int) async throws(ActionError) -> Int {
    let missedBefore = missedByLastPass
    let missedAtStart = tally.missed
    if tally.sweeps > 0, arrivalsSince == nil { arrivalsSince = .now }
    defer { missedByLastPass = tally.missed - missedAtStart }
    let found = try await persistently(sweep)
    tally.sweeps += 1
    if tally.sweeps > 1 { tally.lateArrivals += max(0, found - missedBefore) }
    return found
  }

  /// How many documents a second came to need the change since the second pass began.
  var arrivingPerSecond: Double {
    guard let arrivalsSince else { return 0 }
    let seconds = Double(wholeMilliseconds(ContinuousClock.now - arrivalsSince)) / 1000
    return Double(tally.lateArrivals) / max(seconds, 0.001)
  }

  /// Repeats what reads and writes, where its cursor died: what that would have given is not known to be nothing.
  func persistently<R>(_ body: () async throws(ActionError) -> R) async throws(ActionError) -> R {
    var deaths = 0
    while true {
      let before = tally.captured
      do throws(ActionError) { return try await body() } catch {
        guard error.kind == .transient else { throw error }
        deaths = tally.captured > before ? 1 : deaths + 1
        if deaths > 6 { throw error }
      }
      try? await Task.sleep(for: .milliseconds(250 << min(deaths, 5)))
      try checkStop()
    }
  }
}

/// Set by the first worker that fails, so that nothing new is begun.
private final class FailureMark: Sendable {
  private let mark = Mutex(false)
  var isSet: Bool { mark.withLock { $0 } }
  func set() { mark.withLock { $0 = true } }
}

extension ActionError {
  /// The one of both after which less is known, or may be done.
  fileprivate func graver(_ other: ActionError) -> ActionError { other.gravity > gravity ? other : self }

  private var gravity: Int {
    switch kind {
    case .leaseLost: 4
    case .outcomeUnknown: 3
    case .stopped: 0
    case .transient: 1
    default: 2
    }
  }
}

extension OnlineChange {
  /// The entries of a block that is as this program made it.
  func entries(of block: UndoBlock) throws(ActionError) -> UndoEntries {
    do throws(UndoBlockError) { return try block.readEntries() } catch { throw broken(error) }
  }
}
