import MongoDriver
import RunbookActions

/// What a pipeline changes and looks at, found without running it.
///
/// A pipeline may use `$set`, `$addFields` and `$unset`, and `$replaceWith` with `$setField` or `$unsetField` on the document, for names that no path can say.
struct UpdatePipeline: Hashable {
  /// The stages, with paths in place of nested documents, which mean the same to a server: `{a: {b: 1}}` sets `a.b`.
  let stages: [BSONDocument]
  /// The fields that the stages set or unset, in the order in which they are first met; none is inside another.
  let targets: [ChangedPath]
  let reads: UpdateReads

  /// The field in which the document as it was is kept while the stages work on it.
  static let before = "_runbookBefore"

  /// - Returns: the pipeline, or everything that is wrong with it; paths begin with `root`.
  static func analysed(_ stages: [BSONDocument], root: String = "pipeline") -> (pipeline: UpdatePipeline?, problems: [ArgumentProblem]) {
    var analysis = UpdateAnalysis()
    if stages.isEmpty { analysis.problems.append(ArgumentProblem(path: [root], message: "a pipeline without stages changes nothing")) }
    for (index, stage) in stages.enumerated() { analysis.take(stage, at: [root, "\(index)"]) }
    if analysis.reads.namesRoot {
      analysis.problems.append(
        ArgumentProblem(
          path: [root],
          message: "the pipeline reads the document as a whole ($$ROOT), so any edit of the application would stop the change",
          help: "name the fields that the expressions need"))
    }
    guard analysis.problems.isEmpty else { return (nil, analysis.problems) }
    let all = analysis.targets
    let outermost = all.filter { path in !all.contains { $0 != path && path.isInside($0) } }
    return (UpdatePipeline(stages: analysis.stages, targets: outermost, reads: analysis.reads), [])
  }
}

/// The stages of a pipeline taken in one by one.
private struct UpdateAnalysis {
  var problems: [ArgumentProblem] = []
  var stages: [BSONDocument] = []
  var targets: [ChangedPath] = []
  var reads = UpdateReads()

  mutating func take(_ stage: BSONDocument, at place: [String]) {
    let elements = Array(stage)
    guard elements.count == 1 else {
      problems.append(ArgumentProblem(path: place, message: "a stage is a map of exactly one key, its operator"))
      return
    }
    let name = elements[0].key
    let value = elements[0].value
    switch name {
    case "$set", "$addFields":
      guard let body = value.document, !body.isEmpty else {
        problems.append(ArgumentProblem(path: place + [name], message: "\(name) takes a map of fields and their expressions"))
        return
      }
      let fields = Self.flat(body)
      for (field, expression) in fields {
        target(ChangedPath(path: field), at: place + [name, field])
        reads.add(expression: expression)
      }
      stages.append(BSONDocument { $0.append(name, BSONDocument { for (field, value) in fields { $0.append(field, raw: value) } }) })
      return
    case "$unset":
      let fields = value.string.map { [$0] } ?? value.array?.compactMap(\.string) ?? []
      if fields.isEmpty {
        problems.append(ArgumentProblem(path: place + [name], message: "$unset takes the name of a field or a list of names"))
      }
      for field in fields { target(ChangedPath(path: field), at: place + [name, field]) }
    case "$replaceWith": take(replacement: value, at: place + [name])
    case "$replaceRoot":
      guard let root = value.document?["newRoot"], value.document?.keys.count == 1 else {
        problems.append(otherStage(name, at: place))
        return
      }
      take(replacement: root, at: place + [name, "newRoot"])
    default: problems.append(otherStage(name, at: place))
    }
    stages.append(stage)
  }

  /// The fields of a `$set` as paths: a nested document that is no expression sets what is in it, and leaves the rest of the field as it is.
  private static func flat(_ body: BSONDocument, under prefix: String = "") -> [(String, RawBSONValue)] {
    body.flatMap { element -> [(String, RawBSONValue)] in
      let path = prefix + element.key
      guard let inner = element.value.document, let first = inner.keys.first, !first.hasPrefix("$") else { return [(path, element.value)] }
      return flat(inner, under: path + ".")
    }
  }

  private mutating func target(_ path: ChangedPath, at place: [String]) {
    if let problem = Self.problem(target: path, at: place) { problems.append(problem) }
    if !targets.contains(path) { targets.append(path) }
  }

  /// The document with some fields set or taken away by name, each around the next: `{$setField: {field, input: "$$ROOT", value}}`.
  private mutating func take(replacement: RawBSONValue, at place: [String]) {
    var place = place
    var rest = replacement
    while rest.string != "$$ROOT", rest.string != "$$CURRENT" {
      guard let call = rest.document, call.keys.count == 1, let name = call.keys.first, name == "$setField" || name == "$unsetField",
        let parts = call[name]?.document, let field = parts["field"], let input = parts["input"]
      else {
        problems.append(otherStage("$replaceWith", at: Array(place.dropLast())))
        return
      }
      place += [name, "field"]
      guard let text = field.document?["$literal"]?.string ?? field.string.flatMap({ $0.hasPrefix("$") ? nil : $0 }) else {
        problems.append(
          ArgumentProblem(
            path: place, message: "the name of a field that is changed has to be a constant",
            help: "write a name that begins with '$' as { $literal: … }"))
        return
      }
      target(ChangedPath(name: text), at: place)
      if let value = parts["value"] { reads.add(expression: value) }
      rest = input
      place = place.dropLast() + ["input"]
    }
    if place.last != "input" {
      problems.append(ArgumentProblem(path: place, message: "a document in place of itself changes nothing"))
    }
  }

  private func otherStage(_ name: String, at place: [String]) -> ArgumentProblem {
    let isReplacement = name == "$replaceWith" || name == "$replaceRoot"
    return ArgumentProblem(
      path: place + [name],
      message: isReplacement
        ? "'\(name)' cannot be undone field by field, but as $setField and $unsetField on $$ROOT"
        : "the stage '\(name)' cannot be undone field by field: a pipeline may use $set, $addFields, $unset, and $replaceWith with $setField",
      help: name == "$project" || isReplacement ? "write what it does as $set and $unset" : nil)
  }

  /// What is wrong with a field as the target of a change.
  private static func problem(target path: ChangedPath, at place: [String]) -> ArgumentProblem? {
    let field = path.text
    func problem(_ message: String, help: String? = nil) -> ArgumentProblem { ArgumentProblem(path: place, message: message, help: help) }
    if field == "$$ROOT" || field == "$$CURRENT" {
      return problem("'\(field)' would replace the document as a whole, and every edit of the application with it")
    }
    if path.names[0] == "_id" { return problem("'_id' tells which document it is and is never changed") }
    if path.names.contains("") { return problem(path.parents == 0 ? "a field has no name" : "'\(field)' has a name without letters in it") }
    if path.names[0].hasPrefix("_runbook") { return problem("names beginning with '_runbook' are the program's own") }
    if path.isLiteral { return nil }
    if path.parents > ChangedPath.mostParents {
      return problem("'\(field)' leads through \(path.parents) documents; at most \(ChangedPath.mostParents) are possible")
    }
    if let name = path.names.first(where: { $0.hasPrefix("$") }) {
      if path.parents > 0, name == "$" || name.hasPrefix("$[") {
        return problem(
          "'\(field)' is a path through an array, whose elements have no place of their own to put back",
          help: "set the array as a whole, with $map")
      }
      let set = "$replaceWith: { $setField: { field: { $literal: \(name) }, input: $$ROOT, value: … } }"
      return problem(
        "'\(name)' begins with '$', and a path cannot say such a name",
        help: path.parents == 0 ? set : "set the document around it as a whole, with $setField")
    }
    return nil
  }
}
