import MongoDriver
import RunbookActions

/// What a pipeline of `$set`, `$addFields` and `$unset` changes and looks at, found without running it.
struct UpdatePipeline: Hashable {
  let stages: [BSONDocument]
  /// The top-level fields that the stages set or unset, in the order in which they are first met.
  let targets: [String]
  let reads: UpdateReads

  /// The field in which the document as it was is kept while the stages work on it.
  static let before = "_runbookBefore"

  /// - Returns: the pipeline, or everything that is wrong with it; paths begin with `root`.
  static func analysed(_ stages: [BSONDocument], root: String = "pipeline") -> (pipeline: UpdatePipeline?, problems: [ArgumentProblem]) {
    var problems: [ArgumentProblem] = []
    var targets: [String] = []
    var reads = UpdateReads()
    if stages.isEmpty { problems.append(ArgumentProblem(path: [root], message: "a pipeline without stages changes nothing")) }
    for (index, stage) in stages.enumerated() {
      var fields: [String] = []
      let place = [root, "\(index)"]
      let elements = Array(stage)
      guard elements.count == 1 else {
        problems.append(ArgumentProblem(path: place, message: "a stage is a map of exactly one key, its operator"))
        continue
      }
      let name = elements[0].key
      switch name {
      case "$set", "$addFields":
        guard let body = elements[0].value.document, !body.isEmpty else {
          problems.append(ArgumentProblem(path: place + [name], message: "\(name) takes a map of fields and their expressions"))
          continue
        }
        for element in body {
          fields.append(element.key)
          reads.add(expression: element.value)
        }
      case "$unset":
        let value = elements[0].value
        fields = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
        if fields.isEmpty {
          problems.append(ArgumentProblem(path: place + [name], message: "$unset takes the name of a field or a list of names"))
        }
      default:
        problems.append(otherStage(name, at: place))
      }
      for field in fields {
        if let problem = problem(target: field, at: place + [name, field]) { problems.append(problem) }
        if !targets.contains(field) { targets.append(field) }
      }
    }
    if reads.namesRoot {
      problems.append(
        ArgumentProblem(
          path: [root],
          message: "the pipeline reads the document as a whole ($$ROOT), so any edit of the application would stop the change",
          help: "name the fields that the expressions need"))
    }
    guard problems.isEmpty else { return (nil, problems) }
    return (UpdatePipeline(stages: stages, targets: targets, reads: reads), [])
  }

  private static func otherStage(_ name: String, at place: [String]) -> ArgumentProblem {
    ArgumentProblem(
      path: place + [name], message: "the stage '\(name)' cannot be undone field by field: a pipeline may use $set, $addFields and $unset",
      help: name == "$project" || name == "$replaceWith" || name == "$replaceRoot" ? "write what it does as $set and $unset" : nil)
  }

  /// What is wrong with a field as the target of a change.
  static func problem(target field: String, at path: [String]) -> ArgumentProblem? {
    if field == "$$ROOT" || field == "$$CURRENT" {
      return ArgumentProblem(
        path: path, message: "'\(field)' would replace the document as a whole, and every edit of the application with it")
    }
    if field == "_id" { return ArgumentProblem(path: path, message: "'_id' tells which document it is and is never changed") }
    if field.isEmpty { return ArgumentProblem(path: path, message: "a field has no name") }
    if field.hasPrefix("$") {
      return ArgumentProblem(path: path, message: "'\(field)' begins with '$', and such a field cannot be set and restored by name")
    }
    if field.contains(".") {
      let top = String(field.prefix { $0 != "." })
      return ArgumentProblem(
        path: path, message: "'\(field)' is a path: this version changes whole top-level fields only",
        help: "set '\(top)' as a whole: { \(top): { $mergeObjects: [ $\(top), { … } ] } }")
    }
    if field.hasPrefix("_runbook") { return ArgumentProblem(path: path, message: "names beginning with '_runbook' are the program's own") }
    return nil
  }
}

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
