import RunbookEngine
import RunbookPlan

/// Plans whose triggers watch, warn, pause and roll back.
extension SimulatedCorpus {
  static func trigger(
    _ id: String, _ max: Int = 0, of: Int = 1, requirePass: Bool = false, initialDelay: Int64 = 0, startAfter: String? = nil,
    stopBefore: String? = nil, onFail: TriggerEvent.Response = .rollback, onError: TriggerEvent.Response = .pause,
    onNoData: TriggerEvent.Response = .pause
  ) -> TriggerOutline {
    TriggerOutline(
      id: id, every: 10, failures: TriggerOutline.FailureLimit(max: max, of: of), initialDelay: initialDelay, startAfter: startAfter,
      stopBefore: stopBefore, requirePass: requirePass, onFail: onFail, onError: onError, onNoData: onNoData)
  }

  static var watched: [SimulatedPlan] { turning + holding }

  /// Mends what is broken when the run stands, and lets it go on.
  private static func mending(_ what: String) -> SimulatedPlan.Person {
    { state, world in
      switch state.status {
      case .running, .rollingBack: return .resume
      case .paused, .halted:
        world.fixed.insert(what)
        return .resume
      default: return nil
      }
    }
  }

  // MARK: Triggers that turn a run

  private static var turning: [SimulatedPlan] {
    [
      SimulatedPlan(
        "a change that does harm is rolled back by its trigger",
        Outline(
          // The bake at the end is long enough for a whole window, wherever a crash cut one off.
          phases: [PhaseOutline(id: "one", steps: [update("a"), index("b"), update("c")], verify: [check("bake", holdFor: 100)])],
          afterRollback: [idempotent("purge")], verifyRollback: [check("restored")], triggers: [trigger("errors")]),
        rules: ["trigger:errors": [.verdictWhileApplied("b", .fail)]], ends: [.rolledBack]),
      SimulatedPlan(
        "two failures of three windows",
        Outline(
          phases: [
            PhaseOutline(id: "one", steps: [update("a"), update("b"), index("c"), update("d"), update("e"), update("f"), index("g")])
          ],
          triggers: [trigger("errors", 1, of: 3, onNoData: .warn)]),
        rules: ["trigger:errors": [.ok, .ok, .verdict(.fail), .ok, .ok, .verdict(.noData), .verdict(.fail)]],
        ends: [.rolledBack, .succeeded]),
      SimulatedPlan(
        "a trigger of a phase unwinds the phase, which begins anew",
        Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a")]),
          PhaseOutline(id: "two", steps: [update("b"), index("c"), update("d")], rollbackScope: .phase, triggers: [trigger("canary")]),
        ]),
        rules: ["trigger:canary": [.verdictUntil(fixed: "canary", .fail)]], ends: [.succeeded], person: mending("canary")),
      SimulatedPlan(
        "a trigger watches while a person decides",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), idempotent("confirm", mutating: false), update("b")])],
          triggers: [trigger("errors", startAfter: "a")]),
        rules: ["step:confirm": [.gate], "trigger:errors": [.ok, .ok, .ok, .verdict(.fail)]], ends: [.rolledBack, .succeeded]),
      SimulatedPlan(
        "a trigger fires in a poll and in a wait for a retry",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a", verify: [check("arrives", within: 5_000)]), update("b", retry: 4)])],
          triggers: [trigger("errors", 1, of: 2)]),
        rules: [
          "check:arrives": [.verdict(.fail), .verdict(.fail), .ok], "step:b": [.fails(transient: true)],
          "trigger:errors": [.ok, .verdict(.fail), .ok, .ok, .ok, .verdict(.fail)],
        ], ends: [.rolledBack]),
      SimulatedPlan(
        "a trigger from one step to another, after a delay",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), index("b"), update("c"), update("d")], verify: [check("good")])],
          triggers: [trigger("some", initialDelay: 8, startAfter: "a", stopBefore: "d", onFail: .warn), trigger("all", onFail: .warn)]),
        rules: ["trigger:some": [.verdict(.fail)], "trigger:all": [.ok, .verdict(.fail), .ok]], ends: [.succeeded]),
    ]
  }

  // MARK: Triggers that hold a run

  private static var holding: [SimulatedPlan] {
    [
      SimulatedPlan(
        "the first change waits for a passing window",
        Outline(
          phases: [
            PhaseOutline(id: "one", preconditions: [check("ready", recheck: true)], steps: [update("a"), index("b")]),
            PhaseOutline(id: "two", steps: [update("c")], triggers: [trigger("phased", requirePass: true, onNoData: .warn)]),
          ], triggers: [trigger("quiet", requirePass: true, onError: .warn, onNoData: .warn)]),
        rules: [
          "trigger:quiet": [.verdict(.noData), .verdict(.error), .verdict(.error), .verdict(.error), .ok],
          "trigger:phased": [.verdict(.noData), .verdict(.noData), .ok],
        ],
        ends: [.succeeded]),
      SimulatedPlan(
        "a change that never gets its passing window",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a")])],
          triggers: [trigger("quiet", requirePass: true, onError: .warn, onNoData: .warn)]),
        rules: ["trigger:quiet": [.verdict(.error)]], ends: [.failed]
      ) { state, world in state.status == .paused ? .cancel(rollback: true) : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "a pause by a trigger, and a passing window before it goes on",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), index("b"), update("c")])],
          triggers: [trigger("errors", onFail: .pause), trigger("other")]),
        rules: ["trigger:errors": [.ok, .ok, .verdictUntil(fixed: "errors", .fail)]], ends: [.succeeded], person: mending("errors")),
      SimulatedPlan(
        "a source that is down pauses, and never passes",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), update("b"), update("c")], verify: [check("good", within: 2_000)])],
          triggers: [trigger("source")]),
        rules: [
          "trigger:source": [.ok, .ok, .fails(transient: true), .verdictUntil(fixed: "source", .error)],
          "check:good": [.verdict(.noData), .ok],
        ], ends: [.succeeded], person: mending("source")),
      SimulatedPlan(
        "a pause by a trigger that ends in a rollback",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), update("b"), index("c")])],
          triggers: [trigger("errors", onFail: .pause)]),
        rules: ["trigger:errors": [.ok, .verdictWhileApplied("a", .fail)]], ends: [.rolledBack]
      ) { state, world in state.status == .paused ? .rollback : SimulatedPlan.patient(state, &world) },
    ]
  }
}
