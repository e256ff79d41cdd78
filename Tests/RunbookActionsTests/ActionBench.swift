import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookSyntax
import RunbookTestSupport
import Synchronization
import Testing

/// Binds plans with the fake actions and renders what is wrong with them.
enum Bench {
  static let catalog = ActionCatalog(
    actions: FakeActions.all() + FlowActions.all() + ProgramActions.all(ProgramRunning(programs: Programs())))

  static func load(_ text: String) throws -> Plan {
    let loaded = PlanLoader.load(path: "p.yaml", text: text)
    let (plan, problems) = (loaded.plan, loaded.diagnostics.rendered(colored: false))
    return try #require(plan, "\(problems)")
  }

  static func bind(_ text: String, params: ValueMap = [:]) throws -> BindingResult {
    catalog.bind(try load(text), params: params, run: RunFacts(id: "run-1", planID: "p", startedAt: 0, initiator: "ana"))
  }

  /// A plan with one target, a default collection and these steps in one phase.
  static func steps(_ steps: String, more: String = "") -> String {
    """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: p }
    targets: { db: { type: mongodb, uri: fake }, web: { type: http, baseUrl: "http://x" } }
    defaults: { target: db, collection: cells }
    \(more)
    phases:
      - id: one
        steps:
    \(steps.split(separator: "\n", omittingEmptySubsequences: false).map { "      " + $0 }.joined(separator: "\n"))
    """
  }

  static func context(
    _ arguments: ValueMap, clock: FakeClock, requestedAt: Int64? = nil, stop: FakeStop = FakeStop(), people: any People = Nobody(),
    progress: @escaping @Sendable (Progress) -> Void = { _ in }
  ) -> ActionContext {
    ActionContext(
      run: RunFacts(id: "run-1", planID: "p", startedAt: 0, initiator: "ana"), subject: "s", effect: "step:s#1", attempt: 1,
      requestedAt: requestedAt ?? clock.now(), arguments: arguments, target: nil, collection: nil, timeout: nil, stallTimeout: nil,
      clock: clock,
      stop: stop, people: people, world: NoWorld(), progress: progress)
  }
}

/// Nobody is there to ask.
struct Nobody: People {
  func answers(to gate: Gate) async throws(ActionError) -> [GateAnswer] {
    throw ActionError(code: "TEST", message: "nobody", kind: .awaitingPeople)
  }
}

/// Gives the answers it has, and remembers the gate.
final class Answering: People {
  private let answers: [GateAnswer]
  private let gate = Mutex<Gate?>(nil)
  var asked: Gate? { gate.withLock { $0 } }

  init(_ answers: [GateAnswer]) {
    self.answers = answers
  }

  func answers(to gate: Gate) async throws(ActionError) -> [GateAnswer] {
    self.gate.withLock { $0 = gate }
    return answers
  }
}

private struct NoWorld: RunWorld {
  func outputs(ofStep step: String) -> Value? { nil }
  func call(ofStep step: String) -> (arguments: ValueMap, collection: String?, target: String?)? { nil }
  func target(named name: String) async throws(ActionError) -> any Target {
    throw ActionError(code: "TEST", message: "no target", kind: .mistake)
  }
}
