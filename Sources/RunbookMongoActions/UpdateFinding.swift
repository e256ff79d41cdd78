import MongoDriver
import RunbookActions
import RunbookPlan

/// Which documents a change is about, as its arguments say: `filter`, `select`, `guard` and `collation`, read.
struct UpdateFinding: Sendable {
  var filter: BSONDocument = [:]
  /// What must hold of a document at the moment of its change.
  var condition: BSONDocument = [:]
  /// Stages over the collection that yield `_id`.
  var selection: [BSONDocument]?
  var collation: BSONDocument = [:]

  /// Reads what is known; everything that is wrong with it is collected.
  init(_ arguments: ValueMap, _ problems: inout [ArgumentProblem]) {
    var found: [ArgumentProblem] = []
    func converted<R>(_ path: [String], _ value: Value?, _ body: (Value, String) throws(ActionError) -> R) -> R? {
      guard let value, !value.isNull else { return nil }
      do throws(ActionError) { return try body(value, path.joined(separator: ".")) } catch {
        found.append(ArgumentProblem(path: path, message: error.message, help: error.help))
        return nil
      }
    }
    filter = converted(["filter"], arguments["filter"], MongoValues.document) ?? [:]
    condition = converted(["guard"], arguments["guard"], MongoValues.document) ?? [:]
    selection = converted(["select", "pipeline"], arguments["select"]?["pipeline"], MongoValues.documents)
    collation = converted(["collation"], arguments["collation"], MongoValues.document) ?? [:]
    found += Self.unfit(condition, at: ["guard"])
    if let selection { found += Self.unfit(selection) }
    found += Self.unfit(collation: collation)
    problems += found
  }

  /// Conditions that cannot be asked of a document in the middle of a pipeline.
  private static func unfit(_ condition: BSONDocument, at path: [String]) -> [ArgumentProblem] {
    var problems: [ArgumentProblem] = []
    for element in condition {
      let place = path + [element.key]
      switch element.key {
      case "$and", "$or", "$nor":
        for (index, part) in (element.value.array ?? BSONArray([])).enumerated() {
          if let part = part.document { problems += unfit(part, at: place + ["\(index)"]) }
        }
      case "$where", "$text":
        problems.append(
          ArgumentProblem(
            path: place, message: "\(element.key) cannot be asked of a document at the moment of its change",
            help: element.key == "$where" ? "write it as $expr" : "find the documents by 'select', and guard the fields that count"))
      default:
        for operation in element.value.document?.keys ?? [] where operation == "$near" || operation == "$nearSphere" {
          problems.append(
            ArgumentProblem(
              path: place + [operation], message: "\(operation) sorts, which a condition on one document cannot",
              help: "use $geoWithin"))
        }
      }
    }
    return problems
  }

  private static func unfit(_ selection: [BSONDocument]) -> [ArgumentProblem] {
    if selection.isEmpty {
      return [ArgumentProblem(path: ["select", "pipeline"], message: "a selection without stages finds every document: leave it out")]
    }
    return selection.enumerated().compactMap { index, stage in
      guard let name = stage.keys.first(where: { $0 == "$out" || $0 == "$merge" }) else { return nil }
      return ArgumentProblem(path: ["select", "pipeline", "\(index)", name], message: "\(name) writes; 'select' only finds")
    }
  }

  /// The keys of a collation and the BSON types of their values (MongoDB manual, "Collation").
  private static let collationKeys: [(name: String, type: BSONType)] = [
    ("locale", .string), ("strength", .int32), ("caseLevel", .bool), ("caseFirst", .string), ("numericOrdering", .bool),
    ("alternate", .string), ("maxVariable", .string), ("normalization", .bool), ("backwards", .bool),
  ]

  private static func unfit(collation: BSONDocument) -> [ArgumentProblem] {
    if collation.isEmpty { return [] }
    var problems: [ArgumentProblem] = []
    if collation["locale"] == nil {
      problems.append(
        ArgumentProblem(
          path: ["collation"], message: "a collation needs 'locale'", help: "collation: { locale: en, strength: 2 } takes no notice of case"
        ))
    }
    for element in collation {
      guard let known = collationKeys.first(where: { $0.name == element.key }) else {
        let names = collationKeys.map(\.name).joined(separator: ", ")
        problems.append(
          ArgumentProblem(path: ["collation", element.key], message: "a collation has no '\(element.key)'", help: "it may have \(names)"))
        continue
      }
      if known.type != element.value.type {
        problems.append(
          ArgumentProblem(
            path: ["collation", element.key],
            message:
              "'\(element.key)' of a collation is \(known.type == .string ? "a text" : known.type == .bool ? "true or false" : "a number")"
          ))
      }
    }
    return problems
  }
}

/// The variables of a change's expressions.
enum UpdateVariables {
  /// Reads `let`: names and constant expressions.
  static func read(_ arguments: ValueMap, _ problems: inout [ArgumentProblem]) -> BSONDocument {
    guard let value = arguments["let"], !value.isNull else { return [:] }
    let variables: BSONDocument
    do throws(ActionError) { variables = try MongoValues.document(value, at: "let") } catch {
      problems.append(ArgumentProblem(path: ["let"], message: error.message, help: error.help))
      return [:]
    }
    for element in variables {
      let first = element.key.utf8.first ?? 0
      let isName =
        (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(first)
        && element.key.utf8.allSatisfy { byte in
          byte == UInt8(ascii: "_") || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
            || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20)
        }
      if !isName {
        problems.append(
          ArgumentProblem(
            path: ["let", element.key],
            message: "'\(element.key)' is no name of a variable: a small letter, then letters, digits and underscores"))
      }
      var reads = UpdateReads()
      reads.add(expression: element.value)
      if reads.wholeDocument || !reads.fields.isEmpty {
        let field = reads.fields.first.map { "the field '\($0)'" } ?? "the document"
        problems.append(
          ArgumentProblem(
            path: ["let", element.key], message: "the variable '\(element.key)' reads \(field), but is the same for all documents",
            help: "use $let inside the expression, where fields can be read"))
      }
    }
    return variables
  }
}
