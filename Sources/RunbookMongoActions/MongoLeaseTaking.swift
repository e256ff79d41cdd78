import MongoDriver
import RunbookActions

extension MongoTarget {
  public func acquireLease(run: String, owner: LeaseOwner, onWaiting: @Sendable (String) -> Void) async throws(ActionError) -> LeaseGrant {
    let grant = randomToken()
    var first: LeaseRecord?
    var message = ""
    while true {
      if let taken = try await takeLease(run: run, owner: owner, grant: grant, from: nil) { return taken }
      guard let held = try await readLease(run: run) else { continue }
      if held.grant == grant || OwnerProcess.isGone(held.owner, on: owner.host) {
        // Ours is one whose answer got lost.
        if let taken = try await takeLease(run: run, owner: owner, grant: grant, from: held) { return taken }
        continue
      }
      if let first, first.epoch != held.epoch || held.until > first.until { throw ledByOther(held) }
      first = first ?? held
      let left = held.until + wholeMilliseconds(options.grace) - (try await askServerTime())
      let news = "waiting for the lease of \(held.owner.label) to pass"
      if news != message { onWaiting(news + ", at most \((max(left, 0) + 999) / 1000) s") }
      message = news
      do { try await Task.sleep(for: .milliseconds(min(max(left + 5, 20), 1000))) } catch {
        throw ActionError(code: MongoErrorCode.stopped, message: "stopped while waiting for the lease in target '\(name)'", kind: .stopped)
      }
    }
  }

  public func breakLease(run: String, by person: String) async throws(ActionError) {
    guard let held = try await readLease(run: run) else { return }
    let end = held.until + wholeMilliseconds(options.grace)
    let now = try await askServerTime()
    guard end < now || OwnerProcess.isGone(held.owner, on: OwnerProcess.thisHost) else {
      throw ActionError(
        code: MongoErrorCode.leaseStillHeld,
        message: "run '\(run)' in target '\(name)' is led by \(held.owner.label), whose lease may last \((end - now + 999) / 1000) s more",
        kind: .refused, help: "stop that process, or try again when the time is over")
    }
    let query: BSONDocument = [
      "_id": .string(run), "owner": .string(held.owner.id), "epoch": .int64(held.epoch), "until": .int64(held.until),
    ]
    let set: BSONDocument = [
      "epoch": .int64(held.epoch + 1), "until": .int64(0), "owner": "",
      "broken": ["$literal": ["by": .string(person), "at": .datetime(now), "epoch": .int64(held.epoch)]],
    ]
    guard try await changeLease(query: query, set: set, doing: "breaking the lease") != nil else { throw ledByOther(held) }
    guard !held.sessions.isEmpty else { return }
    // What the dead process left open ends by itself too, only later.
    _ = try? await client.runCommand(
      ["killSessions": .array(BSONArray(held.sessions.map { .document(MongoSession.lsid($0)) }))], database: "admin")
  }

  private func ledByOther(_ held: LeaseRecord) -> ActionError {
    ActionError(
      code: MongoErrorCode.ledByOther, message: "run '\(held.run)' in target '\(name)' is led by \(held.owner.label)", kind: .leaseLost,
      help: "runbook status \(held.run) shows how it goes")
  }

  /// One try. With `held`, takes exactly that lease over, whatever its time; else only one whose time and grace are over.
  private func takeLease(run: String, owner: LeaseOwner, grant: String, from held: LeaseRecord?) async throws(ActionError) -> LeaseGrant? {
    try await ensureLeaseDocument(run: run)
    let query: BSONDocument
    if let held {
      query = ["_id": .string(run), "owner": .string(held.owner.id), "epoch": .int64(held.epoch)]
    } else {
      let over: BSONValue = [
        "$lt": [["$add": ["$until", .int64(wholeMilliseconds(options.grace))]], ["$toLong": "$$NOW"]]
      ]
      query = ["_id": .string(run), "$expr": over]
    }
    let set: BSONDocument = [
      "owner": literal(owner.id), "grant": literal(grant), "host": literal(owner.host), "process": .int64(owner.processID),
      "processStart": .int64(owner.processStart), "label": literal(owner.label), "epoch": ["$add": ["$epoch", .int64(1)]],
      "until": leaseEnd,
    ]
    let sent = ContinuousClock.now
    let found: BSONDocument?
    do throws(ActionError) {
      found = try await changeLease(query: query, set: set, doing: "taking the lease")
    } catch {
      // The next look tells by the grant whether it was taken.
      if error.kind == .outcomeUnknown { return nil }
      throw error
    }
    guard let found, let epoch = found["epoch"]?.integer, let until = found["until"]?.integer else { return nil }
    clock.learn(server: until - leaseMilliseconds, sent: sent)
    startLease(LeaseState(run: run, owner: owner.id, epoch: epoch, until: until))
    return LeaseGrant(epoch: epoch, until: until)
  }

  /// The document that the lease stands in; once made it is never removed by a run, so that epochs only grow.
  private func ensureLeaseDocument(run: String) async throws(ActionError) {
    let document: BSONDocument = ["_id": .string(run), "epoch": .int64(0), "until": .int64(0)]
    _ = try await insertOwn([document], into: RunbookCollections.runs, doing: "preparing the lease")
  }

  private func readLease(run: String) async throws(ActionError) -> LeaseRecord? {
    let found = try await findOwn(["_id": .string(run)], in: RunbookCollections.runs, doing: "reading the lease").first
    return found.map { LeaseRecord(run: run, $0) }
  }
}

/// A lease as it stands in the target.
struct LeaseRecord {
  let run: String
  let owner: LeaseOwner
  let grant: String
  let epoch: Int64
  let until: Int64
  let sessions: [[UInt8]]

  init(run: String, _ document: BSONDocument) {
    self.run = run
    owner = LeaseOwner(
      id: document["owner"]?.string ?? "", host: document["host"]?.string ?? "", processID: document["process"]?.integer ?? 0,
      processStart: document["processStart"]?.integer ?? 0, label: document["label"]?.string ?? "another process")
    grant = document["grant"]?.string ?? ""
    epoch = document["epoch"]?.integer ?? 0
    until = document["until"]?.integer ?? 0
    sessions = document["changeSessions"]?.array?.compactMap { $0.binary?.bytes } ?? []
  }
}

private func literal(_ text: String) -> BSONValue { ["$literal": .string(text)] }

/// 96 random bits as text.
func randomToken() -> String {
  String(UInt64.random(in: .min ... .max), radix: 36) + String(UInt32.random(in: .min ... .max), radix: 36)
}
