import RunbookEngine
import RunbookPlan

/// Plans that were edited while their run stood: whoever resumes adopts the new version, after a pause, a halt or any crash.
extension SimulatedCorpus {
  static var edited: [SimulatedPlan] {
    [
      SimulatedPlan(
        "a paused run goes on with an edited plan",
        Outline(
          preconditions: [check("reachable", recheck: true)],
          phases: [
            PhaseOutline(id: "one", steps: [update("a", verify: [check("there")]), index("b"), shell("c", undo: .automatic)]),
            PhaseOutline(id: "two", steps: [update("gone"), idempotent("note", mutating: false)], verify: [check("calm")]),
          ], verify: [check("outcome")]), ends: [.succeeded, .halted], interjections: ["step:b": .pause],
        edited: Outline(
          preconditions: [check("reachable", recheck: true), check("more", recheck: true)],
          phases: [
            PhaseOutline(
              id: "one",
              steps: [
                update("a", verify: [check("there"), check("twice", onFail: .warn)]), index("b"), shell("c", undo: .automatic), index("d"),
              ],
              verify: [check("new")]),
            PhaseOutline(
              id: "two", steps: [idempotent("note", mutating: false), update("e", retry: 3)], verify: [check("calm"), check("quiet")]),
            PhaseOutline(id: "three", hasCondition: true, steps: [index("f")]),
          ], verify: [check("outcome"), check("more-outcome")])
      ),
      SimulatedPlan(
        "a check that halted is loosened",
        Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a"), index("b", verify: [check("fine"), check("bad", onFail: .halt)])]),
          PhaseOutline(id: "two", steps: [update("c")]),
        ]), rules: ["check:bad": [.verdict(.fail)]], ends: [.succeeded],
        edited: Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a"), index("b", verify: [check("fine"), check("bad", onFail: .warn)])]),
          PhaseOutline(id: "two", steps: [index("x"), update("c")]),
        ])
      ) { state, world in
        state.status == .halted ? .resume : SimulatedPlan.patient(state, &world)
      },
      SimulatedPlan(
        "a phase that was unwound begins anew as edited",
        Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a")]),
          PhaseOutline(id: "two", steps: [update("b"), index("c")], verify: [check("load")], rollbackScope: .phase),
        ]), rules: ["check:load": [.verdict(.fail)]], ends: [.succeeded],
        edited: Outline(phases: [
          PhaseOutline(id: "one", steps: [update("a")]),
          PhaseOutline(
            id: "two", steps: [index("c"), update("x"), update("b")], verify: [check("load", onFail: .warn)], rollbackScope: .phase),
        ])
      ) { state, world in
        state.status == .halted ? .resume : SimulatedPlan.patient(state, &world)
      },
      SimulatedPlan(
        "a run that adopted a plan is unwound by it",
        Outline(phases: [PhaseOutline(id: "one", steps: [update("a"), index("b")]), PhaseOutline(id: "two", steps: [update("c")])]),
        rules: ["check:bad": [.verdict(.fail)]], ends: [.rolledBack, .succeeded], reverts: ["take-x-away": ["x"]],
        interjections: ["step:b": .pause],
        edited: Outline(
          phases: [
            PhaseOutline(id: "one", steps: [update("a"), index("b"), index("x", undo: .steps([.step(item("take-x-away", .probe))]))]),
            PhaseOutline(id: "two", steps: [update("c")], verify: [check("bad")]),
          ], afterRollback: [idempotent("purge")], verifyRollback: [check("restored")])),
    ]
  }
}
