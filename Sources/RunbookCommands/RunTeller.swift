import Foundation
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime

/// How a run is told on stderr: with a live view where that is a terminal fit for one, else line by line.
struct RunTeller {
  let observer: any RunObserver
  /// Nil where there is no live view.
  let live: LiveObserver?

  /// - Parameters:
  ///   - state: the `--state` that the command was given.
  ///   - plain: a live view is not wanted.
  init(bound: BoundPlan, plans: PlanVersions?, header: RunHeader, journal: any Journal, state: String?, plain: Bool) async {
    let colored = Messages.showsColors(STDERR_FILENO)
    let narrator = RunNarrator(titles: PlanTitles(bound.plan, params: bound.params), colored: colored)
    guard !plain, LiveTerminal.isFit else {
      (observer, live) = (TextObserver(narrator: narrator), nil)
      return
    }
    let outline = Outline(bound)
    // Of a run that begins nothing is recorded yet.
    let folded = try? await RunLauncher.fold(run: header.run, plans: plans ?? PlanVersions(first: outline), journal: journal)
    let view = LiveView(bound: bound, outline: outline, header: header, stateOption: state, state: folded?.state)
    let observer = LiveObserver(narrator: narrator, view: view, colored: colored)
    (self.observer, live) = (observer, observer)
  }
}

extension LiveView {
  /// The view of a run: with what its targets are called, and what its gates ask as far as that is known before they do.
  init(bound: BoundPlan, outline: Outline, header: RunHeader, stateOption: String?, state: RunState?) {
    let scope = DeclarationScope(
      params: bound.params, metadata: bound.plan.metadata,
      run: RunFacts(id: header.run, planID: header.planID, startedAt: header.created, initiator: header.initiator))
    let calls = bound.steps.map { ($0, $1.call) } + bound.checks.compactMap { id, check in check.call.map { (id, $0) } }
    let gates = calls.compactMap { id, call in
      call.descriptor.name == "manual.confirm" ? try? Gate(subject: id, call: call, scope: scope) : nil
    }
    let questions = gates.flatMap { gate in
      gate.items.map { item in
        Question(
          subject: gate.subject, item: item.id, text: item.text,
          people: item.by.map { id in bound.plan.people.first { $0.id == id }?.name ?? id })
      }
    }
    self.init(
      run: header.run, plan: bound.plan, outline: outline, params: bound.params,
      targets: bound.plan.targets.map { Self.name(of: $0, scope: scope) }, questions: questions, stateOption: stateOption, state: state)
  }

  /// `registry (nna-registry-service-staging)`: the target and its database, where it has one.
  private static func name(of target: TargetDeclaration, scope: DeclarationScope) -> String {
    guard let field = target.fields.first(where: { $0.key == "database" }),
      let database = try? Resolver.resolve(field.value, as: .text, scope: scope).stringValue
    else { return target.name }
    return "\(target.name) (\(database))"
  }
}
