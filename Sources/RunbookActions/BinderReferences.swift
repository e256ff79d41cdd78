import OrderedCollections
import RunbookPlan
import RunbookSyntax

/// What references and matchers say about the outputs of actions: that there is such an output, and that what is compared with it can be
/// compared. Looked at when every call has met its descriptor.
extension Binder {
  mutating func checkReferences() {
    for phase in plan.phases {
      if let when = phase.when { look(when) }
    }
    for bound in referringSteps {
      look(bound.call.call)
      if let when = bound.step.when { look(when) }
      if let outputs = bound.step.outputsWhenSkipped { look(outputsWhenSkipped: outputs, of: bound) }
    }
    for bound in known.checks.values {
      if let when = bound.check.when { look(when) }
      if let call = bound.call { look(call.call) }
      if let expect = bound.check.expect { look(expect) }
      guard case .value(let value) = bound.check.source else { continue }
      look(value)
      if let expect = bound.check.expect { compare(expect, with: value) }
    }
    for bound in triggers {
      look(bound.call.call)
      look(bound.trigger.expect)
    }
  }

  /// What a skipped step is said to have given must be outputs of its action, in their types.
  private mutating func look(outputsWhenSkipped template: Template, of bound: BoundStep) {
    look(template)
    guard case .map(let entries) = template.content, !bound.call.descriptor.hasOutputsByArgument else { return }
    let fields = bound.call.descriptor.outputs.map { FieldType.Field($0.name, $0.type, $0.summary) }
    diagnostics +=
      Resolver.check(
        arguments: entries, fields: fields, owner: "'outputsWhenSkipped' of \(bound.call.descriptor.name)", opener: template.range,
        types: known, in: plan.file
      ).diagnostics
  }

  private mutating func look(_ call: ActionCall) {
    guard call.refersToEvents else { return }
    for argument in call.arguments { look(argument.value) }
    if let target = call.target, !call.targetIsDefault { look(target) }
    if let collection = call.collection, !call.collectionIsDefault { look(collection) }
  }

  private mutating func look(_ condition: Condition) {
    look(condition.value)
    look(condition.matcher)
    refuseComparisons(in: condition.matcher)
    compare(condition.matcher, with: condition.value)
  }

  private mutating func look(_ matcher: Matcher) {
    switch matcher {
    case .test(let test):
      look(test.operand)
      if test.operator == .notWorseThan, let name = test.operand["baseline"], case .scalar(let step) = name.content {
        requireBaseline(step.text, at: name.range)
      }
    case .all(let parts), .any(let parts): for part in parts { look(part) }
    case .not(let part): look(part)
    }
  }

  private mutating func look(_ template: Template) {
    switch template.content {
    case .scalar: break
    case .reference(let reference): look(reference)
    case .interpolation(let pieces): for case .reference(let reference) in pieces { look(reference) }
    case .list(let items): for item in items { look(item) }
    case .map(let entries): for entry in entries { look(entry.value) }
    }
  }

  private mutating func look(_ reference: Reference) {
    let path = reference.path
    switch reference.root {
    case .steps where path.count >= 3 && path[1] == "outputs":
      guard let call = known.steps[path[0]]?.call else { return }
      requireOutput(path.dropFirst(2), of: call.descriptor, reference)
    case .checks where path.count >= 3 && path[1] == "outputs":
      guard let call = known.checks[path[0]]?.call else { return }
      requireOutput(path.dropFirst(2), of: call.descriptor, reference)
    case .captured where path.count >= 2:
      guard let call = known.checks[path[0]]?.call else { return }
      requireOutput(path.dropFirst(), of: call.descriptor, reference)
    case .baselines where path.count >= 2:
      guard requireBaseline(path[0], at: reference.range), let measured = known.measured(by: path[0]) else { return }
      requireOutput(path.dropFirst(), of: measured, reference)
    default: break
    }
  }

  private mutating func requireOutput(_ path: ArraySlice<String>, of descriptor: ActionDescriptor, _ reference: Reference) {
    guard let name = path.first, !descriptor.hasOutputsByArgument else { return }
    guard let output = descriptor.outputs.first(where: { $0.name == name }) else {
      let names = descriptor.outputs.map(\.name)
      report(
        .output, "\(descriptor.name) has no output '\(name)'", at: reference.range,
        help: nearest(to: name, among: names).map { "did you mean '\($0)'?" } ?? "its outputs are \(names.joined(separator: ", "))")
      return
    }
    guard path.count > 1, !output.type.hasParts else { return }
    report(
      .output, "output '\(name)' of \(descriptor.name) is \(output.type.words), which has no parts", at: reference.range,
      help: "end the reference with '\(name)'")
  }

  /// Whether the step records a baseline; says so where it does not.
  @discardableResult
  private mutating func requireBaseline(_ step: String, at range: SourceRange) -> Bool {
    guard let call = known.steps[step]?.call, call.descriptor.name != "baseline.record" else { return known.steps[step] != nil }
    report(
      .output, "step '\(step)' records no baseline: its action is \(call.descriptor.name)", at: range,
      help: "name a step with action baseline.record")
    return false
  }

  // MARK: what can be compared

  /// A value that is looked at itself, not an output of an action.
  private mutating func compare(_ matcher: Matcher, with value: Template) {
    guard case .reference(let reference) = value.content, let type = known.type(of: reference) else { return }
    compare(matcher, with: type, called: "'\(reference.text)'")
  }

  private mutating func compare(_ matcher: Matcher, with type: FieldType, called name: String) {
    switch matcher {
    case .all(let parts), .any(let parts): for part in parts { compare(part, with: type, called: name) }
    case .not(let part): compare(part, with: type, called: name)
    case .test(let test): if test.field == nil { compare(test, with: type, called: name) }
    }
  }

  /// Whether what a test compares with is of the type that it looks at.
  mutating func compare(_ test: MatcherTest, with type: FieldType, called name: String) {
    for operand in operands(of: test) where !fits(operand, type) {
      report(
        .output, "\(name) is \(type.words), which this cannot be compared with", at: operand.range, help: example(of: type))
    }
  }

  private func operands(of test: MatcherTest) -> [Template] {
    switch test.operator {
    case .equals, .notEquals, .atLeast, .atMost, .above, .below: return [test.operand]
    case .between, .oneOf: if case .list(let items) = test.operand.content { return items } else { return [] }
    case .matches, .contains, .exists, .isEmpty, .hasFields, .notWorseThan: return []
    }
  }

  private func fits(_ operand: Template, _ type: FieldType) -> Bool {
    if case .reference(let reference) = operand.content { return known.type(of: reference).map { Self.areComparable($0, type) } ?? true }
    guard case .scalar(let scalar) = operand.content, !(scalar.isPlain && scalar.text == "null") else { return true }
    func reads(as type: FieldType) -> Bool { Resolver.check(operand, as: type, types: known, in: plan.file).diagnostics.isEmpty }
    switch type {
    case .duration: return reads(as: .duration)
    case .boolean: return reads(as: .boolean)
    case .integer, .number, .percentage, .size: return reads(as: .number) || reads(as: .percentage) || reads(as: .size)
    case .timestamp: return reads(as: .timestamp) || reads(as: .date)
    case .choice(let words): return words.contains(scalar.text)
    default: return true
    }
  }

  /// Values of different kinds are never equal, and none is greater.
  private static func areComparable(_ left: FieldType, _ right: FieldType) -> Bool {
    guard let left = left.kind, let right = right.kind else { return true }
    return left == right
  }

  private func example(of type: FieldType) -> String? {
    switch type {
    case .duration: "write a duration, like 250ms"
    case .boolean: "write true or false"
    case .integer, .number, .size: "write a number, like 10"
    case .percentage: "write a percentage, like 100%"
    case .timestamp: "write a moment with its offset, like 2025-01-18T14:00:00Z"
    case .choice(let words): "it is one of \(words.joined(separator: ", "))"
    default: nil
    }
  }
}

extension FieldType {
  fileprivate enum Kind { case number, duration, boolean, timestamp, text, list, map }

  /// Values of one kind can be compared; nil where only the run tells the kind.
  fileprivate var kind: Kind? {
    switch self {
    case .integer, .number, .percentage, .size: .number
    case .duration: .duration
    case .boolean: .boolean
    case .timestamp: .timestamp
    case .text, .date, .choice: .text
    case .list, .documents: .list
    case .mapping, .object, .document: .map
    case .any, .check, .measurement, .oneOf: nil
    }
  }

  /// Whether a reference may go on into the value.
  fileprivate var hasParts: Bool {
    switch kind {
    case .list, .map, nil: true
    default: false
    }
  }

  /// The type of a part of the value, as far as it is known.
  fileprivate func part(_ path: ArraySlice<String>) -> FieldType? {
    guard let first = path.first else { return self }
    switch self {
    case .mapping(let element): return element.part(path.dropFirst())
    case .list(let element): return Int(first) == nil ? nil : element.part(path.dropFirst())
    case .object(let fields): return fields.first { $0.name == first }?.type.part(path.dropFirst())
    default: return nil
    }
  }
}

/// What is bound so far, by its names: it tells the types of references as far as declarations and descriptors know them. A class, so that it can be
/// handed to whoever reads a value while the binder goes on adding to it.
final class KnownTypes: ReferenceTypes {
  private let paramTypes: [String: FieldType]
  private let catalog: ActionCatalog
  var steps: OrderedDictionary<String, BoundStep> = [:]
  var checks: OrderedDictionary<String, BoundCheck> = [:]

  init(_ plan: Plan, _ catalog: ActionCatalog) {
    self.catalog = catalog
    paramTypes = Dictionary(plan.params.map { ($0.name, $0.type) }, uniquingKeysWith: { first, _ in first })
  }

  /// What a baseline's step measures with.
  func measured(by step: String) -> ActionDescriptor? {
    guard let measure = steps[step]?.call.call.arguments.first(where: { $0.key == "measure" })?.value,
      case .scalar(let name)? = measure["action"]?.content
    else { return nil }
    return catalog.descriptor(named: name.text)
  }

  func type(of reference: Reference) -> FieldType? {
    let path = reference.path
    switch reference.root {
    case .params: return path.count == 1 ? paramTypes[path[0]] : nil
    case .metadata: return path == ["keepUndo"] ? .duration : .text
    case .run: return path == ["startedAt"] ? .timestamp : path == ["date"] ? .date : .text
    case .phases, .secrets: return .text
    case .steps:
      if path.count == 2, path[1] == "status" { return .text }
      return path.count >= 3 && path[1] == "outputs" ? output(path.dropFirst(2), of: steps[path[0]]?.call.descriptor) : nil
    case .checks:
      if path.count == 2, path[1] == "verdict" { return .text }
      return path.count >= 3 && path[1] == "outputs" ? output(path.dropFirst(2), of: checks[path[0]]?.call?.descriptor) : nil
    case .captured: return output(path.dropFirst(), of: checks[path[0]]?.call?.descriptor)
    case .baselines: return output(path.dropFirst(), of: measured(by: path[0]))
    case .triggers:
      switch path.last {
      case "verdict": return .text
      case "samples", "failures": return .integer()
      case "errorRate": return .percentage
      case "longestGap", "p50", "p95": return .duration
      default: return nil
      }
    case .sample: return path == ["n"] ? .integer() : nil
    }
  }

  private func output(_ path: ArraySlice<String>, of descriptor: ActionDescriptor?) -> FieldType? {
    guard let descriptor, let name = path.first else { return nil }
    return descriptor.outputs.first { $0.name == name }?.type.part(path.dropFirst())
  }
}
