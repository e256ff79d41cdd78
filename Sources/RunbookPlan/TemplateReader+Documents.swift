import RunbookSyntax

/// Where a value stands inside a MongoDB document: it decides whether text that came in by reference needs `$literal`, without which an
/// aggregation would read `$name` as a field.
enum DocumentPosition {
  /// A filter, a document to store, a sort, keys.
  case data
  /// Operands of an aggregation expression.
  case expression
  /// A list of stages, or one of them.
  case stage
  /// Names and Extended JSON wrappers: text stays as it is.
  case name
  /// `$lookup`, `$graphLookup`, `$unionWith`.
  case join
  /// `$facet`: a list of stages under each name.
  case facet
  /// `$setWindowFields`, `$fill`, `$bucket`: options beside expressions.
  case options

  /// Where the value under a key stands.
  func under(_ key: String) -> DocumentPosition {
    switch self {
    case .name: return .name
    case .data:
      if key == "$expr" { return .expression }
      return Self.isWrapper(key) ? .name : .data
    case .expression:
      switch key {
      case "$literal", "$meta", "as": return .name
      case "sortBy", "window": return .data
      default: return Self.isWrapper(key) ? .name : .expression
      }
    case .facet: return .stage
    case .join:
      switch key {
      case "let", "startWith": return .expression
      case "pipeline": return .stage
      case "restrictSearchWithMatch": return .data
      default: return .name
      }
    case .options:
      switch key {
      case "sortBy", "partitionByFields", "granularity", "range": return .data
      default: return .expression
      }
    case .stage: return Self.stage(key)
    }
  }

  private static func stage(_ key: String) -> DocumentPosition {
    switch key {
    case "$match", "$sort", "$geoNear", "$densify": .data
    case "$lookup", "$graphLookup", "$unionWith": .join
    case "$facet": .facet
    case "$setWindowFields", "$fill", "$bucket", "$bucketAuto": .options
    case "$unset", "$unwind", "$count", "$out", "$merge", "$limit", "$skip", "$sample", "$collStats", "$indexStats": .name
    default: .expression
    }
  }

  /// Keys by which Extended JSON writes a type that JSON does not have.
  static func isWrapper(_ key: String) -> Bool {
    // The shortest has four letters; the operators of comparisons, which stand in nearly every filter, have three.
    guard key.utf8.count >= 4, key.utf8.first == UInt8(ascii: "$") else { return false }
    switch key {
    case "$date", "$oid", "$numberLong", "$numberInt", "$numberDouble", "$numberDecimal", "$binary", "$uuid", "$regularExpression",
      "$timestamp",
      "$minKey", "$maxKey", "$symbol", "$code", "$scope", "$dbPointer":
      return true
    default: return false
    }
  }
}

extension FieldType.DocumentUse {
  fileprivate var position: DocumentPosition {
    switch self {
    case .data: .data
    case .pipeline: .stage
    case .expression: .expression
    }
  }
}

extension TemplateReader {
  mutating func readDocument(_ template: Template, _ use: FieldType.DocumentUse, _ subject: Subject) -> Value? {
    switch template.content {
    case .map: return readInDocument(template, use.position, subject)
    case .reference(let reference): return readReferredDocument(reference, .document(use), use.position, subject)
    // An expression may be a text, a number or a list as well.
    case .scalar, .interpolation, .list:
      if use == .expression { return readInDocument(template, use.position, subject) }
      fail(
        SyntaxCode.wrongValue.rawValue, subject, "a MongoDB document was expected, not \(template.kindWords)", template.range,
        help: "write a mapping, like { name: x }")
      return nil
    }
  }

  mutating func readDocuments(_ template: Template, _ use: FieldType.DocumentUse, _ subject: Subject) -> Value? {
    switch template.content {
    case .list(let items):
      var values: [Value] = []
      for item in items { if let value = readDocument(item, use, subject) { values.append(value) } }
      return values.count == items.count ? .list(values) : nil
    case .reference(let reference): return readReferredDocument(reference, .documents(use), use.position, subject)
    case .scalar, .interpolation, .map:
      fail(
        SyntaxCode.wrongValue.rawValue, subject, "a list of MongoDB documents was expected, not \(template.kindWords)", template.range,
        help: "write a list, like [ { … } ]")
      return nil
    }
  }

  private mutating func readReferredDocument(_ reference: Reference, _ type: FieldType, _ position: DocumentPosition, _ subject: Subject)
    -> Value?
  {
    guard let value = readReference(reference, as: type, subject) else { return nil }
    return stored(value, reference.range, subject)
  }

  private mutating func readInDocument(_ template: Template, _ position: DocumentPosition, _ subject: Subject) -> Value? {
    switch template.content {
    case .scalar(let scalar): return literal(scalar, template.range, subject)
    case .interpolation(let pieces):
      guard let text = interpolated(pieces, subject) else { return nil }
      return position == .expression ? .object(["$literal": .string(text)]) : .string(text)
    case .reference(let reference):
      switch referred(reference) {
      case .missing: missing(reference)
      case .unknown: break
      case .type(let type):
        if type == .duration { noDuration(reference, subject) }
      case .value(let value): return embedded(value, reference, position, subject)
      }
      return nil
    case .list(let items):
      var values: [Value] = []
      values.reserveCapacity(items.count)
      for item in items { if let value = readInDocument(item, position, subject) { values.append(value) } }
      return values.count == items.count ? .list(values) : nil
    case .map(let entries):
      var values = ValueMap()
      var isKnown = true
      for entry in entries {
        if let value = readInDocument(entry.value, position.under(entry.key), Subject(name: entry.key, opener: entry.keyRange)) {
          if values.isEmpty { values.reserveCapacity(entries.count) }
          values[entry.key] = position.isDate(entry.key) ? value.unwrappedDate : value
        } else {
          isKnown = false
        }
      }
      // Not by the number of values: a key that stands twice was reported when the file was read, and the rest is looked at all the same.
      return isKnown ? .map(values) : nil
    }
  }

  private mutating func embedded(_ value: Value, _ reference: Reference, _ position: DocumentPosition, _ subject: Subject) -> Value? {
    if case .duration = value {
      noDuration(reference, subject)
      return nil
    }
    guard let stored = stored(value, reference.range, subject) else { return nil }
    return position == .expression && stored.holdsText ? .object(["$literal": stored]) : stored
  }

  private mutating func noDuration(_ reference: Reference, _ subject: Subject) {
    let message = "'\(reference.text)' is a duration, and a MongoDB document has none"
    fail(PlanCode.notForDocuments.rawValue, subject, message, reference.range, help: "use a number of milliseconds")
  }

  /// The value in the shape of Extended JSON.
  private mutating func stored(_ value: Value, _ range: SourceRange, _ subject: Subject) -> Value? {
    switch value {
    case .null, .bool, .integer, .string: return value
    case .double(let number): return number.isFinite ? value : .object(["$numberDouble": .string(extendedText(number))])
    case .decimal(let text): return .object(["$numberDecimal": .string(text)])
    case .timestamp(let milliseconds): return .object(["$date": .object(["$numberLong": .string(String(milliseconds))])])
    case .duration:
      fail(PlanCode.notForDocuments.rawValue, subject, "a value in it is a duration, and a MongoDB document has none", range)
      return nil
    case .list(let items):
      let values = items.compactMap { stored($0, range, subject) }
      return values.count == items.count ? .list(values) : nil
    case .map(let map):
      var values = ValueMap(minimumCapacity: map.count)
      for (key, item) in map { values[key] = stored(item, range, subject) }
      return values.count == map.count ? .map(values) : nil
    }
  }

  private func extendedText(_ number: Double) -> String {
    number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
  }
}

extension DocumentPosition {
  fileprivate func isDate(_ key: String) -> Bool { key == "$date" }
}

extension Value {
  /// A timestamp inside `$date` is already a date.
  fileprivate var unwrappedDate: Value {
    if let inner = self["$date"], mapValue?.count == 1 { inner } else { self }
  }

  /// Whether an aggregation could take part of it for a field or an operator.
  fileprivate var holdsText: Bool {
    switch self {
    case .string: true
    case .list(let items): items.contains { $0.holdsText }
    case .map(let map):
      if map.count == 1, let key = map.keys.first, DocumentPosition.isWrapper(key) {
        false
      } else {
        map.contains { $0.key.utf8.first == UInt8(ascii: "$") || $0.value.holdsText }
      }
    default: false
    }
  }
}
