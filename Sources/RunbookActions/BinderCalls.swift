import OrderedCollections
import RunbookPlan
import RunbookSyntax

extension Binder {
  /// Finds the action behind a call and looks at everything that is given to it.
  mutating func bind(_ call: ActionCall) -> BoundCall? {
    guard let entry = catalog.entry(named: call.name) else {
      report(
        .unknownAction, "unknown action '\(call.name)'", at: call.nameRange,
        help: nearest(to: call.name, among: catalog.names).map { "did you mean '\($0)'?" }
          ?? "actions are \(catalog.names.joined(separator: ", "))")
      return nil
    }
    let descriptor = entry.descriptor
    if entry.action == nil { unbuilt.append(UnbuiltPart(what: "the action \(call.name)", range: call.nameRange)) }
    checkTarget(call, descriptor)
    var usesCollection = false
    if descriptor.targetType == "mongodb", call.collection != nil { usesCollection = descriptor.needsCollection }
    if descriptor.needsCollection, call.collection == nil, !takesSelection(call), !plan.isFragment {
      report(
        .missingCollection, "\(call.name) needs a collection", at: call.nameRange,
        help: "add 'collection: NAME' beside 'action', or under 'defaults'")
    }
    if !descriptor.needsCollection, let collection = call.collection, !call.collectionIsDefault {
      report(.missingCollection, "\(call.name) works on no collection", at: collection.range, help: "remove 'collection'")
    }
    checkArguments(call, entry)
    let parts = checkRules(of: call, descriptor)
    return BoundCall(call, entry, usesTarget: usesTarget(call, descriptor), usesCollection: usesCollection, parts: parts)
  }

  /// A default target applies only to actions of its type; where there is none of it, a program runs on this machine.
  private func usesTarget(_ call: ActionCall, _ descriptor: ActionDescriptor) -> Bool {
    guard let type = descriptor.targetType, let target = call.target else { return false }
    guard call.targetIsDefault, case .scalar(let name) = target.content else { return true }
    return self.type(ofTarget: name.text) == type
  }

  private func type(ofTarget name: String) -> String? {
    for index in plan.targets.indices where plan.targets[index].name == name { return plan.targets[index].type }
    return nil
  }

  /// `mongodb.compare` names its collections among its arguments.
  private func takesSelection(_ call: ActionCall) -> Bool {
    call.arguments.contains { $0.key == "left" || $0.key == "from" }
  }

  private mutating func checkTarget(_ call: ActionCall, _ descriptor: ActionDescriptor) {
    guard let type = descriptor.targetType else {
      if let target = call.target, !call.targetIsDefault {
        report(.wrongTarget, "\(call.name) works on no target", at: target.range, help: "remove 'target'")
      }
      return
    }
    guard let target = call.target, case .scalar(let scalar) = target.content, let declared = self.type(ofTarget: scalar.text) else {
      if call.target == nil, type != "exec", !plan.isFragment {
        let fitting = plan.targets.filter { $0.type == type }.map(\.name)
        report(
          .wrongTarget, "\(call.name) needs a target of type \(type)", at: call.nameRange,
          help: fitting.isEmpty ? "declare one under 'targets'" : "add 'target: \(fitting[0])', or set it under 'defaults'")
      }
      return
    }
    if declared != type {
      // A default counts only for actions of its type, so here there is none.
      let fitting = plan.targets.filter { $0.type == type }.map(\.name)
      if call.targetIsDefault, type == "exec" { return }
      report(
        .wrongTarget, "\(call.name) needs a target of type \(type), and '\(scalar.text)' is of type \(declared)",
        at: call.targetIsDefault ? call.nameRange : target.range,
        help: fitting.isEmpty ? "declare one under 'targets'" : "write 'target: \(fitting.joined(separator: "' or '"))'")
    }
  }

  private mutating func checkArguments(_ call: ActionCall, _ entry: ActionCatalog.Entry) {
    let checked = Resolver.check(
      arguments: call.arguments, fields: entry.descriptor.fields, owner: call.name, opener: call.nameRange, types: known,
      in: plan.file)
    if !checked.diagnostics.isEmpty { diagnostics += checked.diagnostics }
    if !checked.unbuilt.isEmpty, entry.action != nil {
      for key in checked.unbuilt { unbuilt.append(UnbuiltPart(what: "the key '\(key.key)' of \(call.name)", range: key.range)) }
    }
    guard checked.diagnostics.isEmpty, let action = entry.action else { return }
    for problem in action.review(arguments: checked.values, unknown: checked.unknown) {
      if problem.isUnbuilt {
        unbuilt.append(UnbuiltPart(what: "\(call.name): \(problem.message)", range: place(of: problem.path, in: call)))
        continue
      }
      report(.argument, "\(call.name): \(problem.message)", at: place(of: problem.path, in: call), help: problem.help)
    }
  }

  /// The range of a part of the arguments; of the nearest part above it that is written.
  private func place(of path: [String], in call: ActionCall) -> SourceRange {
    guard let first = path.first, let entry = call.arguments.first(where: { $0.key == first }) else { return call.nameRange }
    var (range, template) = (entry.keyRange, entry.value)
    for part in path.dropFirst() {
      switch template.content {
      case .map(let entries):
        guard let next = entries.first(where: { $0.key == part }) else { return range }
        (range, template) = (next.keyRange, next.value)
      case .list(let items):
        guard let index = Int(part), items.indices.contains(index) else { return range }
        (range, template) = (items[index].range, items[index])
      case .scalar, .reference, .interpolation: return template.range
      }
    }
    return range
  }

  // MARK: matchers against outputs

  /// What a matcher looks at must be an output, and what it compares with must be of its type.
  mutating func review(_ matcher: Matcher, of descriptor: ActionDescriptor) {
    switch matcher {
    case .all(let parts), .any(let parts): for part in parts { review(part, of: descriptor) }
    case .not(let part): review(part, of: descriptor)
    case .test(let test): review(test, of: descriptor)
    }
  }

  private mutating func review(_ test: MatcherTest, of descriptor: ActionDescriptor) {
    let field = test.operator == .notWorseThan ? test.comparedField : test.field
    guard let name = field?.parts.first ?? descriptor.mainOutput else {
      report(.output, "\(descriptor.name) has no main output: 'field' must say which is meant", at: test.range)
      return
    }
    guard let output = descriptor.outputs.first(where: { $0.name == name }) else {
      if descriptor.hasOutputsByArgument { return }
      let names = descriptor.outputs.map(\.name)
      report(
        .output, "\(descriptor.name) has no output '\(name)'", at: test.range,
        help: nearest(to: name, among: names).map { "did you mean '\($0)'?" } ?? "its outputs are \(names.joined(separator: ", "))")
      return
    }
    if test.operator == .notWorseThan { return review(comparison: test, of: output, of: descriptor) }
    guard (field?.parts.count ?? 1) == 1 else { return }
    compare(test, with: output.type, called: "output '\(name)' of \(descriptor.name)")
  }
}
