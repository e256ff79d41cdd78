import MongoDriver
import RunbookActions

/// How actions on indexes, collections and validators reach the server. A protocol, so that a stand-in can stop a build at
/// places where no real server does.
protocol StructureCommands: Sendable {
  var targetName: String { get }
  /// Sends a command that changes something: under the lease, safe on a majority before it is answered.
  /// - Parameters:
  ///   - isAdministrative: it goes to the database `admin`, as `renameCollection` does.
  ///   - limit: milliseconds that it may take. Nil is what the lease still lasts, at most five seconds. Only an index build takes longer than a
  ///     lease: it makes nothing that a successor would not find, in progress or finished.
  func change(_ command: BSONDocument, isAdministrative: Bool, limit: Int64?, collection: String, doing: String)
    async throws(CommandFailure) -> BSONDocument
  /// All documents that a cursor has.
  func documents(_ command: BSONDocument, isAdministrative: Bool, collection: String, doing: String) async throws(CommandFailure)
    -> [BSONDocument]
  /// - Throws: `leaseLost` where nothing may be sent for the run any more.
  func checkLease() throws(ActionError)
}

extension StructureCommands {
  func change(_ command: BSONDocument, limit: Int64? = nil, collection: String, doing: String) async throws(CommandFailure)
    -> BSONDocument
  {
    try await change(command, isAdministrative: false, limit: limit, collection: collection, doing: doing)
  }

  func documents(_ command: BSONDocument, collection: String, doing: String) async throws(CommandFailure) -> [BSONDocument] {
    try await documents(command, isAdministrative: false, collection: collection, doing: doing)
  }

  /// Like `change`, where all failures are alike.
  func apply(_ command: BSONDocument, limit: Int64? = nil, collection: String, doing: String) async throws(ActionError) {
    do throws(CommandFailure) {
      _ = try await change(command, limit: limit, collection: collection, doing: doing)
    } catch {
      throw error.error
    }
  }

  /// Like `documents`, where all failures are alike.
  func read(_ command: BSONDocument, collection: String, doing: String) async throws(ActionError) -> [BSONDocument] {
    do throws(CommandFailure) {
      return try await documents(command, collection: collection, doing: doing)
    } catch {
      throw error.error
    }
  }
}

/// The real server, under the run's lease.
struct LeasedCommands: StructureCommands {
  let target: MongoTarget

  var targetName: String { target.name }

  func checkLease() throws(ActionError) { _ = try target.unfencedMilliseconds() }

  func change(_ command: BSONDocument, isAdministrative: Bool, limit: Int64?, collection: String, doing: String)
    async throws(CommandFailure) -> BSONDocument
  {
    let short: Int64
    let client: MongoClient
    do throws(ActionError) {
      short = try target.unfencedMilliseconds()
      client = try target.client(forMilliseconds: limit ?? short)
    } catch {
      throw CommandFailure(error)
    }
    let full = BSONDocument { writer in
      writer.append(fieldsOf: command)
      writer.append("writeConcern", target.durable)
      writer.append("maxTimeMS", .integer(limit ?? short))
    }
    let reply: BSONDocument
    do throws(MongoError) {
      reply = try await client.writeCommand(full, database: isAdministrative ? "admin" : target.database)
    } catch {
      throw CommandFailure(
        target.error(error, collection: collection, doing: doing), code: error.code, reply: error.reply)
    }
    do throws(ActionError) {
      try target.checkConcern(reply, collection: collection, doing: doing)
    } catch {
      throw CommandFailure(error, reply: reply)
    }
    return reply
  }

  func documents(_ command: BSONDocument, isAdministrative: Bool, collection: String, doing: String) async throws(CommandFailure)
    -> [BSONDocument]
  {
    do throws(MongoError) {
      return try await target.client.documents(command, database: isAdministrative ? "admin" : target.database)
    } catch {
      throw CommandFailure(target.error(error, collection: collection, doing: doing), code: error.code, reply: error.reply)
    }
  }
}

/// One call of such an action.
struct StructureCall: Sendable {
  let call: MongoCall
  let commands: any StructureCommands

  var target: MongoTarget { call.target }
  var context: ActionContext { call.context }
  /// What index builds and conversions may take: the step's `timeout`, else a day. The step's `deadline` and `stallTimeout` end them earlier.
  var buildLimit: Int64 { context.timeout.map { max(1, $0 / 1000) } ?? 86_400_000 }

  init(_ context: ActionContext) throws(ActionError) {
    call = try MongoCall(context)
    commands = LeasedCommands(target: call.target)
  }

  /// An argument that names a collection which may be changed.
  func collectionName(_ argument: String) throws(ActionError) -> String {
    guard let name = context.arguments[argument]?.stringValue else { throw call.unfit(argument, "is missing") }
    if let fault = MongoBackup.fault(inName: name) { throw call.unfit(argument, "cannot be used: \(fault)") }
    return name
  }

  /// - Throws: `refused` where there is no such collection, or it is a view.
  func requireCollection(_ name: String) async throws(ActionError) -> CollectionDefinition {
    guard let found = try await target.definition(of: name) else { throw missing(name) }
    guard found.kind == "collection" else {
      throw ActionError(
        code: StructureErrorCode.unfitCollection,
        message:
          "'\(name)' of target '\(target.name)' is a \(found.kind == "view" ? "view" : "time-series collection"), not a plain collection",
        kind: .refused, help: "name the collection that is meant")
    }
    return found
  }

  func missing(_ name: String) -> ActionError {
    ActionError(
      code: MongoErrorCode.missingCollection, message: "there is no collection '\(name)' in target '\(target.name)'", kind: .refused,
      help: "check the collection's name and the target's database")
  }

  func changedMeanwhile(_ what: String) -> ActionError {
    ActionError(
      code: StructureErrorCode.changedMeanwhile, message: "target '\(target.name)': \(what)", kind: .refused,
      help: "find out who changed it; a new run records it as it is now")
  }

  func brokenCapture() -> ActionError {
    ActionError(
      code: StructureErrorCode.brokenCapture, message: "what was recorded before '\(context.subject)' cannot be read", kind: .refused,
      help: "undo the step by hand, or `runbook rollback --skip`")
  }
}
