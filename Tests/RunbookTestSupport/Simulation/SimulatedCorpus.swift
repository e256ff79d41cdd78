import RunbookEngine
import RunbookPlan

/// The plans that are crashed at every boundary and every pair of boundaries.
public enum SimulatedCorpus {
  public static var all: [SimulatedPlan] { forward + backward + partial + people + watched + full + edited }

  static func check(
    _ id: String, onFail: CheckOutline.Policy = .rollback, within: Int64? = nil, holdFor: Int64? = nil, recheck: Bool = false
  ) -> CheckOutline {
    CheckOutline(id: id, onFail: onFail, within: within, holdFor: holdFor, recheck: recheck)
  }

  static func update(_ id: String, retry: Int = 1, onFailure: StepOutline.FailurePolicy = .rollback, verify: [CheckOutline] = [])
    -> StepOutline
  {
    StepOutline(
      id: id, effectClass: .guarded, mutating: true, interrupt: .batch, retry: RetryPolicy(attempts: retry), onFailure: onFailure,
      hasCapture: true, verify: verify, undo: .automatic)
  }

  static func index(_ id: String, undo: StepOutline.Undo = .automatic, verify: [CheckOutline] = []) -> StepOutline {
    StepOutline(id: id, effectClass: .probe, mutating: true, hasCapture: true, verify: verify, undo: undo)
  }

  static func idempotent(_ id: String, mutating: Bool = true, undo: StepOutline.Undo = .automatic) -> StepOutline {
    StepOutline(id: id, effectClass: .idempotent, mutating: mutating, undo: mutating ? undo : .nothing)
  }

  static func shell(_ id: String, undo: StepOutline.Undo, onInterrupt: StepOutline.InterruptPolicy = .halt) -> StepOutline {
    StepOutline(id: id, effectClass: .opaque, mutating: true, interrupt: .abort, undo: undo, onInterrupt: onInterrupt)
  }

  static func item(_ id: String, _ effectClass: EffectClass, verify: [CheckOutline] = []) -> StepOutline {
    StepOutline(id: id, effectClass: effectClass, mutating: true, verify: verify, undo: .nothing)
  }

  // MARK: The way on

  static var forward: [SimulatedPlan] {
    [
      SimulatedPlan(
        "success",
        Outline(
          preconditions: [check("reachable")],
          phases: [
            PhaseOutline(
              id: "one", preconditions: [check("quiet", recheck: true)],
              steps: [update("fields", verify: [check("all-there")]), index("index")]),
            PhaseOutline(
              id: "two", hasCondition: true, steps: [idempotent("validator"), idempotent("note", mutating: false)], verify: [check("calm")]),
          ], verify: [check("outcome")]), ends: [.succeeded]),
      SimulatedPlan(
        "failed plan precondition",
        Outline(
          preconditions: [check("space"), check("never")], phases: [PhaseOutline(id: "one", steps: [update("a")])],
          afterRollback: [idempotent("purge")]),
        rules: ["check:space": [.verdict(.fail)]], ends: [.failed]),
      SimulatedPlan(
        "unknown outcomes",
        Outline(phases: [
          PhaseOutline(id: "one", steps: [index("index"), update("fields", retry: 3), idempotent("validator"), index("other")])
        ]),
        rules: ["step:index": [.unknownThoughDone], "step:fields": [.unknownThoughDone], "step:validator": [.ok], "step:other": [.ok]],
        ends: [.succeeded]),
      SimulatedPlan(
        "retries of transient failures",
        Outline(phases: [
          PhaseOutline(
            id: "one", steps: [update("a", retry: 4), update("b")], verify: [CheckOutline(id: "c", retry: RetryPolicy(attempts: 3))])
        ]), rules: ["step:a": [.fails(transient: true), .fails(transient: true), .ok], "check:c": [.fails(transient: true), .ok]],
        ends: [.succeeded]),
      SimulatedPlan(
        "within and holdFor",
        Outline(phases: [
          PhaseOutline(
            id: "one", steps: [update("a", verify: [check("arrives", within: 5_000), check("holds", within: 2_000, holdFor: 1_500)])])
        ]), rules: ["check:arrives": [.verdict(.fail), .verdict(.noData), .ok], "check:holds": [.verdict(.fail), .ok]],
        ends: [.succeeded]),
      SimulatedPlan(
        "skips and a continued failure",
        Outline(phases: [
          PhaseOutline(
            id: "one",
            steps: [
              StepOutline(id: "when", effectClass: .guarded, mutating: true, undo: .automatic, hasCondition: true),
              StepOutline(
                id: "asked", effectClass: .guarded, mutating: true, preconditions: [check("needed", onFail: .skip)], undo: .automatic),
              update("optional", onFailure: .continue), index("index"),
            ])
        ]),
        rules: ["condition:when": [.conditionIsFalse], "check:needed": [.verdict(.fail)], "step:optional": [.fails(transient: false)]],
        ends: [.succeeded]),
    ]
  }

  // MARK: The way back

  static var backward: [SimulatedPlan] {
    [
      SimulatedPlan(
        "failed check",
        Outline(
          phases: [
            PhaseOutline(id: "one", steps: [update("a"), index("b")]),
            PhaseOutline(id: "two", steps: [idempotent("c")], verify: [check("bad")]),
          ], afterRollback: [idempotent("purge")], verifyRollback: [check("restored")]), rules: ["check:bad": [.verdict(.fail)]],
        ends: [.rolledBack]),
      SimulatedPlan(
        "failed undo, blocked, tried again",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), index("b")], verify: [check("bad")])], verifyRollback: [check("restored")]),
        rules: ["check:bad": [.verdict(.fail)], "undo:b": [.failsUntil(fixed: "disk")]], ends: [.rolledBack]
      ) { state, world in
        if state.status == .blocked {
          world.fixed.insert("disk")
          return .rollback
        }
        return SimulatedPlan.patient(state, &world)
      },
      SimulatedPlan(
        "blocked and skipped",
        Outline(phases: [PhaseOutline(id: "one", steps: [update("a"), index("b")], verify: [check("bad")])]),
        rules: ["check:bad": [.verdict(.fail)], "undo:b": [.fails(transient: false)]], ends: [.rolledBackWithConflicts]
      ) { state, world in state.status == .blocked ? .skipUndo("b") : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "undo lists",
        Outline(phases: [
          PhaseOutline(
            id: "one",
            steps: [
              index("a", undo: .steps([.step(item("stop", .idempotent)), .auto, .step(item("start", .probe, verify: [check("serves")]))])),
              shell("deploy", undo: .steps([.step(item("undeploy", .idempotent))]), onInterrupt: .rerun),
            ], verify: [check("bad")])
        ]), rules: ["check:bad": [.verdict(.fail)]], ends: [.rolledBack, .rolledBackWithConflicts], reverts: ["undeploy": ["deploy"]]),
    ]
  }

  // MARK: The way back that stops on the way

  static var partial: [SimulatedPlan] {
    [
      SimulatedPlan(
        "phase scope",
        Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a")]),
          PhaseOutline(
            id: "two", preconditions: [check("gate")], steps: [update("b"), index("c")], verify: [check("load")], rollbackScope: .phase),
        ]), rules: ["check:load": [.verdictUntil(fixed: "load", .fail)]], ends: [.succeeded]
      ) { state, world in
        if state.status == .halted {
          world.fixed.insert("load")
          return .resume
        }
        return SimulatedPlan.patient(state, &world)
      },
      SimulatedPlan(
        "covered and not needed",
        Outline(phases: [
          PhaseOutline(
            id: "one",
            steps: [index("rename"), idempotent("fill", undo: .coveredBy("rename")), idempotent("stamp", undo: .notNeeded)],
            verify: [check("bad")])
        ]), rules: ["check:bad": [.verdict(.error)]], ends: [.rolledBack]
      ) { state, world in state.status == .halted ? .rollback : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "point of no return",
        Outline(phases: [PhaseOutline(id: "one", steps: [update("a"), index("drop", undo: .none), update("c")], verify: [check("bad")])]),
        rules: ["check:bad": [.verdict(.fail)]], ends: [.rolledBackWithConflicts]
      ) { state, world in
        if state.status == .halted { return .pastPoint("drop") }
        return SimulatedPlan.patient(state, &world)
      },
      SimulatedPlan(
        "conflicts and an unverified restoration",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a"), update("b")], verify: [check("bad")])],
          afterRollback: [item("purge", .idempotent)], verifyRollback: [check("restored"), check("quiet")]),
        rules: ["check:bad": [.verdict(.fail)], "undo:b": [.conflicts(2)], "check:restored": [.verdict(.fail)]],
        ends: [.rolledBackWithConflicts]),
      SimulatedPlan(
        "failure half way, undo unheard",
        Outline(phases: [PhaseOutline(id: "one", steps: [index("a"), update("b")])]),
        rules: ["step:b": [.failsHalfWay], "undo:a": [.unknownThoughDone], "undo:b": [.unknownAndNotDone, .ok]], ends: [.rolledBack]),
    ]
  }

  // MARK: People

  static var people: [SimulatedPlan] {
    [
      SimulatedPlan(
        "halt and resume",
        Outline(phases: [PhaseOutline(id: "one", steps: [update("a", verify: [check("ok"), check("size", onFail: .halt)]), index("b")])]),
        rules: ["check:size": [.verdictUntil(fixed: "size", .fail)]], ends: [.succeeded]
      ) { state, world in
        if state.status == .halted {
          world.fixed.insert("size")
          return .resume
        }
        return SimulatedPlan.patient(state, &world)
      },
      SimulatedPlan(
        "halt and close",
        Outline(phases: [PhaseOutline(id: "one", steps: [update("a"), update("b")], verify: [check("size", onFail: .halt)])]),
        rules: ["check:size": [.verdict(.fail)]], ends: [.closed]
      ) { state, world in state.status == .halted ? .close : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "manual step",
        Outline(phases: [
          PhaseOutline(
            id: "one", preconditions: [check("p", recheck: true)],
            steps: [update("a"), idempotent("confirm", mutating: false), update("b")])
        ]),
        rules: ["step:confirm": [.gate]], ends: [.succeeded]),
      SimulatedPlan(
        "opaque step cut off",
        Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a"), shell("deploy", undo: .steps([.step(item("undeploy", .opaque))])), update("b")])
        ]),
        ends: [.succeeded], reverts: ["undeploy": ["deploy"]]
      ) { state, world in state.status == .halted ? .resume : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "opaque step rolled back",
        Outline(phases: [
          PhaseOutline(
            id: "one", steps: [shell("deploy", undo: .steps([.step(item("undeploy", .opaque, verify: [check("gone")]))]))],
            verify: [check("bad")])
        ]), rules: ["check:bad": [.verdict(.fail)]], ends: [.rolledBack], reverts: ["undeploy": ["deploy"]]
      ) { state, world in state.status == .halted || state.status == .blocked ? .rollback : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "cancel with rollback", Outline(phases: [PhaseOutline(id: "one", steps: [index("a"), update("b"), update("c")])]),
        ends: [.rolledBack], interjections: ["step:b": .cancel(rollback: true)]),
      SimulatedPlan(
        "cancel", Outline(phases: [PhaseOutline(id: "one", steps: [update("a"), update("b")])]), ends: [.halted],
        interjections: ["step:a": .cancel(rollback: false)]),
      SimulatedPlan(
        "pause on the way on and on the way back",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [index("a"), update("b")], verify: [check("bad")])], verifyRollback: [check("restored")]),
        rules: ["check:bad": [.verdict(.fail)]], ends: [.rolledBack], interjections: ["step:b": .pause, "undo:b": .pause]),
      SimulatedPlan(
        "rollback of a succeeded run",
        Outline(
          phases: [PhaseOutline(id: "one", steps: [idempotent("backup"), update("a")]), PhaseOutline(id: "two", steps: [index("b")])],
          verifyRollback: [check("restored")]), ends: [.rolledBack], keeps: ["backup"]
      ) { state, world in state.status == .succeeded ? .rollback : SimulatedPlan.patient(state, &world) },
    ]
  }
}
