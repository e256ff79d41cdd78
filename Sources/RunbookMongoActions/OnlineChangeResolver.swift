import MongoDriver
import RunbookActions

/// Makes the writes known that a dead or overtaken process left open (online-change page, C): the first act of a take-over.
public struct OnlineChangeResolver: UndoResolver {
  private let timing: OnlineChangeTiming
  private let crashPoints: CrashPoints

  public init(timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints()) {
    self.timing = timing
    self.crashPoints = crashPoints
  }

  public func resolve(run: String, target: MongoTarget) async throws(ActionError) {
    guard let lease = target.lease, lease.run == run else { throw target.leaseLostError() }
    let receipt = try await target.findOwn(["_id": .string(run)], in: RunbookCollections.runs, doing: "reading the receipt").first
    let resolvedUpTo = receipt?["resolvedUpTo"]?.integer ?? -1
    let sessions = receipt?["changeSessions"]?.array?.compactMap { $0.binary?.bytes } ?? []
    var changes: [OnlineChange] = []
    for step in try await Self.steps(of: run, in: target) {
      changes.append(OnlineChange(target: target, run: run, step: step, timing: timing, crashPoints: crashPoints))
    }
    try await Self.resolve(changes, resolvedUpTo: resolvedUpTo, sessions: sessions)
    guard !sessions.isEmpty || resolvedUpTo < lease.epoch - 1 else { return }
    try await Self.closeSessions(sessions, run: run, epoch: lease.epoch, target: target)
  }

  /// The steps of a run that have undo blocks.
  static func steps(of run: String, in target: MongoTarget) async throws(ActionError) -> [String] {
    let prefix = RunbookCollections.undoPrefix(run: run)
    let command: BSONDocument = [
      "listCollections": 1, "nameOnly": true, "filter": ["name": .regex(pattern: "^_runbook\\.undo\\.", options: "")],
    ]
    do throws(MongoError) {
      let names = try await target.client.documents(command, database: target.database).compactMap { $0["name"]?.string }
      return names.filter { $0.hasPrefix(prefix) }.map { String($0.dropFirst(prefix.count)) }.sorted()
    } catch {
      throw target.error(error, doing: "looking for undo entries")
    }
  }

  /// Resolves all open blocks of the steps given, which belong to one run.
  static func resolve(_ changes: [OnlineChange], resolvedUpTo: Int64, sessions: [[UInt8]]) async throws(ActionError) {
    var open: [(change: OnlineChange, blocks: [UndoBlock])] = []
    for change in changes {
      var blocks: [UndoBlock] = []
      let filter: BSONDocument = ["st": ["$ne": "undone"], "$or": [["st": "intent"], ["undo": ["$exists": true]]]]
      for block in try await change.read(filter, withEntries: false) {
        if block.state == .intent, block.epoch <= resolvedUpTo {
          // It came from a late process after its time was over: it never ran and never can.
          try await change.record(block.with(OnlineChangeOutcome(missed: Array(0..<block.count))), known: block)
        } else {
          blocks.append(block)
        }
      }
      if !blocks.isEmpty { open.append((change, blocks)) }
    }
    guard let change = open.first?.change else { return }
    let all = open.flatMap(\.blocks)
    let used = Set(all.flatMap(\.sessions)).union(sessions)
    await change.killSessions(used)
    try await change.wait(until: all.map { $0.undo?.delivery.end ?? $0.delivery.end }.max() ?? 0)
    await change.killSessions(used)
    for (change, blocks) in open {
      for header in blocks {
        try await change.crashPoints.hit("resolve.begun")
        let block = try await change.block(header.id)
        if block.state == .intent {
          try await change.resolveForward(block)
        } else if block.state == .applied, block.undo != nil {
          // A record that was late may have come since the blocks were listed.
          var rollback = try await UndoRollback(change, restoresDoubt: block.undo?.restoresDoubt ?? false)
          try await rollback.finish(block)
        }
        try await change.crashPoints.hit("resolve.marked")
      }
    }
  }

  /// The last act: a write with a much higher number in each session, so that a server refuses anything late in it by itself.
  private static func closeSessions(_ sessions: [[UInt8]], run: String, epoch: Int64, target: MongoTarget) async throws(ActionError) {
    let isNumbered = try await target.serverFacts().hasRetryableWrites
    for uuid in isNumbered ? sessions : [] {
      let session = try await OnlineChangeSession(target, uuid: uuid)
      let command = receiptCommand(
        run: run, epoch: epoch, target: target, number: 1 << 40, change: ["$set": ["resolvedUpTo": .int64(epoch - 1)]])
      do throws(MongoError) {
        _ = try await target.client.writeCommand(command, database: target.database, session: session.session)
      } catch {
        // A session that has been closed before says 225. Nothing rests on this write alone: the fence has closed already.
        if error.kind == .refused { throw target.error(error, collection: RunbookCollections.runs, doing: "closing a session") }
      }
    }
    let closed = BSONArray(sessions.map { .binary(BSONBinary(subtype: 4, bytes: $0)) })
    let command = receiptCommand(
      run: run, epoch: epoch, target: target, number: nil,
      change: ["$set": ["resolvedUpTo": .int64(epoch - 1)], "$pullAll": ["changeSessions": .array(closed)]])
    let reply = WriteReply(try await target.repeated(command, collection: RunbookCollections.runs, doing: "noting what is resolved"))
    guard reply.count == 1 else { throw target.leaseLostError() }
  }

  private static func receiptCommand(run: String, epoch: Int64, target: MongoTarget, number: Int64?, change: BSONDocument) -> BSONDocument {
    BSONDocument { command in
      command.append("update", RunbookCollections.runs)
      command.array("updates") { updates in
        updates.append(["q": ["_id": .string(run), "epoch": .int64(epoch)], "u": .document(change)] as BSONDocument)
      }
      command.append("writeConcern", target.durable)
      command.append("maxTimeMS", Int64(5000))
      if let number { command.append("txnNumber", number) }
    }
  }
}

extension OnlineChange {
  /// Ends what may still be going on in sessions of a dead process. A courtesy: what counts is the time that is waited out.
  func killSessions(_ sessions: Set<[UInt8]>) async {
    guard !sessions.isEmpty else { return }
    let list = BSONArray(sessions.map { .document(MongoSession.lsid($0)) })
    _ = try? await target.client.runCommand(["killSessions": .array(list)], database: "admin")
  }

  /// Waits until the server's own clock says that this moment has passed.
  func wait(until moment: Int64) async throws(ActionError) {
    while true {
      _ = try lease()
      let reply = try await target.run(["hello": 1], database: "admin", doing: "asking for the server's time")
      guard let now = reply["localTime"]?.datetime else {
        throw ActionError(
          code: MongoErrorCode.failed, message: "target '\(target.name)': the server does not tell its time", kind: .refused)
      }
      if now > moment { return }
      try? await Task.sleep(for: .milliseconds(min(moment - now + 5, 500)))
      if Task.isCancelled { throw stopped }
    }
  }

  /// Asks what became of a block's forward command, whose time is over, and records it.
  func resolveForward(_ block: UndoBlock) async throws(ActionError) {
    let resolved: UndoBlock
    if block.delivery.number != nil {
      let session = try await OnlineChangeSession(target, uuid: block.delivery.session)
      resolved = try await send(block, in: session, mayHaveActed: true).0
    } else {
      // Without numbers a second try would be a second execution; its fence is closed, and the documents tell as much.
      var judge = OnlineChangeJudge(count: block.count, mayHaveActed: true)
      _ = judge.take(.lost(MongoError(kind: .outcomeUnknown, message: "")))
      resolved = block.with(judge.settle(try await forwardLooks(judge.unknown, of: block)))
    }
    try await record(resolved, known: block)
  }
}
