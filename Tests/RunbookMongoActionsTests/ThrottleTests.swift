import Foundation
import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// What a batched change waits for, and what it says meanwhile.
@Suite struct ThrottleTests {
  /// A signal that says one thing after the other, and then that all is well.
  private final class Script: ThrottleSignal {
    let name = "a signal"
    private let readings: Mutex<[Result<ThrottleReading, ActionError>]>

    init(_ readings: Result<ThrottleReading, ActionError>...) { self.readings = Mutex(readings) }

    func read() async throws(ActionError) -> ThrottleReading {
      try readings.withLock { $0.isEmpty ? .success(.free) : $0.removeFirst() }.get()
    }
  }

  private static func throttle(_ arguments: ValueMap = [:], _ signals: [any ThrottleSignal], stop: FakeStop = FakeStop())
    -> (Throttle, () -> [String])
  {
    var problems: [ArgumentProblem] = []
    let settings = ThrottleSettings(arguments, &problems)
    let said = Said()
    let throttle = Throttle(settings, signals: signals, clock: FakeClock(), isStopped: { stop.isRequested }, onPause: { said.note($0) })
    return (throttle, { said.all })
  }

  private final class Said: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }
    func note(_ text: String?) { texts.withLock { $0.append(text ?? "goes on") } }
  }

  @Test func aBusySignalHoldsEachBatchBackAndIsTold() async {
    let (throttle, said) = Self.throttle([:], [Script(.success(.busy("x is 2")), .success(.busy("x is 1")))])
    await throttle.wait()
    await throttle.wait()
    #expect(said().first == "throttled for less than 1s by a signal: x is 2")
    #expect(said().last == "goes on")
    #expect(said().count { $0 == "goes on" } == 1, "a batch that does not wait says nothing")
    #expect(throttle.total == 1_000)
    #expect(throttle.summary == "the throttle held it back: 1s by a signal (last: x is 1)")
  }

  /// Safe when in doubt: what cannot be read holds back like what is over its limit.
  @Test func anUnreadableSignalHoldsBack() async throws {
    let failure = ActionError(code: "RB3001", message: "no answer", kind: .transient)
    let (throttle, said) = Self.throttle([:], [Script(.failure(failure), .failure(failure))])
    try await throttle.prepare()
    await throttle.wait()
    #expect(said().first == "throttled for less than 1s by a signal: it cannot be read: no answer")
    #expect(throttle.total == 500)
  }

  @Test func aSignalThatNobodyMayReadFailsBeforeTheFirstWrite() async {
    let failure = ActionError(code: "RB3003", message: "not authorised", kind: .refused)
    let (throttle, _) = Self.throttle([:], [Script(.failure(failure))])
    let thrown = await #expect(throws: ActionError.self) { try await throttle.prepare() }
    #expect(thrown?.code == "RB3411")
    #expect(thrown?.message == "the throttle cannot read its signal 'a signal': not authorised")
  }

  @Test("A check of the plan holds batches back while it does not hold; while it does, it is asked once a second")
  func aCheckOfThePlan() async throws {
    let answers = Mutex<[AwaitedCheck.Answer]>([
      .init(holds: false, words: "it cannot be read: no route"), .init(holds: false, words: "n is 9, expected at most 5"),
      .init(holds: true, words: "pass"), .init(holds: false, words: "never asked"),
    ])
    let check = AwaitedCheck { answers.withLock { $0.removeFirst() } }
    let (throttle, said) = Self.throttle([:], [CheckSignal(check, clock: FakeClock())])
    try await throttle.prepare()
    await throttle.wait()
    await throttle.wait()
    #expect(said().first == "throttled for less than 1s by the plan's check: it does not hold: n is 9, expected at most 5")
    #expect(throttle.total == 500)
    #expect(answers.withLock { $0.count } == 1)
  }

  @Test func aStopEndsTheWaiting() async {
    let stop = FakeStop()
    stop.request()
    let (throttle, _) = Self.throttle(
      ["throttle": .map(["pauseBetween": .duration(3_600_000_000)])], [Script(.success(.busy("x")), .success(.busy("x")))], stop: stop)
    await throttle.wait()
    await throttle.wait()
    #expect(throttle.total == 0)
  }

  @Test func thePlansPauseComesBetweenBatchesOnly() async {
    let (throttle, said) = Self.throttle(["throttle": .map(["pauseBetween": .duration(2_000_000)])], [])
    await throttle.wait()
    #expect(throttle.total == 0)
    await throttle.wait()
    #expect(throttle.total == 2_000)
    #expect(throttle.summary == nil, "what the plan asks for is no news")
    #expect(said().first?.contains("the plan's pause between batches") == true)
  }

  @Test(
    arguments: [
      (["batch": .map(["targetLatency": .duration(5_000)])], "'targetLatency' is from 10ms to 2s"),
      (["throttle": .map(["maxReplicationLag": .duration(100_000)])], "'maxReplicationLag' is from 1s to 1h"),
      (["throttle": .map(["maxLatency": .duration(0)])], "'maxLatency' is from 1ms to 1m"),
    ] as [(ValueMap, String)])
  func bounds(_ arguments: ValueMap, _ message: String) {
    var problems: [ArgumentProblem] = []
    _ = ThrottleSettings(arguments, &problems)
    #expect(problems.map(\.message) == [message])
  }

  // MARK: replication

  private static func status(_ members: (id: Int64, state: Int64, behind: Int64)...) -> BSONDocument {
    let list = members.map { member -> BSONValue in
      [
        "_id": .int64(member.id), "name": .string("host\(member.id)"), "state": .int64(member.state),
        "stateStr": .string("(state \(member.state))"), "optimeDate": .datetime(1_000_000 - member.behind),
      ]
    }
    return ["members": .array(BSONArray(list))]
  }

  @Test func theSlowestSecondaryCounts() {
    func judge(_ status: BSONDocument, delayed: Set<Int64> = []) -> ThrottleReading {
      ReplicationLagSignal.judge(status, limit: 5_000, delayed: delayed)
    }
    #expect(judge(Self.status((0, 1, 0))) == .free, "nobody can be behind")
    #expect(judge(Self.status((0, 1, 0), (1, 2, 5_000), (2, 7, 0))) == .free, "at the limit, and an arbiter")
    #expect(
      judge(Self.status((0, 1, 0), (1, 2, 6_000), (2, 2, 9_000))) == .busy("the secondary host2 is 9s behind, at most 5s are allowed"))
    #expect(judge(Self.status((0, 1, 0), (1, 2, 3_600_000)), delayed: [1]) == .free, "behind by design")
    #expect(judge(Self.status((0, 1, 0), (1, 2, -1_000))) == .free, "ahead of what the primary last told")
    #expect(judge(Self.status((0, 1, 0), (1, 8, 0))) == .busy("the member host1 does not replicate: (state 8)"))
    #expect(judge(Self.status((0, 2, 0), (1, 2, 0))) == .busy("the set has no primary"))
    #expect(judge([:]) == .busy("the set has no primary"))
  }

  // MARK: the real server

  private static let change: ValueMap = [
    "filter": .map(["n": .map(["$exists": true])]), "pipeline": .list([.map(["$set": .map(["done": true])]), .map(["$unset": "n"])]),
    "batch": .map(["size": 50]),
  ]

  @Test func aChangeWaitsAndGoesOnToItsEnd() async throws {
    var arguments = Self.change
    arguments["throttle"] = .map([
      "maxLatency": .duration(60_000_000), "maxReplicationLag": .duration(5_000_000), "pauseBetween": .duration(20_000),
    ])
    try await Rig.with(arguments) { rig in
      try await rig.insert((0..<200).map { ["_id": .int64($0), "n": 1] })
      let result = try await rig.takeOver().perform()
      #expect(result.outputs["changed"] == 200)
      #expect((result.outputs["throttled"]?.durationValue ?? 0) >= 60_000, "at least three pauses of 20 ms")
      #expect(result.warnings == [], "no signal held it back")
    }
  }

  /// No server answers in less than nothing: the change waits until it is told to stop, and its documents are untouched.
  @Test func aServerThatIsTooSlowGetsNoBatch() async throws {
    try await Rig.with(Self.change) { rig in
      try await rig.insert((0..<20).map { ["_id": .int64($0), "n": 1] })
      let hand = try await rig.takeOver()
      let said = Said()
      var context = hand.context
      context.progress = { said.note($0.note) }
      let work = try UpdateWork(context, rig.timing, CrashPoints())
      let signal = LatencySignal(target: hand.target, collection: rig.collection, limit: -1)
      let throttle = Throttle(
        ThrottleSettings(), signals: [signal], clock: FakeClock(), isStopped: { rig.stop.isRequested },
        onPause: { text in
          said.note(text)
          if text?.hasPrefix("throttled for 2s") == true { rig.stop.request() }
        })
      let forward = try await OnlineChangeForward(
        work.change, definition: work.definition, manner: .init(batchSize: 50), throttle: throttle,
        isStopped: { rig.stop.isRequested }, onBatch: { _ in })
      let stopped = await #expect(throws: ActionError.self) { _ = try await forward.run() }
      #expect(stopped?.kind == .stopped)
      #expect(said.all.contains { $0.contains("by latency: a read takes") && $0.contains("are allowed") }, "\(said.all)")
      #expect(try await rig.all().values.allSatisfy { $0["done"] == nil })
      await hand.target.close()
    }
  }

  private final class Held: PaceSignal {
    var current: WantedPace { WantedPace(hold: "ana: backup") }
  }

  private static let makers: [(ActionMaker, ValueMap)] = [
    ({ MongoUpdate(timing: $0, crashPoints: $1) }, change),
    ({ MongoDelete(timing: $0, crashPoints: $1) }, ["filter": .emptyMap]),
    ({ MongoInsert(timing: $0, crashPoints: $1) }, ["documents": .list([.map(["_id": "new"])])]),
    ({ MongoRestore(timing: $0, crashPoints: $1) }, ["from": "backup", "to": "assets"]),
  ]

  /// Whatever goes in batches: while a person holds it, nothing is written, and a stop ends it.
  @Test(arguments: 0..<4) func aPersonHoldsEveryActionThatWritesInBatches(number: Int) async throws {
    let (make, arguments) = Self.makers[number]
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert((0..<20).map { ["_id": .int64($0), "n": 1] })
      try await rig.insert((100..<120).map { ["_id": .int64($0), "n": 1] }, into: "backup")
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let said = Said()
      var context = hand.context
      context.pace = Held()
      context.progress = { progress in
        said.note(progress.note)
        if progress.note?.hasPrefix("throttled for 2s") == true { rig.stop.request() }
      }
      let captured = try await hand.action.capture(context)
      let stopped = await #expect(throws: ActionError.self) { _ = try await hand.action.perform(context, captured: captured) }
      #expect(stopped?.kind == .stopped)
      #expect(said.all.contains { $0.contains("by a person: held by ana: backup") }, "\(said.all)")
      #expect(try await rig.all() == before)
      await hand.target.close()
    }
  }
}
