import MongoDriver
import RunbookActions
import RunbookPlan

extension MongoUpdate: PreviewingAction {
  public func preview(_ context: ActionContext, extent: PreviewExtent) async throws(ActionError) -> EffectPreview {
    try await UpdatePreview(context, extent).make()
  }
}

/// What `mongodb.update` would do now: the same capture that the change itself makes, only read.
private struct UpdatePreview {
  let work: UpdateWork
  let reads: PreviewReads

  private var definition: ChangeDefinition { work.definition }

  init(_ context: ActionContext, _ extent: PreviewExtent) throws(ActionError) {
    work = try UpdateWork(context, OnlineChangeTiming(), CrashPoints())
    reads = try PreviewReads(context, extent)
  }

  func make() async throws(ActionError) -> EffectPreview {
    let checks = UpdateChecks(change: work.change, definition: definition, allowsCollation: true)
    let options = try await checks.refuseUnfit()
    let matching = try await count(definition.match)
    let isWhole = matching <= reads.extent.documents
    let rows = try await rows(isWhole ? nil : reads.extent.documents)
    var preview = EffectPreview(isWhole ? .exact : .estimated, "")
    let changing = isWhole ? rows.changing : Int64((Double(matching) * rows.share).rounded())
    preview.documents = changing
    preview.summary = summary(changing, matching: matching, isWhole: isWhole)
    preview.undoBytes = Int64(Double(rows.bytes) * (isWhole ? 1 : Double(matching) / Double(max(rows.seen, 1))))
    preview.facts = [try await reads.indexUse(of: definition.filter), isWhole ? try await once() : nil, pace(changing)].compactMap(\.self)
    let throttle = work.arguments.throttle
    // Batches with the pauses between them, which the way back keeps.
    let pauses = max(0, batches(changing) - 1) * throttle.pauseBetween
    preview.duration = changing == 0 ? 0 : (batches(changing) * throttle.targetLatency + pauses) * 1000
    preview.samples = try await samples()
    preview.problems = rows.problems + (try await refusals(checks, options, isWhole: isWhole))
    if isWhole, let conflict = try await duplicates(checks, options) { preview.problems.append(conflict) }
    return preview
  }

  private func summary(_ changing: Int64, matching: Int64, isWhole: Bool) -> String {
    let fields = definition.fields.map { "'\($0.text)'" }.joined(separator: ", ")
    let about = isWhole ? "" : "about "
    let done = matching - changing
    let rest = isWhole && done > 0 ? "; \(PreviewWords.documents(done)) more fit the filter and are as they would be" : ""
    return "changes \(fields) of \(about)\(PreviewWords.documents(changing))\(rest)"
  }

  private func once() async throws(ActionError) -> String? {
    let fits = try await !rows(of: command(definition.secondKindProbe), doing: "asking whether documents fit afterwards").isEmpty
    return fits ? "documents still fit the filter afterwards, so each is changed once, in one pass" : nil
  }

  private func batches(_ documents: Int64) -> Int64 {
    (documents + Int64(work.arguments.batchSize) - 1) / Int64(work.arguments.batchSize)
  }

  private func pace(_ documents: Int64) -> String? {
    guard documents > 0 else { return nil }
    let count = batches(documents)
    let target = DurationText.format(microseconds: work.arguments.throttle.targetLatency * 1000)
    let batches = count == 1 ? "1 batch" : "\(count.grouped) batches"
    let pause = work.arguments.throttle.pauseBetween
    let apart = count > 1 && pause > 0 ? ", \(DurationText.format(microseconds: pause * 1000)) apart" : ""
    return "\(batches) of at most \(work.arguments.batchSize), each meant to take \(target) at most\(apart)"
  }

  /// What the capture finds.
  private struct Rows {
    var seen: Int64 = 0
    var changing: Int64 = 0
    var bytes: Int64 = 0
    var problems: [String] = []
    var share: Double { seen == 0 ? 0 : Double(changing) / Double(seen) }
  }

  /// Reads the capture as the change does, document by document; what is read is counted and forgotten.
  private func rows(_ limit: Int64?) async throws(ActionError) -> Rows {
    var definition = definition
    definition.limit = limit
    var rows = Rows()
    var tooLarge: [String] = []
    var unfit: [String] = []
    let command = command(definition.capture)
    try await reads.call.stream(command, of: reads.target, collection: reads.collection, doing: "reading what would be changed") {
      (batch) throws(ActionError) in
      var builder = BlockBuilder(definition, size: .max)
      for document in batch {
        rows.seen += 1
        _ = builder.add(document)
      }
      rows.changing += Int64(builder.count)
      rows.bytes += Int64(builder.bytes)
      tooLarge += builder.tooLarge.map { MongoValues.text($0) }
      unfit += builder.unfit.map { MongoValues.text($0.key) }
    }
    if let first = tooLarge.first {
      rows.problems.append("\(PreviewWords.documents(Int64(tooLarge.count))) would be too large for the undo entries, for example \(first)")
    }
    if let first = unfit.first {
      rows.problems.append(
        "in \(PreviewWords.documents(Int64(unfit.count))) something on the way to a nested field is no document, for example in \(first)")
    }
    return rows
  }

  /// An aggregation with the variables and the collation that the change reads with.
  private func command(_ stages: [BSONDocument]) -> BSONDocument {
    BSONDocument { writer in
      writer.append(fieldsOf: reads.call.aggregateCommand(stages, reads.collection))
      definition.writeReading(to: &writer)
    }
  }

  private func rows(of command: BSONDocument, doing: String) async throws(ActionError) -> [BSONDocument] {
    var rows: [BSONDocument] = []
    try await reads.call.stream(command, of: reads.target, collection: reads.collection, doing: doing) { (batch) throws(ActionError) in
      rows += batch
    }
    return rows
  }

  private func count(_ stages: [BSONDocument]) async throws(ActionError) -> Int64 {
    try await rows(of: command(stages + [["$count": "n"]]), doing: "counting documents").first?["n"]?.integer ?? 0
  }

  /// Documents that change, as they are and as they would be.
  private func samples() async throws(ActionError) -> [EffectPreview.Sample] {
    guard reads.extent.samples > 0 else { return [] }
    let aside = UpdatePipeline.before
    // More than are shown are looked at, since some of them may be as they would be.
    let stages =
      definition.match + [["$limit": .integer(Int64(reads.extent.samples) * 10)], ["$set": .document([aside: "$$ROOT"])]]
      + definition.stages
    let found = try await rows(of: command(stages), doing: "computing sample documents")
    return found.compactMap { row -> EffectPreview.Sample? in
      guard let before = row[aside]?.document else { return nil }
      let after = row.without(aside)
      return before == after ? nil : PreviewReads.sample(before: before, after: after)
    }.prefix(reads.extent.samples).map(\.self)
  }

  /// Which documents would have the same key of a unique index.
  private func duplicates(_ checks: UpdateChecks, _ options: BSONDocument) async throws(ActionError) -> String? {
    do throws(ActionError) {
      try await checks.refuseDuplicates(options)
      return nil
    } catch {
      guard error.code == UpdateErrorCode.duplicatesAfterwards else { throw error }
      return error.message
    }
  }

  /// Documents that the collection's validator would refuse as they would be.
  private func refusals(_ checks: UpdateChecks, _ options: BSONDocument, isWhole: Bool) async throws(ActionError) -> [String] {
    guard let invalid = checks.invalid(options, limit: isWhole ? nil : reads.extent.documents) else { return [] }
    let refused = try await count(invalid)
    guard refused > 0 else { return [] }
    return ["the validator would refuse \(isWhole ? "" : "at least ")\(PreviewWords.documents(refused)) as they would be"]
  }
}
