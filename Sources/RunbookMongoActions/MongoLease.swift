import MongoDriver
import RunbookActions
import Synchronization

/// What is known of the lease in this process.
struct LeaseKeeping {
  var state: LeaseState?
  var isLost = false
  var tasks: [Task<Void, Never>] = []
  var waiters: [Int: CheckedContinuation<Bool, Never>] = [:]
  var nextWaiter = 0
  /// Sessions that the server must not forget while the lease is held.
  var sessions: Set<[UInt8]> = []
}

extension MongoTarget {
  /// The lease held, also when its time is over and nobody has noticed yet; nil before it is taken, after it is released or known to be lost.
  public var lease: LeaseState? { keeper.withLock { $0.state } }

  /// Whether commands may be sent for the run: there is a lease, and its time is not over on the server's clock.
  public var holdsLease: Bool { leaseMillisecondsLeft > 0 }

  /// How long the lease lasts from now on without renewal; zero without one.
  public var leaseMillisecondsLeft: Int64 {
    guard let until = lease?.until, let now = clock.now else { return 0 }
    return max(0, until - now)
  }

  /// Keeps the session's records on the server alive (`refreshSessions` at each renewal) until `forgetSession`.
  public func keepSession(_ uuid: [UInt8]) { keeper.withLock { _ = $0.sessions.insert(uuid) } }

  public func forgetSession(_ uuid: [UInt8]) { keeper.withLock { _ = $0.sessions.remove(uuid) } }

  /// What a command without a fence of its own may take: five seconds, or what the lease still lasts.
  /// - Throws: `leaseLost` where that is next to nothing.
  public func unfencedMilliseconds() throws(ActionError) -> Int64 {
    let left = min(leaseMillisecondsLeft - 20, 5000)
    guard left >= 50 else { throw leaseLostError() }
    return left
  }

  public func leaseLostError() -> ActionError {
    ActionError(
      code: MongoErrorCode.leaseLost, message: "the lease in target '\(name)' is lost; another process may act for the run",
      kind: .leaseLost,
      help: "runbook status tells who has it; resume goes on when it is free")
  }

  public func leaseIsLost() async -> Bool {
    let id = keeper.withLock { keeping in
      keeping.nextWaiter += 1
      return keeping.nextWaiter
    }
    return await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let answer: Bool? = keeper.withLock { keeping in
          if keeping.state == nil { return keeping.isLost }
          if Task.isCancelled { return false }
          keeping.waiters[id] = continuation
          return nil
        }
        if let answer { continuation.resume(returning: answer) }
      }
    } onCancel: {
      keeper.withLock { $0.waiters.removeValue(forKey: id) }?.resume(returning: false)
    }
  }

  /// Notes that the lease is over, if it is still this one.
  func endLease(_ lease: LeaseState?, lost: Bool) {
    let waiters: [CheckedContinuation<Bool, Never>] = keeper.withLock { keeping in
      guard let held = keeping.state, lease == nil || held.epoch == lease?.epoch else { return [] }
      keeping.state = nil
      keeping.isLost = lost
      defer { keeping.waiters = [:] }
      return Array(keeping.waiters.values)
    }
    for waiter in waiters { waiter.resume(returning: lost) }
  }

  func stopLeaseTasks() {
    let tasks = keeper.withLock { keeping in
      defer { keeping.tasks = [] }
      return keeping.tasks
    }
    for task in tasks { task.cancel() }
  }

  func startLease(_ lease: LeaseState) {
    stopLeaseTasks()
    let renewing = LeaseTasks(target: self)
    keeper.withLock { keeping in
      keeping.state = lease
      keeping.isLost = false
      keeping.sessions = []
      keeping.tasks = [
        Task { await renewing.keepRenewing(lease) },
        Task { await renewing.watchEnd(lease) },
      ]
    }
  }

  /// - Returns: false where the lease is no longer ours.
  fileprivate func renew(_ lease: LeaseState) async throws(ActionError) -> Bool {
    guard holdsLease else { return false }
    let query: BSONDocument = [
      "_id": .string(lease.run), "owner": .string(lease.owner), "epoch": .int64(lease.epoch),
      "$expr": ["$gt": ["$until", ["$toLong": "$$NOW"]]],
    ]
    let sent = ContinuousClock.now
    let found = try await changeLease(query: query, set: ["until": leaseEnd], doing: "renewing the lease")
    guard let until = found?["until"]?.integer else { return false }
    clock.learn(server: until - leaseMilliseconds, sent: sent)
    keeper.withLock { keeping in
      guard keeping.state?.epoch == lease.epoch else { return }
      keeping.state = LeaseState(run: lease.run, owner: lease.owner, epoch: lease.epoch, until: until)
    }
    return true
  }

  fileprivate func refreshSessions() async {
    let sessions = keeper.withLock { Array($0.sessions) }
    guard !sessions.isEmpty else { return }
    // Only a courtesy to the server's memory: without it, records live half an hour.
    _ = try? await leaseClient.runCommand(
      ["refreshSessions": .array(BSONArray(sessions.map { .document(MongoSession.lsid($0)) }))], database: "admin")
  }

  public func releaseLease() async throws(ActionError) {
    guard let held = lease else { return }
    stopLeaseTasks()
    endLease(held, lost: false)
    let query: BSONDocument = ["_id": .string(held.run), "owner": .string(held.owner), "epoch": .int64(held.epoch)]
    _ = try await changeLease(query: query, set: ["until": .int64(0)], doing: "releasing the lease")
  }

  /// `findAndModify` of a document of `runs`, without upsert; nil where none fits.
  func changeLease(query: BSONDocument, set fields: BSONDocument, doing: String) async throws(ActionError) -> BSONDocument? {
    let command: BSONDocument = [
      "findAndModify": .string(RunbookCollections.runs), "query": .document(query), "update": [["$set": .document(fields)]], "new": true,
      "writeConcern": .document(durable), "maxTimeMS": 5000,
    ]
    let reply: BSONDocument
    do throws(MongoError) {
      reply = try await leaseClient.writeCommand(command, database: database)
    } catch {
      throw self.error(error, collection: RunbookCollections.runs, doing: doing)
    }
    try checkConcern(reply, collection: RunbookCollections.runs, doing: doing)
    return reply["value"]?.document
  }

  /// The end of a lease that begins now, on the server's clock.
  var leaseEnd: BSONValue { ["$add": [["$toLong": "$$NOW"], .int64(leaseMilliseconds)]] }
  var leaseMilliseconds: Int64 { wholeMilliseconds(options.leaseTTL) }
}

/// What goes on while a lease is held; it does not keep the target alive.
private struct LeaseTasks: Sendable {
  weak let target: MongoTarget?

  /// Renews every third of the lease; after a failure ten times as often.
  func keepRenewing(_ lease: LeaseState) async {
    guard let period = target.map({ $0.options.leaseTTL / 3 }) else { return }
    var pause = period
    while !Task.isCancelled {
      try? await Task.sleep(for: pause)
      guard !Task.isCancelled, let target, target.lease?.epoch == lease.epoch else { return }
      do throws(ActionError) {
        guard try await target.renew(lease) else { return target.endLease(lease, lost: true) }
        pause = period
        await target.refreshSessions()
      } catch {
        pause = period / 10
      }
    }
  }

  /// Notices the lease's end also while a renewal hangs.
  func watchEnd(_ lease: LeaseState) async {
    while !Task.isCancelled {
      guard let left = millisecondsLeft(of: lease) else { return }
      try? await Task.sleep(for: .milliseconds(left + 1))
    }
  }

  /// Nil when there is nothing left to watch; an end that has come is noted.
  private func millisecondsLeft(of lease: LeaseState) -> Int64? {
    guard let target, target.lease?.epoch == lease.epoch else { return nil }
    let left = target.leaseMillisecondsLeft
    if left > 0 { return left }
    target.endLease(lease, lost: true)
    return nil
  }
}
