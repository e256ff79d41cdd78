import RunbookEngine
import RunbookPlan

/// A conductor with a clock, driven by hand: what was ordered, what is running, what is durable.
struct Bench {
  var conductor: Conductor
  var now: Int64 = 10_000
  var running: Effect?
  var orders: [Order] = []
  var log: [Entry] = []
  var commits = 0

  var state: RunState { conductor.state }

  /// Begins the run and takes the lease.
  init(_ outline: Outline, until: String? = nil) {
    conductor = Conductor(state: RunState(outline: outline))
    send(.begin(info: .emptyMap, until: until))
    send(.leaseTaken(epoch: 1, newProcess: true, holder: "test", request: nil))
  }

  /// Another process folds what is durable.
  mutating func crash(resume wish: Request.Wish? = .resume) {
    var state = RunState(outline: state.outline)
    for entry in log { state.evolve(entry) }
    conductor = Conductor(state: state)
    running = nil
    let request = wish.map { Request($0, who: "ana") }
    send(.leaseTaken(epoch: state.epoch + 1, newProcess: true, holder: "test", request: request))
  }

  mutating func send(_ event: Input.Event) {
    let new = conductor.handle(Input(at: now, event))
    for order in new {
      switch order {
      case .commit(let entries):
        log += entries
        commits += 1
      case .start(let effect): running = effect
      case .drop: running = nil
      case .stop, .tell: break
      }
    }
    orders = new
  }

  mutating func ask(_ wish: Request.Wish, reason: String = "") { send(.request(Request(wish, who: "ana", reason: reason))) }

  mutating func finish(_ outcome: Outcome) {
    guard let effect = running else { preconditionFailure("nothing is running in state \(state.status)") }
    running = nil
    send(.finished(effect.id, outcome))
  }

  mutating func verdict(_ verdict: Verdict, transient: Bool = false) { finish(.checked(CheckResult(verdict, transient: transient))) }

  /// Lets the time pass until something is started again, or the run stands.
  mutating func wait() {
    while running == nil, let wake = conductor.nextWake {
      now = max(now, wake)
      send(.tick)
    }
  }

  /// Answers everything well until an effect whose name begins so is running, or nothing is.
  mutating func goOn(to prefix: String? = nil) {
    while true {
      wait()
      guard let effect = running else { return }
      if let prefix, effect.id.description.hasPrefix(prefix) { return }
      switch effect.id.verb {
      case .condition: finish(.condition(true))
      case .check, .verifyUndone: verdict(.pass)
      case .capture, .perform: finish(.done())
      case .probe: finish(.probed(.happened(outputs: .emptyMap)))
      case .undo: finish(.undone())
      }
    }
  }

  var name: String { running?.id.description ?? "-" }
}

func update(_ id: String, interrupt: InterruptMode = .batch, undo: StepOutline.Undo = .automatic, verify: [CheckOutline] = [])
  -> StepOutline
{
  StepOutline(id: id, effectClass: .guarded, mutating: true, interrupt: interrupt, verify: verify, undo: undo)
}

func reading(_ id: String) -> StepOutline { StepOutline(id: id, effectClass: .read, mutating: false, undo: .nothing) }

func onePhase(_ steps: [StepOutline], verify: [CheckOutline] = []) -> Outline {
  Outline(phases: [PhaseOutline(id: "one", steps: steps, verify: verify)])
}
