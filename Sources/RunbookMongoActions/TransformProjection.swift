import MongoDriver
import RunbookActions

/// What a program is given of each document, and what of the document that depends on.
struct TransformProjection: Sendable {
  /// As the plan has it; empty: the whole document.
  private(set) var projection: BSONDocument = [:]
  /// The fields that it reads, all of which are guarded.
  private(set) var reads = UpdateReads()

  private static let wholeDocument: BSONValue = "$$ROOT"

  /// Gives the whole document.
  init() { reads.add(expression: Self.wholeDocument.raw) }

  /// Reads a projection in the sense of `$project`.
  /// - Parameter fields: those that the program may change. It must see them whole or not at all, since its answer takes the place of the whole.
  static func read(_ document: BSONDocument, changing fields: [String]) -> (projection: TransformProjection, problems: [ArgumentProblem]) {
    if document.isEmpty { return (TransformProjection(), []) }
    var read = TransformProjection()
    read.projection = document
    var problems: [ArgumentProblem] = []
    var reads = UpdateReads()
    var kinds: Set<Bool> = []
    for element in document {
      let top = String(element.key.prefix { $0 != "." })
      let path = ["projection", element.key]
      let plain = element.value.bool ?? element.value.number.map { $0 != 0 }
      if element.key == "_id" {
        if plain == false { problems.append(ArgumentProblem(path: path, message: "'_id' is always given: the answer is known by it")) }
        if plain == nil { problems.append(ArgumentProblem(path: path, message: "'_id' is given as it is")) }
        continue
      }
      if top.isEmpty || top.hasPrefix("$") {
        problems.append(ArgumentProblem(path: path, message: "'\(element.key)' names no field"))
        continue
      }
      if fields.contains(top), plain == nil || top != element.key {
        problems.append(
          ArgumentProblem(
            path: path, message: "'fields' names '\(top)', of which the projection gives only a part, or something else",
            help: "give '\(top)' whole, or leave it out: the answer takes the place of the whole field"))
      }
      if let plain {
        kinds.insert(plain)
        reads.add(expression: Self.path(top))
      } else {
        kinds.insert(true)
        Self.add(element.value, named: top, to: &reads)
      }
    }
    if kinds.count > 1 {
      problems.append(
        ArgumentProblem(
          path: ["projection"], message: "a projection names the fields that are given, or those that are not, not both",
          help: "write the names that the program needs"))
    }
    // What is left out is not all that is read.
    if kinds == [true] { read.reads = reads }
    return (read, problems)
  }

  private static func path(_ field: String) -> RawBSONValue { BSONValue.string("$" + field).raw }

  /// An expression, or a document of fields of the field.
  private static func add(_ value: RawBSONValue, named top: String, to reads: inout UpdateReads) {
    guard let document = value.document, !(document.keys.first?.hasPrefix("$") ?? false) else { return reads.add(expression: value) }
    reads.add(expression: path(top))
    for element in document where element.value.bool == nil && element.value.number == nil { add(element.value, named: top, to: &reads) }
  }

  /// Stages that make rows of documents: `{ _id, p: touched fields, r: inputs | w: the whole document, s: what the program is given }`; without `s`
  /// it is given `w`.
  func stages(of change: ChangeDefinition) -> [BSONDocument] {
    let before = UpdatePipeline.before
    func kept(_ paths: [ChangedPath], in document: String?) -> BSONValue {
      .document(BSONDocument(paths.enumerated().map { (ChangeDefinition.rowName($1, at: $0), $1.reference(in: document)) }))
    }
    if projection.isEmpty {
      return [["$replaceWith": ["_id": "$_id", "p": kept(change.fields, in: nil), "w": "$$ROOT"]]]
    }
    // By name beside the fields that are given; a projection that leaves fields out lets it through.
    let isLeavingOut = projection.first { !$0.hasKey("_id") }.map { $0.value.bool == false || $0.value.number == 0 } ?? false
    let given = BSONDocument { stage in
      stage.append(fieldsOf: projection)
      if !isLeavingOut { stage.append(before, Int32(1)) }
    }
    let row = BSONDocument { row in
      row.append("_id", "$_id")
      row.append("p", kept(change.fields, in: before))
      if change.inputs == [.root] { row.append("w", "$" + before) } else { row.append("r", kept(change.inputs, in: before)) }
      row.append("s", "$$ROOT")
    }
    return [
      ["$set": .document([before: "$$ROOT"])], ["$project": .document(given)], ["$replaceWith": .document(row)],
      ["$project": .document(["s." + before: 0])],
    ]
  }
}
