import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookEngine

func trigger(
  _ id: String, _ max: Int = 0, of: Int = 1, requirePass: Bool = false, startAfter: String? = nil, stopBefore: String? = nil,
  onFail: TriggerEvent.Response = .rollback, onError: TriggerEvent.Response = .pause, onNoData: TriggerEvent.Response = .pause
) -> TriggerOutline {
  TriggerOutline(
    id: id, every: 1_000, failures: TriggerOutline.FailureLimit(max: max, of: of), startAfter: startAfter, stopBefore: stopBefore,
    requirePass: requirePass, onFail: onFail, onError: onError, onNoData: onNoData)
}

extension Bench {
  /// A second passes, and the trigger has judged a window.
  mutating func judge(_ trigger: String, _ verdicts: Verdict...) {
    for verdict in verdicts {
      now += 1_000
      send(
        .window(
          TriggerWindow(
            trigger: trigger, verdict: verdict, message: "seen", observed: 1, from: now - 1_000, to: now,
            tally: TriggerTally(samples: 10, failures: verdict == .fail ? 1 : 0))))
    }
  }

  var events: [TriggerEvent] { log.compactMap { if case .triggerFired(let event) = $0.kind { event } else { nil } } }
  var recorded: [TriggerWindow] { log.compactMap { if case .triggerJudged(let window) = $0.kind { window } else { nil } } }
}

@Suite("What a run makes of its triggers")
struct TriggerTests {
  static func watched(_ triggers: TriggerOutline...) -> Outline {
    Outline(phases: [PhaseOutline(id: "one", steps: [update("a"), update("b")])], triggers: triggers)
  }

  // MARK: When they are live

  @Test("Triggers of the plan are live from the first step to the end of the way on, those of a phase while it runs")
  func live() {
    let outline = Outline(
      preconditions: [CheckOutline(id: "pre")],
      phases: [
        PhaseOutline(id: "off", hasCondition: true, steps: [update("x")]),
        PhaseOutline(
          id: "one", preconditions: [CheckOutline(id: "ready")], steps: [update("a"), update("b")], verify: [CheckOutline(id: "good")],
          triggers: [trigger("phased"), trigger("late", startAfter: "a"), trigger("early", stopBefore: "b")]),
        PhaseOutline(id: "two", steps: [update("c")]),
      ], verify: [CheckOutline(id: "outcome")], triggers: [trigger("whole"), trigger("until", startAfter: "a", stopBefore: "c")])
    var bench = Bench(outline)
    var live: [String: [String]] = [:]
    while let effect = bench.running {
      live[effect.id.subject] = bench.state.liveTriggers
      switch effect.id.verb {
      case .condition: bench.finish(.condition(false))
      case .perform: bench.finish(.done())
      default: bench.verdict(.pass)
      }
    }
    #expect(bench.state.status == .succeeded && bench.state.liveTriggers.isEmpty)
    #expect(
      live == [
        "pre": [], "off": [], "ready": ["phased", "early"], "a": ["whole", "phased", "early"], "b": ["whole", "until", "phased", "late"],
        "good": ["whole", "until", "phased", "late"], "c": ["whole"], "outcome": ["whole"],
      ])
  }

  @Test("They stay live at gates, in waits for a retry, in polls and while the run is paused; not once it has turned or stopped")
  func liveWhileWaiting() {
    let gate = StepOutline(id: "gate", effectClass: .read, mutating: false, undo: .nothing)
    var flaky = update("flaky")
    flaky.retry = RetryPolicy(attempts: 3)
    let outline = Outline(
      phases: [PhaseOutline(id: "one", steps: [update("a"), gate, flaky], verify: [CheckOutline(id: "slow", within: 60_000)])],
      triggers: [trigger("t")])
    var bench = Bench(outline)
    bench.goOn(to: "step:gate")
    #expect(bench.state.liveTriggers == ["t"])
    bench.ask(.pause)
    #expect(bench.state.status == .paused && bench.state.liveTriggers == ["t"])
    bench.ask(.resume)
    bench.goOn(to: "step:flaky")
    bench.finish(.failed(Failure(code: "x", message: "down", transient: true)))
    #expect(bench.running == nil && bench.state.liveTriggers == ["t"])
    bench.goOn(to: "check:slow")
    bench.verdict(.fail)
    #expect(bench.running == nil && bench.state.liveTriggers == ["t"])
    bench.judge("t", .fail)
    #expect(bench.state.status == .rollingBack && bench.state.liveTriggers.isEmpty)

    bench = Bench(outline)
    bench.ask(.cancel(rollback: false))
    bench.finish(.done())
    #expect(bench.state.status == .halted && bench.state.liveTriggers.isEmpty)
    // A window that was on its way when the run stopped says nothing any more.
    bench.judge("t", .fail)
    #expect(bench.state.status == .halted && bench.recorded.isEmpty)
  }

  @Test("A trigger that fires turns the run wherever it stands")
  func firesAnywhere() {
    let gate = StepOutline(id: "gate", effectClass: .read, mutating: false, undo: .nothing)
    var flaky = update("flaky")
    flaky.retry = RetryPolicy(attempts: 3)
    let outline = Outline(
      phases: [PhaseOutline(id: "one", steps: [update("a"), gate, flaky], verify: [CheckOutline(id: "slow", within: 60_000)])],
      triggers: [trigger("t")])
    let places: [(String, (inout Bench) -> Void)] = [
      ("at a gate", { $0.goOn(to: "step:gate") }),
      (
        "in a pause",
        {
          $0.goOn(to: "step:gate")
          $0.ask(.pause)
        }
      ),
      (
        "in a wait for a retry",
        {
          $0.goOn(to: "step:flaky")
          $0.finish(.failed(Failure(code: "x", message: "down", transient: true)))
        }
      ),
      (
        "in a poll",
        {
          $0.goOn(to: "check:slow")
          $0.verdict(.fail)
        }
      ), ("while a check is asked", { $0.goOn(to: "check:slow") }),
      (
        "after a crash",
        {
          $0.goOn(to: "check:slow")
          $0.crash()
        }
      ),
    ]
    for (place, arrive) in places {
      var bench = Bench(outline)
      arrive(&bench)
      bench.judge("t", .fail)
      #expect(bench.state.status == .rollingBack, "\(place)")
      #expect(bench.state.cause?.origin == .trigger("t"), "\(place)")
      bench.goOn()
      #expect(bench.state.status == .rolledBack, "\(place)")
    }
  }

  @Test("A batch in flight stops at its border and is unwound; what cannot be stopped is awaited")
  func inFlight() {
    for (mode, expected) in [(InterruptMode.batch, InterruptMode.batch), (.abort, .abort), (.await, nil)] {
      var bench = Bench(
        Outline(phases: [PhaseOutline(id: "one", steps: [update("a", interrupt: mode), update("b")])], triggers: [trigger("t")]))
      bench.judge("t", .fail)
      let stops = bench.orders.compactMap { if case .stop(_, let mode) = $0 { mode } else { nil } }
      #expect(stops == (expected.map { [$0] } ?? []))
      #expect(bench.state.status == .running && bench.events.count == 1)
      bench.finish(mode == .batch ? .interrupted : mode == .abort ? .unknown(Failure(code: "x", message: "cut")) : .done())
      #expect(bench.state.status == .rollingBack)
      bench.goOn()
      #expect(bench.state.status == .rolledBack && bench.state.step("a")?.status == .undone)
    }
  }

  @Test("A trigger of a phase unwinds as far as its phase says, one of the plan unwinds the plan")
  func scope() {
    let outline = Outline(
      phases: [
        PhaseOutline(id: "one", steps: [update("a")]),
        PhaseOutline(id: "two", steps: [update("b"), update("c")], rollbackScope: .phase, triggers: [trigger("phased")]),
      ], triggers: [trigger("whole")])
    for (id, end) in [("phased", RunStatus.halted), ("whole", .rolledBack)] {
      var bench = Bench(outline)
      bench.goOn(to: "step:c")
      bench.judge(id, .fail)
      bench.finish(.interrupted)
      bench.goOn()
      #expect(bench.state.status == end, "\(id)")
      #expect(bench.state.step("a")?.status == (id == "whole" ? .undone : .done))
      guard id == "phased" else { continue }
      // The phase begins anew, and so does its trigger.
      bench.ask(.resume)
      #expect(bench.state.trigger("phased")?.windows == 0 && bench.state.trigger("phased")?.liveSince != nil)
      bench.goOn()
      #expect(bench.state.status == .succeeded)
    }
  }

  @Test("In one input with anything else, the first cause decides and the other is recorded")
  func sameInput() {
    var bench = Bench(Self.watched(trigger("t")))
    bench.finish(.done())
    bench.ask(.cancel(rollback: true))
    bench.judge("t", .fail)
    #expect(bench.state.causes.map(\.origin) == [.cancel, .trigger("t")])
    bench.finish(.interrupted)
    bench.goOn()
    #expect(bench.state.status == .rolledBack && bench.state.cause?.origin == .cancel)

    bench = Bench(Self.watched(trigger("t")))
    bench.judge("t", .fail)
    bench.judge("t", .fail)
    bench.ask(.pause)
    bench.finish(.failed(Failure(code: "x", message: "no")))
    #expect(bench.state.causes.map(\.origin) == [.trigger("t"), .step("a")])
    #expect(bench.state.status == .rollingBack)
  }

  @Test("Before anything was changed a trigger ends the run failed")
  func nothingChanged() {
    var bench = Bench(Outline(phases: [PhaseOutline(id: "one", steps: [reading("r"), update("a")])], triggers: [trigger("t")]))
    bench.judge("t", .fail)
    #expect(bench.state.status == .failed && bench.state.exitCode == 1)
  }

  // MARK: When they act

  @Test("A trigger acts at failure max + 1 within its last windows; errors and no data act by their own policy at once")
  func failureLimit() {
    for (verdicts, acts) in [
      ([Verdict.fail], false), ([.fail, .fail], true), ([.fail, .pass, .pass, .fail], true),
      ([.fail, .pass, .pass, .pass, .fail], false), ([.fail, .noData, .error, .fail], true),
    ] {
      var bench = Bench(Self.watched(trigger("t", 1, of: 4, onError: .warn, onNoData: .warn)))
      for verdict in verdicts { bench.judge("t", verdict) }
      #expect(bench.events.contains { $0.response == .rollback } == acts, "\(verdicts)")
    }
    for verdict in [Verdict.noData, .error] {
      var bench = Bench(Self.watched(trigger("t", 5, of: 9, onError: .rollback, onNoData: .rollback)))
      bench.judge("t", verdict)
      #expect(bench.events.map(\.response) == [.rollback] && bench.events[0].verdict == verdict)
    }
    var bench = Bench(Self.watched(trigger("t", 1, of: 4)))
    bench.judge("t", .fail, .fail)
    #expect(bench.events.first?.message == "trigger t: fail, seen; 2 of the last 2 windows failed")
  }

  @Test("After a warning it acts again only after a change of verdict")
  func warns() {
    var bench = Bench(Self.watched(trigger("t", 1, of: 3, onFail: .warn, onNoData: .warn)))
    bench.judge("t", .fail, .fail, .fail, .fail)
    #expect(bench.events.count == 1 && bench.state.warnings.map(\.subject) == ["t"])
    bench.judge("t", .pass, .fail)
    #expect(bench.events.count == 1)
    bench.judge("t", .fail, .fail)
    #expect(bench.events.count == 2)
    bench.judge("t", .noData, .noData, .noData)
    #expect(bench.events.count == 3 && bench.state.trigger("t")?.actions == 3)
    #expect(bench.state.status == .running && bench.name == "step:a#1")
  }

  @Test("After a pause by a trigger resume waits for one passing window of it before anything goes forward")
  func pauses() {
    let gate = StepOutline(id: "gate", effectClass: .idempotent, mutating: false, undo: .nothing)
    for place in ["step:a", "step:gate", "check:c"] {
      var bench = Bench(
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), gate, update("b")], verify: [CheckOutline(id: "c")])],
          triggers: [trigger("t", onFail: .pause), trigger("other")]))
      bench.goOn(to: place)
      let effect = bench.running
      bench.judge("t", .fail)
      if place == "step:a" { bench.finish(.interrupted) }
      #expect(bench.state.status == .paused && bench.running == nil && bench.state.pauseReason == "trigger t: fail, seen")
      bench.crash()
      #expect(bench.state.status == .running && bench.running == nil)
      #expect(bench.state.awaitedTriggers == ["t"] && bench.conductor.nextWake == nil)
      bench.judge("other", .pass)
      bench.judge("t", .fail, .noData, .fail)
      // No data paused it once more, since that is another verdict; the failure after it too.
      #expect(bench.state.status == .paused)
      bench.ask(.resume)
      #expect(bench.state.awaitedTriggers == ["t"] && bench.running == nil)
      bench.judge("t", .pass)
      #expect(bench.state.awaitedTriggers.isEmpty)
      switch place {
      case "step:gate": #expect(bench.running == effect)
      case "check:c": #expect(bench.name == "check:c#2")
      default: #expect(bench.name == "step:a#2")
      }
      bench.goOn()
      #expect(bench.state.status == .succeeded)
    }
  }

  @Test("A passing window between the pause and resume is enough, and a wait for one can be paused, cancelled and rolled back")
  func recovers() {
    var bench = Bench(Self.watched(trigger("t", onFail: .pause)))
    bench.finish(.done())
    bench.judge("t", .fail)
    bench.finish(.interrupted)
    bench.judge("t", .pass)
    bench.ask(.resume)
    #expect(bench.name == "step:b#2")

    for (wish, end) in [
      (Request.Wish.pause, RunStatus.paused), (.cancel(rollback: false), .halted), (.cancel(rollback: true), .rollingBack),
      (.rollback, .rollingBack),
    ] {
      bench = Bench(Self.watched(trigger("t", onFail: .pause)))
      bench.finish(.done())
      bench.judge("t", .fail)
      bench.finish(.interrupted)
      bench.ask(.resume)
      #expect(bench.running == nil)
      bench.ask(wish)
      #expect(bench.state.status == end)
    }
  }

  @Test("A rollback that a halt came before is not forgotten: after resume the next window that fails turns the run")
  func rollbackAfterHalt() {
    for verdict in [Verdict.fail, .error] {
      var bench = Bench(Self.watched(trigger("t", onError: .rollback)))
      bench.finish(.done())
      bench.ask(.cancel(rollback: false))
      bench.judge("t", verdict)
      bench.finish(.interrupted)
      #expect(bench.state.status == .halted && bench.state.causes.map(\.origin) == [.cancel, .trigger("t")])
      bench.crash()
      #expect(bench.state.status == .running && bench.name == "step:b#2", "\(verdict)")
      bench.judge("t", verdict)
      bench.finish(.interrupted)
      #expect(bench.state.status == .rollingBack && bench.state.cause?.origin == .trigger("t"), "\(verdict)")
    }
  }

  @Test("A trigger that has ended holds nothing back any more")
  func endedTriggerHoldsNothing() {
    var bench = Bench(
      Outline(phases: [
        PhaseOutline(id: "one", steps: [update("a", interrupt: .await)], triggers: [trigger("t", onFail: .pause)]),
        PhaseOutline(id: "two", steps: [update("b")]),
      ]))
    bench.judge("t", .fail)
    bench.finish(.done())
    #expect(bench.state.status == .paused)
    bench.ask(.resume)
    #expect(bench.name == "step:b#1")
  }

  // MARK: requirePass

  @Test("With requirePass nothing is changed before a window has passed; reads go on meanwhile")
  func requirePass() {
    var captured = update("a")
    captured.hasCapture = true
    captured.preconditions = [CheckOutline(id: "ready")]
    var bench = Bench(
      Outline(
        phases: [PhaseOutline(id: "one", steps: [reading("r"), captured, update("b")])],
        triggers: [trigger("t", requirePass: true, onNoData: .warn), trigger("u", requirePass: true), trigger("v")]))
    bench.goOn()
    // What the undo will need is captured just before the change.
    #expect(bench.running == nil && bench.state.step("r")?.status == .done && bench.state.check("ready")?.result?.verdict == .pass)
    #expect(bench.state.awaitedTriggers == ["t", "u"] && bench.state.status == .running && bench.conductor.nextWake == nil)
    bench.judge("t", .pass)
    #expect(bench.running == nil && bench.state.awaitedTriggers == ["u"])
    bench.crash()
    #expect(bench.running == nil && bench.state.awaitedTriggers == ["u"])
    bench.judge("t", .noData)
    #expect(bench.state.awaitedTriggers == ["u"])
    bench.judge("u", .pass)
    #expect(bench.name == "capture:a#1")
    bench.goOn()
    #expect(bench.state.status == .succeeded)
  }

  @Test("Of a phase, or after a step, requirePass holds back the first change that follows")
  func requirePassLater() {
    var bench = Bench(
      Outline(
        phases: [
          PhaseOutline(id: "one", steps: [update("a"), update("b")]),
          PhaseOutline(id: "two", steps: [update("c")], triggers: [trigger("phased", requirePass: true)]),
        ], triggers: [trigger("late", requirePass: true, startAfter: "a")]))
    bench.goOn()
    #expect(bench.state.awaitedTriggers == ["late"] && bench.state.step("b")?.attempts == 0)
    bench.judge("late", .pass)
    bench.goOn()
    #expect(bench.state.awaitedTriggers == ["phased"] && bench.state.step("c")?.attempts == 0)
    bench.judge("phased", .pass)
    bench.goOn()
    #expect(bench.state.status == .succeeded)
  }

  @Test("A first window that fails, with requirePass, ends the run before anything was changed")
  func requirePassFails() {
    var bench = Bench(Self.watched(trigger("t", requirePass: true)))
    #expect(bench.running == nil)
    bench.judge("t", .fail)
    #expect(bench.state.status == .failed && bench.state.exitCode == 1)
  }
}
