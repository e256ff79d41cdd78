import RunbookActions
import RunbookMongoActions
import RunbookPlan
import RunbookSyntax

/// The way of a file from its bytes to a plan bound to all actions, and what must hold of every file on it.
public enum FrontEnd {
  private static let catalog = ActionCatalog(
    actions: FlowActions.all() + ProgramActions.all(ProgramRunning(programs: Programs())) + MongoActions.all(),
    announced: AnnouncedActions.all + MongoActions.announced)

  /// What came of a file.
  public struct Reading: Sendable {
    /// Whether it is a plan that could be run, as far as can be said without its params.
    public var isAccepted: Bool
    /// What is said about it, in full.
    public var messages: String
    /// What must not be, in words; nothing where all is well.
    public var faults: [String]
  }

  /// Loads, checks and binds a file and tells everything about it, as `runbook validate` does.
  public static func read(_ bytes: [UInt8]) -> Reading {
    let loaded = PlanLoader.load(SourceFile(path: "plan.yaml", bytes: bytes))
    var diagnostics = loaded.diagnostics
    var isAccepted = false
    if let plan = loaded.plan ?? loaded.draft {
      let result = catalog.bind(plan, params: [:])
      diagnostics += result.diagnostics
      isAccepted = loaded.plan != nil && result.bound != nil
    }
    if isAccepted { _ = loaded.normalised?.digest }
    var reading = Reading(isAccepted: isAccepted, messages: diagnostics.rendered(), faults: faults(of: diagnostics, size: bytes.count))
    let errors = diagnostics.filter { $0.severity == .error }
    if !isAccepted, errors.isEmpty { reading.faults.append("the file is refused without an error") }
    if isAccepted, !errors.isEmpty { reading.faults.append("the file is accepted beside an error") }
    return reading
  }

  private static func faults(of diagnostics: [Diagnostic], size: Int) -> [String] {
    var faults: [String] = []
    for diagnostic in diagnostics {
      let name = "\(diagnostic.code) '\(diagnostic.message)'"
      if diagnostic.range.end > size { faults.append("\(name) stands outside the file") }
      if diagnostic.message.isEmpty || !diagnostic.rendered().contains(" --> ") { faults.append("\(name) has no place") }
      if diagnostic.code.utf8.count != 6 || !diagnostic.code.hasPrefix("RB") { faults.append("\(name) has no code") }
      if !diagnostic.json.hasPrefix("{") { faults.append("\(name) cannot be written as JSON") }
    }
    return faults
  }
}
