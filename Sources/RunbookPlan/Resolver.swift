import RunbookSyntax

/// Where the values behind references come from while a plan runs.
public protocol ReferenceScope {
  /// The value, or nil where there is none at this moment.
  func value(of reference: Reference) -> Value?
}

/// What is known of references before a plan runs.
public protocol ReferenceTypes {
  /// The type of the value, or nil where only the run will tell.
  func type(of reference: Reference) -> FieldType?
}

/// Why a written value could not be read as its type.
public struct ResolutionError: Error, Sendable, Hashable, CustomStringConvertible {
  public var code: String
  /// One sentence without a full stop.
  public var message: String
  public var range: SourceRange
  public var help: String?
  /// The reference that had no value, where that was the reason.
  public var missing: Reference?

  public init(code: String, message: String, range: SourceRange, help: String? = nil, missing: Reference? = nil) {
    self.code = code
    self.message = message
    self.range = range
    self.help = help
    self.missing = missing
  }

  public var description: String { message }

  /// Whether the only thing wrong is that there is no value yet, or none any more.
  public var isMissing: Bool { missing != nil }

  public func diagnostic(in file: SourceFile) -> Diagnostic {
    Diagnostic(code: code, message: message, place: SourcePlace(file: file, range: range), help: help)
  }
}

/// What is known at load of a value.
public struct CheckedValue: Sendable {
  /// Nil where something is wrong or only the run will tell.
  public var value: Value?
  public var diagnostics: [Diagnostic]
  /// Fields of the format that were used and are not carried out by this version.
  public var unbuilt: [UnbuiltKey]
}

/// What is known at load of an action's arguments.
public struct CheckedArguments: Sendable {
  public var values: ValueMap
  /// Names of the arguments that refer to something only the run will tell.
  public var unknown: Set<String>
  public var diagnostics: [Diagnostic]
  public var unbuilt: [UnbuiltKey]
}

/// Reads written values as values of a type: at load to find mistakes, while the plan runs with every reference put in. Both go through the same
/// code. Defaults of fields are not applied.
public enum Resolver {
  /// - Throws: the first mistake; a reference without a value is one, and its error names it.
  public static func resolve(_ template: Template, as type: FieldType, scope: some ReferenceScope) throws(ResolutionError) -> Value {
    var reader = TemplateReader(.resolving(scope))
    let value = reader.read(template, as: type, Subject(name: nil, opener: template.range))
    if let first = reader.mistakes.first { throw first }
    guard let value else { preconditionFailure("a value was not read, and nobody said why") }
    return value
  }

  /// The arguments of an action or the fields of a target.
  /// - Parameter owner: what a mistake calls it: `mongodb.count`.
  public static func resolve(
    arguments: [TemplateEntry], fields: [FieldType.Field], owner: String, opener: SourceRange, scope: some ReferenceScope
  ) throws(ResolutionError) -> ValueMap {
    var reader = TemplateReader(.resolving(scope))
    let values = reader.readFields(arguments, fields, Subject(name: owner, opener: opener)).values
    if let first = reader.mistakes.first { throw first }
    return values
  }

  /// What can be said of a value before the plan runs.
  public static func check(_ template: Template, as type: FieldType, types: some ReferenceTypes, in file: SourceFile) -> CheckedValue {
    var reader = TemplateReader(.checking(types))
    let value = reader.read(template, as: type, Subject(name: nil, opener: template.range))
    return CheckedValue(value: value, diagnostics: reader.mistakes.map { $0.diagnostic(in: file) }, unbuilt: reader.unbuilt)
  }

  /// The same for the arguments of an action or the fields of a target.
  /// - Parameters:
  ///   - owner: what a mistake calls it: `mongodb.count`.
  ///   - opener: where a missing field is pointed at.
  public static func check(
    arguments: [TemplateEntry], fields: [FieldType.Field], owner: String, opener: SourceRange, types: some ReferenceTypes,
    in file: SourceFile
  ) -> CheckedArguments {
    var reader = TemplateReader(.checking(types))
    let (values, unknown) = reader.readFields(arguments, fields, Subject(name: owner, opener: opener))
    return CheckedArguments(
      values: values, unknown: unknown, diagnostics: reader.mistakes.map { $0.diagnostic(in: file) }, unbuilt: reader.unbuilt)
  }
}

/// What is being read: the name that a mistake begins with and the place where a missing part of it is pointed at.
struct Subject {
  var name: String?
  var opener: SourceRange
}

/// The reading code behind `Resolver`. A read that gives nil has either added a mistake or, when checking, met a value that only the run will tell.
struct TemplateReader {
  enum Mode {
    case resolving(any ReferenceScope)
    case checking(any ReferenceTypes)
  }

  /// What is known of a reference.
  enum Referred {
    case value(Value)
    case type(FieldType)
    case unknown
    case missing
  }

  let mode: Mode
  var mistakes: [ResolutionError] = []
  var unbuilt: [UnbuiltKey] = []

  init(_ mode: Mode) { self.mode = mode }

  func referred(_ reference: Reference) -> Referred {
    switch mode {
    case .resolving(let scope): scope.value(of: reference).map { .value($0) } ?? .missing
    case .checking(let types): types.type(of: reference).map { .type($0) } ?? .unknown
    }
  }

  mutating func fail(_ code: String, _ subject: Subject, _ message: String, _ range: SourceRange, help: String? = nil) {
    let prefix = subject.name.map { "\($0): " } ?? ""
    mistakes.append(ResolutionError(code: code, message: prefix + message, range: range, help: help))
  }

  mutating func missing(_ reference: Reference) {
    mistakes.append(
      ResolutionError(
        code: PlanCode.missingValue.rawValue, message: "'\(reference.text)' has no value", range: reference.range, missing: reference))
  }

  /// A text with references in it, put together; nil where a part is unknown or wrong.
  mutating func interpolated(_ pieces: [Piece], _ subject: Subject) -> String? {
    var text = ""
    var isKnown = true
    for piece in pieces {
      switch piece {
      case .text(let part): text += part
      case .reference(let reference):
        switch referred(reference) {
        case .missing:
          missing(reference)
          isKnown = false
        case .unknown: isKnown = false
        case .type(let type):
          isKnown = false
          if !type.fitsInText {
            fail(
              PlanCode.wrongReferenceType.rawValue, subject, "'\(reference.text)' is \(type.words) and cannot stand inside a text",
              reference.range)
          }
        case .value(let value):
          if let part = value.referenceText {
            text += part
          } else {
            isKnown = false
            let message = "'\(reference.text)' is a \(value.typeName) and cannot stand inside a text"
            fail(PlanCode.wrongReferenceType.rawValue, subject, message, reference.range)
          }
        }
      }
    }
    return isKnown ? text : nil
  }

  /// The fields of an object. Unknown and missing ones are mistakes.
  mutating func readFields(_ entries: [TemplateEntry], _ fields: [FieldType.Field], _ subject: Subject) -> (
    values: ValueMap, unknown: Set<String>
  ) {
    var values = ValueMap()
    var unknown: Set<String> = []
    for entry in entries {
      guard let index = fields.firstIndex(where: { $0.name == entry.key }) else {
        let names = fields.map(\.name)
        let meant = nearest(to: entry.key, among: names)
        let message = "unknown key '\(entry.key)'" + (subject.name.map { " in \($0)" } ?? "")
        let help =
          meant.map { "did you mean '\($0)'?" } ?? (names.isEmpty ? "it takes none" : "known keys are \(names.joined(separator: ", "))")
        mistakes.append(ResolutionError(code: SyntaxCode.unknownKey.rawValue, message: message, range: entry.keyRange, help: help))
        continue
      }
      if !fields[index].isBuilt { unbuilt.append(UnbuiltKey(key: entry.key, range: entry.keyRange)) }
      let before = mistakes.count
      if let value = read(entry.value, as: fields[index].type, Subject(name: entry.key, opener: entry.keyRange)) {
        if values.isEmpty { values.reserveCapacity(entries.count) }
        values[entry.key] = value
      } else if mistakes.count == before {
        // The set of one is made at once: adding to the empty one would hash twice.
        if unknown.isEmpty { unknown = [entry.key] } else { unknown.insert(entry.key) }
      }
    }
    for field in fields where field.isRequired && !entries.contains(where: { $0.key == field.name }) {
      let message = (subject.name ?? "it") + " needs the key '\(field.name)'"
      mistakes.append(ResolutionError(code: SyntaxCode.missingKey.rawValue, message: message, range: subject.opener, help: field.summary))
    }
    return (values, unknown)
  }
}
