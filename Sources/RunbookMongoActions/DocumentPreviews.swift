import MongoDriver
import RunbookActions
import RunbookPlan

extension MongoDelete: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let work = try DeleteWork(context, OnlineChangeTiming(), CrashPoints())
    let reads = try PreviewReads(context, extent)
    try await UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true).refuseUnfit()
    let found = try await reads.count(work.definition.capture)
    var preview = EffectPreview(.exact, "deletes \(PreviewWords.documents(found)), and keeps each for the way back", documents: found)
    preview.samples = try await reads.documents(work.definition.capture).map { PreviewReads.sample(before: $0, after: nil) }
    let bytes = try await reads.call.aggregate(
      work.definition.capture + [
        ["$limit": .integer(extent.documents)], ["$group": ["_id": nil, "size": ["$avg": ["$bsonSize": "$$ROOT"]]]],
      ],
      in: reads.collection, doing: "measuring documents"
    ).first?["size"]?.double
    preview.undoBytes = bytes.map { Int64($0 * Double(found)) }
    if !work.definition.filter.isEmpty, let use = try await reads.indexUse(of: work.definition.filter) { preview.facts.append(use) }
    return preview
  }
}

extension MongoBackup: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let reads = try PreviewReads(context, extent)
    // What is in the way of the copy is found as the step itself finds it.
    _ = try await capture(context)
    let filter = try reads.call.filter()
    let to = context.arguments["to"]?.stringValue ?? ""
    let statistics = try? await reads.target.run(
      ["collStats": .string(reads.collection)], collection: reads.collection, doing: "reading its statistics")
    let size = statistics?["size"]?.integer
    let count = filter.isEmpty ? try await reads.estimatedCount() : try await reads.count(reads.call.matchStages())
    var preview = EffectPreview(
      filter.isEmpty ? .estimated : .exact, "copies \(filter.isEmpty ? "about " : "")\(PreviewWords.documents(count)) to '\(to)'",
      documents: count)
    if filter.isEmpty { preview.bytes = size }
    let indexes = try await reads.definition().indexes.count
    preview.facts.append(indexes == 1 ? "with its one index" : "with its \(indexes) indexes")
    return preview
  }
}

extension MongoInsert: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let work = try InsertWork(context, OnlineChangeTiming(), CrashPoints())
    try await UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true).refuseUnfit()
    var samples: [EffectPreview.Sample] = []
    var count: Int64 = 0
    var bytes: Int64 = 0
    var present: Int64 = 0
    try await work.read(passing: 0) { (batch) throws(ActionError) in
      count += Int64(batch.count)
      for (_, document) in batch {
        bytes += Int64(document.byteCount)
        if samples.count < extent.samples { samples.append(PreviewReads.sample(before: nil, after: document)) }
      }
      present += Int64(try await work.change.present(batch.compactMap { $0.document["_id"] }, in: work.collection).count)
    }
    let new = count - present
    let isExact = work.isOrdered
    var preview = EffectPreview(
      isExact ? .exact : .estimated, "inserts \(isExact ? "" : "about ")\(PreviewWords.documents(work.skipsExisting ? new : count))",
      documents: work.skipsExisting ? new : count)
    preview.samples = samples
    preview.undoBytes = bytes
    guard present > 0 else { return preview }
    let text = "\(PreviewWords.documents(present)) \(present == 1 ? "is" : "are") there already under the same _id"
    if work.skipsExisting { preview.facts.append("\(text), and stay as they are") } else { preview.problems.append(text) }
    return preview
  }
}

extension MongoTransform: PreviewingAction {
  /// What a program would answer only asking it tells; a preview sees whether it is there, and how many documents it would be asked about.
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    let work = try TransformWork(context, OnlineChangeTiming(), CrashPoints())
    let checks = UpdateChecks(change: work.change, definition: work.definition, allowsCollation: true)
    try await checks.refuseUnfit()
    let found = try await checks.count()
    let fields = work.arguments.fields.map { "'\($0)'" }.joined(separator: ", ")
    var preview = EffectPreview(.opaque, "asks a program about \(PreviewWords.documents(found)), which sets \(fields)")
    if let use = try await PreviewReads(context, extent).indexUse(of: work.definition.filter) { preview.facts.append(use) }
    do throws(ActionError) {
      try running.look(for: work.arguments.argv, environment: work.arguments.environment, in: context)
    } catch {
      preview.problems.append(error.message)
    }
    return preview
  }
}
