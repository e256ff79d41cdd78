import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.restore`: brings documents of a backup back, in the way in which they are inserted and replaced by any other change.
public struct MongoRestore: ChangingAction {
  private let timing: OnlineChangeTiming
  private let crashPoints: CrashPoints

  public init(timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints()) {
    self.timing = timing
    self.crashPoints = crashPoints
  }

  public let descriptor = ActionDescriptor(
    name: "mongodb.restore",
    summary: "Brings documents of a backup back; writes made since the backup are lost only where the plan accepts it.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("from", .collectionPlace, required: true, "The backup: a collection, or `{ backup: STEP }`."),
      .init("to", .text, required: true, "Collection that is restored."),
      .init(
        "mode", .choice(["missingOnly", "documents", "swap"]), default: "missingOnly",
        "`missingOnly` inserts what is absent; `documents` also replaces what differs; `swap` puts a copy of the backup in the collection's place."
      ),
      .init("acceptWriteLoss", .boolean, default: "false", "Needed for `documents` and `swap`, which overwrite what was written since."),
    ],
    outputs: [
      .init("restored", .integer(min: 0), "Documents written, over all attempts."),
      .init(
        "wouldLose", .integer(min: 0),
        "Documents that differed from the backup before the first write, and whose later writes are lost; of `swap` also those inserted or deleted since."
      ),
      .init("inDoubt", .integer(min: 0), "Documents of which the server can no longer say whether we wrote them."),
      .init("batches", .integer(min: 0), "Commands sent, over all attempts."),
      .init("keptAs", .text, "What the replaced collection is called until `finalize`; only of `swap`."),
    ],
    mainOutput: "restored",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic(
      "puts back from its own undo entries what it replaced, and deletes what it inserted; of `swap`, renames back what was replaced, as long as "
        + "nobody has written to the restored collection"),
    example: """
      - id: bring-back
        action: mongodb.restore
        with: { from: { backup: backup }, to: assets, mode: missingOnly }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    var problems: [ArgumentProblem] = []
    let mode = arguments["mode"]?.stringValue ?? "missingOnly"
    if mode != "missingOnly", arguments["acceptWriteLoss"] != true, !unknown.contains("acceptWriteLoss") {
      problems.append(
        ArgumentProblem(
          path: ["mode"], message: "'mode: \(mode)' overwrites what was written since the backup",
          help: "'acceptWriteLoss: true' says that this is meant; 'missingOnly' loses nothing"))
    }
    if let to = arguments["to"]?.stringValue, let fault = MongoBackup.fault(inName: to) {
      problems.append(ArgumentProblem(path: ["to"], message: fault))
    }
    if let to = arguments["to"], arguments["from"] == to {
      problems.append(ArgumentProblem(path: ["to"], message: "a collection cannot be restored from itself"))
    }
    return problems
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    arguments["to"]?.stringValue.map { ["collection:\($0)"] } ?? []
  }

  /// Counts the documents whose writes since the backup would be lost, before anything is written.
  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    if let swap = try await swap(context) { return try await swap.capture() }
    let work = try await RestoreWork(context, timing, crashPoints)
    try await work.call.requireProven(work.from)
    let loss = try await work.wouldLose()
    return .object(["undo": .string(work.change.store), "wouldLose": .integer(loss)])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    if let swap = try await swap(context) { return try await swap.perform(captured) }
    let work = try await RestoreWork(context, timing, crashPoints)
    try await work.resolveOwn()
    try await UpdateChecks(change: work.change, definition: work.definition(.insert)).refuseUnfit()
    // Again: between the look and the effect people may have been asked for days.
    try await work.call.requireProven(work.from)
    return try await work.restore(captured)
  }

  /// Makes the open batches of this step known. What is left, if anything, is for `perform` to bring back.
  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    if let swap = try await swap(context) { return try await swap.probe(captured).map(ProbeResult.happened) ?? .notHappened }
    try await RestoreWork(context, timing, crashPoints).resolveOwn()
    return .notHappened
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    if let swap = try await swap(context) { return try await swap.undo(captured) }
    return try await RestoreWork(context, timing, crashPoints).undo(context, outputs: outputs)
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    if let swap = try await swap(context) { return try await swap.verifyUndone(captured, undone) }
    let work = try await RestoreWork(context, timing, crashPoints)
    try await work.resolveOwn()
    return try await work.verifyUndone(isStopped: { context.stop.isRequested })
  }

  /// Nil for the modes that write document by document.
  private func swap(_ context: ActionContext) async throws(ActionError) -> CollectionSwap? {
    guard context.arguments["mode"] == "swap" else { return nil }
    return try await CollectionSwap(context, timing, crashPoints)
  }
}

/// One call of the action.
struct RestoreWork: OnlineChangeWork {
  let call: MongoCall
  let change: OnlineChange
  let from: CollectionPlace
  /// The collection that is restored.
  let collection: String
  /// Documents that differ are replaced, too.
  let replaces: Bool
  let acceptsLoss: Bool
  let isAlone = false
  let restoresDoubt = false

  init(_ context: ActionContext, _ timing: OnlineChangeTiming, _ crashPoints: CrashPoints) async throws(ActionError) {
    call = try MongoCall(context)
    guard let place = context.arguments["from"], let to = context.arguments["to"]?.stringValue else {
      throw call.unfit("from", "and 'to' are both due")
    }
    from = try await call.place(place, argument: "from")
    collection = to
    guard from.collection != to || from.target.name != call.target.name else {
      throw call.unfit("from", "is the collection that is restored")
    }
    let mode = context.arguments["mode"]?.stringValue ?? "missingOnly"
    replaces = mode != "missingOnly"
    acceptsLoss = context.arguments["acceptWriteLoss"] == true
    change = OnlineChange(target: call.target, run: context.run.id, step: context.subject, timing: timing, crashPoints: crashPoints)
  }

  init(call: MongoCall, change: OnlineChange, from: CollectionPlace, collection: String, replaces: Bool) {
    self.call = call
    self.change = change
    self.from = from
    self.collection = collection
    self.replaces = replaces
    acceptsLoss = false
  }

  func definition(_ kind: BlockKind) -> ChangeDefinition {
    var definition = ChangeDefinition(collection: collection, kind: kind)
    // What stood there once stands there again, whatever the validator says by now.
    definition.bypassesValidation = true
    return definition
  }

  func read(_ body: (BSONBatch) async throws(ActionError) -> Void) async throws(ActionError) {
    guard let found = try await from.target.definition(of: from.collection) else {
      throw ActionError(
        code: MongoErrorCode.missingCollection, message: "there is no collection \(from.label)", kind: .refused,
        help: "check the collection's name and the target's database")
    }
    try await call.stream(
      call.findCommand(from.collection, filter: [:], isView: found.kind != "collection", isBounded: false), of: from.target,
      collection: from.collection, batchSize: 200, doing: "reading the backup", body)
  }

  /// The documents that are there now, of those given; with `replaces` whole, else their keys alone.
  func present(_ documents: some Sequence<BSONDocument>) async throws(ActionError) -> [RawBSONValue: BSONDocument] {
    let found = try await change.documents(
      withKeys: documents.compactMap { $0["_id"] }, in: collection, projection: replaces ? nil : ["_id": 1])
    return Dictionary(found.compactMap { document in document["_id"].map { ($0, document) } }, uniquingKeysWith: { first, _ in first })
  }

  /// - Throws: `refused` where writes would be lost and the plan does not accept it.
  func wouldLose() async throws(ActionError) -> Int64 {
    var loss: Int64 = 0
    if replaces {
      try await read { (batch) throws(ActionError) in
        try call.checkStop("the look at what would be lost")
        let present = try await present(batch)
        for document in batch {
          if let key = document["_id"], let now = present[key], now != document { loss += 1 }
        }
      }
    }
    try accept(loss: loss, always: false)
    return loss
  }

  /// What stands beside the progress all the time, nil where nothing is lost.
  static func note(loss: Int64) -> String? { loss > 0 ? "the writes since the backup to \(loss) documents will be lost" : nil }

  /// Says how many documents' writes will be lost.
  /// - Parameter always: whether it has to be accepted although none would be lost so far.
  /// - Throws: `refused` where the plan does not accept it.
  func accept(loss: Int64, always: Bool) throws(ActionError) {
    if let note = Self.note(loss: loss) { call.context.progress(Progress(done: 0, total: nil, unit: "documents", note: note)) }
    guard acceptsLoss || loss == 0 && !always else {
      throw ActionError(
        code: UpdateErrorCode.writeLoss,
        message: "\(loss) documents of '\(collection)' were written since the backup, and those writes would be lost", kind: .refused,
        help: "'acceptWriteLoss: true' says that this is meant; 'mode: missingOnly' loses nothing")
    }
  }

  func restore(_ captured: Value) async throws(ActionError) -> ActionResult {
    let before = try await totals()
    let stop = call.context.stop
    let progress = ChangeProgress(
      call.context, before: before.changed, total: nil, note: Self.note(loss: captured["wouldLose"]?.integerValue ?? 0))
    let writer = try await OnlineChangeWriter(
      change, collection: collection, points: "restore", batchSize: 500,
      throttle: try await throttle(call.context, progress),
      isStopped: { stop.isRequested }, onBatch: { progress.note($0) })
    defer { writer.end() }
    // What an earlier attempt brought back and the application has changed or deleted since stays as the application has it.
    let ours = try await change.ownKeys()
    var inserted = BlockBuilder(definition(.insert), size: writer.batchSize)
    var replaced = BlockBuilder(definition(.replace), size: writer.batchSize)
    var restless = 0
    try await read { (batch) throws(ActionError) in
      try writer.checkStop()
      var rest = batch.filter { document in document["_id"].map { !ours.contains(KeyHash($0)) } ?? false }
      var round = 0
      while !rest.isEmpty {
        var missed: [BSONDocument] = []
        let present = try await present(rest)
        for document in rest {
          guard let key = document["_id"] else { continue }
          if let now = present[key] {
            guard replaces, now != document else { continue }
            if replaced.count > 0, replaced.bytes + now.byteCount + document.byteCount > BlockBuilder.blockBytes || replaced.isFull {
              missed += try await write(&replaced, writer)
            }
            replaced.add(key: key, before: now, after: document)
          } else {
            if inserted.hasNoRoom(for: document) || inserted.isFull { missed += try await write(&inserted, writer) }
            inserted.add(key: key, before: nil, after: document)
          }
        }
        missed += try await write(&inserted, writer)
        missed += try await write(&replaced, writer)
        try writer.refuseTooLarge(inserted.tooLarge + replaced.tooLarge)
        round += 1
        rest = missed
        if round == OnlineChangeForward.mostPasses {
          restless += rest.count
          rest = []
        }
      }
    }
    return try await result(captured, restless: restless)
  }

  /// - Returns: the documents that missed: the collection's own were changed, or too late.
  private func write(_ builder: inout BlockBuilder, _ writer: OnlineChangeWriter) async throws(ActionError) -> [BSONDocument] {
    guard let block = try await writer.write(&builder).block else { return [] }
    return try change.missedDocuments(of: block)
  }

  private func result(_ captured: Value, restless: Int) async throws(ActionError) -> ActionResult {
    let totals = try await totals()
    var warnings = warnings(totals)
    let counted = captured["wouldLose"]?.integerValue ?? 0
    let replaced = try await change.read(["st": "applied", "op": BSONValue.string(BlockKind.replace.rawValue)], withEntries: false)
      .reduce(Int64(0)) { $0 + Int64($1.applied.count) }
    if replaced > counted {
      warnings.append(
        "\(replaced - counted) more documents were written after those had been counted whose writes would be lost; what they held stands in the undo entries, too"
      )
    }
    if restless > 0 { warnings.append("\(restless) documents were written all the time and could not be restored") }
    return ActionResult(
      outputs: [
        "restored": .integer(totals.changed), "wouldLose": captured["wouldLose"] ?? 0, "inDoubt": .integer(totals.doubt),
        "batches": .integer(totals.batches),
      ], warnings: warnings)
  }
}
