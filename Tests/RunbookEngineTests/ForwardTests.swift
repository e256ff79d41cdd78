import RunbookEngine
import RunbookPlan
import Testing

@Suite("The way on")
struct ForwardTests {
  @Test("A step is condition, preconditions, capture, effect, verify, in this order")
  func orderOfAStep() {
    let step = StepOutline(
      id: "s", effectClass: .guarded, mutating: true, preconditions: [CheckOutline(id: "before")], hasCapture: true,
      verify: [CheckOutline(id: "after")], undo: .automatic, hasCondition: true)
    var bench = Bench(onePhase([step]))
    for (name, outcome) in [
      ("condition:s#1", Outcome.condition(true)), ("check:before#1", .checked(CheckResult(.pass))),
      ("capture:s#1", .done(.object(["old": 1]))), ("step:s#1", .done(.object(["changed": 2]))),
      ("check:after#1", .checked(CheckResult(.pass))),
    ] {
      #expect(bench.name == name)
      bench.finish(outcome)
    }
    #expect(bench.state.status == .succeeded)
    #expect(bench.state.exitCode == 0)
    #expect(bench.state.step("s")?.captures?["old"] == 1)
    #expect(bench.state.step("s")?.outputs["changed"] == 2)
    #expect(bench.state.phase("one")?.status == .done)
  }

  @Test("1,000 steps cost one commit each: the outcome of a step shares the transaction of the next intent")
  func commits() {
    let steps = (0..<1_000).map { StepOutline(id: "s\($0)", effectClass: .idempotent, mutating: true, undo: .automatic) }
    var bench = Bench(onePhase(steps))
    bench.goOn()
    #expect(bench.state.status == .succeeded)
    #expect(bench.commits == 1_002)
    #expect(bench.log.count == 2_003)
  }

  @Test("A plan of 10,000 steps goes on and comes back")
  func large() {
    let phases = (0..<100).map { phase in PhaseOutline(id: "p\(phase)", steps: (0..<100).map { update("s\(phase)-\($0)") }) }
    var bench = Bench(Outline(phases: phases))
    bench.goOn()
    #expect(bench.state.status == .succeeded)
    bench.ask(.rollback)
    bench.goOn()
    #expect(bench.state.status == .rolledBack)
    #expect(bench.state.stepCounts == [.undone: 10_000])
  }

  @Test("Entries wait for the next effect that is no read, or 250 ms")
  func buffer() {
    var bench = Bench(
      Outline(preconditions: [CheckOutline(id: "a"), CheckOutline(id: "b")], phases: [PhaseOutline(id: "p", steps: [reading("r")])]))
    let durable = bench.log.count
    bench.verdict(.pass)
    #expect(bench.log.count == durable)
    bench.now += 250
    bench.send(.tick)
    #expect(bench.log.count > durable)
    #expect(bench.log.last?.kindName == "effectRequested")
  }

  @Test("within asks every second, the last time when it is over; the last verdict counts")
  func within() {
    var bench = Bench(onePhase([update("s")], verify: [CheckOutline(id: "c", within: 10_500)]))
    bench.finish(.done())
    let start = bench.now
    var asked: [Int64] = []
    while bench.name == "check:c#1" {
      asked.append(bench.now - start)
      bench.verdict(asked.count == 2 ? .error : .fail)
      bench.wait()
    }
    #expect(asked == Array(stride(from: 0, through: 10_000, by: 1_000)) + [10_500])
    #expect(bench.state.check("c")?.result?.verdict == .fail)
    #expect(bench.state.status == .rollingBack)
    #expect(!bench.log.contains { $0.isTransient })
  }

  @Test("A tenth of within, where that is shorter than a second")
  func shortWithin() {
    var bench = Bench(onePhase([update("s")], verify: [CheckOutline(id: "c", within: 500)]))
    bench.finish(.done())
    bench.verdict(.fail)
    #expect(bench.state.nextDeadline == bench.now + 50)
  }

  @Test("holdFor ends at the first verdict that is no pass; with within the holding must begin within it")
  func holdFor() {
    var bench = Bench(onePhase([update("s")], verify: [CheckOutline(id: "c", within: 3_000, holdFor: 5_000)]))
    bench.finish(.done())
    bench.verdict(.fail)
    bench.wait()
    bench.verdict(.pass)
    let since = bench.now
    while bench.state.check("c") == nil {
      bench.wait()
      bench.verdict(.pass)
    }
    #expect(bench.now - since == 5_000)
    #expect(bench.state.status == .succeeded)

    bench = Bench(onePhase([update("s")], verify: [CheckOutline(id: "c", within: 3_000, holdFor: 5_000)]))
    bench.finish(.done())
    bench.verdict(.pass)
    bench.wait()
    bench.verdict(.noData)
    #expect(bench.state.check("c")?.result?.verdict == .noData)
    #expect(bench.state.status == .halted)
  }

  @Test("A list ends at the first check whose policy says rollback or halt; warnings are counted; the rest are not asked")
  func lists() {
    let checks = [CheckOutline(id: "w", onFail: .warn), CheckOutline(id: "n", onNoData: .halt), CheckOutline(id: "never")]
    var bench = Bench(onePhase([update("s")], verify: checks))
    bench.finish(.done())
    bench.verdict(.fail)
    bench.verdict(.inconclusive)
    #expect(bench.state.warnings.map(\.subject) == ["w"])
    #expect(bench.state.status == .halted)
    #expect(bench.state.exitCode == 9)
    #expect(bench.state.check("never") == nil)
    bench.ask(.resume)
    #expect(bench.name == "check:n#2")
  }

  @Test("Only transient failures are tried again, as often as the step says, with waits that double")
  func retries() {
    var step = update("s")
    step.retry = RetryPolicy(attempts: 3, backoffMin: 1_000, backoffMax: 30_000)
    var bench = Bench(onePhase([step]))
    let broken = Outcome.failed(Failure(code: "x", message: "down", transient: true))
    bench.finish(broken)
    #expect(bench.state.nextDeadline == bench.now + 1_000)
    bench.wait()
    bench.finish(broken)
    #expect(bench.state.nextDeadline == bench.now + 2_000)
    bench.wait()
    #expect(bench.name == "step:s#3")
    bench.finish(broken)
    #expect(bench.name == "undo:s#1")

    bench = Bench(onePhase([step]))
    bench.finish(.failed(Failure(code: "x", message: "wrong")))
    #expect(bench.name == "undo:s#1")
  }

  @Test("As long as nothing was changed every cause ends failed, without afterRollback")
  func nothingChanged() {
    let outline = Outline(
      preconditions: [CheckOutline(id: "pre")], phases: [PhaseOutline(id: "p", steps: [reading("r"), update("s")])],
      afterRollback: [update("purge")], verifyRollback: [CheckOutline(id: "restored")])
    var bench = Bench(outline)
    bench.verdict(.fail)
    #expect(bench.state.status == .failed && bench.state.exitCode == 1)
    bench = Bench(outline)
    bench.verdict(.pass)
    bench.finish(.failed(Failure(code: "x", message: "no")))
    #expect(bench.state.status == .failed && bench.state.exitCode == 1)
    bench = Bench(outline)
    bench.ask(.cancel(rollback: true))
    #expect(bench.state.status == .failed && bench.state.exitCode == 1)
  }

  @Test("A precondition that passed is not asked again on resume, unless it says recheck")
  func recheck() {
    let outline = Outline(
      preconditions: [CheckOutline(id: "once"), CheckOutline(id: "again", recheck: true)],
      phases: [PhaseOutline(id: "p", steps: [update("s")])])
    var bench = Bench(outline)
    bench.goOn(to: "step:s")
    bench.crash()
    #expect(bench.name == "check:again#2")
    bench.verdict(.fail)
    #expect(bench.state.status == .halted)
    bench.ask(.resume)
    #expect(bench.name == "check:again#3")
    bench.verdict(.pass)
    #expect(bench.name == "probe:s#1")
  }

  @Test("A skipped precondition skips what it guards; a condition that does not hold skips a phase")
  func skips() {
    var guarded = update("guarded")
    guarded.preconditions = [CheckOutline(id: "needed", onFail: .skip)]
    var bench = Bench(
      Outline(phases: [
        PhaseOutline(id: "one", steps: [guarded, update("s")]), PhaseOutline(id: "two", hasCondition: true, steps: [update("t")]),
      ]))
    bench.verdict(.fail)
    #expect(bench.name == "step:s#1")
    bench.finish(.done())
    bench.finish(.condition(false))
    #expect(bench.state.status == .succeeded)
    #expect(bench.state.step("guarded")?.status == .skipped)
    #expect(bench.state.phase("two")?.status == .skipped && bench.state.step("t")?.status == .skipped)
  }

  @Test("A continued failure ends succeeded, with exit status 9")
  func continued() {
    var step = update("s")
    step.onFailure = .continue
    var bench = Bench(onePhase([step, update("t")]))
    bench.finish(.failed(Failure(code: "x", message: "no")))
    bench.goOn()
    #expect(bench.state.status == .succeeded && bench.state.exitCode == 9)
    #expect(bench.state.step("s")?.status == .failed)
  }

  @Test("A run until a step pauses behind it")
  func until() {
    var bench = Bench(onePhase([update("a"), update("b")]), until: "a")
    bench.finish(.done())
    #expect(bench.state.status == .paused && bench.state.exitCode == 6)
    bench.ask(.resume)
    #expect(bench.name == "step:b#1")
  }
}
