import ArgumentParser
import Foundation
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookReport
import RunbookSyntax

/// A plan out of a file, loaded, with its params, bound to the actions.
struct LoadedRun {
  let bound: BoundPlan
  let normalised: NormalisedPlan

  /// Refuses to run what this version does not carry out, by name and place, before anything is contacted.
  func refuseUnbuilt() throws {
    guard !bound.unbuilt.isEmpty else { return }
    let diagnostics = bound.unbuilt.map { part in
      Diagnostic(
        BindingCode.notBuilt, "\(part.what) is not built in this version", at: bound.plan.place(of: part.range),
        help: "nothing was run; leave it out, or use a version that has it")
    }
    Messages.error(diagnostics.inOrderOfPlace().shown)
    throw ExitCode(2)
  }

  /// The id that `--until PHASE[/STEP]` names.
  func stoppingPoint(_ text: String) throws -> String {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard let phase = bound.plan.phases.first(where: { $0.id == parts[0] }) else {
      throw Messages.usage(
        "there is no phase '\(parts[0])' in this plan",
        help: nearest(to: parts[0], among: bound.plan.phases.map(\.id)).map { "did you mean '\($0)'?" })
    }
    if parts.count == 1 { return phase.id }
    guard parts.count == 2, let step = phase.steps.first(where: { $0.id == parts[1] }) else {
      throw Messages.usage(
        "phase '\(phase.id)' has no step '\(parts[1])'",
        help: nearest(to: parts[1], among: phase.steps.map(\.id)).map { "did you mean '\($0)'?" })
    }
    return step.id
  }
}

/// What checking a plan without running it came to.
struct CheckedPlan {
  let diagnostics: [Diagnostic]
  let unbuilt: [UnbuiltPart]
  let plan: Plan?
  /// Nil where there are errors.
  var bound: BoundPlan?

  var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  func place(of part: UnbuiltPart) -> String {
    guard let plan else { return "" }
    let place = plan.place(of: part.range)
    return "\(place.file.path):\(place.start.line):\(place.start.column)"
  }

  var counts: String {
    guard let plan else { return "" }
    let steps = plan.phases.reduce(0) { $0 + $1.steps.count }
    return "valid: \(PeopleText.count(plan.phases.count, "phase")), \(PeopleText.count(steps, "step"))"
  }
}

enum PlanSource {
  /// Loads a plan for a run.
  /// - Throws: exit 2 with every diagnostic, exit 64 where the file or the params cannot be used.
  static func load(path: String, params: ParamOptions, run: (String, Int64)) throws -> LoadedRun {
    let source = try file(path)
    let loaded = PlanLoader.load(source, includes: IncludedFiles.read)
    guard let plan = loaded.plan, let normalised = loaded.normalised else { throw refuse(try check(source, params: params).diagnostics) }
    if plan.isFragment { throw Messages.usage("\(path) is a fragment, which cannot be run", help: "run a runbook that includes it") }
    let given = try bind(params, of: plan, requiresAll: true)
    let facts = RunFacts(id: run.0, planID: plan.metadata.id, startedAt: run.1, initiator: Wiring.user)
    let result = bindNew(plan, params: given, run: facts)
    let diagnostics = (loaded.diagnostics + result.diagnostics).inOrderOfPlace()
    guard let bound = result.bound else { throw refuse(diagnostics) }
    if !diagnostics.isEmpty { Messages.error(diagnostics.shown) }
    return LoadedRun(bound: bound, normalised: normalised)
  }

  /// Loads what is executed: a plan's file, or a plan that was saved with its params and facts.
  /// - Throws: exit 2, 64 like `load`, and 64 where params are given to a saved plan, or it is not as it was saved.
  static func loadForExecution(path: String, params: ParamOptions, run: (String, Int64)) throws -> (plan: LoadedRun, saved: SavedPlan?) {
    let source = try file(path)
    guard SavedPlan.isSaved(source.bytes) else { return (try load(path: path, params: params, run: run), nil) }
    let saved: SavedPlan
    do throws(SavedPlan.Fault) {
      saved = try SavedPlan(bytes: source.bytes)
    } catch {
      throw Messages.usage("\(path): \(error.message)", help: "save it anew: runbook plan PLAN --out \(path)")
    }
    guard params.params.isEmpty, params.paramsFile == nil else {
      throw Messages.usage(
        "\(path) is a saved plan: its params were fixed when it was reviewed", help: "leave --param and --params-file out, or save it anew")
    }
    let loaded = PlanLoader.load(SourceFile(path: saved.planPath, bytes: Array(saved.planText.utf8)))
    guard let plan = loaded.plan, let normalised = loaded.normalised else { throw refuse(loaded.diagnostics) }
    let facts = RunFacts(id: run.0, planID: plan.metadata.id, startedAt: run.1, initiator: Wiring.user)
    let result = bindNew(plan, params: saved.params, run: facts)
    guard let bound = result.bound else { throw refuse((loaded.diagnostics + result.diagnostics).inOrderOfPlace()) }
    return (LoadedRun(bound: bound, normalised: normalised), saved)
  }

  /// Loads an edited plan of a run and binds it to the values that the run has, or gets by default.
  /// - Throws: exit 2 with every diagnostic and where something is not built, exit 64 where the file cannot be read.
  static func load(edited path: String, run: RunFacts, params: (Plan) throws -> ValueMap) throws -> LoadedRun {
    let source = try file(path)
    let loaded = PlanLoader.load(source, includes: IncludedFiles.read)
    guard let plan = loaded.plan, let normalised = loaded.normalised else { throw refuse(loaded.diagnostics) }
    let result = bindNew(plan, params: try params(plan), run: run)
    guard let bound = result.bound else { throw refuse((loaded.diagnostics + result.diagnostics).inOrderOfPlace()) }
    let edited = LoadedRun(bound: bound, normalised: normalised)
    try edited.refuseUnbuilt()
    return edited
  }

  /// Loads a plan to look for mistakes; params that are not given are taken as not known.
  static func check(path: String, params: ParamOptions) throws -> CheckedPlan {
    try check(try file(path), params: params)
  }

  private static func check(_ source: SourceFile, params: ParamOptions) throws -> CheckedPlan {
    let loaded = PlanLoader.load(source, includes: IncludedFiles.read)
    guard let plan = loaded.plan ?? loaded.draft else { return CheckedPlan(diagnostics: loaded.diagnostics, unbuilt: [], plan: nil) }
    let given = loaded.plan == nil ? [:] : try bind(params, of: plan, requiresAll: false)
    let result = bindNew(plan, params: given, run: nil)
    KeptToTheEnd.keep(loaded, result)
    return CheckedPlan(
      diagnostics: (loaded.diagnostics + result.diagnostics).inOrderOfPlace(), unbuilt: result.bound?.unbuilt ?? [], plan: plan,
      bound: loaded.plan == nil ? nil : result.bound)
  }

  /// Binds a plan that no run has stored yet: what must not be stored is refused.
  private static func bindNew(_ plan: Plan, params: ValueMap, run: RunFacts?) -> BindingResult {
    var result = Wiring.catalog().bind(plan, params: params, run: run)
    let passwords = plan.plainPasswords(params: params, run: run)
    guard !passwords.isEmpty else { return result }
    result.bound = nil
    result.diagnostics += passwords
    return result
  }

  private static func bind(_ options: ParamOptions, of plan: Plan, requiresAll: Bool) throws -> ValueMap {
    let paramsFile = try options.paramsFile.map { try file($0) }
    let bound = bindParams(
      plan.params, given: options.params.map { ($0.name, $0.text) }, file: paramsFile, requiresAll: requiresAll)
    if !bound.diagnostics.isEmpty { Messages.error(bound.diagnostics.shown) }
    for mistake in bound.mistakes {
      Messages.error("error[\(mistake.code)]: \(mistake.message)")
      if let help = mistake.help { Messages.error("help: \(help)") }
    }
    guard bound.isUsable else {
      Messages.error("nothing was run")
      throw ExitCode(bound.mistakes.isEmpty ? 2 : 64)
    }
    return bound.values
  }

  private static func refuse(_ diagnostics: [Diagnostic]) -> ExitCode {
    Messages.error(diagnostics.shown)
    let errors = diagnostics.count { $0.severity == .error }
    Messages.error("\(PeopleText.count(errors, "error")); nothing was run")
    return ExitCode(2)
  }

  /// The text of a file; exit 64 where it cannot be read.
  static func source(_ path: String) throws -> SourceFile { try file(path) }

  private static func file(_ path: String) throws -> SourceFile {
    guard let bytes = readFile(path) else {
      let exists = FileManager.default.fileExists(atPath: path)
      throw Messages.usage("the file \(path) cannot be read", help: exists ? "look who may read it" : "there is no such file")
    }
    PlanHeap.expectPlan(ofBytes: bytes.count)
    return SourceFile(path: path, bytes: bytes)
  }
}

/// What a command has to the end of the process, which then goes with it as a whole: to free a large plan piece by piece takes a tenth of the time of
/// loading it.
private final class KeptToTheEnd: Sendable {
  private let plan: LoadedPlan
  private let bound: BindingResult

  private init(_ plan: LoadedPlan, _ bound: BindingResult) {
    self.plan = plan
    self.bound = bound
  }

  static func keep(_ plan: LoadedPlan, _ bound: BindingResult) { _ = Unmanaged.passRetained(KeptToTheEnd(plan, bound)) }
}
