import MongoDriver
import RunbookActions
import RunbookPlan

// The captures of these actions read what they would meet and refuse what is in the way, so previews begin with them.

extension MongoCreateIndex: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let reads = try PreviewReads(context, extent)
    let captured = try await capture(context)
    let index = try IndexDefinition(context.arguments)
    switch captured["before"]?.stringValue {
    case "finished": return EffectPreview(.exact, "finds the index '\(index.name)' there already, and leaves it")
    case "building": return EffectPreview(.estimated, "waits for the index '\(index.name)' that somebody else is building")
    default: break
    }
    let count = try await reads.estimatedCount()
    var preview = EffectPreview(.exact, "builds the index '\(index.name)' over about \(PreviewWords.documents(count))")
    guard context.arguments["unique"] == true else { return preview }
    guard count <= extent.documents else {
      preview.coverage = .estimated
      preview.facts.append("whether two documents have the same key is seen when it is built: the collection is too large to look here")
      return preview
    }
    let structure = try StructureCall(context)
    let build = IndexBuild(
      commands: structure.commands, collection: reads.collection, index: index,
      collation: try await reads.definition().options["collation"]?.document, style: .direct, limit: structure.buildLimit,
      isStopped: { false }, progress: { _ in })
    let text = try await DuplicateKeys(build: build).text(nil)
    if !text.isEmpty { preview.problems.append("documents have the same key: \(text)") }
    return preview
  }
}

extension MongoDropIndex: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let captured = try await capture(context)
    let name = context.arguments["name"]?.stringValue ?? ""
    guard let definition = captured["definition"]?.stringValue else {
      return EffectPreview(.exact, "finds no index '\(name)', and drops nothing")
    }
    return EffectPreview(.exact, "drops the index '\(name)'", facts: ["it is \(definition)"])
  }
}

extension MongoCreateCollection: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let captured = try await capture(context)
    let name = context.arguments["name"]?.stringValue ?? ""
    return captured["before"] == .null
      ? EffectPreview(.exact, "creates the collection '\(name)'")
      : EffectPreview(.exact, "finds the collection '\(name)' there already, made as the plan wants it")
  }
}

extension MongoDropCollection: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    _ = try await capture(context)
    let name = context.arguments["name"]?.stringValue ?? ""
    let reply = try await MongoCall(context).target.run(
      ["count": .string(name), "maxTimeMS": 30_000], collection: name, doing: "counting what would be dropped")
    let count = reply["n"]?.integer ?? 0
    return EffectPreview(
      .estimated, "takes the collection '\(name)' with about \(PreviewWords.documents(count)) away, and keeps it until finalize",
      documents: count)
  }
}

extension MongoRenameCollection: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    _ = try await capture(context)
    let names = ["from", "to"].map { context.arguments[$0]?.stringValue ?? "" }
    return EffectPreview(.exact, "renames the collection '\(names[0])' to '\(names[1])'")
  }
}

extension MongoSetValidator: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let reads = try PreviewReads(context, extent)
    _ = try await capture(context)
    guard let value = context.arguments["validator"], !value.isNull else { return EffectPreview(.exact, "removes the validator") }
    let validator = try MongoValues.document(value, at: "validator")
    let count = try await reads.estimatedCount()
    let isWhole = count <= extent.documents
    let some: [BSONDocument] = isWhole ? [] : [["$limit": .integer(extent.documents)]]
    let unfit = try await reads.count(some + [["$match": ["$nor": [.document(validator)]]]])
    var preview = EffectPreview(isWhole ? .exact : .estimated, "sets the validator")
    guard unfit > 0 else {
      preview.facts.append(isWhole ? "every document fits it" : "the first \(extent.documents) documents fit it")
      return preview
    }
    let text = "\(isWhole ? "" : "at least ")\(PreviewWords.documents(unfit)) \(unfit == 1 ? "does" : "do") not fit it"
    if context.arguments["allowExistingViolations"] == true { preview.facts.append(text) } else { preview.problems.append(text) }
    return preview
  }
}
