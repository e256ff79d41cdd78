import Logging
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Leads one run in this process: feeds the engine, records what it decides, starts what is outstanding, keeps time and the lease.
///
/// All inputs come through one stream and are handled one after the other. What is ordered is carried out in the order given: a commit before
/// the effect that it allows, a receipt in the target between the two.
///
/// The loop runs on the journal's own thread, if it has one, and what reaches no target beside it, so that a step needs no other thread.
public actor RunExecutor {
  let setting: RunSetting
  let state: StateBox
  let targets: TargetSet
  let coordination: Coordination
  let memory: RunMemory
  let log: Logger
  private let events: AsyncStream<Event>
  let eventSink: AsyncStream<Event>.Continuation
  let scope: RunScope
  private lazy var runner = makeRunner()
  /// Triggers sample over connections of their own.
  let triggerTargets: TargetSet
  lazy var watch = makeWatch()

  private var head: JournalHead
  private var running: [EffectID: RunningEffect] = [:]
  private var timer: Task<Void, Never>?
  private var timerAt: Int64 = .max
  private var lastMark: ChangeMark?
  private var stopRequests = 0
  private(set) var waitsFor: String?
  var end: RunEnding?
  private var failure: RunFailure?
  /// Effects that were ordered before the run's first inputs were all taken; nil once things are started as they are ordered.
  private(set) var postponed: [Effect]? = []
  /// What paused the run last, and whether this process ends when the run is paused.
  var pausing = Pausing()

  enum Event: Sendable {
    case answered(EffectID, generation: Int, EffectRunner.Answer)
    case tick
    case look
    case signal
    case leaseLost(target: String)
    case answer(Answer, recorded: @Sendable () -> Void)
    case window(TriggerWindow)
  }

  struct RunningEffect {
    var generation: Int
    var task: Task<Void, Never>
    var stop: StopFlag
    var mutates: Bool
  }

  private var generation = 0
  /// Milliseconds since 1970; requests from before were made to another process.
  private let createdAt: Int64

  /// - Parameter folded: the state that the journal tells, fresh for a new run.
  init(setting: RunSetting, folded: RunState, head: JournalHead, targets: TargetSet) {
    self.setting = setting
    self.targets = targets
    triggerTargets = targets.sibling()
    createdAt = setting.clock.now()
    self.head = head
    log = Logger(label: "runbook.executor")
    state = StateBox(Conductor(state: folded))
    memory = RunMemory(targets: targets, state: state)
    coordination = Coordination(setting: setting, targets: targets)
    scope = RunScope(bound: setting.bound, run: setting.run, state: state, captureOwners: setting.bound.captureOwners)
    (events, eventSink) = AsyncStream.makeStream(of: Event.self)
  }

  /// A stop that a person at the terminal or the operating system asks for: the first pauses, the second gives up at once.
  public nonisolated func requestStop() { eventSink.yield(.signal) }

  // MARK: the loop

  /// Feeds the first inputs and goes on until the run stands.
  /// - Throws: `RunFailure` where this process had to stop; the run can be resumed.
  func lead(beginningWith inputs: [Input.Event]) async throws(RunFailure) -> RunEnding {
    try await withTaskExecutorPreference(setting.journal.executor) { () async throws(RunFailure) -> RunEnding in
      try await leadHere(beginningWith: inputs)
    }
  }

  private func leadHere(beginningWith inputs: [Input.Event]) async throws(RunFailure) -> RunEnding {
    let look = Task { [clock = setting.clock, eventSink] in
      while !Task.isCancelled {
        await clock.sleep(milliseconds: RunSetting.lookInterval)
        eventSink.yield(.look)
      }
    }
    let leases = watchLeases()
    defer {
      look.cancel()
      leases.forEach { $0.cancel() }
      timer?.cancel()
    }
    // The lease first, which says what becomes of effects that a crash cut off; then the answers that people gave meanwhile, which count
    // before the gate is asked again; only then is anything started.
    await feed(inputs)
    await takeAnswers()
    await startPostponed()
    if end == nil, failure == nil { for await event in events { if await handle(event) { break } } }
    closeEvents()
    await stopWatching()
    let isQuiet = await stopAll()
    if let failure {
      // While something may still be sent, the lease is left to run out by itself: whoever comes next has to wait for that.
      if isQuiet { await coordination.abandon() }
      throw failure
    }
    guard let end else { preconditionFailure("the run stopped without an end") }
    await coordination.finish(state: end.state, head: head)
    return end
  }

  /// Nobody is left to hear: whoever waits for an answer to be recorded waits no longer.
  private func closeEvents() {
    eventSink.finish()
    Task { [events] in
      for await event in events { if case .answer(_, let recorded) = event { recorded() } }
    }
  }

  /// Stops what is under way, and gives what changes something a moment to come to its next border.
  /// - Returns: whether nothing is under way any more that changes something.
  private func stopAll() async -> Bool {
    for effect in running.values {
      effect.stop.request()
      effect.task.cancel()
    }
    let changing = running.values.filter(\.mutates).map(\.task)
    guard !changing.isEmpty else { return true }
    let (answers, sink) = AsyncStream.makeStream(of: Bool.self)
    Task {
      for task in changing { await task.value }
      sink.yield(true)
    }
    let moment = Task { [clock = setting.clock] in
      await clock.sleep(milliseconds: Self.stopTime)
      sink.yield(false)
    }
    defer { moment.cancel() }
    return await answers.first { _ in true } ?? false
  }

  /// How long a process that has to stop at once waits for its effects, in milliseconds.
  private static let stopTime: Int64 = 2_000

  private func watchLeases() -> [Task<Void, Never>] {
    coordination.leased.map { target in
      Task { [eventSink] in if await target.leaseIsLost() { eventSink.yield(.leaseLost(target: target.name)) } }
    }
  }

  /// - Returns: whether the loop is over.
  private func handle(_ event: Event) async -> Bool {
    switch event {
    case .answered(let id, let generation, let answer):
      guard running[id]?.generation == generation else { break }
      await take(answer, of: id)
    case .tick:
      timerAt = .max
      await feed([.tick])
    case .look: await lookForRequests()
    case .signal: await stop()
    case .leaseLost(let target):
      fail(
        "RB2501", 7, "the lease in target '\(target)' was lost; another process may act for the run now",
        "nothing more was sent for the run, and what is under way is found out about by the next resume",
        ["runbook resume \(setting.run.id)"])
    case .answer(let answer, let recorded):
      await feed([.answer(answer)])
      recorded()
    case .window(let window): await take(window)
    }
    return end != nil || failure != nil
  }

  private func take(_ answer: EffectRunner.Answer, of id: EffectID) async {
    running[id] = nil
    switch answer {
    case .outcome(let outcome, let warnings):
      if !warnings.isEmpty { setting.observer.observe(.warnings(subject: id.subject, warnings.map(setting.redactor.redact))) }
      let outcome = outcome.redacted(by: setting.redactor)
      if id.verb == .check, case .checked(let result) = outcome { setting.observer.observe(.looked(id, result)) }
      await feed([.finished(id, outcome)])
    case .awaitsPeople(let what):
      let what = setting.redactor.redact(what)
      waitsFor = what
      // The gate stays what is asked next; whoever resumes asks it again.
      await feed([.request(Request(.pause, who: setting.user, reason: what))])
    case .leaseLost(let reason):
      fail(
        "RB2501", 7, reason, "nothing more was sent for the run, and what is under way is found out about by the next resume",
        ["runbook resume \(setting.run.id)"])
    }
  }

  private func stop() async {
    stopRequests += 1
    pausing.endsProcess = true
    if stopRequests == 1, stand() { return }
    if stopRequests == 1 {
      setting.observer.observe(.notice(state.read { StopNotice.text(for: $0, setting.bound) }))
      await feed([.request(Request(.pause, who: setting.user, reason: "interrupted at the terminal"))])
      return
    }
    fail(
      "RB2502", 6, "stopped at once, as asked a second time",
      "what was under way has an unknown outcome; resume finds it out before it goes on", ["runbook resume \(setting.run.id)"])
  }

  // MARK: inputs and orders

  func feed(_ inputs: [Input.Event]) async {
    for event in inputs where end == nil && failure == nil {
      let input = Input(at: setting.clock.now(), jitter: setting.jitter(), event.redacted(by: setting.redactor))
      for order in state.handle(input) {
        await carryOut(order)
        if failure != nil { return }
      }
    }
    followTriggers()
    wake()
  }

  private func carryOut(_ order: Order) async {
    switch order {
    case .commit(let entries): await commit(entries)
    case .start(let effect): if postponed == nil { await start(effect) } else { postponed?.append(effect) }
    case .stop(let effect, let mode): stop(effect, mode)
    case .drop(let effect):
      postponed?.removeAll { $0.id == effect.id }
      running[effect.id]?.task.cancel()
      running[effect.id] = nil
    case .tell: stand()
    }
  }

  private func commit(_ entries: [Entry]) async {
    let epoch = state.read { $0.epoch }
    let records = entries.map { NewRecord($0, epoch: epoch) }
    let note = state.read { StatusNote(word: $0.status.rawValue, exitCode: $0.exitCode, updated: $0.lastAt) }
    do throws(JournalError) {
      let before = head.seq
      head = try await setting.journal.append(
        records, to: setting.run.id, expectedHead: before, consuming: entries.compactMap(\.consumedRequest), status: note)
      pausing.note(entries)
      coordination.noteCommitted(records, after: before, redactor: setting.redactor)
      setting.observer.observe(.recorded(entries))
    } catch {
      failure = RunFailure(recording: error, run: setting.run.id)
    }
  }

  private func startPostponed() async {
    let effects = postponed ?? []
    postponed = nil
    for effect in effects where end == nil && failure == nil { await start(effect) }
    followTriggers()
  }

  private func start(_ effect: Effect) async {
    if effect.mutates {
      do throws(ActionError) {
        try await coordination.writeReceipts(status: state.read { $0.status.rawValue }, phase: state.read { $0.currentPhase }, head: head)
      } catch {
        fail(
          "RB2503", error.kind == .leaseLost ? 7 : 6, "the receipt in the target could not be written: \(error.message)",
          "'\(effect.id.subject)' was not started; everything before it stands as recorded", ["runbook resume \(setting.run.id)"])
        return
      }
    }
    generation += 1
    let stop = StopFlag()
    let generation = generation
    let executor = runner.reachesOut(effect) ? nil : setting.journal.executor
    let task = Task.detached(executorPreference: executor) { [runner, scope, eventSink, setting] in
      let pace = ProgressPace(clock: setting.clock)
      let answer = await runner.carryOutInTime(effect, scope: scope, stop: stop) { progress in
        guard pace.isDue() else { return }
        var progress = progress
        progress.note = progress.note.map(setting.redactor.redact)
        setting.observer.observe(.progress(effect: effect.id, progress))
        setting.journal.noteProgress(
          run: setting.run.id, effect: effect.id.description, at: setting.clock.now(), progress.value)
      }
      eventSink.yield(.answered(effect.id, generation: generation, answer))
    }
    running[effect.id] = RunningEffect(generation: generation, task: task, stop: stop, mutates: effect.mutates)
  }

  private func stop(_ effect: Effect, _ mode: InterruptMode) {
    guard let running = running[effect.id], mode != .await else { return }
    running.stop.request()
    if mode == .abort { running.task.cancel() }
  }

  private func wake() {
    guard end == nil, failure == nil, let at = state.nextWake, at < timerAt else { return }
    timer?.cancel()
    timerAt = at
    timer = Task { [clock = setting.clock, eventSink] in
      await clock.sleep(milliseconds: at - clock.now())
      if !Task.isCancelled { eventSink.yield(.tick) }
    }
  }

  private func fail(_ code: String, _ exitStatus: Int32, _ message: String, _ standing: String, _ next: [String]) {
    guard failure == nil else { return }
    failure = RunFailure(code: code, exitStatus: exitStatus, message: setting.redactor.redact(message), standing: standing, next: next)
  }

  // MARK: requests from other processes

  /// Answers that people gave meanwhile count. That the run was to pause, or to go on, was said to a process that is gone: whoever started this
  /// one wants what it was started for.
  private func takeAnswers() async {
    guard end == nil, failure == nil else { return }
    do throws(JournalError) {
      for row in try await setting.journal.pendingRequests(of: setting.run.id) {
        switch (row.kind, row.event) {
        case (RequestKind.answer, let event?), (RequestKind.pace, let event?): await feed([event])
        case (RequestKind.pause, .request(let request)?) where row.at < createdAt,
          (RequestKind.resume, .request(let request)?) where row.at < createdAt:
          await feed([.decline(request)])
        default: break
        }
      }
    } catch {
      failure = RunFailure(recording: error, run: setting.run.id)
    }
  }

  private func lookForRequests() async {
    do throws(JournalError) {
      let mark = try await setting.journal.changeMark()
      guard mark != lastMark else { return }
      lastMark = mark
      for row in try await setting.journal.pendingRequests(of: setting.run.id) {
        if let event = row.event { await feed([event]) }
        if end != nil || failure != nil { return }
      }
    } catch {
      failure = RunFailure(recording: error, run: setting.run.id)
    }
  }

  private func makeRunner() -> EffectRunner {
    let desk = PeopleDesk(
      plan: setting.bound.plan, state: state, clock: setting.clock, console: setting.console, user: setting.user,
      answersByItself: setting.answersByItself, awake: awakeTriggers()
    ) { [eventSink] answer in
      await withCheckedContinuation { continuation in
        let yielded = eventSink.yield(.answer(answer) { continuation.resume() })
        if case .terminated = yielded { continuation.resume() }
      }
    }
    return EffectRunner(
      bound: setting.bound, run: setting.run, targets: targets, clock: setting.clock, people: desk, memory: memory,
      referred: ReferredOutputs(setting.bound), secretsIn: { [redactor = setting.redactor] in redactor.contains($0) },
      directory: setting.planDirectory, journal: setting.journal, redactor: setting.redactor, pace: StatePace(state))
  }
}
