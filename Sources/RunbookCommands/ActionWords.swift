import RunbookActions
import RunbookPlan

/// What `explain` and the documentation say of an action.
extension ActionDescriptor {
  /// A field or, with dots, a field inside one.
  struct FlatField {
    var path: String
    var field: FieldType.Field
  }

  /// All fields, those inside others after the one they stand in: `batch`, `batch.size`.
  var flatFields: [FlatField] { fields.flatMap { Self.flat($0, under: "") } }

  private static func flat(_ field: FieldType.Field, under prefix: String) -> [FlatField] {
    let path = prefix + field.name
    return [FlatField(path: path, field: field)] + inner(field.type, path)
  }

  private static func inner(_ type: FieldType, _ path: String) -> [FlatField] {
    switch type {
    case .object(let fields): fields.flatMap { flat($0, under: path + ".") }
    case .list(let element): inner(element, path + "[]")
    // Places of collections are told in the summary of their field.
    case .oneOf(let types): types.contains(.text) ? [] : types.flatMap { inner($0, path) }
    default: []
    }
  }

  /// Where it works.
  var placeText: String {
    guard let targetType else { return "no target" }
    if targetType == "exec" { return "a target of type exec, or this machine" }
    return needsCollection ? "a collection of a \(targetType) target" : "a target of type \(targetType)"
  }

  /// What a rollback does with it.
  var inverseText: String {
    switch inverse {
    case .notNeeded: "nothing has to be undone"
    case .automatic(let words): "`rollback: auto` (the default) " + words
    case .none: "`rollback:` must be written in the plan"
    }
  }

  var interruptText: String {
    switch interrupt {
    case .batch: "it stops at the next batch border"
    case .abort:
      isMutating ? "for a rollback or cancel it is ended at once and then undone; a pause awaits it" : "it is given up at once"
    case .await: "it is awaited"
    }
  }

  /// What `resume` does with an effect of it that was under way when the process died.
  var resumeText: String {
    switch effectClass {
    case .read: name.hasPrefix("wait.") || name.hasPrefix("manual.") ? "it goes on, with the end it had" : "it is asked again"
    case .idempotent: "it is done again"
    case .guarded: "open writes are resolved with the server, then it is done again; what is done already stays as it is"
    case .receipt: "its receipt is looked up"
    case .probe: "it is looked whether it happened; where nobody can tell, people are asked"
    case .opaque: "`onInterrupt` decides: `halt` (the default) asks people, `rerun` does it again, `probe` asks a check of the plan"
    }
  }

  /// What a rollback trigger can do with it beyond a plain verdict; nil where nothing.
  var samplingText: String? {
    var parts: [String] = []
    if let operations { parts.append("`minSamples` counts `\(operations)`") }
    if let rate { parts.append("`confidence` judges `\(rate.output)`, made of `\(rate.failures)` and `\(rate.samples)`") }
    return parts.isEmpty ? nil : parts.joined(separator: "; ")
  }

  /// The example says by its keys what it is.
  enum ExampleKind { case step, check, trigger }

  var exampleKind: ExampleKind {
    let keys = example.split(separator: "\n").filter { $0.hasPrefix("  ") && !$0.hasPrefix("   ") }
      .map { $0.dropFirst(2).prefix { $0 != ":" } }
    if keys.contains("every") { return .trigger }
    return keys.contains("expect") ? .check : .step
  }
}

extension FieldType {
  /// The type in a table: `list of text`.
  var tableText: String {
    switch self {
    case .text: "text"
    case .integer(let min, let max): Self.integerText(min, max)
    case .number: "number"
    case .boolean: "true or false"
    case .duration: "duration"
    case .size: "size"
    case .percentage: "percentage"
    case .date: "date"
    case .timestamp: "timestamp"
    case .choice(let words): words.joined(separator: ", ")
    case .list(let element): "list of " + element.pluralText
    case .mapping(let element): "mapping of names to " + element.pluralText
    case .object: "mapping"
    case .document: "MongoDB document"
    case .documents(let use): use == .pipeline ? "aggregation stages" : "list of MongoDB documents"
    case .any: "any value"
    case .check: "check"
    case .measurement: "measurement"
    case .oneOf(let types): types.map(\.tableText).joined(separator: ", or ")
    }
  }

  private static func integerText(_ min: Int64?, _ max: Int64?) -> String {
    switch (min, max) {
    case (let min?, let max?): "integer, \(min) to \(max)"
    case (let min?, nil): "integer, \(min) or more"
    case (nil, let max?): "integer, at most \(max)"
    case (nil, nil): "integer"
    }
  }

  private var pluralText: String {
    switch self {
    case .text: "text"
    case .integer: "integers"
    case .any: "any values"
    case .object: "mappings"
    case .oneOf(let types): types.map(\.pluralText).joined(separator: " or ")
    default: tableText
    }
  }
}

extension FormatShape {
  /// What may stand behind a key, in words.
  var words: String {
    switch self {
    case .text: "text without references"
    case .word(let words): words.joined(separator: ", ")
    case .id: "id"
    case .boolean: "true or false"
    case .integer(let min, let max): FieldType.integer(min: min, max: max).tableText
    case .duration: "duration, no reference"
    case .backoff: "duration, or two with .. between them"
    case .value(let type): type.tableText
    case .ordered: "number, duration, size, percentage, date or timestamp"
    case .matcher: "condition"
    case .action: "name of an action"
    case .arguments: "mapping"
    case .mapping(let name): Self.mappingWords(name)
    case .named(let name): "mapping of names, each with \(Self.mappingWords(name))"
    case .list(let element, _): "list of \(element.words)"
    case .rollback: "auto, a list of steps, or a mapping"
    case .oneOf(let shapes): shapes.map(\.words).joined(separator: ", or ")
    }
  }

  private static func mappingWords(_ name: String) -> String {
    switch name.split(separator: "-").first {
    case "check": "check"
    case "step": "step"
    case "condition": "condition"
    default: name
    }
  }
}
