import OrderedCollections
import RunbookActions
import RunbookPlan

/// JSON Schema (2020-12) of the format, made from the key tables of the loader and the descriptors of the actions. What a schema cannot say is
/// left to `runbook validate`: order and types of references, ids that are taken, rules between arguments.
struct PlanSchema {
  let actions: [ActionDescriptor]

  init(catalog: ActionCatalog) {
    actions = catalog.names.compactMap { catalog.descriptor(named: $0) }
  }

  /// The schema of a whole file.
  var document: Value {
    var schema: ValueMap = [
      "$schema": .string(Self.dialect), "$id": "urn:runbook:v1", "title": "A plan of runbook",
      "description":
        "Format runbook/v1. Keys that begin with x- are passed over. 'runbook validate' checks what a schema cannot say.",
    ]
    schema.merge(mapping(FormatDescription.mapping("runbook"))) { $1 }
    schema["required"] = ["apiVersion", "kind"]
    schema["if"] = ["properties": ["kind": ["const": "Fragment"]]]
    schema["else"] = [
      "required": .list((FormatDescription.mapping("runbook")?.keys ?? []).filter(\.isRequired).map { .string($0.name) }),
      "properties": ["steps": false],
    ]
    schema["$defs"] = .map(definitions)
    return .map(schema)
  }

  /// The schema of one action's arguments.
  func arguments(of descriptor: ActionDescriptor) -> Value {
    var schema: ValueMap = ["$schema": .string(Self.dialect), "$id": .string("urn:runbook:v1:\(descriptor.name)")]
    schema.merge(argumentSchema(descriptor)) { $1 }
    schema["$defs"] = .map(SchemaType.definitions)
    return .map(schema)
  }

  private static let dialect = "https://json-schema.org/draft/2020-12/schema"

  // MARK: definitions

  private var definitions: ValueMap {
    var all = SchemaType.definitions
    for entry in FormatDescription.mappings where !["runbook", "check", "step"].contains(entry.name) {
      all[entry.name] = .map(mapping(entry))
    }
    for site in CheckSite.allCases { all["check-\(site.rawValue)"] = .map(check(site)) }
    all["step"] = .map(step(forward: true))
    all["step-undo"] = .map(step(forward: false))
    all["step-afterRollback"] = .map(step(forward: false))
    all["target"] = .map(target)
    all["param"] = .map(param)
    all["call"] = .map(call)
    for descriptor in actions { all["with-\(descriptor.name)"] = .map(argumentSchema(descriptor)) }
    return all
  }

  private func mapping(_ mapping: FormatMapping?, mayChange: Bool = true) -> ValueMap {
    guard let mapping else { return [:] }
    var properties: ValueMap = [:]
    for key in mapping.keys { properties[key.name] = property(key, mayChange: mayChange) }
    var schema = SchemaType.closed(properties, required: mapping.keys.filter(\.isRequired).map(\.name))
    schema["description"] = .string(mapping.words)
    switch mapping.name {
    case "matcher", "condition":
      let operators = mapping.keys.map(\.name).filter { $0 != "field" && $0 != "value" }
      schema["anyOf"] = .list(operators.map { ["required": [.string($0)]] })
    case "rollback": schema["dependentRequired"] = ["acknowledged": ["none"]]
    case "failures", "identity": schema["minProperties"] = mapping.name == "identity" ? 1 : 0
    default: break
    }
    let exclusive = mapping.alternatives.map { keys in Value.object(["oneOf": .list(keys.map { ["required": [.string($0)]] })]) }
    if !exclusive.isEmpty { schema["allOf"] = .list(exclusive) }
    return schema
  }

  private func property(_ key: FormatKeyDescription, mayChange: Bool) -> Value {
    var schema = shape(key.shape, mayChange: mayChange)
    schema["description"] = .string(key.summary + (key.defaultText.map { " Default: \($0)." } ?? ""))
    return .map(schema)
  }

  private func shape(_ shape: FormatShape, mayChange: Bool = true) -> ValueMap {
    switch shape {
    case .text: return SchemaType.reference(to: "text")
    case .word(let words): return ["enum": .list(words.map(Value.string))]
    case .id: return SchemaType.reference(to: "id")
    case .boolean: return SchemaType(.boolean, allowsReferences: false).schema
    case .integer(let min, let max): return SchemaType(.integer(min: min, max: max), allowsReferences: false).schema
    case .duration: return SchemaType(.duration, allowsReferences: false).schema
    case .backoff: return SchemaType.reference(to: "backoff")
    case .value(let type): return SchemaType(type).schema
    case .ordered: return SchemaType.reference(to: "ordered")
    case .matcher: return SchemaType.reference(to: "matcher")
    case .action: return ["enum": .list(actions.filter { mayChange || !$0.isMutating }.map { .string($0.name) })]
    case .arguments: return ["type": "object"]
    case .mapping(let name): return SchemaType.reference(to: name)
    case .named(let name):
      return [
        "type": "object", "propertyNames": ["pattern": .string(SchemaType.namePattern)],
        "additionalProperties": .map(SchemaType.reference(to: name)),
      ]
    case .list(let element, let least):
      var list: ValueMap = ["type": "array", "items": .map(self.shape(element, mayChange: mayChange))]
      if least > 0 { list["minItems"] = .integer(Int64(least)) }
      // The one list that is a pair.
      if least == 2 { return SchemaType.orReference(list.merging(["maxItems": 2]) { $1 }) }
      return list
    case .rollback:
      let auto: Value = ["const": "auto"]
      let undo: Value = ["type": "array", "minItems": 1, "items": ["anyOf": [auto, .map(SchemaType.reference(to: "step-undo"))]]]
      return ["anyOf": [auto, undo, .map(SchemaType.reference(to: "rollback"))]]
    case .oneOf(let shapes): return ["anyOf": .list(shapes.map { .map(self.shape($0, mayChange: mayChange)) })]
    }
  }

  // MARK: steps and checks

  private func step(forward: Bool) -> ValueMap {
    var described = FormatDescription.mapping("step")
    if !forward {
      let keys = (described?.keys ?? []).filter { !FormatDescription.forwardOnlyKeys.contains($0.name) }
      described?.keys = keys.map { (key: FormatKeyDescription) -> FormatKeyDescription in
        var key = key
        if key.name == "verify" { key.shape = .list(.mapping("check-undoVerify"), atLeast: 0) }
        return key
      }
    }
    var schema = mapping(described)
    schema["allOf"] = [.map(SchemaType.reference(to: "call"))]
    return schema
  }

  /// A check as its place allows it.
  private func check(_ site: CheckSite) -> ValueMap {
    var described = FormatDescription.mapping("check")
    let policies = ["onFail": site.onFail, "onError": site.onOther, "onNoData": site.onOther]
    let keys = (described?.keys ?? []).compactMap { (key: FormatKeyDescription) -> FormatKeyDescription? in
      var key = key
      if key.name == "recheck", !site.allowsRecheck { return nil }
      guard let words = policies[key.name] else { return key }
      key.shape = .word(words)
      return words.isEmpty ? nil : key
    }
    described?.keys = keys
    var schema = mapping(described, mayChange: false)
    let hasValue: Value = [
      "if": ["required": ["value"]],
      "then": ["properties": ["with": false, "target": false, "collection": false]],
    ]
    let isExpected: Value = [
      "if": ["properties": ["action": ["const": "manual.confirm"]], "required": ["action"]], "then": true,
      "else": ["required": ["expect"]],
    ]
    schema["allOf"] = .list((schema["allOf"]?.listValue ?? []) + [.map(SchemaType.reference(to: "call")), hasValue, isExpected])
    return schema
  }

  /// What an action is given, by its name.
  private var call: ValueMap {
    let cases = actions.map { descriptor -> Value in
      var then: ValueMap = ["properties": ["with": .map(SchemaType.reference(to: "with-\(descriptor.name)"))]]
      if descriptor.fields.contains(where: \.isRequired) { then["required"] = ["with"] }
      return ["if": ["properties": ["action": ["const": .string(descriptor.name)]], "required": ["action"]], "then": .map(then)]
    }
    return ["allOf": .list(cases)]
  }

  private func argumentSchema(_ descriptor: ActionDescriptor) -> ValueMap {
    var properties = SchemaType.properties(descriptor.fields)
    if descriptor.targetType != nil, properties["target"] == nil {
      properties["target"] = ["$ref": "#/$defs/templateText", "description": "The target; it may also stand beside `action`."]
    }
    if descriptor.needsCollection, properties["collection"] == nil {
      properties["collection"] = ["$ref": "#/$defs/templateText", "description": "The collection; it may also stand beside `action`."]
    }
    var schema = SchemaType.closed(properties, required: descriptor.fields.filter(\.isRequired).map(\.name))
    schema["title"] = .string(descriptor.name)
    schema["description"] = .string(descriptor.summary)
    return schema
  }

  // MARK: declarations

  private var target: ValueMap {
    let cases = FormatDescription.targetTypes.map { type -> Value in
      [
        "if": ["properties": ["type": ["const": .string(type)]], "required": ["type"]], "then": ["$ref": .string("#/$defs/target-\(type)")],
      ]
    }
    return [
      "type": "object", "required": ["type"], "allOf": .list(cases),
      "properties": ["type": ["enum": .list(FormatDescription.targetTypes.map(Value.string))]],
    ]
  }

  private var param: ValueMap {
    var schema = mapping(FormatDescription.mapping("param"))
    let words = FormatDescription.mapping("param")?.key("type")?.shape
    guard case .word(let types) = words else { return schema }
    schema["allOf"] = .list(
      types.map { type in
        var properties: ValueMap = ["default": .map(SchemaType(Self.paramType(type), allowsReferences: false).schema)]
        let owners = [("min", ParamBounds.types), ("max", ParamBounds.types), ("values", ["enum"]), ("of", ["list"])]
        for (key, owners) in owners where !owners.contains(type) { properties[key] = false }
        var then: ValueMap = ["properties": .map(properties)]
        if type == "enum" { then["required"] = ["values"] }
        return ["if": ["properties": ["type": ["const": .string(type)]], "required": ["type"]], "then": .map(then)]
      })
    return schema
  }

  private static func paramType(_ word: String) -> FieldType {
    switch word {
    case "integer": .integer()
    case "number": .number
    case "boolean": .boolean
    case "date": .date
    case "timestamp": .timestamp
    case "duration": .duration
    case "size": .size
    case "percentage": .percentage
    case "list": .list(.text)
    default: .text
    }
  }
}
