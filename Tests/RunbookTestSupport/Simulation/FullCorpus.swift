import RunbookEngine
import RunbookPlan

/// Plans with what steps and their unwinding can have beside the effect itself.
extension SimulatedCorpus {
  private static func full(_ id: String, _ effectClass: EffectClass, undo: StepOutline.Undo) -> StepOutline {
    StepOutline(
      id: id, effectClass: effectClass, mutating: true, preconditions: [check("\(id)-ready", recheck: true)], hasCapture: true,
      verify: [check("\(id)-done")], undo: undo, hasCondition: true)
  }

  static var full: [SimulatedPlan] {
    [
      SimulatedPlan(
        "undo lists with conditions, preconditions and captures",
        Outline(
          phases: [
            PhaseOutline(
              id: "one",
              steps: [
                full(
                  "a", .receipt,
                  undo: .steps([
                    .step(full("stop", .idempotent, undo: .nothing)), .auto, .step(full("start", .guarded, undo: .nothing)),
                    .step(full("off", .probe, undo: .nothing)),
                  ]))
              ], verify: [check("bad")])
          ], afterRollback: [full("purge", .receipt, undo: .nothing)], verifyRollback: [check("restored")]),
        rules: ["check:bad": [.verdict(.fail)], "condition:off": [.conditionIsFalse], "capture:stop": [.fails(transient: false), .ok]],
        ends: [.rolledBack]),
      SimulatedPlan(
        "a chain of covers, and a cover that may not have happened",
        Outline(phases: [
          PhaseOutline(
            id: "one",
            steps: [
              index("create"), idempotent("fill", undo: .coveredBy("create")), idempotent("more", undo: .coveredBy("fill")),
              idempotent("stage", undo: .coveredBy("swap")), index("swap"),
            ], verify: [check("bad")])
        ]),
        rules: ["check:bad": [.verdict(.fail)], "step:swap": [.unknownAndNotDone]], ends: [.rolledBackWithConflicts],
        interjections: ["step:swap": .cancel(rollback: true)]),
      SimulatedPlan(
        "a point of no return in a phase, gone past, and the phase anew",
        Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a")]),
          PhaseOutline(
            id: "two", preconditions: [check("gate")], steps: [update("b"), idempotent("drop", undo: .none), update("c")],
            verify: [check("load")], rollbackScope: .phase),
        ]), rules: ["check:load": [.verdictUntil(fixed: "load", .fail)]], ends: [.succeeded]
      ) { state, world in
        guard state.status == .halted else { return SimulatedPlan.patient(state, &world) }
        if case .pointOfNoReturn(let step) = state.haltReason { return .pastPoint(step) }
        world.fixed.insert("load")
        return .resume
      },
      SimulatedPlan(
        "a check that halted is accepted",
        Outline(phases: [
          PhaseOutline(
            id: "one", steps: [update("a"), index("b")],
            verify: [check("first", onFail: .warn), check("size", onFail: .halt), check("last")])
        ]), rules: ["check:size": [.verdict(.fail)], "check:first": [.verdict(.fail)]], ends: [.succeeded]
      ) { state, world in state.status == .halted ? .acceptCheck("size") : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "a step halts, is started again, and gives up; a receipt is looked up",
        Outline(phases: [
          PhaseOutline(
            id: "one",
            steps: [
              StepOutline(id: "a", effectClass: .receipt, mutating: true, hasCapture: true, undo: .automatic),
              StepOutline(
                id: "b", effectClass: .probe, mutating: true, onFailure: .halt, preconditions: [check("ready", recheck: true)],
                hasCapture: true, undo: .automatic),
            ])
        ]), rules: ["step:b": [.fails(transient: false), .ok], "step:a": [.unknownThoughDone]], ends: [.succeeded]
      ) { state, world in state.status == .halted ? .resume : SimulatedPlan.patient(state, &world) },
      SimulatedPlan(
        "an opaque step is probed by a check, and nobody finds anything out",
        Outline(phases: [
          PhaseOutline(
            id: "one",
            steps: [
              update("a"),
              shell("deploy", undo: .steps([.step(item("undeploy", .idempotent, verify: [check("gone")]))]), onInterrupt: .probe),
            ], verify: [check("bad")])
        ]),
        rules: ["check:bad": [.verdict(.fail)], "step:deploy": [.unknownThoughDone], "probe:deploy": [.probeFindsNothingOut, .ok]],
        ends: [.rolledBack], reverts: ["undeploy": ["deploy"]]
      ) { state, world in state.status == .halted ? .resume : state.status == .blocked ? .rollback : SimulatedPlan.patient(state, &world) },
    ]
  }
}
