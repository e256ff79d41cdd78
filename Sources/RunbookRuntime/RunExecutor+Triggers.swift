import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Why a run was paused, as far as it decides whether this process stays.
struct Pausing: Sendable {
  /// A person at this process wants it to end.
  var endsProcess = false
  /// Another process asked for the pause, or a trigger did: this process stays as long as triggers are awake in it.
  private(set) var isFromOutside = false
  /// Triggers whose passing window the run was last said to wait for.
  var awaited: [String] = []
  /// Triggers that were said to be watched.
  var watched: Set<String> = []

  mutating func note(_ entries: [Entry]) {
    for entry in entries {
      switch entry.kind {
      case .decision(.request(let request)) where request.wish == .pause: isFromOutside = request.requestID != nil
      case .triggerFired(let event) where event.response == .pause: isFromOutside = true
      case .decision(.request(let request)) where request.wish == .resume: isFromOutside = false
      default: break
      }
    }
  }
}

extension RunExecutor {
  func makeWatch() -> TriggerWatch {
    let sampler = TriggerSampler(
      run: setting.run, targets: triggerTargets, clock: setting.clock, memory: RunMemory(targets: triggerTargets, state: state),
      scope: scope,
      redactor: setting.redactor, directory: setting.planDirectory)
    return TriggerWatch(bound: setting.bound, sampler: sampler, state: state) { [eventSink] in eventSink.yield(.window($0)) }
  }

  /// Watches what is live now, and says where the run waits for a trigger.
  func followTriggers() {
    guard postponed == nil, end == nil, !watch.isIdle else { return }
    let (live, awaited) = state.read { ($0.liveTriggers, $0.awaitedTriggers) }
    watch.follow(live)
    for id in live where pausing.watched.insert(id).inserted { setting.observer.observe(.notice(watch.text(of: id))) }
    pausing.watched.formIntersection(live)
    guard awaited != pausing.awaited else { return }
    pausing.awaited = awaited
    if !awaited.isEmpty { setting.observer.observe(.waiting("waiting for a passing window of \(awaited.joined(separator: ", "))")) }
  }

  func stopWatching() async {
    watch.stop()
    await triggerTargets.closeAll()
  }

  /// A full window: counted beside the log, and told to the engine, which acts on it.
  func take(_ window: TriggerWindow) async {
    // What arrives after the trigger has ended belongs to nobody.
    guard state.read({ $0.liveTriggers }).contains(window.trigger) else { return }
    setting.journal.noteWindow(
      run: setting.run.id, trigger: window.trigger, at: window.to, verdict: window.verdict.rawValue,
      .object([
        "from": .timestamp(window.from), "to": .timestamp(window.to), "observed": window.observed, "message": .string(window.message),
        "samples": .integer(Int64(window.samples)), "failures": .integer(Int64(window.failures)),
      ]))
    setting.observer.observe(.judged(window))
    await feed([.window(window)])
  }

  /// The run stands. Where it is only paused, from outside, this process stays with its triggers until somebody decides; else it ends.
  /// - Returns: whether the run stands and this process ends.
  @discardableResult
  func stand() -> Bool {
    guard end == nil, state.read({ $0.standsStill }) else { return end != nil }
    let live = state.read { $0.status == .paused ? $0.liveTriggers : [] }
    if !live.isEmpty {
      let names = live.joined(separator: ", ")
      if pausing.isFromOutside, !pausing.endsProcess, !setting.detaches {
        let next = ["resume", "rollback", "cancel"].map { "'runbook \($0) \(setting.run.id)'" }.joined(separator: ", ")
        setting.observer.observe(
          .notice("paused, and still watching \(names); \(next) in another terminal, or Ctrl-C here to leave it paused and unwatched"))
        return false
      }
      setting.observer.observe(.notice("\(live.count == 1 ? "trigger" : "triggers") asleep until the run goes on: \(names)"))
    }
    end = RunEnding(run: setting.run.id, state: state.snapshot, waitsFor: waitsFor)
    return true
  }

  /// What lets a gate wait in this process although nobody can be asked here: the triggers that are awake meanwhile.
  func awakeTriggers() -> AwakeTriggers {
    AwakeTriggers(
      live: { [state, setting] in setting.detaches ? [] : state.read { $0.liveTriggers } },
      say: { [setting] text, live in
        let watchers = "\(live.joined(separator: ", ")) \(live.count == 1 ? "watches" : "watch") meanwhile"
        setting.observer.observe(.waiting("\(setting.redactor.redact(text)); \(watchers); 'runbook confirm \(setting.run.id)' answers"))
      })
  }
}

/// Why a gate may wait where nobody can be asked.
struct AwakeTriggers: Sendable {
  /// Ids of the triggers that watch meanwhile; empty where the process had better end.
  var live: @Sendable () -> [String]
  /// Tells that it waits, and for whom, while these triggers watch.
  var say: @Sendable (String, [String]) -> Void
}
