import RunbookEngine
import RunbookPlan
import Testing

/// Sentences of the contract about steps and their unwinding, one test each.
@Suite("Steps in full")
struct SentenceTests {
  static let bad = [CheckOutline(id: "bad")]
  static let broken = Outcome.failed(Failure(code: "x", message: "no"))

  static func item(_ id: String, _ change: (inout StepOutline) -> Void = { _ in }) -> RunbookEngine.UndoItem {
    var step = StepOutline(id: id, effectClass: .idempotent, mutating: true, undo: .nothing)
    change(&step)
    return .step(step)
  }

  /// The names of all effects from here to the end, all of them answered well.
  static func names(_ bench: inout Bench, conditions: Bool = true) -> [String] {
    var names: [String] = []
    while true {
      bench.wait()
      guard let effect = bench.running else { return names }
      names.append(bench.name)
      switch effect.id.verb {
      case .condition: bench.finish(.condition(conditions))
      case .check, .verifyUndone: bench.verdict(.pass)
      case .capture, .perform: bench.finish(.done())
      case .probe: bench.finish(.probed(.happened(outputs: .emptyMap)))
      case .undo: bench.finish(.undone())
      }
    }
  }

  // MARK: The way on

  @Test("After a halt by a step resume starts it as a new attempt; captures already journalled are read from the journal")
  func haltByStep() {
    var step = update("a")
    (step.onFailure, step.hasCapture, step.preconditions) = (
      .halt, true, [CheckOutline(id: "once"), CheckOutline(id: "again", recheck: true)]
    )
    var bench = Bench(onePhase([update("first"), step]))
    bench.goOn(to: "step:a")
    bench.finish(Self.broken)
    #expect(bench.state.status == .halted && bench.state.exitCode == 9 && bench.state.cause?.origin == .step("a"))
    bench.crash()
    #expect(Self.names(&bench) == ["check:again#2", "step:a#2"])
    #expect(bench.state.status == .succeeded && bench.state.step("a")?.captures != nil)
  }

  @Test("A capture that fails fails the step before its effect")
  func captureFails() {
    var step = update("a")
    step.hasCapture = true
    var bench = Bench(onePhase([update("first"), step]))
    bench.goOn(to: "capture:a")
    bench.finish(Self.broken)
    #expect(bench.state.status == .rollingBack && bench.state.step("a")?.attempts == 0)
    #expect(Self.names(&bench) == ["undo:first#1", "verifyUndone:first#1"])
    #expect(bench.state.status == .rolledBack)
  }

  @Test("A condition that cannot be evaluated fails what it guards; a skipped step runs no verify")
  func conditions() {
    var step = update("a", verify: [CheckOutline(id: "never")])
    step.hasCondition = true
    var bench = Bench(onePhase([update("first"), step]))
    bench.goOn(to: "condition:a")
    bench.finish(.condition(false))
    #expect(bench.state.status == .succeeded && bench.state.check("never") == nil && bench.state.step("a")?.status == .skipped)
    bench = Bench(onePhase([update("first"), step]))
    bench.goOn(to: "condition:a")
    bench.finish(Self.broken)
    #expect(bench.state.cause?.origin == .step("a") && bench.state.status == .rollingBack)
    bench = Bench(
      Outline(phases: [
        PhaseOutline(id: "one", steps: [update("first")]),
        PhaseOutline(id: "two", hasCondition: true, steps: [update("b")], rollbackScope: .phase),
      ]))
    bench.goOn(to: "condition:two")
    bench.finish(Self.broken)
    #expect(bench.state.cause?.origin == .phase("two") && bench.state.haltReason == .phaseUndone("two"))
    // A check whose condition does not hold is skipped, one whose condition cannot be evaluated is an error.
    for (outcome, status) in [(Outcome.condition(false), RunStatus.succeeded), (Self.broken, .halted)] {
      bench = Bench(onePhase([update("a")], verify: [CheckOutline(id: "c", hasCondition: true)]))
      bench.goOn(to: "condition:c")
      bench.finish(outcome)
      #expect(bench.state.status == status)
    }
  }

  @Test("Checks never retry a fail; retry is for errors that are transient")
  func checkRetries() {
    let check = CheckOutline(id: "c", retry: RetryPolicy(attempts: 3))
    for (verdict, transient, asked) in [(Verdict.fail, true, 1), (.noData, true, 1), (.error, false, 1), (.error, true, 3)] {
      var bench = Bench(onePhase([update("a")], verify: [check]))
      bench.finish(.done())
      var count = 0
      while bench.running?.id.verb == .check {
        bench.verdict(verdict, transient: transient)
        count += 1
        if bench.state.check("c") == nil { bench.wait() }
      }
      #expect(count == asked, "\(verdict), transient: \(transient)")
    }
  }

  @Test("A precondition of the plan may warn; any other answer that is no pass ends the run failed")
  func planPreconditions() {
    var bench = Bench(
      Outline(preconditions: [CheckOutline(id: "p", onFail: .warn)], phases: [PhaseOutline(id: "one", steps: [update("a")])]))
    bench.verdict(.fail)
    #expect(bench.name == "step:a#1" && bench.state.warnings.count == 1)
    for verdict in [Verdict.fail, .noData, .error] {
      bench = Bench(Outline(preconditions: [CheckOutline(id: "p")], phases: [PhaseOutline(id: "one", steps: [update("a")])]))
      bench.verdict(verdict)
      #expect(bench.state.status == .failed && bench.state.exitCode == 1)
    }
  }

  @Test("A failing precondition of a later phase or step follows its policy and its phase's scope")
  func laterPreconditions() {
    for (scope, policy, end) in [
      (PhaseOutline.RollbackScope.phase, CheckOutline.Policy.rollback, RunStatus.halted), (.plan, .rollback, .rolledBack),
      (.phase, .halt, .halted), (.plan, .skip, .succeeded), (.plan, .warn, .succeeded),
    ] {
      for onStep in [true, false] {
        var step = update("b")
        let guarding = [CheckOutline(id: "ready", onFail: policy)]
        if onStep { step.preconditions = guarding }
        var bench = Bench(
          Outline(phases: [
            PhaseOutline(id: "one", steps: [update("a")]),
            PhaseOutline(id: "two", preconditions: onStep ? [] : guarding, steps: [step], rollbackScope: scope),
          ]))
        bench.goOn(to: "check:ready")
        bench.verdict(.fail)
        bench.goOn()
        #expect(bench.state.status == end, "\(scope), \(policy), on a step: \(onStep)")
        if policy == .skip { #expect(bench.state.step("b")?.status == .skipped) }
        if policy == .rollback, scope == .phase { #expect(bench.state.haltReason == .phaseUndone("two")) }
      }
    }
  }

  @Test("A failure that was continued is unwound with the rest by a later cause")
  func continuedThenUnwound() {
    var step = update("a")
    step.onFailure = .continue
    var bench = Bench(onePhase([step, update("b")], verify: Self.bad))
    bench.finish(Self.broken)
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    #expect(Self.names(&bench) == ["undo:b#1", "verifyUndone:b#1", "undo:a#1", "verifyUndone:a#1"])
    #expect(bench.state.status == .rolledBack)
  }

  // MARK: The way back

  @Test("afterRollback and verifyRollback run only when the whole plan was unwound")
  func onlyTheWholePlan() {
    let outline = Outline(
      phases: [
        PhaseOutline(id: "one", steps: [update("a")]),
        PhaseOutline(id: "two", steps: [update("b")], verify: Self.bad, rollbackScope: .phase),
      ], afterRollback: [update("purge")], verifyRollback: [CheckOutline(id: "restored")])
    var bench = Bench(outline)
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    #expect(Self.names(&bench) == ["undo:b#1", "verifyUndone:b#1"])
    #expect(bench.state.status == .halted)
    // Whoever asks for a rollback then unwinds the plan.
    bench.ask(.rollback)
    #expect(Self.names(&bench) == ["undo:a#1", "verifyUndone:a#1", "step:purge#1", "check:restored#1"])
    #expect(bench.state.status == .rolledBack)
  }

  @Test("afterRollback takes conditions, preconditions and captures; what fails there is listed and ends with 4")
  func afterRollback() {
    var skipped = update("skipped")
    skipped.hasCondition = true
    var full = update("full", verify: [CheckOutline(id: "purged")])
    (full.preconditions, full.hasCapture) = ([CheckOutline(id: "ready", onFail: .skip)], true)
    let outline = Outline(
      phases: [PhaseOutline(id: "one", steps: [update("a")], verify: Self.bad)], afterRollback: [skipped, full, update("last")])
    let all = ["condition:skipped#1", "check:ready#1", "capture:full#1", "step:full#1", "check:purged#1", "step:last#1"]
    for (spoiled, unverified, status) in [
      ("-", [], RunStatus.rolledBack), ("check:ready", [], .rolledBack), ("capture:full", ["full"], .rolledBackWithConflicts),
      ("step:full", ["full"], .rolledBackWithConflicts), ("check:purged", ["purged"], .rolledBackWithConflicts),
    ] {
      var bench = Bench(outline)
      bench.goOn(to: "check:bad")
      bench.verdict(.fail)
      bench.goOn(to: "condition:skipped")
      bench.finish(.condition(false))
      if spoiled != "-" {
        bench.goOn(to: spoiled)
        if spoiled.hasPrefix("check") { bench.verdict(.fail) } else { bench.finish(Self.broken) }
      }
      let rest = Self.names(&bench)
      #expect(rest.last == all.last && bench.state.unverified == unverified && bench.state.status == status, "\(spoiled): \(rest)")
    }
  }

  @Test("A check of verifyRollback that does not pass ends with 4, whatever its verdict; the others are asked all the same")
  func verifyRollback() {
    for verdict in [Verdict.fail, .noData, .error, .inconclusive] {
      var bench = Bench(
        Outline(
          phases: [PhaseOutline(id: "one", steps: [update("a")], verify: Self.bad)],
          verifyRollback: [CheckOutline(id: "first"), CheckOutline(id: "soft", onFail: .warn, onNoData: .warn), CheckOutline(id: "last")]))
      bench.goOn(to: "check:bad")
      bench.verdict(.fail)
      bench.goOn(to: "check:first")
      bench.verdict(verdict)
      #expect(Self.names(&bench) == ["check:soft#1", "check:last#1"])
      #expect(bench.state.status == .rolledBackWithConflicts && bench.state.exitCode == 4 && bench.state.unverified == ["first"])
    }
  }

  @Test("Undo lists run in written order, auto where it stands, with conditions, preconditions and captures of their own")
  func undoLists() {
    let list: [RunbookEngine.UndoItem] = [
      Self.item("off") { $0.hasCondition = true },
      Self.item("stop") { ($0.preconditions, $0.hasCapture) = ([CheckOutline(id: "runs")], true) }, .auto,
      Self.item("start") { $0.preconditions = [CheckOutline(id: "needed", onFail: .skip)] },
    ]
    var bench = Bench(onePhase([update("a", undo: .steps(list))], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    #expect(bench.name == "condition:off#1")
    bench.finish(.condition(false))
    var names: [String] = []
    while let effect = bench.running {
      names.append(bench.name)
      switch effect.id.verb {
      case .check where effect.id.subject == "needed": bench.verdict(.fail)
      case .undo: bench.finish(.undone())
      case .capture, .perform: bench.finish(.done())
      default: bench.verdict(.pass)
      }
    }
    #expect(names == ["check:runs#1", "capture:stop#1", "step:stop#1", "undo:a#1", "verifyUndone:a#1", "check:needed#1"])
    #expect(bench.state.status == .rolledBack && bench.state.step("start")?.status == .skipped)
  }

  @Test("Whatever fails in an undo list is tried again from there, then blocked; --skip gives the step up")
  func undoListFails() {
    for spoiled in ["condition:stop", "check:runs", "capture:stop", "step:stop"] {
      let list: [RunbookEngine.UndoItem] = [
        Self.item("stop") { ($0.hasCondition, $0.preconditions, $0.hasCapture) = (true, [CheckOutline(id: "runs")], true) }, .auto,
      ]
      var bench = Bench(onePhase([update("older"), update("a", undo: .steps(list))], verify: Self.bad))
      bench.goOn(to: "check:bad")
      bench.verdict(.fail)
      bench.goOn(to: spoiled)
      for attempt in 1...5 {
        #expect(bench.name == "\(spoiled)#\(attempt)")
        if spoiled.hasPrefix("check") { bench.verdict(.noData) } else { bench.finish(Self.broken) }
        bench.wait()
      }
      #expect(bench.state.status == .blocked && bench.state.step("older")?.status == .done, "\(spoiled)")
      var skipping = bench
      skipping.ask(.skipUndo("stop"))
      skipping.goOn()
      #expect(skipping.state.status == .rolledBackWithConflicts && skipping.state.standing == ["a"], "\(spoiled)")
      bench.ask(.rollback)
      bench.goOn()
      #expect(bench.state.status == .rolledBack, "\(spoiled)")
    }
  }

  @Test("A chain of covers is undone with its last one, and stands where that one stands or never happened")
  func covers() {
    let steps = [update("base"), update("fill", undo: .coveredBy("base")), update("index", undo: .coveredBy("fill"))]
    var bench = Bench(onePhase(steps, verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    #expect(Self.names(&bench) == ["undo:base#1", "verifyUndone:base#1"])
    #expect(bench.state.status == .rolledBack && bench.state.stepCounts == [.undone: 3])

    bench = Bench(onePhase(steps, verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    while bench.state.status != .blocked {
      bench.finish(Self.broken)
      bench.wait()
    }
    bench.ask(.skipUndo("base"))
    #expect(bench.state.status == .rolledBackWithConflicts && bench.state.standing == ["base", "fill", "index"])

    // The cover comes later, and did not happen: what it was to take back with it stands.
    bench = Bench(onePhase([update("fill", undo: .coveredBy("swap")), update("swap")]))
    bench.finish(.done())
    bench.finish(.unknown(Failure(code: "x", message: "cut")))
    bench.ask(.cancel(rollback: true))
    #expect(bench.name.hasPrefix("probe:swap"))
    bench.finish(.probed(.notHappened))
    #expect(bench.state.status == .rolledBackWithConflicts && bench.state.standing == ["fill"])
  }

  @Test("A point of no return that never happened stops nothing; past one in a phase, the phase can begin anew and what stands is listed")
  func pointsOfNoReturn() {
    var bench = Bench(onePhase([update("a"), update("drop", undo: .none)]))
    bench.finish(.done())
    bench.finish(.unknown(Failure(code: "x", message: "cut")))
    bench.ask(.rollback)
    bench.finish(.probed(.notHappened))
    bench.goOn()
    #expect(bench.state.status == .rolledBack)

    bench = Bench(
      Outline(phases: [PhaseOutline(id: "one", steps: [update("a"), update("drop", undo: .none)], verify: Self.bad, rollbackScope: .phase)])
    )
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    #expect(
      bench.state.refusal(of: .pastPoint("a")) == .pointOfNoReturn("drop") && bench.state.refusal(of: .rollback) == .pointOfNoReturn("drop")
    )
    bench.ask(.pastPoint("drop"), reason: "known")
    bench.goOn()
    #expect(bench.state.haltReason == .phaseUndone("one") && bench.state.standing == ["drop"] && bench.state.exitCode == 9)
    bench.ask(.resume)
    bench.goOn()
    #expect(bench.state.status == .succeeded)
  }

  @Test("A point of no return can be closed with what stands")
  func closeAtPoint() {
    var bench = Bench(onePhase([update("a"), update("drop", undo: .none)], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    bench.ask(.close)
    #expect(bench.state.status == .closed && bench.state.exitCode == 9 && bench.state.standing == ["a", "drop"])
  }
}
