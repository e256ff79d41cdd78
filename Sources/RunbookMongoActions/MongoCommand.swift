import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.command`: runs a command of the server that no other action has.
public struct MongoCommand: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.command",
    summary: "Runs a command of the server that no other action has; what undoes it is written in the plan.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("command", .document(.data), required: true, "The command, its name first; it may take `timeout`, 5 s by default."),
      .init("expectOk", .boolean, default: "true", "Whether an answer that is not ok fails the step."),
    ],
    outputs: [.init("reply", .any, "The server's answer.")],
    mainOutput: "reply",
    effectClass: .opaque,
    interrupt: .await,
    inverse: .none,
    example: """
      - id: hide-index
        action: mongodb.command
        with: { command: { collMod: assets, index: { name: name_1, hidden: true } } }
        onInterrupt: rerun
        rollback:
          - id: show-index
            action: mongodb.command
            with: { command: { collMod: assets, index: { name: name_1, hidden: false } } }
            onInterrupt: rerun
      """)

  /// Parts of a command that are the session's or the way's, not the plan's.
  private static let refused = ["$db", "lsid", "txnNumber", "autocommit", "startTransaction", "$clusterTime", "$readPreference"]

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    guard case .map(let command)? = arguments["command"] else { return [] }
    if command.isEmpty { return [ArgumentProblem(path: ["command"], message: "a command begins with its name")] }
    return Self.refused.filter { command[$0] != nil }.map { key in
      ArgumentProblem(path: ["command", key], message: "'\(key)' cannot be set here", help: "remove it")
    }
  }

  /// What stands behind a command's name is the collection that it is about, for nearly all of them.
  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    guard let name = arguments["command"]?.mapValue?.values.first?.stringValue, !name.isEmpty else { return [] }
    return ["collection:\(name)"]
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value { .null }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let call = try MongoCall(context)
    guard let argument = context.arguments["command"] else { throw call.unfit("command", "is missing") }
    let command = try MongoValues.document(argument, at: "command")
    guard let name = command.keys.first else { throw call.unfit("command", "begins with its name") }
    let short = try call.target.unfencedMilliseconds()
    let limit = command["maxTimeMS"]?.integer ?? context.timeout.map { max(1, $0 / 1000) } ?? short
    let full = BSONDocument { writer in
      writer.append(fieldsOf: command)
      if command["maxTimeMS"] == nil { writer.append("maxTimeMS", .integer(limit)) }
    }
    let client = try call.target.client(forMilliseconds: limit)
    let reply: BSONDocument
    do throws(MongoError) {
      reply = try await client.writeCommand(full, database: call.target.database)
    } catch {
      let judged = call.target.error(error, doing: "running '\(name)'")
      guard context.arguments["expectOk"] == false, let reply = error.reply, judged.kind == .refused || judged.kind == .mistake else {
        throw judged
      }
      return Self.result(reply)
    }
    if context.arguments["expectOk"] != false { try Self.requireWhole(reply, name, call.target) }
    return Self.result(reply)
  }

  /// An answer with ok: 1 may hold refused statements, or tell that the write is not safe yet.
  private static func requireWhole(_ reply: BSONDocument, _ name: String, _ target: MongoTarget) throws(ActionError) {
    let written = WriteReply(reply)
    if let failure = written.writeErrors.first {
      throw ActionError(
        code: StructureErrorCode.commandNotOk,
        message:
          "target '\(target.name)', while running '\(name)': \(written.writeErrors.count) of its statements were refused, the first: \(failure.message) (code \(failure.code))",
        kind: .refused, help: "what the other statements did stands")
    }
    try target.checkConcern(reply, collection: target.database, doing: "running '\(name)'")
  }

  private static func result(_ reply: BSONDocument) -> ActionResult {
    ActionResult(outputs: ["reply": .map(MongoValues.map(reply.without("$clusterTime", "operationTime", "signature")))])
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    .unknown("the server does not tell whether it has run a command; 'probe:' of the step can")
  }

  /// Written in the plan; there is nothing that could be done here.
  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult { UndoResult() }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? { nil }
}
