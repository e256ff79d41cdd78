import RunbookPlan
import RunbookSyntax

/// One thing that lint looks for: what it is, why it matters, how it looks wrong and right, and how it is found. The examples are tests and
/// documentation at once.
public struct LintRule: Sendable {
  /// `L101`: stays what it is when the name is made better.
  public let code: String
  /// `write-without-backup`: what an inline ignore and the command line name.
  public let name: String
  /// Of its findings, unless one says otherwise.
  public let severity: Severity
  /// What is found, as one sentence.
  public let summary: String
  /// Why it matters, in sentences.
  public let reason: String
  /// At least three, each with a finding of this rule.
  public let bad: [LintExample]
  /// At least three, each without one.
  public let good: [LintExample]
  /// Whether a step or check by itself tells all that the rule needs, so that it can look at a fragment, whose surroundings are not known.
  let isLocal: Bool
  let look: @Sendable (PlanFacts, inout LintReport) -> Void

  /// - Parameter look: finds all places; what depends on a value that is not known gives no finding.
  init(
    code: String, name: String, severity: Severity, isLocal: Bool = false, summary: String, reason: String, bad: [LintExample],
    good: [LintExample], look: @escaping @Sendable (PlanFacts, inout LintReport) -> Void
  ) {
    self.code = code
    self.name = name
    self.severity = severity
    self.summary = summary
    self.reason = reason
    self.bad = bad
    self.good = good
    self.isLocal = isLocal
    self.look = look
  }
}

/// What a finding is about, by kind and id: it stays the same when lines move, so that the findings of two versions of a plan can be compared.
public enum LintSubject: Sendable, Hashable, CustomStringConvertible {
  /// The plan as a whole.
  case plan
  case phase(String), step(String), check(String), trigger(String)
  case param(String), secret(String), target(String), person(String)
  /// An inline ignore, by the rule that it names.
  case ignore(String)

  /// `step:add-fields`; `plan` for the plan as a whole.
  public var description: String {
    switch self {
    case .plan: "plan"
    case .phase(let id): "phase:\(id)"
    case .step(let id): "step:\(id)"
    case .check(let id): "check:\(id)"
    case .trigger(let id): "trigger:\(id)"
    case .param(let name): "param:\(name)"
    case .secret(let name): "secret:\(name)"
    case .target(let name): "target:\(name)"
    case .person(let id): "person:\(id)"
    case .ignore(let rule): "ignore:\(rule)"
    }
  }
}

/// Something that a rule found.
public struct Finding: Sendable {
  public let rule: LintRule
  public let subject: LintSubject
  /// With the rule's code and name; no secret is in it, nor in the text that it points into.
  public internal(set) var diagnostic: Diagnostic
  /// Why the plan says that this is meant; nil where it is to be reported.
  public internal(set) var ignored: String?

  public var severity: Severity { diagnostic.severity }

  /// `write-without-backup step:add-fields`: the same for the same finding in another version of the plan.
  public var key: String { "\(rule.name) \(subject)" }
}

/// Gathers what one rule finds.
struct LintReport {
  let rule: LintRule
  let plan: Plan
  var findings: [Finding] = []

  init(_ rule: LintRule, _ plan: Plan) {
    self.rule = rule
    self.plan = plan
  }

  /// - Parameters:
  ///   - message: one sentence without a full stop; what is wrong.
  ///   - help: what to do.
  mutating func add(
    _ subject: LintSubject, _ message: String, at range: SourceRange, severity: Severity? = nil, notes: [(String, SourceRange)] = [],
    help: String
  ) {
    add(
      subject, message, at: plan.place(of: range), severity: severity,
      notes: notes.map { DiagnosticNote($0.0, at: plan.place(of: $0.1)) }, help: help)
  }

  mutating func add(
    _ subject: LintSubject, _ message: String, at place: SourcePlace, severity: Severity? = nil, notes: [DiagnosticNote] = [], help: String
  ) {
    var diagnostic = Diagnostic(
      code: rule.code, severity: severity ?? rule.severity, message: message, place: place, notes: notes, help: help)
    diagnostic.rule = rule.name
    findings.append(Finding(rule: rule, subject: subject, diagnostic: diagnostic))
  }
}
