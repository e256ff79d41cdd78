import MongoDriver
import RunbookActions
import RunbookPlan

/// Tells which differences the application made: the server tells how often each document was changed, and the undo blocks of the run how often the run did that.
///
/// A change in a stream does not say who made it. But the run writes each block before the changes that it is about, into the same database, so the same stream says which blocks belong to the time
/// looked at; and a block says of each of its documents whether it was changed, forward and back. What is more than that is somebody else's.
struct ExplainedDifferences {
  enum Failure: Error {
    /// Nobody can tell; a reason.
    case unknown(String)
    case action(ActionError)
  }

  let call: MongoCall
  let key: DigestKey
  /// From when on changes count.
  let start: BSONTimestamp
  /// Changes that were told, less those of the run, by hashes of keys.
  private var changes: [UInt128: Int] = [:]
  /// Documents of which a block says itself that the application has changed them.
  private var theirs: Set<UInt128> = []

  init(call: MongoCall, key: DigestKey, start: BSONTimestamp, of differences: [CollectionComparison.Difference]) {
    self.call = call
    self.key = key
    self.start = start
    for difference in differences {
      if let id = difference.id { changes[key.idHash(id)] = 0 }
    }
  }

  func isExplained(_ difference: CollectionComparison.Difference) -> Bool {
    guard let id = difference.id else { return false }
    let hash = key.idHash(id)
    return changes[hash, default: 0] > 0 || theirs.contains(hash)
  }

  /// Takes in what was changed in some collections of one target.
  mutating func look(at target: MongoTarget, collections: [String]) async throws(Failure) {
    let undo = try await undoCollections(target)
    var watch: ChangeWatch
    do throws(ChangeWatch.Failure) {
      watch = try await ChangeWatch.open(target, collections: collections + undo, since: start)
    } catch {
      throw Self.failure(error)
    }
    var made: Set<BlockName> = []
    var touched: Set<BlockName> = []
    var gone: String?
    let (start, key) = (start, key)
    var counted = changes
    do throws(ChangeWatch.Failure) {
      _ = try await watch.drain(isStopped: { call.context.stop.isRequested }) { event in
        guard event.time.map({ $0 > start }) ?? true else { return }
        if event.collection.hasPrefix(RunbookCollections.undoPrefix(run: "")) || undo.contains(event.collection) {
          guard let block = event.key?.integer else { return }
          let name = BlockName(collection: event.collection, id: block)
          if event.operation == "insert" { made.insert(name) } else { touched.insert(name) }
        } else if let id = event.key {
          let hash = key.idHash(id)
          if let known = counted[hash] { counted[hash] = known + 1 }
        } else if ["drop", "rename", "dropDatabase", "invalidate"].contains(event.operation) {
          gone = "'\(event.collection)' of target '\(target.name)' was dropped or renamed since"
        }
      }
    } catch {
      await watch.close()
      throw Self.failure(error)
    }
    await watch.close()
    if let gone { throw .unknown(gone) }
    changes = counted
    try await takeOff(made, touched, of: Set(collections), in: target)
  }

  private struct BlockName: Hashable {
    let collection: String
    let id: Int64
  }

  private func undoCollections(_ target: MongoTarget) async throws(Failure) -> [String] {
    do throws(ActionError) {
      let run = call.context.run.id
      return try await OnlineChangeResolver.steps(of: run, in: target).map { RunbookCollections.undo(run: run, step: $0) }
    } catch {
      throw .action(error)
    }
  }

  private static func failure(_ failure: ChangeWatch.Failure) -> Failure {
    switch failure {
    case .unavailable(let reason): .unknown("the server does not tell what changed: \(reason)")
    case .historyLost(let reason): .unknown("the server no longer knows all that changed since: \(reason)")
    case .action(let error): .action(error)
    }
  }

  /// Takes the run's own changes off.
  private mutating func takeOff(
    _ made: Set<BlockName>, _ touched: Set<BlockName>, of collections: Set<String>, in target: MongoTarget
  ) async throws(Failure) {
    for store in Set(made.union(touched).map(\.collection)) {
      do {
        let command: BSONDocument = ["find": .string(store), "filter": [:], "readConcern": ["level": "majority"], "maxTimeMS": 600_000]
        try await target.client.forEachBatch(command, database: target.database, batchSize: 10) { batch in
          for document in batch {
            let block = try UndoBlock(document)
            guard block.database == target.database, collections.contains(block.collection) else { continue }
            let name = BlockName(collection: store, id: block.id)
            try takeOff(block, isForward: made.contains(name), isBack: touched.contains(name) && block.state == .undone)
          }
        }
      } catch let error as MongoError {
        throw .action(target.error(error, collection: store, doing: "reading what the run has changed"))
      } catch {
        throw .unknown("an undo block of the run cannot be read: \(error)")
      }
    }
  }

  private mutating func takeOff(_ block: UndoBlock, isForward: Bool, isBack: Bool) throws {
    guard isForward || isBack else { return }
    let entries = try block.readEntries()
    let notApplied = Set(block.missed).union(block.failed.map(\.index))
    let kept = Set(block.kept.map(\.index)).union(block.gone)
    let left = Set(block.standing)
    for index in 0..<block.count where !notApplied.contains(index) {
      let hash = key.idHash(entries[index].key)
      guard let known = changes[hash] else { continue }
      if isBack, kept.contains(index) { theirs.insert(hash) }
      // What is in doubt may have been ours: it is taken off, so that it excuses nothing.
      let ours = (isForward ? 1 : 0) + (isBack && !left.contains(index) && !kept.contains(index) ? 1 : 0)
      changes[hash] = known - ours
    }
  }
}
