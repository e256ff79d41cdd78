import RunbookSyntax

extension TemplateReader {
  /// The text of a scalar, read by the type of its field.
  mutating func readScalar(_ scalar: Scalar, as type: FieldType, _ range: SourceRange, _ subject: Subject) -> Value? {
    if scalar.isPlain, isNull(scalar.text) {
      let help = type == .text ? "remove the key, or put the text in quotes" : "remove the key, or write a value"
      fail(SyntaxCode.wrongValue.rawValue, subject, "null stands where \(type.words) is due", range, help: help)
      return nil
    }
    do { return try Self.parse(scalar.text, as: type) } catch {
      fail(SyntaxCode.wrongValue.rawValue, subject, error.problem, range, help: error.help)
      return nil
    }
  }

  private func isNull(_ text: String) -> Bool {
    switch text.utf8.count {
    case 0: true
    case 1: text == "~"
    case 4: ScalarClass.core(text.utf8) == .null
    default: false
    }
  }

  /// The value of a text by its type.
  static func parse(_ text: String, as type: FieldType) throws(TextMistake) -> Value {
    switch type {
    case .text, .any: return .string(text)
    case .integer(let min, let max): return .integer(try inRange(TypedText.integer(text), min, max))
    case .number: return try number(text)
    case .boolean: return .bool(try TypedText.boolean(text))
    case .duration: return .duration(try ScalarText.microseconds(text))
    case .size: return .integer(try TypedText.bytes(text))
    case .percentage: return .double(try TypedText.percentage(text))
    case .date: return .string(try TypedText.date(text).description)
    case .timestamp: return .timestamp(try TypedText.timestamp(text))
    case .choice(let words):
      if words.contains(text) { return .string(text) }
      let meant = nearest(to: text, among: words)
      throw TextMistake(
        "'\(text)' is none of its values", help: meant.map { "did you mean '\($0)'?" } ?? "write one of \(words.joined(separator: ", "))")
    case .list, .mapping, .object, .document, .documents, .check, .measurement, .oneOf:
      throw TextMistake("\(type.words) was expected, not text")
    }
  }

  private static func number(_ text: String) throws(TextMistake) -> Value {
    if ScalarClass.json(text.utf8) == .integer, let whole = Int64(text) { return .integer(whole) }
    return .double(try TypedText.number(text))
  }

  private static func inRange(_ number: Int64, _ min: Int64?, _ max: Int64?) throws(TextMistake) -> Int64 {
    if let min, number < min { throw TextMistake("\(number) is below \(min)", help: "write \(min) or more") }
    if let max, number > max { throw TextMistake("\(number) is above \(max)", help: "write \(max) or less") }
    return number
  }

  mutating func readReference(_ reference: Reference, as type: FieldType, _ subject: Subject) -> Value? {
    switch referred(reference) {
    case .unknown: return nil
    case .missing:
      missing(reference)
      return nil
    case .type(let known):
      if !type.accepts(known) {
        fail(
          PlanCode.wrongReferenceType.rawValue, subject, "'\(reference.text)' is \(known.words), and \(type.words) was expected",
          reference.range)
      }
      return nil
    case .value(let value): return convert(value, to: type, reference.range, subject, reference)
    }
  }

  /// A value that came in by reference, as a value of the type. It is never parsed.
  mutating func convert(_ value: Value, to type: FieldType, _ range: SourceRange, _ subject: Subject, _ reference: Reference? = nil)
    -> Value?
  {
    switch (type, value) {
    case (.text, _): if let text = value.referenceText { return .string(text) }
    case (.any, _): return value
    case (.integer(let min, let max), _):
      if let number = value.wholeNumber {
        do { return .integer(try Self.inRange(number, min, max)) } catch {
          fail(SyntaxCode.wrongValue.rawValue, subject, error.problem, range)
          return nil
        }
      }
    case (.size, _): if let number = value.wholeNumber, number >= 0 { return .integer(number) }
    case (.number, .integer), (.number, .double), (.number, .decimal), (.boolean, .bool), (.duration, .duration), (.timestamp, .timestamp):
      return value
    case (.percentage, .integer(let number)): return .double(Double(number))
    case (.percentage, .double): return value
    case (.date, .string(let text)), (.choice, .string(let text)):
      do { return try Self.parse(text, as: type) } catch {
        fail(SyntaxCode.wrongValue.rawValue, subject, error.problem, range, help: error.help)
        return nil
      }
    case (.list(let element), .list(let items)):
      let values = items.compactMap { convert($0, to: element, range, subject) }
      return values.count == items.count ? .list(values) : nil
    case (.mapping(let element), .map(let map)):
      var values = ValueMap(minimumCapacity: map.count)
      for (key, item) in map { values[key] = convert(item, to: element, range, subject) }
      return values.count == map.count ? .map(values) : nil
    case (.object(let fields), .map(let map)): return convertObject(map, fields, range, subject)
    case (.document, .map): return value
    case (.documents, .list(let items)) where items.allSatisfy({ $0.mapValue != nil }): return value
    case (.oneOf(let types), _):
      for candidate in types {
        var attempt = self
        attempt.mistakes = []
        if let result = attempt.convert(value, to: candidate, range, subject) { return result }
      }
    default: break
    }
    let name = reference.map { "'\($0.text)' is" } ?? "it is"
    fail(PlanCode.wrongReferenceType.rawValue, subject, "\(name) a \(value.typeName), and \(type.words) was expected", range)
    return nil
  }

  private mutating func convertObject(_ map: ValueMap, _ fields: [FieldType.Field], _ range: SourceRange, _ subject: Subject) -> Value? {
    var values = ValueMap(minimumCapacity: map.count)
    for (key, item) in map {
      guard let field = fields.first(where: { $0.name == key }) else {
        fail(PlanCode.wrongReferenceType.rawValue, subject, "the value has the unknown key '\(key)'", range)
        return nil
      }
      values[key] = convert(item, to: field.type, range, Subject(name: key, opener: range))
    }
    if let lacking = fields.first(where: { $0.isRequired && map[$0.name] == nil }) {
      fail(PlanCode.wrongReferenceType.rawValue, subject, "the value has no key '\(lacking.name)'", range)
      return nil
    }
    return values.count == map.count ? .map(values) : nil
  }
}

extension Value {
  /// The number, where it is whole and fits.
  fileprivate var wholeNumber: Int64? {
    switch self {
    case .integer(let number): number
    case .double(let number): Int64(exactly: number)
    default: nil
    }
  }
}
