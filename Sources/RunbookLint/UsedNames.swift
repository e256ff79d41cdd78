import RunbookPlan

/// Names of what is declared, as far as something refers to it.
struct UsedNames {
  var params: Set<String> = []
  var secrets: Set<String> = []
  var targets: Set<String> = []

  init() {}

  init(_ facts: PlanFacts) {
    var (params, secrets): (Set<String>, Set<String>) = ([], [])
    facts.eachReference { reference in
      guard let name = reference.path.first else { return }
      if reference.root == .params { params.insert(name) }
      if reference.root == .secrets { secrets.insert(name) }
    }
    (self.params, self.secrets) = (params, secrets)
    var targets: Set<String> = []
    facts.eachCall { call, _ in
      if call.usesTarget, let name = call.call.target?.scalar { targets.insert(name.text) }
      for argument in call.call.arguments { Self.collect(argument.key, argument.value, &targets) }
    }
    for told in facts.plan.notifications { if let name = told.scalar { targets.insert(name.text) } }
    self.targets = targets
  }

  /// `{ target: NAME }` and `toTarget` among arguments.
  private static func collect(_ key: String, _ template: Template, _ names: inout Set<String>) {
    switch template.content {
    case .scalar(let scalar): if key == "target" || key == "toTarget" { names.insert(scalar.text) }
    case .map(let entries): for entry in entries { collect(entry.key, entry.value, &names) }
    case .list(let items): for item in items { collect("", item, &names) }
    case .reference, .interpolation: break
    }
  }
}
