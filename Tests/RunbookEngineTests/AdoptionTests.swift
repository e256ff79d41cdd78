import RunbookEngine
import RunbookPlan
import Testing

@Suite("Going on with an edited plan")
struct AdoptionTests {
  /// Folds the journal as a new process does that adopts `outline`, and takes the lease for that.
  private func adopted(_ bench: Bench, first: Outline, _ outline: Outline, digest: String = "new") -> Bench {
    var next = bench
    next.conductor = Conductor(state: folded(bench.log, first: first, [(digest, outline)]))
    next.running = nil
    next.send(
      .leaseTaken(
        epoch: next.state.epoch + 1, newProcess: true, holder: "test", request: Request(.adopt(digest: digest), who: "ana")))
    return next
  }

  private func folded(_ log: [Entry], first: Outline, _ later: [(String, Outline)]) -> RunState {
    var state = RunState(outline: first)
    for (digest, outline) in later { state.know(outline, of: Adoption(digest: digest, plan: "{}", params: .emptyMap)) }
    for entry in log { state.evolve(entry) }
    return state
  }

  private static let halting = CheckOutline(id: "right", onFail: .halt)

  /// Step a is done, b has failed its check and halts; c is ahead.
  private func halted(_ first: Outline) -> Bench {
    var bench = Bench(first)
    bench.goOn(to: "check:right")
    bench.verdict(.fail)
    return bench
  }

  private let first = onePhase([update("a"), update("b", verify: [CheckOutline(id: "there"), Self.halting]), update("c")])

  @Test("A loosened check is asked again with the new plan; what passed before it is not, and what is done is not done again")
  func loosened() {
    var edited = Self.halting
    edited.onFail = .warn
    let new = onePhase([update("a"), update("b", verify: [CheckOutline(id: "there"), edited]), update("c"), update("d")])
    var bench = adopted(halted(first), first: first, new)
    #expect(bench.name == "check:right#2")
    bench.verdict(.fail)
    #expect(bench.name == "capture:c#1" || bench.name == "step:c#1")
    bench.goOn()
    #expect(bench.state.status == .succeeded && bench.state.warnings.map(\.subject) == ["right"])
    #expect(bench.state.step("d")?.status == .done && bench.state.adopted?.digest == "new")
    #expect(bench.log.count { if case .effectRequested(let id) = $0.kind { id.verb == .perform && id.subject == "a" } else { false } } == 1)
    let again = folded(bench.log, first: first, [("new", new)])
    #expect(again.status == .succeeded && again.step("a")?.attempts == 1 && again.outline == new)
  }

  @Test("What has changed something must be there as it was, in its order; nothing is put in front of it")
  func refusals() {
    let state = halted(first).state
    func refusals(_ steps: [StepOutline], changed: Set<String> = []) -> [AdoptionRefusal] {
      state.refusals(ofAdopting: onePhase(steps), changed: changed)
    }
    let b = update("b", verify: [CheckOutline(id: "there"), Self.halting])
    #expect(refusals([update("a"), b, update("c")]).isEmpty)
    #expect(refusals([update("a"), b]).isEmpty, "what has not begun may go")
    #expect(refusals([update("a"), b, update("c")], changed: ["c"]).isEmpty)
    #expect(refusals([b, update("c")]) == [.removed("a")])
    #expect(refusals([update("a"), b, update("c")], changed: ["a", "b"]) == [.changed("a"), .changed("b")])
    #expect(refusals([update("new"), update("a"), b, update("c")]) == [.inserted("new")])
    #expect(refusals([b, update("a"), update("c")]) == [.moved("a")])
    #expect(refusals([update("a"), update("c"), b]) == [.moved("c")])
    #expect(
      state.refusals(ofAdopting: Outline(phases: [PhaseOutline(id: "two", steps: [update("a"), b])]), changed: []).contains(
        .phaseRemoved("one")))
    #expect(
      state.refusals(ofAdopting: Outline(phases: [PhaseOutline(id: "two", steps: [update("a"), b])]), changed: []).contains(.moved("a")))
  }

  @Test("A phase that is over takes no new step, and a later one does")
  func phases() {
    let plan = Outline(phases: [
      PhaseOutline(id: "one", steps: [update("a")]), PhaseOutline(id: "two", steps: [update("b", verify: [Self.halting])]),
    ])
    let state = halted(plan).state
    var early = plan
    early.phases[0].steps.append(update("late"))
    #expect(state.refusals(ofAdopting: early, changed: []) == [.inserted("late")])
    var late = plan
    late.phases[1].steps.append(update("more"))
    late.phases.append(PhaseOutline(id: "three", steps: [reading("look")]))
    #expect(state.refusals(ofAdopting: late, changed: []).isEmpty)
    var bench = adopted(halted(plan), first: plan, late)
    bench.goOn()
    #expect(bench.state.status == .succeeded && bench.state.step("look")?.status == .done && bench.state.step("more")?.status == .done)
  }

  @Test("A renamed step keeps what is known of it: it is not done again, and its undo goes by its old name")
  func renamed() {
    var a = update("alpha")
    a.renamedFrom = "a"
    let new = onePhase([a, update("b", verify: [CheckOutline(id: "there"), Self.halting]), update("c")])
    var bench = adopted(halted(first), first: first, new)
    #expect(bench.state.step("alpha")?.status == .done && bench.state.step("alpha")?.recordedAs == "a")
    #expect(bench.state.step("a") == nil)
    bench.ask(.cancel(rollback: true))
    bench.goOn(to: "undo:alpha")
    #expect(bench.name == "undo:alpha#1")
    bench.goOn()
    #expect(bench.state.status == .rolledBack)
  }

  @Test("A run that goes back, stands at a point of no return or has ended keeps the plan it has")
  func wrongStates() {
    var bench = halted(first)
    bench.ask(.rollback)
    #expect(bench.state.refusals(ofAdopting: first, changed: []) == [.wrongState(.rollingBack)])
    bench.goOn()
    #expect(bench.state.refusals(ofAdopting: first, changed: []) == [.wrongState(.rolledBack)])
  }

  @Test("A phase that was unwound begins anew with the edited plan, changed steps and new ones included")
  func unwoundPhase() {
    var plan = Outline(phases: [
      PhaseOutline(id: "one", steps: [update("a")]),
      PhaseOutline(id: "two", steps: [update("b"), update("c")], verify: [CheckOutline(id: "good")], rollbackScope: .phase),
    ])
    var bench = Bench(plan)
    bench.goOn(to: "check:good")
    bench.verdict(.fail)
    bench.goOn()
    #expect(bench.state.status == .halted)
    let first = plan
    plan.phases[1].steps = [update("x"), update("c"), update("b")]
    #expect(bench.state.refusals(ofAdopting: plan, changed: ["b", "c"]).isEmpty)
    #expect(bench.state.refusals(ofAdopting: plan, changed: ["a"]) == [.changed("a")])
    var next = adopted(bench, first: first, plan)
    next.goOn()
    #expect(next.state.status == .succeeded && next.state.step("x")?.status == .done && next.state.step("b")?.attempts == 2)
  }

  @Test("After a crash in mid-effect the plan is adopted and the effect is found out about, by its class")
  func crashed() {
    var bench = Bench(first)
    bench.goOn(to: "step:b")
    let new = onePhase([update("a"), update("b", verify: [CheckOutline(id: "there"), Self.halting]), update("c"), update("d")])
    #expect(bench.state.refusals(ofAdopting: new, changed: ["b"]) == [.changed("b")])
    bench = adopted(bench, first: first, new)
    #expect(bench.name == "probe:b#1")
    bench.goOn()
    #expect(bench.state.status == .succeeded && bench.state.step("d")?.status == .done)
  }

  @Test("A gate that is still there keeps its deadline; preconditions to be asked again are those of the new plan")
  func gate() {
    let plan = Outline(
      preconditions: [CheckOutline(id: "quiet", recheck: true)], phases: [PhaseOutline(id: "one", steps: [reading("ask"), update("a")])])
    var bench = Bench(plan)
    bench.goOn(to: "step:ask")
    let began = bench.now
    bench.ask(.pause)
    bench.now += 60_000
    var new = plan
    new.preconditions.append(CheckOutline(id: "calm", recheck: true))
    bench = adopted(bench, first: plan, new)
    #expect(bench.name == "check:quiet#2")
    bench.verdict(.pass)
    #expect(bench.name == "step:ask#1" && bench.running?.requestedAt == began)
    bench.goOn()
    #expect(bench.state.status == .succeeded)
  }
}
