import RunbookEngine
import RunbookPlan
import Testing

@Suite("The way back")
struct UnwindingTests {
  static let bad = [CheckOutline(id: "bad")]

  @Test("Last started step first, each undo proved, then afterRollback, then verifyRollback")
  func order() {
    var bench = Bench(
      Outline(
        phases: [PhaseOutline(id: "one", steps: [update("a"), reading("r"), update("b")], verify: Self.bad)],
        afterRollback: [update("purge")],
        verifyRollback: [CheckOutline(id: "restored"), CheckOutline(id: "of-c", refersTo: ["a", "c"])]))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    var names: [String] = []
    while bench.running != nil {
      names.append(bench.name)
      switch bench.running?.id.verb {
      case .undo: bench.finish(.undone())
      case .perform: bench.finish(.done())
      default: bench.verdict(.pass)
      }
    }
    #expect(names == ["undo:b#1", "verifyUndone:b#1", "undo:a#1", "verifyUndone:a#1", "step:purge#1", "check:restored#1"])
    #expect(bench.state.status == .rolledBack && bench.state.exitCode == 3)
    #expect(bench.state.check("of-c")?.result?.verdict == .skipped)
    #expect(bench.state.standing.isEmpty)
  }

  @Test("An undo gets five tries, one to thirty seconds apart; then the run is blocked, and older steps wait")
  func blocked() {
    var bench = Bench(onePhase([update("a"), update("b")], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    var waits: [Int64] = []
    while bench.running != nil {
      #expect(bench.name.hasPrefix("undo:b"))
      let before = bench.now
      bench.finish(.failed(Failure(code: "x", message: "no")))
      bench.wait()
      if bench.running != nil { waits.append(bench.now - before) }
    }
    #expect(waits == [1_000, 2_000, 4_000, 8_000])
    #expect(bench.state.status == .blocked && bench.state.exitCode == 5)
    #expect(bench.state.refusal(of: .resume) == .neverForward)
    bench.ask(.rollback)
    #expect(bench.name == "undo:b#6")
    bench.goOn()
    #expect(bench.state.status == .rolledBack)
  }

  @Test("An undo that is given up stands, is listed, and ends the run with 4")
  func skip() {
    var bench = Bench(onePhase([update("a"), update("b")], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    while bench.state.status != .blocked {
      bench.finish(.failed(Failure(code: "x", message: "no")))
      bench.wait()
    }
    #expect(bench.state.refusal(of: .skipUndo("a")) == .notTheReason("a"))
    bench.ask(.skipUndo("b"), reason: "gone anyway")
    bench.goOn()
    #expect(bench.state.status == .rolledBackWithConflicts && bench.state.exitCode == 4)
    #expect(bench.state.standing == ["b"])
  }

  @Test("Conflicts, a failed afterRollback step and a failed verifyRollback check each end with 4")
  func four() {
    let outline = Outline(
      phases: [PhaseOutline(id: "one", steps: [update("a")], verify: Self.bad)], afterRollback: [update("purge")],
      verifyRollback: [CheckOutline(id: "restored")])
    for spoiled in ["undo:a", "step:purge", "check:restored"] {
      var bench = Bench(outline)
      bench.goOn(to: "check:bad")
      bench.verdict(.fail)
      bench.goOn(to: spoiled)
      switch bench.running?.id.verb {
      case .undo: bench.finish(.undone(conflicts: 1, inDoubt: 0, details: .emptyMap))
      case .perform: bench.finish(.failed(Failure(code: "x", message: "no")))
      default: bench.verdict(.fail)
      }
      bench.goOn()
      #expect(bench.state.status == .rolledBackWithConflicts, "\(spoiled)")
    }
  }

  @Test("An unknown outcome is probed before it is undone; what did not happen is not undone")
  func unknown() {
    var bench = Bench(onePhase([update("a"), update("b")]))
    bench.finish(.done())
    bench.ask(.cancel(rollback: true))
    #expect(bench.orders.contains { if case .stop(_, .batch) = $0 { true } else { false } })
    #expect(bench.state.status == .running)
    bench.finish(.unknown(Failure(code: "net", message: "cut")))
    #expect(bench.name == "probe:b#1")
    bench.finish(.probed(.notHappened))
    #expect(bench.name == "undo:a#1")
    #expect(bench.state.step("b")?.status == .undone)
  }

  @Test("Unwinding stops at a point of no return; only --past goes beyond, and never forward")
  func pointOfNoReturn() {
    var bench = Bench(onePhase([update("a"), update("drop", undo: .none), update("c")], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    bench.goOn()
    #expect(bench.state.status == .halted && bench.state.exitCode == 9)
    #expect(bench.state.haltReason == .pointOfNoReturn("drop"))
    #expect(bench.state.refusal(of: .resume) == .pointOfNoReturn("drop"))
    bench.ask(.resume)
    #expect(bench.running == nil)
    bench.ask(.pastPoint("drop"))
    bench.goOn()
    #expect(bench.state.status == .rolledBackWithConflicts)
    #expect(bench.state.standing == ["drop"])
  }

  @Test("A rollback of phase scope ends halted; resume starts the phase again with its gates and captures")
  func phaseScope() {
    var step = update("b")
    step.hasCapture = true
    var bench = Bench(
      Outline(phases: [
        PhaseOutline(id: "one", steps: [update("a")]),
        PhaseOutline(id: "two", preconditions: [CheckOutline(id: "gate")], steps: [step], verify: Self.bad, rollbackScope: .phase),
      ]))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    bench.goOn()
    #expect(bench.state.status == .halted && bench.state.haltReason == .phaseUndone("two"))
    #expect(bench.state.step("a")?.status == .done && bench.state.step("b")?.status == .undone)
    bench.ask(.resume)
    #expect(bench.name == "check:gate#2")
    bench.verdict(.pass)
    #expect(bench.name == "capture:b#2")
    bench.goOn()
    #expect(bench.state.status == .succeeded)
  }

  @Test("The first cause decides; later ones are only recorded")
  func firstCause() {
    var bench = Bench(onePhase([update("a"), update("b", interrupt: .await)]))
    bench.finish(.done())
    bench.send(.trigger(TriggerEvent(id: "errors", response: .rollback, verdict: .fail, message: "5 % errors")))
    #expect(bench.state.status == .running)
    bench.finish(.failed(Failure(code: "x", message: "no")))
    #expect(bench.state.status == .rollingBack)
    #expect(bench.state.cause?.origin == .trigger("errors"))
    #expect(bench.state.causes.map(\.origin) == [.trigger("errors"), .step("b")])
  }

  @Test("Ctrl-C in a rollback stops at the next undo block; the state stays rollingBack, and resume goes on")
  func pauseInRollback() {
    var bench = Bench(onePhase([update("a")], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    bench.ask(.pause)
    #expect(bench.orders.contains { if case .stop(_, .batch) = $0 { true } else { false } })
    bench.finish(.interrupted)
    #expect(bench.state.status == .rollingBack && bench.state.isSuspended && bench.state.exitCode == 6)
    #expect(bench.orders.contains(.tell(.rollingBack)))
    bench.crash()
    #expect(bench.name == "undo:a#2")
  }

  @Test("A step covered by another is undone with it; one that needs no undo is transparent")
  func covered() {
    var bench = Bench(
      onePhase([update("swap"), update("fill", undo: .coveredBy("swap")), update("stamp", undo: .notNeeded)], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    #expect(bench.name == "undo:swap#1")
    bench.goOn()
    #expect(bench.state.status == .rolledBack)
    #expect(bench.state.step("fill")?.status == .undone && bench.state.step("stamp")?.undo == .notNeeded)
  }

  @Test("In an undo list a check that only warns is a conflict, and any other failure is tried again, then blocked")
  func undoList() {
    let item = StepOutline(
      id: "purge", effectClass: .idempotent, mutating: true, verify: [CheckOutline(id: "soft", onFail: .warn), CheckOutline(id: "hard")],
      undo: .nothing)
    var bench = Bench(onePhase([update("a", undo: .steps([.auto, .step(item)]))], verify: Self.bad))
    bench.goOn(to: "check:bad")
    bench.verdict(.fail)
    bench.goOn(to: "check:soft")
    bench.verdict(.fail)
    for attempt in 1...5 {
      #expect(bench.name == "check:hard#\(attempt)")
      bench.verdict(.error)
      bench.wait()
    }
    #expect(bench.state.status == .blocked)
    bench.ask(.rollback)
    #expect(bench.name == "check:hard#6")
    bench.verdict(.pass)
    #expect(bench.state.status == .rolledBackWithConflicts)
    #expect(bench.state.step("a")?.conflicts == 1)
    #expect(bench.state.step("purge")?.attempts == 1)
  }

  @Test("An opaque step that nobody knows about is undone by its list, and in doubt where nothing proved that")
  func opaqueInDoubt() {
    for verify in [[], [CheckOutline(id: "gone")]] {
      let item = StepOutline(id: "undeploy", effectClass: .idempotent, mutating: true, verify: verify, undo: .nothing)
      var bench = Bench(onePhase([StepOutline(id: "deploy", effectClass: .opaque, mutating: true, undo: .steps([.step(item)]))]))
      bench.crash(resume: .rollback)
      bench.goOn()
      #expect(bench.state.status == (verify.isEmpty ? .rolledBackWithConflicts : .rolledBack))
    }
  }

  @Test("A trigger may warn, pause, or roll back the phase it stands in")
  func triggers() {
    let outline = Outline(phases: [
      PhaseOutline(id: "one", steps: [update("a")]), PhaseOutline(id: "two", steps: [update("b"), update("c")], rollbackScope: .phase),
    ])
    var bench = Bench(outline)
    bench.send(.trigger(TriggerEvent(id: "t", response: .warn, verdict: .fail, message: "slow")))
    bench.finish(.done())
    bench.send(.trigger(TriggerEvent(id: "t", response: .pause, verdict: .fail, message: "slow")))
    bench.finish(.done())
    #expect(bench.state.status == .paused && bench.state.warnings.map(\.subject) == ["t"])
    bench.ask(.resume)
    bench.send(.trigger(TriggerEvent(id: "t", response: .rollback, phase: "two", verdict: .fail, message: "errors")))
    bench.finish(.interrupted)
    bench.goOn()
    #expect(bench.state.haltReason == .phaseUndone("two"))
    #expect(bench.state.step("a")?.status == .done && bench.state.step("b")?.status == .undone)
  }
}
