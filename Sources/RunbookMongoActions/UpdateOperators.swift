import MongoDriver
import RunbookActions

/// The operator form of an update, `{ $set: { … }, $unset: { … } }`, as a pipeline.
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

  /// The stage to write instead.
  private static func pipelineForm(_ name: String, field: String) -> String? {
    switch name {
    case "$inc": "pipeline: [ { $set: { \(field): { $add: [ { $ifNull: [ $\(field), 0 ] }, … ] } } } ]"
    case "$mul": "pipeline: [ { $set: { \(field): { $multiply: [ { $ifNull: [ $\(field), 0 ] }, … ] } } } ]"
    case "$min": "pipeline: [ { $set: { \(field): { $min: [ $\(field), … ] } } } ]"
    case "$max": "pipeline: [ { $set: { \(field): { $max: [ $\(field), … ] } } } ]"
    case "$rename": "pipeline: [ { $set: { new: $\(field) } }, { $unset: \(field) } ]"
    case "$currentDate": "pipeline: [ { $set: { \(field): $$NOW } } ]"
    case "$push", "$addToSet": "pipeline: [ { $set: { \(field): { $concatArrays: [ { $ifNull: [ $\(field), [] ] }, [ … ] ] } } } ]"
    default: nil
    }
  }
}
