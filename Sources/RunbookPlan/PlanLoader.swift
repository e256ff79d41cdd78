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
  public static func load(_ file: SourceFile) -> LoadedPlan {
    let parsed = NodeTree.parse(file)
    guard let tree = parsed.tree else { return LoadedPlan(file: file, plan: nil, draft: nil, diagnostics: parsed.diagnostics, tree: nil) }
    var reader = PlanReader(file: file)
    reader.diagnostics.add(contentsOf: parsed.diagnostics)
    let draft = reader.readPlan(tree.root)
    if let draft, reader.dependsOnOrder {
      var checker = ReferenceChecker(plan: draft, ids: reader.ids, triggerIDs: reader.triggerIDs)
      checker.check()
      reader.diagnostics.add(contentsOf: checker.diagnostics)
    }
    let plan = reader.diagnostics.hasErrors ? nil : draft
    return LoadedPlan(file: file, plan: plan, draft: draft, diagnostics: reader.diagnostics.sorted, tree: tree)
  }

  /// The same for text under a path.
      var placement = TriggerPlacement(plan: draft, ids: reader.ids)
      placement.check()
      reader.diagnostics.add(contentsOf: placement.diagnostics)
  public static func load(path: String, text: String) -> LoadedPlan {
    load(SourceFile(path: path, text: text))
  }
}
