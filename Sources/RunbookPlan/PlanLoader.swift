import RunbookSyntax

/// What came of loading a file.
public struct LoadedPlan: Sendable {
  public let file: SourceFile
  /// The plan, where nothing is wrong with the file.
  public let plan: Plan?
  /// What could be read of a file with errors, so that others can look for more of them in it; never to be run.
  public let draft: Plan?
  /// All errors and warnings in order of place.
  public let diagnostics: [Diagnostic]
  public let tree: NodeTree?

  public var hasErrors: Bool { diagnostics.contains { $0.severity == .error } }

  /// The form that is stored and hashed; nil where there is no plan.
  public var normalised: NormalisedPlan? {
    guard plan != nil, let tree else { return nil }
    return NormalisedPlan(tree)
  }
}

/// Reads runbooks.
public enum PlanLoader {
  /// Reads a file into a plan and finds all that can be found wrong without knowing the actions.
  /// - Parameter includes: reads the files that it includes; without it, including one is a mistake.
  public static func load(_ file: SourceFile, includes: IncludeReader? = nil) -> LoadedPlan {
    let parsed = NodeTree.parse(file)
    guard let written = parsed.tree else {
      return LoadedPlan(file: file, plan: nil, draft: nil, diagnostics: parsed.diagnostics, tree: nil)
    }
    let expanded = IncludeExpansion.expand(written, reader: includes)
    var reader = PlanReader(file: expanded.tree.file)
    reader.diagnostics.add(contentsOf: parsed.diagnostics)
    reader.diagnostics.add(contentsOf: expanded.diagnostics)
    var draft = expanded.tree.root.borrowed { reader.readPlan($0) }
    draft?.included = expanded.included
    if let draft, reader.dependsOnOrder {
      var checker = ReferenceChecker(plan: draft, ids: reader.ids, triggerIDs: reader.triggerIDs)
      checker.check()
      reader.diagnostics.add(contentsOf: checker.diagnostics)
      var placement = TriggerPlacement(plan: draft, ids: reader.ids)
      placement.check()
      reader.diagnostics.add(contentsOf: placement.diagnostics)
    }
    let plan = reader.diagnostics.hasErrors ? nil : draft
    let diagnostics = expanded.included.noted(reader.diagnostics.sorted)
    return LoadedPlan(file: file, plan: plan, draft: draft, diagnostics: diagnostics, tree: expanded.tree)
  }

  /// The same for text under a path.
  public static func load(path: String, text: String, includes: IncludeReader? = nil) -> LoadedPlan {
    load(SourceFile(path: path, text: text), includes: includes)
  }
}
