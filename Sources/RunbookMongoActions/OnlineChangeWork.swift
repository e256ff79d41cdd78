import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import Synchronization

/// One call of an action that changes documents by blocks: what the ways back of all of them share.
protocol OnlineChangeWork: Sendable {
  var change: OnlineChange { get }
  /// The collection that is changed.
  var collection: String { get }
  /// Nobody but us writes what is changed.
  var isAlone: Bool { get }
  /// Documents in doubt are treated as ours on the way back.
  var restoresDoubt: Bool { get }
  /// How fast the plan lets it go; the way back keeps its pauses.
  var throttleSettings: ThrottleSettings { get }
}

extension OnlineChangeWork {
  /// A plan that says nothing of it.
  var throttleSettings: ThrottleSettings { ThrottleSettings() }

  /// Blocks of this step that are open: after a crash the take-over has resolved them; after an error in this process they are ours.
  func resolveOwn() async throws(ActionError) {
    _ = try change.lease()
    let receipt = try await change.target.findOwn(["_id": .string(change.run)], in: RunbookCollections.runs, doing: "reading the receipt")
      .first
    try await OnlineChangeResolver.resolve([change], resolvedUpTo: receipt?["resolvedUpTo"]?.integer ?? -1, sessions: [])
  }

  /// Takes back what stands of the step, newest block first, with the pauses of the plan or of a person between the blocks.
  func undo(_ context: ActionContext, outputs: Value?) async throws(ActionError) -> UndoResult {
    try await resolveOwn()
    let all = try await completeHeads(outputs: outputs)
    let headers = all.filter { $0.state != .undone }.reversed()
    if !headers.isEmpty {
      let progress = ChangeProgress(context, before: 0, total: Int64(headers.reduce(0) { $0 + $1.count }))
      let (stop, clock, pace) = (context.stop, context.clock, context.pace)
      let throttle = Throttle(
        throttleSettings, signals: [], clock: clock, pace: pace, way: .back, isStopped: { stop.isRequested },
        onPause: { progress.note($0) })
      var rollback = try await UndoRollback(change, restoresDoubt: restoresDoubt, heads: all)
      defer { rollback.end() }
      var done: Int64 = 0
      for header in headers {
        await throttle.wait()
        if stop.isRequested || Task.isCancelled { throw change.stopped }
        do throws(ActionError) {
          let block = try await change.block(header.id)
          // Written by a late process meanwhile; the next attempt begins by resolving it.
          if block.state == .intent { throw change.lateBlock(block) }
          if block.state == .applied { try await rollback.finish(block) } else { try rollback.heed(block) }
        } catch {
          // What stands open is announced in its block, and is gone on with.
          throw error.kind == .outcomeUnknown ? error.of(kind: .transient) : error
        }
        done += Int64(header.count)
        progress.note(done: done)
      }
    }
    return try await undoResult()
  }

  /// Carries a change forward. Where a document cannot be changed and the plan asks for that, what was written is taken back before the step fails.
  func carry(_ rule: DocumentErrorRule, _ context: ActionContext, _ body: () async throws(ActionError) -> Bool) async throws(ActionError)
    -> Bool
  {
    do throws(ActionError) {
      return try await body()
    } catch {
      guard rule == .rollback, UpdateErrorCode.ofDocuments.contains(error.code) else { throw error }
      _ = try await undo(context, outputs: nil)
      throw ActionError(
        code: error.code, message: error.message + "; what the step had written was taken back", kind: error.kind, help: error.help)
    }
  }

  /// How many documents are found and kept as they are by the guard.
  func withheld(by definition: ChangeDefinition) async throws(ActionError) -> Int64 {
    guard !definition.condition.isEmpty else { return 0 }
    var kept = definition
    kept.condition = ["$nor": [.document(definition.condition)]]
    return try await UpdateChecks(change: change, definition: kept).count()
  }

  /// What all attempts together did that is not undone, from the blocks' heads.
  func totals() async throws(ActionError) -> OnlineChangeTotals {
    OnlineChangeTotals(try await change.read(["st": "applied"], withEntries: false))
  }

  /// What a person should know of what was done.
  func warnings(_ totals: OnlineChangeTotals) -> [String] {
    var warnings: [String] = []
    if totals.doubt > 0 {
      let documents = totals.doubt == 1 ? "1 document is" : "\(totals.doubt) documents are"
      warnings.append("\(documents) in doubt: the server can no longer say whether their change is ours")
    }
    if totals.failed > 0 { warnings.append("the server refused \(totals.failed) documents") }
    return warnings
  }
}

/// Counts over blocks.
struct OnlineChangeTotals: Sendable {
  /// Written, of all kinds.
  var changed: Int64 = 0
  var doubt: Int64 = 0
  var failed: Int64 = 0
  var missed: Int64 = 0
  var batches: Int64 = 0

  init(doubt: Int64 = 0) { self.doubt = doubt }

  init(_ heads: [UndoBlock]) {
    for block in heads where block.state == .applied { add(block) }
  }

  /// With what was done since in an attempt that has come to its end.
  func adding(_ tally: OnlineChangeTally) -> OnlineChangeTotals {
    var totals = self
    totals.changed += Int64(tally.applied)
    totals.doubt += Int64(tally.doubt)
    totals.failed += Int64(tally.failed)
    totals.missed += Int64(tally.missed)
    totals.batches += Int64(tally.batches)
    return totals
  }

  private mutating func add(_ block: UndoBlock) {
    changed += Int64(block.count - block.missed.count - block.doubt.count - block.failed.count)
    doubt += Int64(block.doubt.count)
    failed += Int64(block.failed.count)
    missed += Int64(block.missed.count)
    batches += 1
  }
}

/// Tells how far a batched change is, and what it waits for.
final class ChangeProgress: Sendable {
  private let tell: @Sendable (Progress) -> Void
  private let before: Int64
  private let usualNote: String?
  private let current: Mutex<Progress>

  /// - Parameters:
  ///   - before: what earlier attempts did of the total.
  ///   - note: what is said as long as nothing is waited for.
  init(_ context: ActionContext, before: Int64, total: Int64?, note: String? = nil) {
    tell = context.progress
    self.before = before
    usualNote = note
    let first = Progress(done: before, total: total, unit: "documents", note: note)
    current = Mutex(first)
    tell(first)
  }

  func note(_ tally: OnlineChangeTally) { note(done: Int64(tally.applied)) }

  func note(done: Int64) {
    change { $0.done = before + done }
  }

  func note(_ words: String?) {
    change { $0.note = words ?? usualNote }
  }

  private func change(_ body: (inout Progress) -> Void) {
    tell(
      current.withLock { current in
        body(&current)
        return current
      })
  }
}

extension OnlineChangeWork {
  /// The throttle of a forward change, its signals seen to be readable. One that the plan gives none follows a person's pace all the same.
  func throttle(_ context: ActionContext, _ progress: ChangeProgress) async throws(ActionError) -> Throttle {
    let settings = throttleSettings
    var signals: [any ThrottleSignal] = []
    if let limit = settings.maxLatency { signals.append(LatencySignal(target: change.target, collection: collection, limit: limit)) }
    if let limit = settings.maxReplicationLag {
      signals.append(try await ReplicationLagSignal(target: change.target, limit: limit))
    }
    if let check = context.awaited { signals.append(CheckSignal(check, clock: context.clock)) }
    let stop = context.stop
    let throttle = Throttle(
      settings, signals: signals, clock: context.clock, pace: context.pace, isStopped: { stop.isRequested }, onPause: { progress.note($0) })
    try await throttle.prepare()
    return throttle
  }
}
