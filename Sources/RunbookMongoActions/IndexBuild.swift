import MongoDriver
import RunbookActions
import RunbookPlan
import Synchronization

/// The building of one index, and its removal.
///
/// A build may take longer than a lease. It is no danger to a successor: what it makes is found there, in progress or finished, and the same command
/// once more joins it.
struct IndexBuild: Sendable {
  enum Style: Sendable { case direct, prepareUnique }

  /// What there is under the index's name.
  enum Standing: Sendable {
    case absent
    case finished
    case building
    /// The index that a build by `prepareUnique` begins with; it is not unique yet.
    case prepared(BSONDocument)
    /// Another index.
    case other(BSONDocument)
  }

  let commands: any StructureCommands
  let collection: String
  let index: IndexDefinition
  /// The collection's own.
  var collation: BSONDocument?
  var style = Style.direct
  /// Milliseconds.
  var limit: Int64
  /// Whether what it makes is this run's, so that it may be dropped again.
  var isOwn = true
  /// Whether to give the build up.
  var isStopped: @Sendable () -> Bool = { false }
  var progress: @Sendable (Progress) -> Void = { _ in }

  func standing() async throws(ActionError) -> Standing {
    let listed: [BSONDocument]
    do throws(CommandFailure) {
      listed = try await commands.documents(
        ["listIndexes": .string(collection), "maxTimeMS": 30_000], collection: collection, doing: "reading its indexes")
    } catch {
      if error.code == CommandFailure.missingCollection { return .absent }
      throw error.error
    }
    guard let found = listed.first(where: { $0["name"]?.string == index.name }) else { return .absent }
    // Only a build by `prepareUnique` leaves an index in between.
    let seen = style == .prepareUnique ? found.without("prepareUnique") : found
    if index.isListed(as: seen, collation: collation) { return try await isBuilding() ? .building : .finished }
    if style == .prepareUnique, index.notYetUnique.isListed(as: seen, collation: collation) { return .prepared(found) }
    return .other(found)
  }

  /// Whether the server is at it still; also true where it does not tell, since the same command once more then waits for it.
  private func isBuilding() async throws(ActionError) -> Bool {
    do throws(CommandFailure) {
      let stats = try await commands.documents(
        [
          "aggregate": .string(collection), "pipeline": [["$indexStats": [:]], ["$match": ["name": .string(index.name)]]],
          "maxTimeMS": 30_000,
        ],
        collection: collection, doing: "asking whether the index is built")
      return stats.contains { $0["building"]?.isTruthy ?? false }
    } catch {
      if error.error.kind == .refused || error.error.kind == .mistake { return true }
      throw error.error
    }
  }

  /// Builds the index, or joins or finishes a build of it.
  /// - Throws: `refused` with the index gone again where documents have the same key, or it could not be built; `stopped` with it gone again.
  func build() async throws(ActionError) {
    do throws(CommandFailure) {
      switch style {
      case .direct: try await create(index)
      case .prepareUnique: try await createPrepared()
      }
    } catch {
      throw try await judge(error)
    }
    try commands.checkLease()
  }

  private func createPrepared() async throws(CommandFailure) {
    let found: Standing
    do throws(ActionError) { found = try await standing() } catch { throw CommandFailure(error) }
    switch found {
    case .finished: return
    // Built, and new duplicates forbidden: a server takes it for another index than the one that it began as.
    case .prepared(let listed) where listed["prepareUnique"]?.isTruthy ?? false: break
    case .absent, .building, .prepared, .other: try await create(index.notYetUnique)
    }
    try await modify(["prepareUnique": true], isDry: false, doing: "forbidding new duplicates")
    try await modify(["unique": true], isDry: true, doing: "looking for duplicates")
    try await modify(["unique": true], isDry: false, doing: "making the index unique")
  }

  private func modify(_ change: BSONDocument, isDry: Bool, doing: String) async throws(CommandFailure) {
    try checkStop()
    let command = BSONDocument { writer in
      writer.append("collMod", collection)
      writer.document("index") { inner in
        inner.append("name", index.name)
        inner.append(fieldsOf: change)
      }
      if isDry { writer.append("dryRun", true) }
    }
    _ = try await commands.change(command, limit: limit, collection: collection, doing: doing)
  }

  private func checkStop() throws(CommandFailure) {
    if isStopped() || Task.isCancelled { throw CommandFailure(stopped) }
  }

  private var stopped: ActionError {
    ActionError(
      code: MongoErrorCode.stopped, message: "the build of index '\(index.name)' was stopped and given up; it can be done again",
      kind: .stopped)
  }

  private func create(_ wanted: IndexDefinition) async throws(CommandFailure) {
    try checkStop()
    let command: BSONDocument = ["createIndexes": .string(collection), "indexes": [.document(wanted.document)]]
    let watch = BuildWatch(build: self)
    defer { watch.end() }
    do throws(CommandFailure) {
      _ = try await commands.change(command, limit: limit, collection: collection, doing: "building index '\(index.name)'")
    } catch {
      throw watch.hasStopped ? CommandFailure(stopped) : error
    }
    // The server may have finished before the stop reached it.
    if watch.hasStopped { throw CommandFailure(stopped) }
  }

  /// Drops the index, or ends its building.
  func drop() async throws(ActionError) {
    do throws(CommandFailure) {
      _ = try await commands.change(
        ["dropIndexes": .string(collection), "index": .string(index.name)], collection: collection, doing: "dropping index '\(index.name)'")
    } catch {
      if error.code != CommandFailure.missingIndex, error.code != CommandFailure.missingCollection { throw error.error }
    }
  }

  private func judge(_ failure: CommandFailure) async throws(ActionError) -> ActionError {
    switch failure.code {
    case CommandFailure.duplicateKey, CommandFailure.cannotConvertToUnique:
      let listed = try await DuplicateKeys(build: self).text(failure.reply)
      try await dropOwn()
      return ActionError(
        code: StructureErrorCode.duplicates,
        message:
          "'\(collection)' of target '\(commands.targetName)': the index '\(index.name)' cannot be unique, documents have the same key: \(listed); what was built is dropped",
        kind: .refused, help: "make the keys differ, then do the step again")
    case CommandFailure.indexOptionsDiffer, CommandFailure.indexKeysDiffer:
      return ActionError(
        code: StructureErrorCode.indexInTheWay,
        message: "'\(collection)' of target '\(commands.targetName)' has an index in the way of '\(index.name)': \(failure.error.message)",
        kind: .refused, help: "drop the other index first, or ask for the one that is there")
    default: break
    }
    switch failure.error.kind {
    case .stopped: try await dropOwn()
    case .mistake, .refused:
      guard style == .prepareUnique else { break }
      try await dropOwn()
      var error = failure.error
      error.help = error.help ?? "'prepareUnique' needs MongoDB 6.0 or later; 'build: direct' builds on every version"
      return error
    case .transient, .outcomeUnknown, .leaseLost, .awaitingPeople: break
    }
    return failure.error
  }

  /// Drops what this build left, where it is this run's.
  private func dropOwn() async throws(ActionError) {
    guard isOwn else { return }
    switch try await standing() {
    case .finished, .building, .prepared: try await drop()
    case .absent, .other: break
    }
  }
}

/// Beside a build: tells how far it is, and ends it when it is to be given up.
private final class BuildWatch: Sendable {
  private let build: IndexBuild
  private let state = Mutex((isOver: false, hasStopped: false))
  private let task = Mutex<Task<Void, Never>?>(nil)

  init(build: IndexBuild) {
    self.build = build
    let made = Task { [weak self] in
      var round = 0
      while let self, self.goesOn {
        if build.isStopped() { return await self.giveUp() }
        if round % 10 == 9, !(await self.tellProgress()) { round = .min }
        round += 1
        try? await Task.sleep(for: .milliseconds(100))
      }
    }
    task.withLock { $0 = made }
  }

  var hasStopped: Bool { state.withLock { $0.hasStopped } }
  private var goesOn: Bool { !Task.isCancelled && !state.withLock { $0.isOver } }

  func end() {
    state.withLock { $0.isOver = true }
    task.withLock { $0?.cancel() }
  }

  /// The server ends a build whose index is dropped.
  private func giveUp() async {
    let isLate = state.withLock { state in
      if !state.isOver { state.hasStopped = true }
      return state.isOver
    }
    guard !isLate, build.isOwn else { return }
    try? await build.drop()
  }

  /// - Returns: false where the server does not tell, so that it need not be asked again.
  private func tellProgress() async -> Bool {
    let operations: [BSONDocument]
    do throws(CommandFailure) {
      operations = try await build.commands.documents(
        [
          "aggregate": 1,
          "pipeline": [
            ["$currentOp": ["allUsers": true]],
            ["$match": ["msg": .regex(pattern: "^Index Build", options: "")]],
          ], "maxTimeMS": 5_000,
        ], isAdministrative: true, collection: build.collection, doing: "asking how far the index is")
    } catch {
      return error.error.kind == .transient
    }
    let own = operations.first { $0["ns"]?.string?.hasSuffix("." + build.collection) ?? false }
    guard let own, let done = own["progress"]?.document?["done"]?.integer else { return true }
    build.progress(
      Progress(done: done, total: own["progress"]?.document?["total"]?.integer, unit: "documents", note: own["msg"]?.string))
    return true
  }
}
