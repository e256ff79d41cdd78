import RunbookSyntax

extension PlanReader {
  static let paramTypes = ["string", "integer", "number", "boolean", "enum", "date", "timestamp", "duration", "size", "percentage", "list"]

  mutating func readParams(_ node: Node) -> [ParamDeclaration] {
    guard isMapping(node, "'params'", like: "count: { type: integer, default: 1 }") else { return [] }
    var params: [ParamDeclaration] = []
    params.reserveCapacity(node.count)
    for (key, value) in node.entries {
      defer { declaredParams.insert(key.text ?? "") }
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
    var fixed: (key: Node, value: Node)?
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
      case .value: nodes.fixed = entry
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
    param.bounds = bounds(nodes, word, param.type)
    if let node = nodes.fallback { param.defaultValue = paramDefault(node, param, name) }
    if let fixed = nodes.fixed {
      if let fallback = nodes.fallback {
        report(
          .exclusiveKeys, "a param has 'default' or 'value', not both", at: fixed.key.range,
          notes: [DiagnosticNote("the default is here", at: place(fallback.range))], help: "'default' can be overridden, 'value' cannot")
      }
      param.fixedValue = fixedValue(fixed.value, param, name)
    }
    return param
  }

  private mutating func paramType(_ word: String, _ nodes: ParamNodes, _ name: String, _ opener: Node) -> FieldType {
    for (entry, owners) in [
      (nodes.min, ParamBounds.types), (nodes.max, ParamBounds.types), (nodes.values, ["enum"]), (nodes.of, ["list"]),
    ] {
      if let entry, !owners.contains(word) {
        report(
          .paramDeclaration, "'\(entry.key.text ?? "")' belongs to params of type \(owners.joined(separator: ", "))", at: entry.key.range,
          help: "remove it, or change the type, which is \(word)")
      }
    }
    switch word {
    case "integer":
      return .integer(min: nodes.min.flatMap { integer($0.value, "min") }, max: nodes.max.flatMap { integer($0.value, "max") })
    case "enum":
      guard let entry = nodes.values else {
        missingKey("values", in: "param '\(name)' of type enum", opener: opener.range, help: "write values: [a, b]")
        return .text
      }
      return .choice(enumValues(entry.value))
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

  private mutating func enumValues(_ node: Node) -> [String] {
    let words = texts(node, "values")
    if node.isSequence, words.isEmpty { report(.emptyList, "'values' holds no value", at: node.range) }
    var seen: Set<String> = []
    for element in node.elements {
      guard let word = element.text, !seen.insert(word).inserted else { continue }
      report(.repeated, "'\(word)' is listed twice", at: element.range, help: "remove one of the two")
    }
    return words
  }

  /// `min` and `max` in the units of the type.
  private mutating func bounds(_ nodes: ParamNodes, _ word: String, _ type: FieldType) -> ParamBounds {
    guard ParamBounds.types.contains(word) else { return ParamBounds() }
    func read(_ entry: (key: Node, value: Node)?, _ name: String) -> Value? {
      guard let entry else { return nil }
      // Those of an integer are a part of its type, and were read with it.
      if word == "integer" { return entry.value.text.flatMap { Int64($0) }.map { .integer($0) } }
      return parsed(entry.value, name) { (text) throws(TextMistake) in try TemplateReader.parse(text, as: type) }
    }
    let bounds = ParamBounds(min: read(nodes.min, "min"), max: read(nodes.max, "max"))
    if let low = bounds.min, let high = bounds.max, ParamBounds.isLess(high, low), let entry = nodes.max {
      report(.paramDeclaration, "'max' is below 'min'", at: entry.value.range, help: "swap the two")
      return ParamBounds()
    }
    return bounds
  }

  private mutating func paramDefault(_ node: Node, _ param: ParamDeclaration, _ name: String) -> Value? {
    let template = template(node)
    if let reference = template.references.first {
      report(
        .referenceNotHere, "the default of a param takes no reference", at: reference.range,
        help: "write the value out, or 'value:' for one that nobody else may give")
      return nil
    }
    return check(template, as: param, "default of '\(name)'")
  }

  /// `value:` may refer to params that are declared further up.
  private mutating func fixedValue(_ node: Node, _ param: ParamDeclaration, _ name: String) -> Template? {
    let template = template(node)
    for reference in template.references {
      if reference.root != .params {
        report(
          .referenceNotHere, "the value of a param refers to params only", at: reference.range,
          help: "it is known before the run begins; write ${{ params.NAME }}")
      } else if reference.path[0] == name {
        report(.refersToLater, "param '\(name)' refers to itself", at: reference.range)
      } else if params[reference.path[0]] != nil, !declaredParams.contains(reference.path[0]) {
        report(
          .refersToLater, "param '\(reference.path[0])' is declared further down", at: reference.range,
          help: "declare it before '\(name)'")
      }
    }
    _ = check(template, as: param, "value of '\(name)'")
    return template
  }

  /// What is written, as a value of the param; nil where something is wrong or a reference is not known yet.
  private mutating func check(_ template: Template, as param: ParamDeclaration, _ what: String) -> Value? {
    let checked = Resolver.check(template, as: param.type, types: DeclaredParams(types: params), in: file)
    for var diagnostic in checked.diagnostics {
      diagnostic.message = what + ": " + diagnostic.message
      diagnostics.add(diagnostic)
    }
    // The bounds of an integer are a part of its type.
    if case .integer = param.type { return checked.value }
    if let value = checked.value, let mistake = param.bounds.mistake(value) {
      report(SyntaxCode.wrongValue, "\(what): \(mistake.problem)", at: template.range, help: mistake.help)
      return nil
    }
    return checked.value
  }
}

/// Where nothing can be referred to.
struct NoReferences: ReferenceScope, ReferenceTypes {
  func value(of reference: Reference) -> Value? { nil }
  func type(of reference: Reference) -> FieldType? { nil }
}
