import OrderedCollections
import RunbookActions
import RunbookLint
import RunbookPlan

/// The same as data.
extension Explanation {
  func value(_ subjects: [Subject]) -> Value {
    .list(
      subjects.map { subject in
        switch subject {
        case .code(let code, let page): .object(["kind": "code", "name": .string(code), "page": .string(page)])
        case .action(let descriptor): value(descriptor)
        case .mapping(let mapping):
          .object([
            "kind": "mapping", "name": .string(mapping.name), "words": .string(mapping.words),
            "keys": .list(mapping.keys.map { .map(value($0)) }),
          ])
        case .key(let key, let mapping): .map(value(key).merging(["kind": "key", "in": .string(mapping.name)]) { $1 })
        case .rule(let rule): value(rule)
        case .field(let field, let descriptor):
          .map(value(field, path: field.name, of: descriptor).merging(["kind": "field", "action": .string(descriptor.name)]) { $1 })
        }
      })
  }

  /// What there is to explain.
  var topics: Value {
    .object([
      "actions": .list(
        catalog.names.compactMap { catalog.descriptor(named: $0) }.map {
          .object(["name": .string($0.name), "summary": .string($0.summary), "isBuilt": .bool(isBuilt($0))])
        }),
      "keys": .list(keys.map(Value.string)),
      "codes": .list(codes.map { .object(["code": .string($0.code), "title": .string($0.title)]) }),
      "rules": .list(
        Lint.rules.map {
          .object([
            "code": .string($0.code), "name": .string($0.name), "severity": .string($0.severity.rawValue), "summary": .string($0.summary),
          ])
        }),
    ])
  }

  private func value(_ rule: LintRule) -> Value {
    .object([
      "kind": "rule", "name": .string(rule.name), "code": .string(rule.code), "severity": .string(rule.severity.rawValue),
      "summary": .string(rule.summary), "reason": .string(rule.reason), "bad": .list(rule.bad.map { .string($0.text) }),
      "good": .list(rule.good.map { .string($0.text) }),
    ])
  }

  private func value(_ descriptor: ActionDescriptor) -> Value {
    var map: ValueMap = [
      "kind": "action", "name": .string(descriptor.name), "summary": .string(descriptor.summary), "isBuilt": .bool(isBuilt(descriptor)),
      "isMutating": .bool(descriptor.isMutating), "targetType": descriptor.targetType.map(Value.string) ?? .null,
      "needsCollection": .bool(descriptor.needsCollection), "effectClass": .string(descriptor.effectClass.rawValue),
      "interrupt": .string(descriptor.interrupt.rawValue), "afterCrash": .string(descriptor.resumeText),
      "wayBack": .string(descriptor.inverseText),
    ]
    map["fields"] = .list(descriptor.flatFields.map { .map(value($0.field, path: $0.path, of: descriptor)) })
    map["outputs"] = .list(
      descriptor.outputs.map {
        .object([
          "name": .string($0.name), "type": .string($0.type.tableText), "summary": .string($0.summary),
          "isMain": .bool($0.name == descriptor.mainOutput),
        ])
      })
    map["example"] = .string(descriptor.example)
    return .map(map)
  }

  private func value(_ field: FieldType.Field, path: String, of descriptor: ActionDescriptor) -> ValueMap {
    [
      "name": .string(path), "type": .string(field.type.tableText), "isRequired": .bool(field.isRequired),
      "default": field.defaultText.map(Value.string) ?? .null, "summary": .string(field.summary),
      "isBuilt": .bool(isBuilt(descriptor) && field.isBuilt),
    ]
  }

  private func value(_ key: FormatKeyDescription) -> ValueMap {
    [
      "name": .string(key.name), "takes": .string(key.shape.words), "isRequired": .bool(key.isRequired),
      "default": key.defaultText.map(Value.string) ?? .null, "summary": .string(key.summary),
    ]
  }
}
