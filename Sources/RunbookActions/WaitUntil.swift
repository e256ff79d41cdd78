import OrderedCollections
import RunbookPlan

/// `wait.until`: lets time pass until a moment, or until a check holds. Both ends are fixed when it is first asked for, so that a crash or a
/// pause moves neither.
public struct WaitUntil: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "wait.until",
    summary: "Waits for a moment, or until a check holds; a crash or a pause does not make it longer.",
    isMutating: false,
    targetType: nil,
    fields: [
      .init(
        "at", .text,
        "The moment: with an offset, like `2025-01-18T02:00:00Z`; or a day and a time, or a time alone (the next one), by the clock of `zone`. "
          + "Of a time that the clock shows twice the first is taken, for one that it skips the same time after the change; either is told. "
          + "A moment that has passed is not waited for, which is a warning."),
      .init("zone", .text, "Time zone of `at`, like `Europe/Berlin`."),
      .init("check", .check, "Waits until this check holds; instead of `at`."),
      .init("within", .duration, "How long the check may take to hold; needed with `check`. Then the step fails."),
    ],
    outputs: [.init("waited", .duration, "How long it was.")],
    mainOutput: "waited",
    effectClass: .read,
    example: """
      - id: quiet-hour
        action: wait.until
        with: { at: "2025-01-18T02:00", zone: Europe/Berlin }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    func isWritten(_ name: String) -> Bool { arguments[name] != nil || unknown.contains(name) }
    switch (isWritten("at"), isWritten("check")) {
    case (false, false):
      return [ArgumentProblem(path: [], message: "it does not say what is waited for", help: "write 'at', or 'check' and 'within'")]
    case (true, true):
      return [ArgumentProblem(path: ["check"], message: "it waits for a moment or for a check, not for both", help: "write two steps")]
    case (false, true):
      var problems = ["zone"].filter(isWritten).map {
        ArgumentProblem(path: [$0], message: "'\($0)' belongs to 'at'", help: "remove it")
      }
      if !isWritten("within") {
        problems.append(
          ArgumentProblem(path: ["check"], message: "it does not say how long the check may take to hold", help: "add within: 10m"))
      } else if let within = arguments["within"]?.durationValue, within <= 0 {
        problems.append(ArgumentProblem(path: ["within"], message: "no time is left for the check to hold", help: "write within: 10m"))
      }
      return problems
    case (true, false):
      if isWritten("within") {
        return [ArgumentProblem(path: ["within"], message: "'within' belongs to 'check'; a moment comes by itself", help: "remove it")]
      }
      return problems(ofMoment: arguments, zoneIsUnknown: unknown.contains("zone"))
    }
  }

  private func problems(ofMoment arguments: ValueMap, zoneIsUnknown: Bool) -> [ArgumentProblem] {
    let zone = arguments["zone"]?.stringValue
    if let zone, let problem = WaitMoment.problem(withZone: zone) { return [problem] }
    guard let at = arguments["at"]?.stringValue else { return [] }
    do throws(ArgumentProblem) {
      // Every zone does to see whether the text is a moment.
      _ = try WaitMoment(at: at, zone: zone ?? (zoneIsUnknown ? "UTC" : nil))
      return []
    } catch {
      return [error]
    }
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    if let check = context.awaited { return try await wait(for: check, context) }
    let moment: WaitMoment.Resolved
    do throws(ArgumentProblem) {
      moment = try WaitMoment(at: context.arguments["at"]?.stringValue ?? "", zone: context.arguments["zone"]?.stringValue)
        .resolved(from: context.requestedAt)
    } catch {
      throw ActionError(code: "RB4002", message: error.message, kind: .mistake, help: error.help)
    }
    var warnings = moment.remark.map { [$0] } ?? []
    if moment.at < context.requestedAt { warnings.append("\(moment.words) had passed when the step began, so nothing was waited for") }
    try await Waiting(context, until: moment.at).pass("until \(moment.words)")
    return observation(context, warnings: warnings)
  }

  /// Asks every second, or every tenth of the time if that is shorter; what cannot be read on the way is no answer.
  private func wait(for check: AwaitedCheck, _ context: ActionContext) async throws(ActionError) -> Observation {
    let within = context.arguments["within"]?.durationValue ?? 0
    let waiting = Waiting(context, until: context.requestedAt + within / 1_000)
    while true {
      // Also when the time is over: what came true while this process was gone has come true.
      let answer = await check.ask()
      if answer.holds { return observation(context, warnings: []) }
      if waiting.isOver {
        throw ActionError(
          code: "RB4003", message: "it did not hold within \(DurationText.format(microseconds: within)); last: \(answer.words)",
          kind: .refused)
      }
      try await waiting.pass("last: \(answer.words)", atMost: max(1, min(1_000, within / 10_000)))
    }
  }

  private func observation(_ context: ActionContext, warnings: [String]) -> Observation {
    Observation(
      outputs: ["waited": .duration(max(context.clock.now() - context.requestedAt, 0) * 1_000)], warnings: warnings)
  }
}
