import MongoDriver
import RunbookActions
import Synchronization

@testable import RunbookMongoActions

/// A collection of users with at most one index, `email`, that answers the commands of an index build as MongoDB's documentation says, `collMod`
/// with `prepareUnique` and `unique` among them.
final class StandInServer: StructureCommands {
  private struct State {
    var emails: [String]
    var index: BSONDocument?
    var sent: [String] = []
    var cutOff: (after: Int, isDone: Bool)?
    var holdsBuilds = false
    var isBuilding = false
  }

  private let state: Mutex<State>
  private let knowsPrepareUnique: Bool
  private let watcher = Mutex<(@Sendable (String, StandInServer) -> Void)?>(nil)
  let targetName = "registry"

  init(emails: [String], knowsPrepareUnique: Bool = true) {
    state = Mutex(State(emails: emails))
    self.knowsPrepareUnique = knowsPrepareUnique
  }

  var index: BSONDocument? { state.withLock { $0.index } }
  var sent: [String] { state.withLock { $0.sent } }
  var isBuilding: Bool { state.withLock { $0.isBuilding } }
  /// Called after each command.
  func onCommand(_ body: @escaping @Sendable (String, StandInServer) -> Void) { watcher.withLock { $0 = body } }
  /// The command after so many is not answered, once.
  func cutOff(after count: Int, isDone: Bool) { state.withLock { $0.cutOff = (count, isDone) } }
  /// Builds go on until their index is dropped.
  func holdBuilds() { state.withLock { $0.holdsBuilds = true } }

  /// - Returns: false where the index refuses it.
  func insert(_ email: String) -> Bool {
    state.withLock { state in
      let refuses = state.index?["unique"]?.isTruthy ?? false || state.index?["prepareUnique"]?.isTruthy ?? false
      if refuses, state.emails.contains(email) { return false }
      state.emails.append(email)
      return true
    }
  }

  func checkLease() throws(ActionError) {}

  func change(_ command: BSONDocument, isAdministrative: Bool, limit: Int64?, collection: String, doing: String)
    async throws(CommandFailure) -> BSONDocument
  {
    let change = command["index"]?.document
    let name: String
    switch command.keys.first {
    case "createIndexes": name = "createIndexes email_1"
    case "dropIndexes": name = "drop"
    default:
      let isDry = command["dryRun"]?.isTruthy ?? false
      name = change?["prepareUnique"] != nil ? "prepareUnique" : isDry ? "unique dry" : "unique"
    }
    let cut = state.withLock { state -> Bool? in
      guard let cut = state.cutOff, state.sent.count == cut.after else { return nil }
      state.cutOff = nil
      return cut.isDone
    }
    let lost = CommandFailure(ActionError(code: "RB3007", message: "no answer", kind: .outcomeUnknown))
    if cut == false {
      throw lost
    }
    state.withLock { $0.sent.append(name) }
    let failure: CommandFailure? =
      switch name {
      case "createIndexes email_1": await create(command["indexes"]?.array?.first { _ in true }?.document ?? [:])
      case "drop": drop()
      case "prepareUnique": prepare()
      default: convert(isDry: name == "unique dry")
      }
    watcher.withLock(\.self)?(name, self)
    if cut == true { throw lost }
    if let failure { throw failure }
    return ["ok": 1]
  }

  private func create(_ index: BSONDocument) async -> CommandFailure? {
    if let known = state.withLock({ $0.index }), known != index {
      return CommandFailure(ActionError(code: "RB3004", message: "another index of this name", kind: .mistake), code: 86)
    }
    let isHeld = state.withLock { state in
      state.index = index
      state.isBuilding = state.holdsBuilds
      return state.holdsBuilds
    }
    guard isHeld else { return nil }
    while isBuilding { await Task.yield() }
    return CommandFailure(ActionError(code: "RB3008", message: "IndexBuildAborted", kind: .refused), code: 276)
  }

  private func drop() -> CommandFailure? {
    state.withLock { state in
      defer {
        state.index = nil
        state.isBuilding = false
      }
      return state.index == nil ? CommandFailure(ActionError(code: "RB3004", message: "not found", kind: .mistake), code: 27) : nil
    }
  }

  private func prepare() -> CommandFailure? {
    guard knowsPrepareUnique else {
      return CommandFailure(ActionError(code: "RB3004", message: "unknown field prepareUnique", kind: .mistake), code: 40415)
    }
    state.withLock { state in
      guard let index = state.index else { return }
      state.index = BSONDocument { writer in
        writer.append(fieldsOf: index.without("prepareUnique"))
        writer.append("prepareUnique", true)
      }
    }
    return nil
  }

  private func convert(isDry: Bool) -> CommandFailure? {
    state.withLock { state in
      guard let index = state.index, index["prepareUnique"]?.isTruthy ?? false else {
        return CommandFailure(ActionError(code: "RB3004", message: "prepareUnique first", kind: .mistake), code: 72)
      }
      let groups = Dictionary(grouping: state.emails.indices, by: { state.emails[$0] }).values.filter { $0.count > 1 }
        .sorted { ($0.first ?? 0) < ($1.first ?? 0) }
      guard groups.isEmpty else {
        let violations = groups.map { ids in
          BSONValue.document(["ids": .array(BSONArray(ids.map { BSONValue.integer(Int64($0)) }))])
        }
        return CommandFailure(
          ActionError(code: "RB3004", message: "cannot convert the index to unique", kind: .mistake), code: 359,
          reply: ["ok": 0, "violations": .array(BSONArray(violations))])
      }
      guard !isDry else { return nil }
      state.index = BSONDocument { writer in
        writer.append(fieldsOf: index.without("prepareUnique"))
        writer.append("unique", true)
      }
      return nil
    }
  }

  func documents(_ command: BSONDocument, isAdministrative: Bool, collection: String, doing: String) async throws(CommandFailure)
    -> [BSONDocument]
  {
    state.withLock { state in
      guard let index = state.index else { return [] }
      guard command.keys.first == "aggregate" else { return [["key": ["_id": 1], "name": "_id_"], index] }
      return isAdministrative ? [] : [["name": "email", "building": .bool(state.isBuilding)]]
    }
  }
}
