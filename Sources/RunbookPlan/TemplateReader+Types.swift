import RunbookSyntax

extension TemplateReader {
  mutating func read(_ template: Template, as type: FieldType, _ subject: Subject) -> Value? {
    switch type {
    case .document(let use): return readDocument(template, use, subject)
    case .documents(let use): return readDocuments(template, use, subject)
    case .any: return readAny(template, subject)
    case .oneOf(let types): return readOneOf(template, types, subject)
    case .check, .measurement: return readUntyped(template, type, subject)
    default: break
    }
    switch template.content {
    case .reference(let reference): return readReference(reference, as: type, subject)
    case .scalar(let scalar): return readScalar(scalar, as: type, template.range, subject)
    case .interpolation(let pieces): return readInterpolation(pieces, as: type, template.range, subject)
    case .list(let items):
      guard case .list(let element) = type else { return wrongKind("a list", type, template.range, subject) }
      return readList(items, element, subject)
    case .map(let entries): return readMap(entries, as: type, template.range, subject)
    }
  }

  private mutating func wrongKind(_ found: String, _ type: FieldType, _ range: SourceRange, _ subject: Subject) -> Value? {
    var help: String?
    if case .list = type, found == "text" { help = "write a list, like [ a, b ]" }
    fail(SyntaxCode.wrongValue.rawValue, subject, "\(type.words) was expected, not \(found)", range, help: help)
    return nil
  }

  private mutating func readInterpolation(_ pieces: [Piece], as type: FieldType, _ range: SourceRange, _ subject: Subject) -> Value? {
    switch type {
    case .text: return interpolated(pieces, subject).map { .string($0) }
    case .choice, .date:
      // Words that are looked up, not read: a text put together may name one.
      guard let text = interpolated(pieces, subject) else { return nil }
      return readScalar(Scalar(text: text, isPlain: false), as: type, range, subject)
    default:
      let message = "text put together from references is text, and \(type.words) was expected"
      fail(PlanCode.wrongReferenceType.rawValue, subject, message, range, help: "use one reference to a value of that type alone")
      return nil
    }
  }

  private mutating func readList(_ items: [Template], _ element: FieldType, _ subject: Subject) -> Value? {
    var values: [Value] = []
    values.reserveCapacity(items.count)
    var isKnown = true
    for item in items {
      if let spliced = spliced(item, element) {
        for value in spliced {
          guard let value = convert(value, to: element, item.range, subject) else { return nil }
          values.append(value)
        }
        continue
      }
      if isUnknownList(item, element) {
        isKnown = false
      } else if let value = read(item, as: element, subject) {
        values.append(value)
      } else {
        isKnown = false
      }
    }
    return isKnown ? .list(values) : nil
  }

  /// The elements of a list that stands, as one reference, where an element of this list is due.
  private func spliced(_ item: Template, _ element: FieldType) -> [Value]? {
    guard case .reference(let reference) = item.content, case .value(.list(let values)) = referred(reference), !element.takesLists else {
      return nil
    }
    return values
  }

  private func isUnknownList(_ item: Template, _ element: FieldType) -> Bool {
    guard case .reference(let reference) = item.content, case .type(.list(let inner)) = referred(reference), !element.takesLists else {
      return false
    }
    return element.accepts(inner)
  }

  private mutating func readMap(_ entries: [TemplateEntry], as type: FieldType, _ range: SourceRange, _ subject: Subject) -> Value? {
    switch type {
    case .object(let fields):
      let before = mistakes.count
      let (values, unknown) = readFields(entries, fields, subject)
      return mistakes.count == before && unknown.isEmpty ? .map(values) : nil
    case .mapping(let element):
      var values = ValueMap(minimumCapacity: entries.count)
      var isKnown = true
      for entry in entries {
        if let value = read(entry.value, as: element, Subject(name: entry.key, opener: entry.keyRange)) {
          values[entry.key] = value
        } else {
          isKnown = false
        }
      }
      return isKnown ? .map(values) : nil
    default: return wrongKind("a mapping", type, range, subject)
    }
  }

  /// The first type that takes the value as it is written; where none does, the first one of the right kind says what is wrong.
  private mutating func readOneOf(_ template: Template, _ types: [FieldType], _ subject: Subject) -> Value? {
    let fitting = types.filter { $0.takes(template) }
    var first: TemplateReader?
    for type in fitting {
      var attempt = self
      attempt.mistakes = []
      if let value = attempt.read(template, as: type, subject) {
        unbuilt = attempt.unbuilt
        return value
      }
      if attempt.mistakes.isEmpty { return nil }
      if first == nil { first = attempt }
    }
    if let first {
      mistakes.append(contentsOf: first.mistakes)
    } else {
      let words = types.map(\.words).joined(separator: " or ")
      fail(SyntaxCode.wrongValue.rawValue, subject, "\(words) was expected, not \(template.kindWords)", template.range)
    }
    return nil
  }

  /// Checks and measurements inside arguments: what is in them is looked at by whoever binds the plan (`Plan.nestedCheck`).
  private mutating func readUntyped(_ template: Template, _ type: FieldType, _ subject: Subject) -> Value? {
    guard case .map = template.content else { return wrongKind(template.kindWords, type, template.range, subject) }
    return readAny(template, subject)
  }

  /// A value of any type: plain JSON literals are typed, references keep their type.
  private mutating func readAny(_ template: Template, _ subject: Subject) -> Value? {
    switch template.content {
    case .scalar(let scalar): return literal(scalar, template.range, subject)
    case .reference(let reference):
      switch referred(reference) {
      case .value(let value): return value
      case .missing: missing(reference)
      case .type, .unknown: break
      }
      return nil
    case .interpolation(let pieces): return interpolated(pieces, subject).map { .string($0) }
    case .list(let items):
      var values: [Value] = []
      for item in items { if let value = readAny(item, subject) { values.append(value) } }
      return values.count == items.count ? .list(values) : nil
    case .map(let entries):
      var values = ValueMap(minimumCapacity: entries.count)
      var isKnown = true
      for entry in entries {
        if let value = readAny(entry.value, Subject(name: entry.key, opener: entry.keyRange)) {
          values[entry.key] = value
        } else {
          isKnown = false
        }
      }
      return isKnown ? .map(values) : nil
    }
  }

  mutating func literal(_ scalar: Scalar, _ range: SourceRange, _ subject: Subject) -> Value? {
    do { return try Literal.value(scalar) } catch {
      fail(error.code.rawValue, subject, error.message, range, help: error.help)
      return nil
    }
  }
}

extension Template {
  var kindWords: String {
    switch content {
    case .scalar(let scalar): scalar.isPlain && ScalarClass.core(scalar.text.utf8) == .null ? "null" : "text"
    case .interpolation: "text"
    case .reference(let reference): "'\(reference.text)'"
    case .list: "a list"
    case .map: "a mapping"
    }
  }
}
