import MongoDriver
import RunbookActions

/// The operator form of an update, `{ $set: { … }, $unset: { … } }`, as a pipeline that does the same.
enum UpdateOperators {
  static func stages(_ update: BSONDocument) -> (stages: [BSONDocument], problems: [ArgumentProblem]) {
    var problems: [ArgumentProblem] = []
    var stages: [BSONDocument] = []
    for element in update {
      let name = element.key
      guard name.hasPrefix("$") else {
        problems.append(
          ArgumentProblem(
            path: ["update", name], message: "'\(name)' is no operator: a whole document as replacement would lose the application's edits",
            help: "update: { $set: { \(name): … } }"))
        continue
      }
      guard let body = element.value.document, !body.isEmpty else {
        problems.append(ArgumentProblem(path: ["update", name], message: "\(name) takes a map of fields"))
        continue
      }
      switch name {
      case "$set":
        // The operator's values are data, a pipeline's are expressions.
        let values = body.map { ($0.key, ["$literal": $0.value.decoded] as BSONValue) }
        stages.append(["$set": .document(BSONDocument(values))])
      case "$rename": stages += renaming(body, &problems)
      case "$min", "$max": stages.append(["$set": .document(BSONDocument(body.map { ($0.key, limited($0, isLeast: name == "$min")) }))])
      case "$currentDate":
        for element in body where element.value.bool != true && element.value.document != ["$type": "date"] {
          problems.append(
            ArgumentProblem(
              path: ["update", name, element.key], message: "$currentDate sets a date here: true, or { $type: date }",
              help: "a field of type timestamp is set by a pipeline: { $set: { \(element.key): $$CLUSTER_TIME } }"))
        }
        stages.append(["$set": .document(BSONDocument(body.keys.map { ($0, "$$NOW") }))])
      case "$unset": stages.append(["$unset": .array(BSONArray(body.keys.map(BSONValue.string)))])
      default:
        problems.append(
          ArgumentProblem(
            path: ["update", name], message: "\(name) is not built into 'update' yet",
            help: pipelineForm(name, field: body.keys.first ?? "f")))
      }
    }
    return (stages, problems)
  }

  /// A field that is not there keeps what stands under its new name.
  private static func renaming(_ body: BSONDocument, _ problems: inout [ArgumentProblem]) -> [BSONDocument] {
    var values: [(String, BSONValue)] = []
    for element in body {
      guard let name = element.value.string, name != element.key else {
        problems.append(ArgumentProblem(path: ["update", "$rename", element.key], message: "$rename takes the new name of the field"))
        continue
      }
      let isMissing: BSONValue = ["$eq": [["$type": .string("$" + element.key)], "missing"]]
      values.append((name, ["$cond": [isMissing, .string("$" + name), .string("$" + element.key)]]))
    }
    guard !values.isEmpty else { return [] }
    return [["$set": .document(BSONDocument(values))], ["$unset": .array(BSONArray(body.keys.map(BSONValue.string)))]]
  }

  /// The given value, where the field is absent or beyond it.
  private static func limited(_ element: BSONDocument.Element, isLeast: Bool) -> BSONValue {
    let field: BSONValue = .string("$" + element.key)
    let value: BSONValue = ["$literal": element.value.decoded]
    let isBeyond: BSONValue = isLeast ? ["$lt": [value, field]] : ["$gt": [value, field]]
    return ["$cond": [["$or": [["$eq": [["$type": field], "missing"]], isBeyond]], value, field]]
  }

  /// The stage to write instead.
  private static func pipelineForm(_ name: String, field: String) -> String? {
    switch name {
    case "$inc": "pipeline: [ { $set: { \(field): { $add: [ { $ifNull: [ $\(field), 0 ] }, … ] } } } ]"
    case "$mul": "pipeline: [ { $set: { \(field): { $multiply: [ { $ifNull: [ $\(field), 0 ] }, … ] } } } ]"
    case "$push", "$addToSet": "pipeline: [ { $set: { \(field): { $concatArrays: [ { $ifNull: [ $\(field), [] ] }, [ … ] ] } } } ]"
    default: nil
    }
  }
}
