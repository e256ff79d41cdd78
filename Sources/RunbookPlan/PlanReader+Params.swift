import RunbookSyntax

extension PlanReader {
  static let paramTypes = ["string", "integer", "number", "boolean", "enum", "date", "timestamp", "duration", "size", "percentage", "list"]

  mutating func readParams(_ node: Node) -> [ParamDeclaration] {
    guard isMapping(node, "'params'", like: "count: { type: integer, default: 1 }") else { return [] }
    var params: [ParamDeclaration] = []
    for (key, value) in node.entries {
      guard let name = name(key, of: "param"), isMapping(value, "param '\(name)'", like: "\(name): { type: string }") else { continue }
      if let param = readParam(value, name, key) {
        self.params[name] = param.type
        params.append(param)
      }
    }
    return params
  }

  /// The keys of one declaration.
  private struct ParamNodes {
    var type: Node?
    var fallback: Node?
    var min: (key: Node, value: Node)?
    var max: (key: Node, value: Node)?
    var values: (key: Node, value: Node)?
    var of: (key: Node, value: Node)?
    var description: String?
  }

  private mutating func readParam(_ node: Node, _ name: String, _ opener: Node) -> ParamDeclaration? {
    var nodes = ParamNodes()
    for entry in node.entries {
      switch ParamKey.table.find(entry.key) {
      case .type: nodes.type = entry.value
      case .default: nodes.fallback = entry.value
      case .min: nodes.min = entry
      case .max: nodes.max = entry
      case .values: nodes.values = entry
      case .of: nodes.of = entry
      case .description: nodes.description = text(entry.value, "description")
      case nil: unknownKey(entry.key, in: "param '\(name)'", known: ParamKey.table.names)
      }
    }
    guard let typeNode = nodes.type else {
      missingKey("type", in: "param '\(name)'", opener: opener.range, help: "one of \(Self.paramTypes.joined(separator: ", "))")
      return nil
    }
    guard let word = word(typeNode, "type", among: Self.paramTypes) else { return nil }
    var param = ParamDeclaration(
      name: name, nameRange: opener.range, type: paramType(word, nodes, name, opener), defaultValue: nil, summary: nodes.description)
    if let node = nodes.fallback { param.defaultValue = paramDefault(node, param.type, name) }
    return param
  }

  private mutating func paramType(_ word: String, _ nodes: ParamNodes, _ name: String, _ opener: Node) -> FieldType {
    for (entry, owner) in [(nodes.min, "integer"), (nodes.max, "integer"), (nodes.values, "enum"), (nodes.of, "list")] {
      if let entry, owner != word {
        report(.paramDeclaration, "'\(entry.key.text ?? "")' belongs to params of type \(owner)", at: entry.key.range)
      }
    }
    switch word {
    case "integer":
      let (low, high) = (nodes.min.flatMap { integer($0.value, "min") }, nodes.max.flatMap { integer($0.value, "max") })
      if let low, let high, low > high, let entry = nodes.max { report(.paramDeclaration, "'max' is below 'min'", at: entry.value.range) }
      return .integer(min: low, max: high)
    case "enum":
      guard let entry = nodes.values else {
        missingKey("values", in: "param '\(name)' of type enum", opener: opener.range, help: "write values: [a, b]")
        return .text
      }
      let words = texts(entry.value, "values")
      if entry.value.isSequence, words.isEmpty { report(.emptyList, "'values' holds no value", at: entry.value.range) }
      return .choice(words)
    case "list":
      guard let entry = nodes.of else { return .list(.text) }
      let inner = Self.paramTypes.filter { $0 != "list" && $0 != "enum" }
      return .list(self.word(entry.value, "of", among: inner).flatMap { Self.simpleType($0) } ?? .text)
    default: return Self.simpleType(word) ?? .text
    }
  }

  private static func simpleType(_ word: String) -> FieldType? {
    switch word {
    case "string": .text
    case "integer": .integer()
    case "number": .number
    case "boolean": .boolean
    case "date": .date
    case "timestamp": .timestamp
    case "duration": .duration
    case "size": .size
    case "percentage": .percentage
    default: nil
    }
  }

  private mutating func paramDefault(_ node: Node, _ type: FieldType, _ name: String) -> Value? {
    let template = template(node)
    if let reference = template.references.first {
      report(.referenceNotHere, "the default of a param takes no reference", at: reference.range, help: "write the value out")
      return nil
    }
    let checked = Resolver.check(template, as: type, types: NoReferences(), in: file)
    for var diagnostic in checked.diagnostics {
      diagnostic.message = "default of '\(name)': " + diagnostic.message
      diagnostics.add(diagnostic)
    }
    return checked.value
  }
}

/// Where nothing can be referred to.
struct NoReferences: ReferenceScope, ReferenceTypes {
  func value(of reference: Reference) -> Value? { nil }
  func type(of reference: Reference) -> FieldType? { nil }
}
