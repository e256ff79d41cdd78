import RunbookActions
import RunbookEngine
import RunbookPlan
import Synchronization

/// Keeps the live triggers of a run awake in this process, whatever the run itself is doing: samples each on its schedule, makes windows of the
/// samples, and sends those on. What follows from a window is the engine's business.
final class TriggerWatch: Sendable {
  private let sampler: TriggerSampler
  private let state: StateBox
  private let triggers: [String: (bound: BoundTrigger, outline: TriggerOutline)]
  private let send: @Sendable (TriggerWindow) -> Void
  private let watching = Mutex<[String: Task<Void, Never>]>([:])

  /// - Parameter send: takes each full window, in the order of each trigger.
  init(bound: BoundPlan, sampler: TriggerSampler, state: StateBox, send: @escaping @Sendable (TriggerWindow) -> Void) {
    self.sampler = sampler
    self.state = state
    self.send = send
    triggers = Dictionary(uniqueKeysWithValues: bound.triggers.map { ($0.trigger.id, ($0, TriggerOutline($0))) })
  }

  /// Whether the plan has no trigger at all.
  var isIdle: Bool { triggers.isEmpty }

  /// Watches exactly these from now on.
  func follow(_ live: [String]) {
    watching.withLock { watching in
      for (id, task) in watching where !live.contains(id) {
        task.cancel()
        watching[id] = nil
      }
      for id in live where watching[id] == nil { watching[id] = begin(id) }
    }
  }

  func stop() { follow([]) }

  /// What is watched, and how, in one line.
  func text(of id: String) -> String {
    guard let (bound, outline) = triggers[id] else { return "" }
    func told(_ milliseconds: Int64) -> String { DurationText.format(microseconds: milliseconds * 1_000) }
    let delay = outline.initialDelay > 0 ? ", after \(told(outline.initialDelay))" : ""
    let windows = outline.window == outline.every ? "" : " in windows of \(told(outline.window))"
    return "watching \(id)\(bound.trigger.title.map { " (\($0))" } ?? ""): every \(told(outline.every))\(windows)\(delay)"
  }

  private func begin(_ id: String) -> Task<Void, Never>? {
    guard let (bound, outline) = triggers[id], let record = state.read({ $0.trigger(id) }) else { return nil }
    let machine = TriggerMachine(outline, record: record, at: sampler.clock.now())
    let post = TriggerPost(bound, machine: machine, sampler: sampler, send: send)
    return Task.detached { await post.watch() }
  }
}

/// One trigger being watched.
private final class TriggerPost: Sendable {
  private struct Waiting {
    var deadline: Int64
    var work: Task<Void, Never>?
  }

  private struct Contents {
    var machine: TriggerMachine
    /// Samples whose action has not come back yet, those given up included.
    var outstanding = 0
    var number = 0
    /// Samples that still count when they come, by their numbers.
    var waiting: [Int: Waiting] = [:]

    /// What has to be looked at next, the next sample aside.
    var nextMoment: Int64 { waiting.values.reduce(machine.nextBorder) { min($0, $1.deadline) } }

    /// Those of the waiting ones, which are waited for no longer.
    mutating func takeWaiting(where isMeant: (Waiting) -> Bool) -> [Waiting] {
      let meant = waiting.filter { isMeant($0.value) }
      for number in meant.keys { waiting[number] = nil }
      return Array(meant.values)
    }
  }

  private let trigger: BoundTrigger
  private let sampler: TriggerSampler
  private let send: @Sendable (TriggerWindow) -> Void
  private let contents: Mutex<Contents>
  /// Milliseconds.
  private let every: Int64
  private let limit: Int64
  private let mostOutstanding: Int

  init(_ trigger: BoundTrigger, machine: TriggerMachine, sampler: TriggerSampler, send: @escaping @Sendable (TriggerWindow) -> Void) {
    self.trigger = trigger
    self.sampler = sampler
    self.send = send
    contents = Mutex(Contents(machine: machine))
    every = machine.outline.every
    // Without a limit of its own a sample may take a window; a short window is no reason to call a slow source silent.
    limit = trigger.timeout.map { max(1, $0 / 1_000) } ?? min(max(machine.outline.window, 10_000), 600_000)
    mostOutstanding = Int(min(max(1, (limit + every - 1) / every), 16))
  }

  /// Samples and keeps time until its task is cancelled. The time of samples as well: a timer for each would wake more threads than the sample.
  func watch() async {
    let start = contents.withLock { $0.machine.windowStart }
    var next = start
    while !Task.isCancelled {
      let now = sampler.clock.now()
      tick(at: now)
      giveUp(at: now)
      if now >= next {
        if let number = beginSample(at: now) { sample(number) }
        // On schedule, not after the last answer; a moment that was missed is not made up for.
        next = start + ((now - start) / every + 1) * every
      }
      let wake = min(next, contents.withLock { $0.nextMoment })
      if wake > now { await sampler.clock.sleep(milliseconds: wake - now) }
    }
    for waiting in contents.withLock({ $0.takeWaiting { _ in true } }) { waiting.work?.cancel() }
  }

  private func tick(at now: Int64) {
    let windows = contents.withLock { contents in
      var windows: [TriggerWindow] = []
      while contents.machine.nextBorder <= now {
        guard let window = contents.machine.tick(at: now, { sampler.judge(trigger, $0) }) else { break }
        windows.append(window)
      }
      return windows
    }
    for window in windows { send(sampler.redacted(window)) }
  }

  private func take(_ observation: TriggerMachine.Sample.Observation) {
    let window = contents.withLock {
      $0.machine.take(TriggerMachine.Sample(at: sampler.clock.now(), observation)) { sampler.judge(trigger, $0) }
    }
    if let window { send(sampler.redacted(window)) }
  }

  /// The number of a new sample; nil where the source has to answer others first, which counts as an error.
  private func beginSample(at now: Int64) -> Int? {
    let number = contents.withLock { contents -> Int? in
      guard contents.outstanding < mostOutstanding else { return nil }
      contents.outstanding += 1
      contents.number += 1
      contents.waiting[contents.number] = Waiting(deadline: now + limit)
      return contents.number
    }
    if number == nil { take(.error("\(mostOutstanding) earlier samples have no answer yet", transient: true)) }
    return number
  }

  /// Asks once; nobody waits for the answer here.
  private func sample(_ number: Int) {
    let work = Task {
      let answer = await sampler.observe(trigger, number: number)
      let isWaitedFor = contents.withLock { contents in
        contents.outstanding -= 1
        return contents.waiting.removeValue(forKey: number) != nil
      }
      if isWaitedFor, !Task.isCancelled { take(answer) }
    }
    contents.withLock { $0.waiting[number]?.work = work }
  }

  /// Samples that took as long as they may are errors; an action that does not come back then is left behind.
  private func giveUp(at now: Int64) {
    for late in contents.withLock({ $0.takeWaiting { $0.deadline <= now } }) {
      late.work?.cancel()
      take(.error("no answer within \(DurationText.format(microseconds: limit * 1_000))", transient: true))
    }
  }
}
