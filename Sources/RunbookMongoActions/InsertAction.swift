import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.insert`: inserts documents, each once whatever crashes, and takes away again what is unchanged (online-change page, "Insert and delete").
public struct MongoInsert: ChangingAction {
  private let timing: OnlineChangeTiming
  private let crashPoints: CrashPoints

  public init(timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints()) {
    self.timing = timing
    self.crashPoints = crashPoints
  }

  public let descriptor = ActionDescriptor(
    name: "mongodb.insert",
    summary: "Inserts documents: written in the plan, from a file, or read from another collection.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("documents", .documents(.data), "The documents; this, `file` or `select`."),
      .init("file", .text, "A file of Extended JSON, one document a line; its path counts from the plan's directory."),
      .init(
        "select",
        .object([
          .init("collection", .text, required: true, "Collection that is read."),
          .init("pipeline", .documents(.pipeline), default: "[]", "Stages that make the documents; each must have its `_id`."),
        ]), "An aggregation over another collection of the target."),
      .init(
        "ifExists", .choice(["refuse", "skip"]), default: "refuse", "What to do where a document of the same `_id` is there."),
    ],
    outputs: [
      .init("inserted", .integer(min: 0), "Documents inserted, over all attempts."),
      .init("ids", .list(.any), "Their `_id`s; the first thousand."),
      .init("skipped", .integer(min: 0), "Documents that were there already, in the last attempt."),
      .init("inDoubt", .integer(min: 0), "Documents of which the server can no longer say whether we inserted them."),
      .init("batches", .integer(min: 0), "Commands sent, over all attempts."),
    ],
    mainOutput: "inserted",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("deletes what is unchanged; changed documents stay and are listed"),
    example: """
      - id: add-layers
        action: mongodb.insert
        collection: layers
        with:
          documents:
            - { _id: S, title: Songs }
            - { _id: L, title: Looks }
          ifExists: skip
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    let ways = ["documents", "file", "select"].filter { arguments[$0].map { !$0.isNull } ?? false || unknown.contains($0) }
    if ways.isEmpty { return [ArgumentProblem(path: [], message: "'documents', 'file' or 'select' is missing")] }
    if ways.count > 1 {
      return [
        ArgumentProblem(path: [ways[1]], message: "documents come from one place, not from '\(ways[0])' and '\(ways[1])' together")
      ]
    }
    var problems: [ArgumentProblem] = []
    for (index, value) in (arguments["documents"]?.listValue ?? []).enumerated() {
      do throws(ActionError) {
        guard let fault = InsertWork.fault(of: try MongoValues.document(value, at: "documents.\(index)")) else { continue }
        problems.append(ArgumentProblem(path: ["documents", "\(index)"], message: fault))
      } catch {
        problems.append(ArgumentProblem(path: ["documents", "\(index)"], message: error.message, help: error.help))
      }
    }
    for (index, stage) in (arguments["select"]?["pipeline"]?.listValue ?? []).enumerated() {
      guard let name = stage.mapValue?.keys.first(where: { $0 == "$out" || $0 == "$merge" }) else { continue }
      problems.append(
        ArgumentProblem(path: ["select", "pipeline", "\(index)", name], message: "\(name) writes; 'select' only makes the documents"))
    }
    return problems
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    (collection ?? arguments["collection"]?.stringValue).map { ["collection:\($0)"] } ?? []
  }

  /// Reads what is to be inserted once, so that a line that is no document, or a document that is there already, stops the step before it writes.
  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    try await InsertWork(context, timing, crashPoints).look()
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let work = try InsertWork(context, timing, crashPoints)
    try await work.resolveOwn()
    try await UpdateChecks(change: work.change, definition: work.definition).refuseUnfit()
    return try await work.insert(captured)
  }

  /// Makes the open batches of this step known. What is left, if anything, is for `perform` to insert.
  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    try await InsertWork(context, timing, crashPoints).resolveOwn()
    return .notHappened
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    try await InsertWork(context, timing, crashPoints).undo(context, outputs: outputs)
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    let work = try InsertWork(context, timing, crashPoints)
    try await work.resolveOwn()
    return try await work.verifyUndone(isStopped: { context.stop.isRequested })
  }
}

/// One call of the action.
struct InsertWork: OnlineChangeWork {
  /// Where the documents come from.
  enum Source: Sendable {
    case documents([BSONDocument])
    case file(DocumentFile)
    case select(collection: String, pipeline: [BSONDocument])
  }

  let call: MongoCall
  let change: OnlineChange
  let collection: String
  let definition: ChangeDefinition
  let source: Source
  let skipsExisting: Bool
  let isAlone = false
  let restoresDoubt = false

  init(_ context: ActionContext, _ timing: OnlineChangeTiming, _ crashPoints: CrashPoints) throws(ActionError) {
    call = try MongoCall(context)
    collection = try call.collection()
    change = OnlineChange(target: call.target, run: context.run.id, step: context.subject, timing: timing, crashPoints: crashPoints)
    definition = ChangeDefinition(collection: collection, kind: .insert)
    let arguments = context.arguments
    skipsExisting = arguments["ifExists"] == "skip"
    if let value = arguments["documents"], !value.isNull {
      let documents = try MongoValues.documents(value, at: "documents")
      if let fault = documents.lazy.compactMap(Self.fault).first { throw call.unfit("documents", fault) }
      source = .documents(documents)
    } else if let name = arguments["file"]?.stringValue {
      source = .file(DocumentFile(name, directory: context.run.planDirectory))
    } else if let from = arguments["select"]?["collection"]?.stringValue {
      let stages = arguments["select"]?["pipeline"]
      source = .select(
        collection: from,
        pipeline: try stages.map { (value) throws(ActionError) in
          value.isNull ? [] : try MongoValues.documents(value, at: "select.pipeline")
        } ?? [])
    } else {
      throw call.unfit("documents", "'file' or 'select' is due")
    }
  }

  /// What is wrong with a document that is to be inserted; nil where nothing is.
  static func fault(of document: BSONDocument) -> String? {
    guard let key = document["_id"] else { return nil }
    switch key.type {
    case .array, .regex, .undefined: return "an '_id' cannot be of type \(key.type.serverName)"
    case .document:
      let name = key.document?.keys.first ?? ""
      return name.hasPrefix("$") ? "an '_id' cannot hold a field whose name begins with '$', as '\(name)' does" : nil
    default: return nil
    }
  }

  /// Whether the same document comes at the same place each time, so that a position tells what has been dealt with.
  var isOrdered: Bool { if case .select = source { false } else { true } }

  /// Hands the documents on, in order, with a word for where each stands.
  /// - Returns: the file's digest, where it is one.
  @discardableResult
  func read(passing passed: Int64, _ body: ([(place: String, document: BSONDocument)]) async throws(ActionError) -> Void)
    async throws(ActionError) -> (digest: String?, count: Int64)
  {
    switch source {
    case .documents(let documents):
      for start in stride(from: Int(passed), to: documents.count, by: 200) {
        try await body((start..<min(start + 200, documents.count)).map { ("document \($0 + 1)", documents[$0]) })
      }
      return (nil, Int64(documents.count))
    case .file(let file):
      let (digest, count) = try await file.read(passing: passed) { (lines) throws(ActionError) in
        try await body(lines.map { ("line \($0.number) of '\(file.name)'", $0.document) })
      }
      return (digest, count)
    case .select(let from, let pipeline):
      var count: Int64 = 0
      try await call.stream(
        call.aggregateCommand(pipeline, from), of: call.target, collection: from, batchSize: 200, doing: "reading the documents to insert"
      ) { (batch) throws(ActionError) in
        count += Int64(batch.count)
        try await body(batch.map { ("a document that 'select' makes", $0) })
      }
      return (nil, count)
    }
  }
}
