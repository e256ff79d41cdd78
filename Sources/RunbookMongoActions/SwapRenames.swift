import MongoDriver
import RunbookActions
import RunbookPlan

// The renames of a swap, and what the application makes in between.
extension CollectionSwap {
  /// How often the name is given while the application makes a collection under it, again and again.
  private static let mostTries = 50

  func move(_ from: String, to: String) async throws(CommandFailure) {
    _ = try await structure.commands.change(
      ["renameCollection": .string("\(target.database).\(from)"), "to": .string("\(target.database).\(to)"), "dropTarget": false],
      isAdministrative: true, limit: nil, collection: from, doing: "renaming it to '\(to)'")
  }

  /// Waits until the lease outlasts both renames.
  func awaitRoom() async throws(ActionError) {
    while try target.unfencedMilliseconds() < 1000 { try? await Task.sleep(for: .milliseconds(20)) }
  }

  /// Gives the collection's name to what is called `name`. What the application has made under it is set aside.
  func put(_ name: String) async throws(ActionError) {
    for _ in 0..<Self.mostTries {
      let failure: CommandFailure
      do throws(CommandFailure) {
        return try await move(name, to: collection)
      } catch {
        failure = error
      }
      switch failure.code {
      // A rename that a former process had sent has arrived.
      case CommandFailure.missingCollection: return
      case CommandFailure.collectionExists:
        guard try await target.definition(of: name) != nil else { return }
        try await setAside()
      default: throw failure.error
      }
    }
    throw ActionError(
      code: MongoErrorCode.transient,
      message: "'\(collection)' of target '\(target.name)' was made anew \(Self.mostTries) times while it was to be given back its name",
      kind: .outcomeUnknown, help: "resume or rollback goes on; what was inserted meanwhile is kept")
  }

  /// What has the name was made by the application since it was free: it gets a name of its own, and its documents are brought along later.
  private func setAside() async throws(ActionError) {
    guard var record = try await load() else { throw structure.brokenCapture() }
    record.lastStray += 1
    record.strays.append(record.lastStray)
    try await save(record)
    do throws(CommandFailure) {
      try await move(collection, to: stray(record.lastStray))
    } catch {
      if error.code != CommandFailure.missingCollection { throw error.error }
    }
    try await crashPoints.hit("swap.set-aside")
  }

  func stray(_ number: Int64) -> String {
    RunbookCollections.stray(run: context.run.id, step: context.subject, number: number)
  }

  /// Inserts what the application had inserted while the name was free. A document whose key is taken stays where it is, and is told of.
  func bringStrays(_ record: inout SwapRecord) async throws(ActionError) {
    for number in record.strays {
      let name = stray(number)
      if let definition = try await target.definition(of: name) {
        let left = try await deliver(name, number: number)
        let indexes = definition.indexes.keys.filter { record.definition.indexes[$0] == nil }
        if left == 0, indexes.isEmpty {
          try await CollectionCopy(call: call, to: name, what: "what was brought along").drop()
        } else {
          let documents = left == 1 ? "1 document" : "\(left) documents"
          record.told.append(
            left > 0
              ? "\(documents) that the application inserted into '\(collection)' while its name was free could not be brought along, since "
                + "a key of theirs is taken; they are kept as '\(name)' until finalize"
              : "the application built index '\(indexes[0])' on '\(collection)' while its name was free; it was not brought along")
        }
      }
      record.strays.removeAll { $0 == number }
      try await save(record)
    }
  }

  /// Inserts the documents of a stray, each once whatever crashes.
  /// - Returns: how many are not there.
  private func deliver(_ name: String, number: Int64) async throws(ActionError) -> Int64 {
    let change = OnlineChange(
      target: target, run: context.run.id, step: "\(context.subject)/\(number)", timing: timing, crashPoints: crashPoints)
    let place = CollectionPlace(target: target, collection: name)
    let missing = RestoreWork(call: call, change: change, from: place, collection: collection, replaces: false)
    try await missing.resolveOwn()
    var isRefused = true
    while isRefused {
      do throws(ActionError) {
        _ = try await missing.restore(.null)
        isRefused = false
      } catch {
        // One that breaks a unique index, say. Its block is recorded, so that the next round leaves it out.
        guard error.code == UpdateErrorCode.documentsRefused else { throw error }
      }
    }
    let ours = try await change.appliedKeys()
    let whole = RestoreWork(call: call, change: change, from: place, collection: collection, replaces: true)
    var left: Int64 = 0
    try await whole.read { (batch) throws(ActionError) in
      let rest = batch.filter { document in document["_id"].map { !ours.contains(KeyHash($0)) } ?? true }
      let present = try await whole.present(rest)
      left += Int64(rest.filter { document in document["_id"].map { present[$0] != document } ?? true }.count)
    }
    return left
  }
}

extension OnlineChange {
  /// Keys of the documents that blocks of the step are known to have written.
  fileprivate func appliedKeys() async throws(ActionError) -> Set<KeyHash> {
    var keys: Set<KeyHash> = []
    for header in try await read(["st": "applied"], withEntries: false) {
      let block = try await block(header.id)
      let entries: UndoEntries
      do throws(UndoBlockError) { entries = try block.readEntries() } catch { throw broken(error) }
      for index in block.applied { keys.insert(KeyHash(entries[index].key)) }
    }
    return keys
  }
}
