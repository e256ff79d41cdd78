import RunbookSyntax

extension FieldType {
  /// What a message calls the type: "a duration".
  public var words: String {
    switch self {
    case .text: "text"
    case .integer: "an integer"
    case .number: "a number"
    case .boolean: "a boolean"
    case .duration: "a duration"
    case .size: "a size"
    case .percentage: "a percentage"
    case .date: "a date"
    case .timestamp: "a timestamp"
    case .choice(let words): words.count <= 6 ? "one of \(words.joined(separator: ", "))" : "one of its words"
    case .list: "a list"
    case .mapping, .object: "a mapping"
    case .document: "a MongoDB document"
    case .documents: "a list of MongoDB documents"
    case .any: "a value"
    case .check: "a check"
    case .measurement: "a measurement"
    case .oneOf(let types): types.map(\.words).joined(separator: " or ")
    }
  }

  /// Whether a value of the type can be a part of a text.
  var fitsInText: Bool {
    switch self {
    case .list, .mapping, .object, .document, .documents, .check, .measurement: false
    default: true
    }
  }

  var takesLists: Bool {
    switch self {
    case .list, .documents, .any: true
    case .oneOf(let types): types.contains { $0.takesLists }
    default: false
    }
  }

  /// Whether a value of another type, which came in by reference, can stand where this type is due.
  public func accepts(_ other: FieldType) -> Bool {
    switch (self, other) {
    case (.any, _), (_, .any): true
    case (_, .oneOf(let types)): types.contains { accepts($0) }
    case (.oneOf(let types), _): types.contains { $0.accepts(other) }
    case (.text, _): other.fitsInText
    case (.integer, .integer), (.integer, .size), (.integer, .number), (.size, .integer), (.size, .size): true
    case (.number, .integer), (.number, .number), (.number, .percentage), (.number, .size): true
    case (.percentage, .percentage), (.percentage, .number), (.percentage, .integer): true
    case (.boolean, .boolean), (.duration, .duration), (.timestamp, .timestamp): true
    case (.date, .date), (.date, .text), (.choice, .text), (.choice, .date): true
    case (.choice(let mine), .choice(let others)): others.contains { mine.contains($0) }
    case (.list(let mine), .list(let element)): mine.accepts(element)
    case (.list, .documents), (.documents, .list), (.documents, .documents): true
    case (.mapping, .mapping), (.mapping, .object), (.mapping, .document), (.object, .object), (.object, .mapping), (.object, .document):
      true
    case (.document, .document), (.document, .mapping), (.document, .object): true
    default: false
    }
  }

  /// Whether the kind of what is written (text, list, mapping) can be of the type.
  func takes(_ template: Template) -> Bool {
    switch (self, template.content) {
    case (.any, _), (_, .reference): true
    case (.oneOf(let types), _): types.contains { $0.takes(template) }
    case (.list, .list), (.documents, .list): true
    case (.mapping, .map), (.object, .map), (.document, .map), (.check, .map), (.measurement, .map): true
    case (.list, _), (.documents, _), (.mapping, _), (.object, _), (.document, _), (.check, _), (.measurement, _): false
    case (_, .scalar), (_, .interpolation): true
    default: false
    }
  }
}
