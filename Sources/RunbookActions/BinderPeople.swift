import RunbookPlan
import RunbookSyntax

/// Rules of the format that concern single actions by name.
extension Binder {
  /// - Returns: the measurements and checks among its arguments, which are asked on behalf of the call; nil where there are none.
  mutating func checkRules(of call: ActionCall, _ descriptor: ActionDescriptor) -> BoundCall.NestedParts? {
    switch call.name {
    case "manual.confirm":
      checkPeople(call)
      for argument in call.arguments where argument.key == "items" {
        guard case .list(let items) = argument.value.content else { continue }
        for item in items { if let by = item["by"] { checkPeople(by) } }
      }
    case "manual.approve":
      checkPeople(call)
      checkMinimum(call)
    case "shell.run": checkScript(call)
    default: break
    }
    guard descriptor.mayHoldChecks else { return nil }
    var nested = BoundCall.NestedParts()
    for argument in call.arguments {
      guard let field = descriptor.fields.first(where: { $0.name == argument.key }) else { continue }
      switch field.type {
      case .measurement: nested.measurements[argument.key] = measurement(argument.value, in: call)
      case .check: nested.checks[argument.key] = nestedCheck(argument.value, in: call)
      default: checkNested(argument.value, as: field.type, at: argument.key, in: call, &nested)
      }
    }
    return nested.measurements.isEmpty && nested.checks.isEmpty ? nil : nested
  }

  private mutating func checkPeople(_ call: ActionCall) {
    for argument in call.arguments where argument.key == "by" { checkPeople(argument.value) }
  }

  /// Whoever is asked must be declared: a name that nobody has would wait for ever.
  private mutating func checkPeople(_ by: Template) {
    var names: [Template] = [by]
    if case .list(let items) = by.content { names = items }
    var seen: Set<String> = []
    for name in names {
      guard case .scalar(let scalar) = name.content else { continue }
      if !seen.insert(scalar.text).inserted {
        report(.argument, "'\(scalar.text)' is listed twice", at: name.range, help: "remove one of the two")
      }
      if plan.isFragment || plan.people.contains(where: { $0.id == scalar.text }) { continue }
      let people = plan.people.map(\.id)
      diagnostics.append(
        Diagnostic(
          PlanCode.unknownPerson, "nobody called '\(scalar.text)' is declared under 'people'", at: plan.place(of: name.range),
          help: nearest(to: scalar.text, among: people).map { "did you mean '\($0)'?" }
            ?? (people.isEmpty ? "write people: { \(scalar.text): { name: … } }" : "people are \(people.joined(separator: ", "))")))
    }
  }

  private mutating func checkMinimum(_ call: ActionCall) {
    guard let by = call.arguments.first(where: { $0.key == "by" })?.value, case .list(let people) = by.content,
      people.allSatisfy({ if case .scalar = $0.content { true } else { false } }),
      let minimum = call.arguments.first(where: { $0.key == "minimum" })?.value, case .scalar(let scalar) = minimum.content,
      let number = Int(scalar.text), number > people.count
    else { return }
    report(
      .argument, "\(call.name): \(number) people have to approve, and 'by' names \(people.count)", at: minimum.range,
      help: "lower 'minimum', or name more people")
  }

  /// A value that became part of a script would be read as commands.
  private mutating func checkScript(_ call: ActionCall) {
    guard let script = call.arguments.first(where: { $0.key == "run" })?.value else { return }
    for reference in script.references {
      diagnostics.append(
        Diagnostic(
          PlanCode.referenceNotHere, "a script takes no reference: a shell would read its value as commands",
          at: plan.place(of: reference.range), help: "write env: { NAME: \"${{ \(reference.text) }}\" }, and \"$NAME\" in the script"))
    }
  }

  // MARK: checks and measurements inside arguments

  /// - Parameter path: the keys that lead to the value, with dots between them.
  private mutating func checkNested(
    _ template: Template, as type: FieldType, at path: String, in call: ActionCall, _ nested: inout BoundCall.NestedParts
  ) {
    switch (type, template.content) {
    case (.check, .map): nested.checks[path] = nestedCheck(template, in: call)
    case (.measurement, .map): _ = measurement(template, in: call)
    case (.object(let fields), .map(let entries)):
      for entry in entries {
        guard let field = fields.first(where: { $0.name == entry.key }) else { continue }
        checkNested(entry.value, as: field.type, at: path + "." + entry.key, in: call, &nested)
      }
    case (.list(let element), .list(let items)):
      for (index, item) in items.enumerated() { checkNested(item, as: element, at: "\(path).\(index)", in: call, &nested) }
    case (.oneOf(let types), _):
      // Only what can hold a check is gone into, and only where the value is of that kind.
      for type in types where type.mayHoldChecks { checkNested(template, as: type, at: path, in: call, &nested) }
    default: break
    }
  }

  /// A check that stands inside a call, for its action to ask again and again.
  private mutating func nestedCheck(_ template: Template, in call: ActionCall) -> BoundCheck? {
    guard case .map = template.content else { return nil }
    let (check, found) = plan.nestedCheck(template, in: call)
    diagnostics += found
    guard let check else { return nil }
    guard case .action(let nested) = check.source else {
      report(.argument, "a value does not change while it is waited for", at: check.range, help: "write a check with an action")
      return nil
    }
    if ["manual.", "wait.", "baseline."].contains(where: { nested.name.hasPrefix($0) }) || nested.name == "note" {
      report(
        .argument, "\(nested.name) cannot be asked again and again", at: nested.nameRange, help: "name an action that looks at a target")
      return nil
    }
    guard let bound = bindNested(nested) else { return nil }
    if let expect = check.expect {
      review(expect, of: bound.descriptor)
      noteUnbuiltComparisons(in: expect, "in a check inside arguments")
    }
    return BoundCheck(check: check, call: bound, limits: Limits(timeout: limit(check.timeout, "timeout")))
  }

  /// A measurement, `{ action, target, collection, with }`, that stands inside another call or inside what a check expects.
  mutating func measurement(_ template: Template, in call: ActionCall) -> BoundCall? {
    guard case .map = template.content else { return nil }
    let (nested, found) = plan.nestedCall(template, in: call)
    diagnostics += found
    guard let nested else { return nil }
    if ["manual.", "wait.", "baseline."].contains(where: { nested.name.hasPrefix($0) }) || nested.name == "note" {
      report(.argument, "\(nested.name) measures nothing", at: nested.nameRange, help: "name an action that looks at a target")
      return nil
    }
    return bindNested(nested)
  }

  private mutating func bindNested(_ call: ActionCall) -> BoundCall? {
    guard let bound = bind(call) else { return nil }
    guard bound.descriptor.isMutating else { return bound }
    report(
      .mutatingCheck, "\(call.name) changes something and cannot be used inside arguments", at: call.nameRange,
      help: "use an action that reads")
    return nil
  }
}

extension FieldType {
  fileprivate var mayHoldChecks: Bool {
    switch self {
    case .check, .measurement, .object, .list: true
    default: false
    }
  }

  /// Whether a check or a measurement can stand in a value of this type.
  var holdsChecks: Bool {
    switch self {
    case .check, .measurement: true
    case .object(let fields): fields.contains { $0.type.holdsChecks }
    case .list(let element): element.holdsChecks
    case .oneOf(let types): types.contains { $0.holdsChecks }
    default: false
    }
  }
}
