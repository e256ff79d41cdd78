import MongoDriver
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookMongoActions

/// How fast a rollback goes: with the pauses of the plan or of a person, and without asking signals.
@Suite struct RollbackPaceTests {
  /// A person who says one thing, and another once they have been asked so often.
  private final class Person: PaceSignal {
    private let wishes: Mutex<[WantedPace]>

    /// - Parameter wishes: the last one lasts.
    init(_ wishes: WantedPace...) { self.wishes = Mutex(wishes) }

    var current: WantedPace { wishes.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] } }
  }

  private final class Said: Sendable {
    private let texts = Mutex<[String]>([])
    var all: [String] { texts.withLock { $0 } }
    func note(_ text: String?) { if let text { texts.withLock { $0.append(text) } } }
  }

  private final class Busy: ThrottleSignal {
    let name = "a signal"
    func read() async throws(ActionError) -> ThrottleReading { .busy("always") }
  }

  private static func settings(pause: Int64) -> ThrottleSettings {
    var settings = ThrottleSettings()
    settings.pauseBetween = pause
    return settings
  }

  /// Waits before three blocks.
  private static func waits(_ way: Throttle.Way, plan: Int64, _ person: any PaceSignal, stop: FakeStop = FakeStop()) async -> (
    Int64, [String]
  ) {
    let said = Said()
    let throttle = Throttle(
      settings(pause: plan), signals: [], clock: FakeClock(), pace: person, way: way, isStopped: { stop.isRequested },
      onPause: { said.note($0) })
    for _ in 0..<3 { await throttle.wait() }
    return (throttle.total, said.all)
  }

  // MARK: the throttle alone

  @Test(
    "Back, the pause that a person asks for takes the place of the plan's; forward, the longer one counts",
    arguments: [
      (Int64?.none, Int64(4_000), Int64(4_000)), (0, 4_000, 0), (500, 4_000, 1_000), (5_000, 10_000, 10_000),
    ])
  func whosePauseCounts(_ wanted: Int64?, _ forward: Int64, _ back: Int64) async {
    let person = Person(WantedPace(pauseBetween: wanted))
    #expect(await Self.waits(.forward, plan: 2_000, person).0 == forward)
    #expect(await Self.waits(.back, plan: 2_000, person).0 == back)
  }

  @Test func aLongPauseIsToldWithWhoAskedForIt() async {
    let (_, planned) = await Self.waits(.back, plan: 2_000, PlannedPace())
    #expect(planned.first == "throttled for less than 1s by pause: the plan's pause between batches")
    let (_, asked) = await Self.waits(.back, plan: 0, Person(WantedPace(pauseBetween: 3_000)))
    #expect(asked.contains("throttled for 2s by pause: the pause between batches that was asked for"), "\(asked)")
    let (total, short) = await Self.waits(.back, plan: 250, PlannedPace())
    #expect(total == 500 && short == [])
  }

  /// Nobody who hastens a rollback waits for the end of an hour's pause.
  @Test(arguments: [Throttle.Way.forward, .back]) func aPauseUnderWayFollowsThePersonWhoChangesIt(_ way: Throttle.Way) async {
    let hour = WantedPace(pauseBetween: 3_600_000)
    // Asked once for a hold before the first block, then at each look at the pause.
    let person = Person(hour, hour, hour, WantedPace(pauseBetween: 0))
    #expect(await Self.waits(way, plan: 0, person).0 == 1_000)
  }

  @Test func aHoldEndsWhenItIsTakenBack() async {
    let (total, said) = await Self.waits(
      .back, plan: 0, Person(WantedPace(hold: "ana: backup"), WantedPace(hold: "ana: backup"), WantedPace()))
    #expect(total == 1_000)
    #expect(said.first == "throttled for less than 1s by a person: held by ana: backup; 'runbook pace' lets the rollback go on")
  }

  @Test func aStopEndsThePause() async {
    let stop = FakeStop()
    stop.request()
    #expect(await Self.waits(.back, plan: 3_600_000, PlannedPace(), stop: stop).0 == 0)
  }

  // MARK: the real server

  /// An action, what it is told besides its pauses, and whether a plan can ask for them at all.
  private static let cases: [(make: ActionMaker, arguments: ValueMap, planned: Bool)] = [
    ({ MongoUpdate(timing: $0, crashPoints: $1) }, addFields, true),
    ({ MongoDelete(timing: $0, crashPoints: $1) }, ["filter": .emptyMap, "batch": ["size": 20]], true),
    ({ MongoTransform(running: TransformProgram.running, timing: $0, crashPoints: $1) }, TransformProgram.addFields, true),
    ({ MongoRestore(timing: $0, crashPoints: $1) }, ["from": "backup", "to": "assets"], false),
    (
      { MongoInsert(timing: $0, crashPoints: $1) },
      ["documents": .list((200..<230).map { .map(["_id": .integer($0)]) })], false
    ),
  ]

  /// Lends a rig whose step is done: documents in at least two blocks, and the documents before it.
  private static func withDone(_ number: Int, _ body: (Rig, Hand, [RawBSONValue: BSONDocument]) async throws -> Void) async throws {
    let (make, told, planned) = cases[number]
    var arguments = told
    if planned { arguments["throttle"] = .map(["pauseBetween": .duration(2_000_000), "maxLatency": .duration(60_000_000)]) }
    try await Rig.with(arguments, make: make) { rig in
      try await rig.insert((0..<60).map(asset))
      try await rig.insert((100..<130).map(asset), into: "backup")
      let before = try await rig.all()
      let hand = try await rig.takeOver()
      let captured = try await hand.capture()
      _ = try await hand.perform(captured)
      #expect(try await rig.all() != before)
      try await body(rig, hand, before)
      await hand.target.close()
    }
  }

  /// Between two blocks each, whatever the signals of the plan would say.
  @Test(arguments: 0..<5) func theWayBackKeepsThePauses(_ number: Int) async throws {
    try await Self.withDone(number) { rig, hand, before in
      let blocks = try await hand.blocks().count
      #expect(blocks >= 2, "nothing is between the blocks")
      let (said, clock) = (Said(), FakeClock())
      let asked = Mutex(0)
      var context = hand.context
      context.clock = clock
      context.progress = { said.note($0.note) }
      context.awaited = AwaitedCheck {
        asked.withLock { $0 += 1 }
        return .init(holds: false, words: "never")
      }
      if !Self.cases[number].planned { context.pace = Person(WantedPace(pauseBetween: 2_000)) }
      let began = clock.now()
      let undone = try await hand.action.undo(context, captured: .null, outputs: nil)
      #expect(undone.conflicts == 0 && undone.inDoubt == 0)
      #expect(clock.now() - began == Int64(blocks - 1) * 2_000)
      #expect(asked.withLock { $0 } == 0)
      #expect(said.all.contains { $0.hasPrefix("throttled for 1s by pause: the ") }, "\(said.all)")
      #expect(try await rig.all() == before)
      #expect(try await hand.verify(undone) == nil)
    }
  }

  /// A person holds it, a stop ends the waiting, and the next attempt goes on with what is left, as fast as the person says.
  @Test(arguments: 0..<5) func aPersonHoldsItAndHastensIt(_ number: Int) async throws {
    try await Self.withDone(number) { rig, hand, before in
      let after = try await rig.all()
      let said = Said()
      var context = hand.context
      context.pace = Person(WantedPace(hold: "ana: look at it first"))
      context.progress = { progress in
        said.note(progress.note)
        if progress.note?.hasPrefix("throttled for 2s") == true { rig.stop.request() }
      }
      let action = hand.action
      let stopped = await #expect(throws: ActionError.self) { _ = try await action.undo(context, captured: .null, outputs: nil) }
      #expect(stopped?.kind == .stopped)
      #expect(said.all.contains { $0.contains("by a person: held by ana: look at it first") }, "\(said.all)")
      #expect(try await rig.all() == after)
      rig.stop.request(false)
      let clock = FakeClock()
      context.clock = clock
      context.pace = Person(WantedPace(pauseBetween: 0))
      let began = clock.now()
      _ = try await action.undo(context, captured: .null, outputs: nil)
      #expect(clock.now() == began)
      #expect(try await rig.all() == before)
    }
  }
}
