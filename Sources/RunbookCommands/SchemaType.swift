import OrderedCollections
import RunbookActions
import RunbookPlan

/// The JSON Schema of one type of value.
///
/// The loader reads the text of a scalar by the type of its field, so text may be written as what YAML takes for a number or a boolean, and a
/// number may stand in quotes; the schema allows both.
struct SchemaType {
  let type: FieldType
  let allowsReferences: Bool

  init(_ type: FieldType, allowsReferences: Bool = true) {
    self.type = type
    self.allowsReferences = allowsReferences
  }

  static let namePattern = "^[A-Za-z][A-Za-z0-9-]{0,59}$"

  /// What the others refer to.
  static let definitions: ValueMap = [
    "id": ["type": "string", "pattern": "^[a-z][a-z0-9-]{0,59}$", "description": "a-z, 0-9 and '-', beginning with a letter"],
    "text": [
      "type": ["string", "number", "boolean"], "pattern": #"^(?:[^$]|\$(?!\{\{)|\$\$\{\{)*$"#, "description": "text without references",
    ],
    "templateText": ["type": ["string", "number", "boolean"], "description": "text that may hold ${{ references }}"],
    "reference": ["type": "string", "pattern": #"^\$\{\{[\s\S]*\}\}$"#, "description": "one ${{ reference }}, which keeps its type"],
    "duration": ["type": "string", "pattern": .string(durationPattern), "description": "a duration, like 250ms, 30s, 5m, 1h30m or 7d"],
    "backoff": [
      "type": "string", "pattern": .string("^" + durationBody + #"(?:\.\."# + durationBody + ")?$"),
      "description": "a pause, or the shortest and the longest one: 1s..30s",
    ],
    "size": [
      "type": "string", "pattern": #"^[0-9]+(?:\.[0-9]+)?(?:B|[KMGT]i?B)$"#, "description": "a size, like 64MiB or 10MB",
    ],
    "percentage": [
      "type": "string", "pattern": #"^[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?%$"#, "description": "a percentage, like 0.1%",
    ],
    "date": ["type": "string", "pattern": #"^[0-9]{4}-[0-9]{2}-[0-9]{2}$"#, "description": "a day, like 2025-01-18"],
    "timestamp": [
      "type": "string", "pattern": .string(timestampPattern), "description": "a moment with an offset, like 2025-01-18T09:30:00Z",
    ],
    "ordered": [
      "description": "a number, a duration, a size, a percentage, a date, a timestamp, or a reference to one",
      "anyOf": [
        ["type": "number"], ["type": "string", "pattern": #"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"#],
        ["$ref": "#/$defs/duration"], ["$ref": "#/$defs/size"], ["$ref": "#/$defs/percentage"], ["$ref": "#/$defs/date"],
        ["$ref": "#/$defs/timestamp"], ["$ref": "#/$defs/reference"],
      ],
    ],
  ]

  private static let durationBody =
    #"(?=[0-9])(?:[0-9]+(?:\.[0-9]+)?d)?(?:[0-9]+(?:\.[0-9]+)?h)?(?:[0-9]+(?:\.[0-9]+)?m)?(?:[0-9]+(?:\.[0-9]+)?s)?"#
    + #"(?:[0-9]+(?:\.[0-9]+)?ms)?"#
  private static let durationPattern = "^" + durationBody + "$"
  private static let timestampPattern =
    #"^[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:[Zz]|[+-][0-9]{2}:[0-9]{2})$"#

  // MARK: one type

  var schema: ValueMap {
    switch type {
    case .text: return Self.reference(to: allowsReferences ? "templateText" : "text")
    case .any: return [:]
    case .check: return whole(["type": "object"])
    case .document(let use): return use == .expression ? [:] : whole(["type": "object"])
    case .choice(let words): return choice(words)
    case .oneOf(let types):
      return ["anyOf": .list(types.map { .map(SchemaType($0, allowsReferences: allowsReferences).schema) })]
    default: return whole(plain)
    }
  }

  /// The schema without references in place of the whole value.
  private var plain: ValueMap {
    switch type {
    case .integer(let min, let max):
      var number: ValueMap = ["type": "integer"]
      if let min { number["minimum"] = .integer(min) }
      if let max { number["maximum"] = .integer(max) }
      return ["anyOf": [.map(number), ["type": "string", "pattern": "^-?[0-9]+$"]]]
    case .number: return ["anyOf": [["type": "number"], ["type": "string", "pattern": #"^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$"#]]]
    case .boolean: return ["enum": [true, false, "true", "false"]]
    case .duration: return Self.reference(to: "duration")
    case .size: return Self.reference(to: "size")
    case .percentage: return Self.reference(to: "percentage")
    case .date: return Self.reference(to: "date")
    case .timestamp: return Self.reference(to: "timestamp")
    case .list(let element): return ["type": "array", "items": inner(element)]
    case .documents(let use): return ["type": "array", "items": inner(.document(use))]
    case .mapping(let element): return ["type": "object", "patternProperties": ["^x-": true], "additionalProperties": inner(element)]
    case .object(let fields):
      return Self.closed(
        Self.properties(fields, allowsReferences: allowsReferences), required: fields.filter(\.isRequired).map(\.name))
    case .measurement:
      return Self.closed(
        ["action": ["type": "string"], "with": ["type": "object"], "target": ["type": "string"], "collection": ["type": "string"]],
        required: ["action"])
    case .text, .any, .check, .document, .choice, .oneOf: return schema
    }
  }

  private func inner(_ element: FieldType) -> Value { .map(SchemaType(element, allowsReferences: allowsReferences).schema) }

  private func whole(_ schema: ValueMap) -> ValueMap { allowsReferences ? Self.orReference(schema) : schema }

  private func choice(_ words: [String]) -> ValueMap {
    let known: ValueMap = ["enum": .list(words.map(Value.string))]
    guard allowsReferences else { return known }
    // Text put together from references may name one.
    return ["anyOf": [.map(known), ["type": "string", "pattern": #"\$\{\{"#]]]
  }

  // MARK: parts

  static func reference(to definition: String) -> ValueMap { ["$ref": .string("#/$defs/\(definition)")] }

  static func orReference(_ schema: ValueMap) -> ValueMap { ["anyOf": [.map(schema), .map(reference(to: "reference"))]] }

  /// A mapping with these keys and no others but `x-` ones.
  static func closed(_ properties: ValueMap, required: [String]) -> ValueMap {
    var schema: ValueMap = [
      "type": "object", "properties": .map(properties), "patternProperties": ["^x-": true], "additionalProperties": false,
    ]
    if !required.isEmpty { schema["required"] = .list(required.map(Value.string)) }
    return schema
  }

  static func properties(_ fields: [FieldType.Field], allowsReferences: Bool = true) -> ValueMap {
    var properties: ValueMap = [:]
    for field in fields {
      var schema = SchemaType(field.type, allowsReferences: allowsReferences).schema
      schema["description"] = .string(field.summary + (field.defaultText.map { " Default: \($0)." } ?? ""))
      properties[field.name] = .map(schema)
    }
    return properties
  }
}
