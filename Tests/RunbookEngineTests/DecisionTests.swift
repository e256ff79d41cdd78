import RunbookEngine
import RunbookPlan
import Testing

@Suite("People, processes, and the journal's form")
struct DecisionTests {
  @Test("A pause awaits what an action cannot stop, stops a batch at its border, and never aborts")
  func pause() {
    for (mode, stop) in [(InterruptMode.batch, InterruptMode.batch), (.abort, nil), (.await, nil)] {
      var bench = Bench(onePhase([update("a", interrupt: mode), update("b")]))
      bench.ask(.pause)
      let stops = bench.orders.compactMap { if case .stop(_, let mode) = $0 { mode } else { nil } }
      #expect(stops == (stop.map { [$0] } ?? []))
      #expect(bench.state.status == .running)
      bench.finish(mode == .batch ? .interrupted : .done())
      #expect(bench.state.status == .paused && bench.state.exitCode == 6)
      bench.ask(.resume)
      #expect(bench.name == (mode == .batch ? "step:a#2" : "step:b#1"))
    }
  }

  @Test("A hold of the batches ends where a rollback begins, whose own holds last; the pauses stay")
  func hold() {
    var bench = Bench(onePhase([update("a"), update("b")]))
    bench.finish(.done())
    bench.ask(.pace(Pace(pauseBetween: 250, isHeld: true)))
    #expect(bench.state.pace?.pace == Pace(pauseBetween: 250, isHeld: true))
    bench.finish(.failed(Failure(code: "no", message: "no")))
    #expect(bench.state.status == .rollingBack)
    #expect(bench.state.pace?.pace == Pace(pauseBetween: 250))
    bench.ask(.pace(Pace(isHeld: true)))
    bench.crash()
    #expect(bench.state.status == .rollingBack && bench.state.pace?.pace == Pace(isHeld: true))
  }

  @Test("A cancel aborts what can be aborted, and keeps what stands")
  func cancel() {
    var bench = Bench(onePhase([update("a", interrupt: .abort)]))
    bench.ask(.cancel(rollback: false))
    #expect(bench.orders.contains { if case .stop(_, .abort) = $0 { true } else { false } })
    bench.finish(.unknown(Failure(code: "killed", message: "killed")))
    #expect(bench.state.status == .halted && bench.state.exitCode == 9)
    #expect(bench.state.standing == ["a"])
    bench.ask(.close)
    #expect(bench.state.status == .closed && bench.state.exitCode == 9)
  }

  @Test("A gate is given up at a pause, and keeps its name and its deadline on resume; the answer is in the journal")
  func gate() {
    let gate = StepOutline(id: "confirm", effectClass: .idempotent, mutating: false, undo: .nothing)
    var bench = Bench(onePhase([gate]))
    let effect = bench.running
    bench.ask(.pause)
    #expect(bench.state.status == .paused && bench.running == nil)
    bench.now += 60_000
    bench.crash()
    #expect(bench.running == effect)
    bench.send(.answer(Answer(subject: "confirm", value: "yes", who: "ben", requestID: "r1")))
    #expect(bench.log.last?.consumedRequest == "r1")
    #expect(bench.state.answers(to: "confirm").map(\.who) == ["ben"])
  }

  @Test("A gate keeps its name and deadline though preconditions are asked again before it, and that is cut off too")
  func gateBehindRechecks() {
    let gate = StepOutline(
      id: "confirm", effectClass: .idempotent, mutating: false, preconditions: [CheckOutline(id: "again", recheck: true)], undo: .nothing)
    var bench = Bench(onePhase([update("a"), gate]))
    bench.goOn(to: "step:confirm")
    let effect = bench.running
    for asked in 2...3 {
      bench.crash()
      #expect(bench.name == "check:again#\(asked)")
    }
    bench.verdict(.pass)
    #expect(bench.running == effect)
  }

  @Test("A gate that was answered with no asks again after a halt")
  func gateAsksAgain() {
    var bench = Bench(onePhase([update("a")], verify: [CheckOutline(id: "look", onFail: .halt)]))
    bench.finish(.done())
    bench.send(.answer(Answer(subject: "look", value: "no", who: "ben")))
    bench.verdict(.fail)
    bench.ask(.resume)
    #expect(bench.name == "check:look#2")
    #expect(bench.state.answers(to: "look").isEmpty && bench.state.decisions.count == 2)
  }

  @Test("A second Ctrl-C cuts a step off: the run is paused, and resume does what the class says")
  func secondInterruption() {
    for (effectClass, next) in [(EffectClass.idempotent, "step:s#2"), (.guarded, "probe:s#1"), (.probe, "probe:s#1")] {
      var bench = Bench(onePhase([StepOutline(id: "s", effectClass: effectClass, mutating: true, undo: .automatic)]))
      bench.ask(.pause)
      bench.finish(.unknown(Failure(code: "aborted", message: "aborted")))
      #expect(bench.state.status == .paused, "\(effectClass)")
      bench.crash()
      #expect(bench.name == next, "\(effectClass)")
      if next.hasPrefix("probe") {
        bench.finish(.probed(.notHappened))
        #expect(bench.name == "step:s#2")
      }
    }
  }

  @Test("What a dead process had under way is run again, probed, or asked about, by its class")
  func lostEffects() {
    for (effectClass, next) in [
      (EffectClass.read, "step:s#1"), (.idempotent, "step:s#2"), (.guarded, "probe:s#1"), (.receipt, "probe:s#1"), (.probe, "probe:s#1"),
    ] {
      var bench = Bench(onePhase([StepOutline(id: "s", effectClass: effectClass, mutating: effectClass != .read, undo: .automatic)]))
      bench.crash()
      #expect(bench.name == next, "\(effectClass)")
    }
    for (policy, next) in [(StepOutline.InterruptPolicy.halt, "-"), (.rerun, "step:s#2"), (.probe, "probe:s#1")] {
      var bench = Bench(onePhase([StepOutline(id: "s", effectClass: .opaque, mutating: true, undo: .notNeeded, onInterrupt: policy)]))
      bench.crash()
      #expect(bench.name == next, "\(policy)")
      if policy == .halt {
        #expect(bench.state.status == .halted && bench.state.exitCode == 9)
        bench.ask(.resume)
        #expect(bench.name == "step:s#2")
      }
    }
  }

  @Test("A lease taken for a rollback starts nothing on the way on")
  func leaseForRollback() {
    var bench = Bench(onePhase([update("a"), StepOutline(id: "b", effectClass: .idempotent, mutating: true, undo: .automatic)]))
    bench.finish(.done())
    bench.crash(resume: .rollback)
    #expect(bench.name == "undo:b#1")
    #expect(bench.state.status == .rollingBack)
  }

  @Test("A check's verdict can be accepted after it halted the run")
  func acceptCheck() {
    var bench = Bench(onePhase([update("a")], verify: [CheckOutline(id: "c", onFail: .halt), CheckOutline(id: "d")]))
    bench.finish(.done())
    bench.verdict(.fail)
    #expect(bench.state.refusal(of: .acceptCheck("d")) == .notTheReason("d"))
    bench.ask(.acceptCheck("c"), reason: "known")
    #expect(bench.name == "check:d#1")
    bench.verdict(.pass)
    #expect(bench.state.status == .succeeded)
    #expect(bench.state.check("c")?.acceptedBy == "ana")
  }

  @Test("A succeeded run unwinds; a run that ended otherwise takes no request")
  func ended() {
    var bench = Bench(onePhase([update("a")]))
    bench.finish(.done())
    #expect(bench.state.status == .succeeded)
    bench.ask(.resume)
    #expect(bench.running == nil)
    bench.ask(.rollback)
    #expect(bench.name == "undo:a#1")
    bench.goOn()
    #expect(bench.state.status == .rolledBack)
    for wish in [Request.Wish.resume, .rollback, .pause, .close, .cancel(rollback: true)] {
      #expect(bench.state.refusal(of: wish) == .wrongState(.rolledBack))
    }
  }

  @Test("decide changes nothing, and gives what the state makes of it")
  func purity() {
    var state = RunState(outline: onePhase([update("a")]))
    let begin = Input(at: 1, .begin(info: .emptyMap, until: nil))
    let entries = decide(begin, state)
    #expect(state.status == .pending)
    #expect(state.take(begin) == entries)
    #expect(state.status == .running && state.isSettled)
  }

  static let samples: [Entry.Kind] = {
    let id = EffectID(verb: .perform, subject: "add-fields", serial: 2)
    let failure = Failure(code: "RB1", message: "no", transient: true)
    let result = CheckResult(.noData, observed: 3, outputs: .object(["n": 3]), message: "nothing", transient: true)
    let outcomes: [Outcome] = [
      .done(outputs: .object(["a": 1]), warnings: 2), .failed(failure), .unknown(failure), .interrupted,
      .undone(conflicts: 1, inDoubt: 2, details: .object(["x": "y"])), .condition(true), .checked(result),
      .probed(.happened(outputs: .object(["a": 1]))), .probed(.notHappened), .probed(.partly), .probed(.unknown(failure)),
    ]
    let wishes: [Request.Wish] = [
      .pause, .resume, .acceptCheck("c"), .adopt(digest: "d"), .cancel(rollback: true), .rollback, .skipUndo("s"), .pastPoint("s"), .close,
      .pace(nil), .pace(Pace(batchSize: 5, pauseBetween: 250, isHeld: true)),
    ]
    return [
      .runStarted(info: .object(["x": 1]), until: "one"), .leaseTaken(epoch: 3, newProcess: false, holder: "host"), .effectRequested(id),
      .verdict(id, result, retryAt: 9), .checkSkipped("c"),
      .decision(.answer(Answer(subject: "s", value: "yes", who: "ben", requestID: "r"))),
      .triggerFired(TriggerEvent(id: "t", response: .pause, phase: "p", verdict: .fail, message: "m")),
      .triggerJudged(
        TriggerWindow(trigger: "t", verdict: .noData, message: "m", from: 1, to: 2, tally: TriggerTally(samples: 1, failures: 1))),
      .triggerRepeated(TriggerWindow(trigger: "t", verdict: .pass, observed: 1, from: 1, to: 2)),
      .requestDeclined(Request(.pause, who: "ana", requestID: "q")), .unlocked(who: "ana", reason: "r"),
      .finalized(who: "ana", reason: "r"), .cleanedUp(.object(["db": .object(["undoBytes": 12])])),
      .cancelRequested(rollback: true, who: "ana", reason: "r", requestID: nil), .rollbackBegan(phase: "p", cause: "c"),
      .runPaused(reason: "r"), .runHalted(.cause), .runHalted(.phaseUndone("p")), .runHalted(.pointOfNoReturn("s")), .runBlocked(step: "s"),
      .planAdopted(Adoption(digest: "d", plan: "{}", params: ["a": 1])), .polled(id, result, nextAt: 4, holdSince: nil, errors: 1),
      .pollDue(id),
    ] + outcomes.map { .effectFinished(id, $0, retryAt: 5) }
      + wishes.map { .decision(.request(Request($0, who: "ana", reason: "r", requestID: "q"))) }
      + RunStatus.allCases.filter(\.isEnd).map { .runEnded($0) }
  }()

  @Test("A finalized run is not rolled back any more, and a second decision changes nothing about the first")
  func finalized() {
    var bench = Bench(onePhase([update("a")]))
    bench.goOn()
    #expect(bench.state.status == .succeeded && bench.state.refusal(of: .rollback) == nil)
    var state = bench.state
    state.evolve(Entry(at: bench.now + 1, .finalized(who: "ana", reason: "")))
    state.evolve(Entry(at: bench.now + 2, .finalized(who: "ben", reason: "again")))
    state.evolve(Entry(at: bench.now + 3, .cleanedUp(.object(["db": .object(["undoBytes": 12])]))))
    guard case .finalized(let decision) = state.refusal(of: .rollback) else {
      Issue.record("\(String(describing: state.refusal(of: .rollback)))")
      return
    }
    #expect(decision.who == "ana" && decision.at == bench.now + 1)
    #expect(state.status == .succeeded && state.exitCode == 0 && state.cleanedUp?["db"] != nil)
  }

  @Test("Every entry is read back as it was written", arguments: samples)
  func roundTrip(_ kind: Entry.Kind) throws {
    let entry = Entry(at: 1_700_000_000_123, kind)
    let stored = entry.payload.encodedJSON()
    #expect(try Entry(kind: entry.kindName, version: entry.version, payload: Value(encodedJSON: stored)) == entry)
  }

  @Test("An entry of an unknown kind or version, or without what it needs, is an error")
  func decodingErrors() {
    for (kind, version, payload) in [
      ("runStarted", 2, Value.object(["at": 1])), ("nonsense", 1, .object(["at": 1])), ("runEnded", 1, .object(["at": 1])),
      ("runEnded", 1, .object(["at": 1, "status": "gone"])), ("effectRequested", 1, .object(["at": 1, "effect": "step"])),
      ("runPaused", 1, .null),
    ] {
      #expect(throws: EntryDecodingError.self) { try Entry(kind: kind, version: version, payload: payload) }
    }
  }
}
