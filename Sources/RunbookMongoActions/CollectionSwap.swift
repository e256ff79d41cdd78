import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.restore` with `mode: swap`: the backup is copied beside the collection, proven, and put in its place by two renames; what it replaces is kept until `finalize`.
///
/// One rename with `dropTarget` would leave no moment without the collection, but drops what it replaces, with every write up to then. Between the two the name is free: reads
/// find nothing, and what the application inserts makes a collection of that name. That one is set aside, and its documents are brought along afterwards.
struct CollectionSwap: Sendable {
  let structure: StructureCall
  let restore: RestoreWork
  let timing: OnlineChangeTiming
  let crashPoints: CrashPoints

  var call: MongoCall { structure.call }
  var target: MongoTarget { structure.target }
  var context: ActionContext { structure.context }
  var collection: String { restore.collection }
  /// What the replaced collection is called until `finalize`.
  var kept: String { RunbookCollections.dropped(run: context.run.id, step: context.subject) }
  /// What the copy is called while it is not in place.
  var beside: String { RunbookCollections.beside(run: context.run.id, step: context.subject) }
  var copy: CollectionCopy { CollectionCopy(call: call, to: beside, what: "the restored copy") }
  var rename: CollectionRename { CollectionRename(structure: structure) }

  init(_ context: ActionContext, _ timing: OnlineChangeTiming, _ crashPoints: CrashPoints) async throws(ActionError) {
    structure = try StructureCall(context)
    restore = try await RestoreWork(context, timing, crashPoints)
    self.timing = timing
    self.crashPoints = crashPoints
  }

  // MARK: What there is

  /// The three collections of a swap, as far as they are there.
  struct Standing: Sendable {
    var live: CollectionDefinition?
    var kept: CollectionDefinition?
    var copy: CollectionDefinition?
  }

  func look() async throws(ActionError) -> Standing {
    Standing(
      live: try await target.definition(of: collection), kept: try await target.definition(of: kept),
      copy: try await target.definition(of: beside))
  }

  func recorded(_ captured: Value) throws(ActionError) -> CollectionDefinition {
    guard let definition = CollectionDefinition(value: captured["definition"]) else { throw structure.brokenCapture() }
    return definition
  }

  /// Whether it is the very collection that was captured. After it has been renamed, some servers give it another UUID.
  static func isOriginal(_ live: CollectionDefinition?, _ captured: CollectionDefinition) -> Bool {
    guard let live else { return false }
    return captured.uuid == nil || live.uuid == captured.uuid
  }

  /// Whether what has the collection's name is the copy that was put there.
  static func isCopy(_ live: CollectionDefinition, kept: CollectionDefinition, _ record: SwapRecord) -> Bool {
    if let known = record.liveID { return live.uuid == known }
    // Where the other one kept its UUID, so did the copy. A server that does not keep them cannot be asked.
    guard let original = record.definition.uuid, kept.uuid == original, let made = record.copyID else { return true }
    return live.uuid == made
  }

  private var recordID: String { "\(context.run.id)/\(context.subject)/swap" }

  func load() async throws(ActionError) -> SwapRecord? {
    let found = try await target.findOwn(
      ["_id": .string(recordID)], in: RunbookCollections.renames, doing: "reading what is known of the swap")
    guard let document = found.first else { return nil }
    guard let record = SwapRecord(document) else { throw structure.brokenCapture() }
    return record
  }

  func save(_ record: SwapRecord) async throws(ActionError) {
    try await target.replaceOwn(
      record.document(id: recordID, run: context.run.id), in: RunbookCollections.renames, doing: "noting the swap")
  }

  // MARK: Forward

  /// The collection as it is, and how many later writes would be lost, before anything is written.
  func capture() async throws(ActionError) -> Value {
    _ = try await structure.requireCollection(collection)
    let change = ChangeDefinition(collection: collection, kind: .insert)
    try await UpdateChecks(change: restore.change, definition: change, allowsCollation: true).refuseUnfit()
    guard let definition = try await target.definition(of: collection) else { throw structure.missing(collection) }
    return .object(["definition": definition.value, "wouldLose": .integer(try await wouldLose())])
  }

  /// Documents in which the collection and the backup differ: written, inserted or deleted since.
  private func wouldLose() async throws(ActionError) -> Int64 {
    var loss: Int64 = 0
    var common: Int64 = 0
    try await restore.read { (batch) throws(ActionError) in
      try call.checkStop("the look at what would be lost")
      let present = try await restore.present(batch)
      common += Int64(present.count)
      loss += Int64(batch.filter { document in document["_id"].map { present[$0] != document } ?? true }.count)
    }
    let all = try await call.aggregate([["$count": "n"]], in: collection, doing: "counting the documents").first?["n"]?.integer ?? 0
    loss += max(0, all - common)
    try restore.accept(loss: loss, always: true)
    return loss
  }

  func perform(_ captured: Value) async throws(ActionError) -> ActionResult {
    let original = try recorded(captured)
    let there = try await look()
    if there.kept == nil || Self.isOriginal(there.live, original) {
      guard let live = there.live, Self.isOriginal(live, original) else {
        throw structure.changedMeanwhile("the collection '\(collection)' that was recorded before the step is gone, or was made anew")
      }
      guard there.kept == nil else { throw rename.inTheWay(kept) }
      try await takeAway(await readyCopy(live, there.copy, loss: captured["wouldLose"]?.integerValue ?? 0))
    }
    if there.copy != nil || there.kept == nil { try await put(beside) }
    try await crashPoints.hit("swap.in-place")
    return try await finish(captured)
  }

  /// What it gave, where both renames are done.
  func probe(_ captured: Value) async throws(ActionError) -> ActionResult? {
    let original = try recorded(captured)
    let there = try await look()
    guard there.kept != nil, there.copy == nil, there.live != nil, !Self.isOriginal(there.live, original) else { return nil }
    return try await finish(captured)
  }

  /// Makes the copy and proves it; one that is ready, as this very effect left it, is proven again.
  private func readyCopy(_ live: CollectionDefinition, _ made: CollectionDefinition?, loss: Int64) async throws(ActionError) -> SwapRecord {
    let former = try await load()
    if let former, former.phase == .ready, former.effect == context.effect, let made, made.uuid == former.copyID,
      former.definition.differences(to: live, called: collection).isEmpty,
      try await digest(of: beside, former, "proving the copy").text == former.digest
    {
      return former
    }
    try await copy.drop()
    let source = restore.from
    let backup = try await source.target.backupRecord(of: source.collection)
    if let backup, !backup.isProven { throw unproven("the backup \(source.label) was never finished") }
    var record = SwapRecord(effect: context.effect, definition: live, key: backup?.key ?? DigestKey(), after: former)
    try await save(record)
    try await copy.create(live.options)
    var read = ContentDigest(key: record.key)
    let isView = try await source.target.definition(of: source.collection)?.kind != "collection"
    try await copy.fill(
      from: source.target, collection: source.collection,
      by: call.findCommand(source.collection, filter: [:], isView: isView, isBounded: false), total: backup?.documents,
      note: RestoreWork.note(loss: loss).map { "copying; \($0)" } ?? "copying", stopping: "the restore", doing: "reading the backup"
    ) { documents, _ in read.add(documents) }
    try await crashPoints.hit("swap.copied")
    if let backup, read.text != backup.digest { throw unproven("the backup \(source.label) is no longer what was proven") }
    let written = try await digest(of: beside, record, "proving the copy")
    guard written == read else {
      throw unproven("\(read.count) documents were read and \(written.count) stand in the copy, or they differ")
    }
    // Only now: an index may let documents expire.
    if let difference = try await rename.bring(live, to: beside).first { throw unproven(difference) }
    record.copyID = try await target.definition(of: beside)?.uuid
    record.digest = read.text
    record.documents = read.count
    record.phase = .ready
    try await save(record)
    return record
  }

  private func unproven(_ what: String) -> ActionError {
    ActionError(
      code: MongoErrorCode.proofFailed, message: "the copy that '\(collection)' of target '\(target.name)' is to be replaced by: \(what)",
      kind: .refused, help: "nothing was replaced; the step can be done again with a backup that is as it was made")
  }

  func digest(of collection: String, _ record: SwapRecord, _ doing: String) async throws(ActionError) -> ContentDigest {
    try await call.digest(of: collection, key: record.key, total: record.documents, note: "proving", stopping: "the restore", doing: doing)
  }

  /// The first rename. From here to the end of `put` the name is free.
  private func takeAway(_ record: SwapRecord) async throws(ActionError) {
    let live = try await structure.requireCollection(collection)
    guard live.uuid == record.definition.uuid, record.definition.differences(to: live, called: collection).isEmpty else {
      throw structure.changedMeanwhile("'\(collection)' was given other options or indexes, or made anew, while the backup was copied")
    }
    try call.checkStop("the restore")
    try await awaitRoom()
    try await crashPoints.hit("swap.ready")
    do throws(CommandFailure) {
      try await move(collection, to: kept)
    } catch {
      throw error.code == CommandFailure.collectionExists ? rename.inTheWay(kept) : error.error
    }
    try await crashPoints.hit("swap.between")
  }

  /// Both renames are proven, recorded, and what was made in between is brought along.
  private func finish(_ captured: Value) async throws(ActionError) -> ActionResult {
    guard var record = try await load() else { throw structure.brokenCapture() }
    let there = try await look()
    guard let live = there.live, let replaced = there.kept, there.copy == nil, Self.isCopy(live, kept: replaced, record) else {
      throw structure.changedMeanwhile("'\(collection)' was dropped or made anew by somebody since the restored copy was put in its place")
    }
    try await settle(&record, live, replaced)
    try await bringStrays(&record)
    let loss = captured["wouldLose"] ?? 0
    var warnings = record.told
    if loss != 0 {
      warnings.insert(
        "what '\(collection)' held, with writes to \(loss.integerValue ?? 0) documents since the backup, is kept as '\(kept)' until finalize",
        at: 0)
    }
    return ActionResult(
      outputs: [
        "restored": .integer(record.documents), "wouldLose": loss, "inDoubt": 0, "batches": 0, "keptAs": .string(kept),
      ], warnings: warnings)
  }

  /// Records that the copy is in place, with the UUIDs that it and the other have now.
  func settle(_ record: inout SwapRecord, _ live: CollectionDefinition, _ replaced: CollectionDefinition) async throws(ActionError) {
    guard record.phase == .ready else { return }
    record.told += try await rename.bring(record.definition, to: collection)
    (record.liveID, record.keptID) = (live.uuid, replaced.uuid)
    record.phase = .swapped
    try await save(record)
    try await crashPoints.hit("swap.recorded")
  }
}
