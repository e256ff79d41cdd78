import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// The making of one copy: read the source, catch up with what was written meanwhile, build the indexes, prove it.
///
/// What the copy shows is worked out from a change stream that begins before the first document is read (T0). A document without a change since then is as it was read; every other one is
/// read again, until between two marks nothing changed: then the copy is the collection as it was at the last mark.
final class BackupMaking {
  static let mostRounds = 12
  private static let mostKnown = 500_000
  static let recopied = 250

  let backup: BackupCopy
  let definition: CollectionDefinition
  private let standing: BackupCopy.Standing
  var record: BackupRecord
  /// What was read, as it has to stand in the copy.
  var read: ContentDigest
  var changes: ChangedKeys
  private(set) var warnings: [String] = []
  /// The moment that the copy shows, where it shows one.
  var exactAt: BSONTimestamp?
  private var watch: ChangeWatch?
  /// Why nobody tells what changes; nil as long as somebody does.
  private(set) var unwatched: String?
  private var gone: String?

  var call: MongoCall { backup.call }
  var target: MongoTarget { backup.target }
  var destination: MongoTarget { backup.destination }
  var context: ActionContext { backup.context }
  var isWatching: Bool { watch != nil }

  init(_ backup: BackupCopy, _ definition: CollectionDefinition, _ standing: BackupCopy.Standing) async throws(ActionError) {
    self.backup = backup
    self.definition = definition
    self.standing = standing
    let context = backup.context
    let start = try await backup.target.operationTime()
    let began = try await backup.target.askServerTime()
    record = BackupRecord(
      to: backup.to, source: backup.source, run: context.run.id, step: context.subject, effect: backup.attempt, state: .making,
      key: DigestKey(), indexes: definition.indexes, options: definition.options, began: began, expiresAt: began + backup.keptFor,
      plan: context.run.planID, deployment: try await backup.target.identity().key, filter: try backup.call.filter(), start: start,
      sourceID: definition.uuid)
    read = ContentDigest(key: record.key)
    changes = ChangedKeys(key: record.key)
  }

  func run() async throws(ActionError) -> BackupRecord {
    do throws(ActionError) {
      try await make()
    } catch {
      await watch?.close()
      throw error
    }
    await watch?.close()
    return record
  }

  private func make() async throws(ActionError) {
    let known = try await begin()
    try await backup.crashPoints.hit("backup.created")
    try await copyDocuments(known)
    try await backup.crashPoints.hit("backup.copied")
    if exactAt == nil { try await catchUp() } else { try await drain() }
    try await buildIndexes()
    try await proveContent()
    try await backup.proveDefinition(definition)
    if context.arguments["prove"] == "restore" { try await backup.tryRestore(record, digest: read) }
    try await conclude()
  }

  /// What the copy shows, told as it is.
  private func conclude() async throws(ActionError) {
    guard try await target.definition(of: backup.source)?.uuid == definition.uuid else { throw replaced("made anew") }
    record.dirty = isWatching ? changes.count : nil
    record.ended = try await target.askServerTime()
    if let exactAt {
      let isQuiescent = isWatching && record.dirty == 0
      record.level = isQuiescent ? .exactQuiescent : .exactAtT
      let moment = Int64(exactAt.seconds) * 1000
      if !isQuiescent { (record.began, record.ended) = (moment, moment) }
    } else {
      record.level = .fuzzyVerified
    }
    record.state = .proven
    record.digest = read.text
    record.documents = read.count
    record.bytes = read.bytes
    try await destination.writeBackupRecord(record)
  }
}

// Beginning, anew or where a former process was cut off.
extension BackupMaking {
  /// - Returns: hashes of documents that stand in the copy already.
  private func begin() async throws(ActionError) -> Set<UInt128> {
    if case .own(let former) = standing, !former.isProven, former.effect == backup.attempt, former.copyID != nil {
      if let hindrance = try await hindrance(toResume: former) {
        warnings.append("the copy that was begun before was made anew: \(hindrance)")
      } else {
        record = former
        read = ContentDigest(key: record.key)
        changes = ChangedKeys(key: record.key)
        return try await documentsThere()
      }
    }
    if let reason = try await open(since: nil) { unwatched = reason }
    record.start = watch?.start ?? record.start
    try await destination.writeBackupRecord(record)
    if case .nothing = standing {} else { try await backup.copy.drop() }
    try await backup.copy.create(definition.options)
    record.copyID = try await destination.definition(of: backup.to)?.uuid
    try await destination.writeBackupRecord(record)
    return []
  }

  /// Why a copy that was begun cannot be gone on with; nil where it can, and the changes since are being told.
  private func hindrance(toResume former: BackupRecord) async throws(ActionError) -> String? {
    guard let copyID = former.copyID, try await destination.definition(of: backup.to)?.uuid == copyID else {
      return "what stands there is not what was begun"
    }
    guard former.sourceID == definition.uuid, definition.uuid != nil else { return "'\(backup.source)' was made anew since" }
    let fresh = record
    record = former
    if let reason = try await open(since: former.start) {
      record = fresh
      return "nobody can tell what was changed or deleted since (\(reason))"
    }
    return nil
  }

  /// Begins to follow what changes since a moment, or from now on.
  /// - Returns: why that cannot be, nil where it is.
  private func open(since start: BSONTimestamp?) async throws(ActionError) -> String? {
    guard record.start != nil else { return "the server has no change streams" }
    do throws(ChangeWatch.Failure) {
      watch = try await ChangeWatch.open(target, collections: [backup.source], since: start)
      return nil
    } catch {
      switch error {
      case .action(let error): throw error
      case .unavailable(let reason), .historyLost(let reason): return reason
      }
    }
  }

  private func documentsThere() async throws(ActionError) -> Set<UInt128> {
    var known: Set<UInt128> = []
    let command = call.findCommand(backup.to, filter: [:], isBounded: false)
    try await call.stream(command, of: destination, collection: backup.to, batchSize: 1000, doing: "reading what was copied before") {
      batch throws(ActionError) in
      try call.checkStop("the backup")
      for document in batch where known.count < Self.mostKnown { known.insert(record.key.hash(document)) }
    }
    return known
  }
}

// Copying.
extension BackupMaking {
  private func copyDocuments(_ known: Set<UInt128>) async throws(ActionError) {
    guard let moment = try await backup.pin.moment(target) else { return try await scan(known, at: nil) }
    do throws(ActionError) {
      try await scan(known, at: moment)
      exactAt = moment
    } catch {
      guard error.code == MongoErrorCode.snapshotLost else { throw error }
      // The copy took longer than the server keeps the moment. What stands there stays.
      read = ContentDigest(key: record.key)
      try await scan(try await documentsThere(), at: nil)
    }
  }

  /// Copies raw documents, a batch at a time, and digests what stands in the copy then.
  private func scan(_ known: Set<UInt128>, at moment: BSONTimestamp?) async throws(ActionError) {
    let filter = record.filter
    let concern = moment.map(SnapshotPin.readConcern) ?? readConcern
    let command = call.findCommand(backup.source, filter: filter, isBounded: false, readConcern: concern)
    let total = filter.isEmpty ? try await estimatedCount() : nil
    var looked = ContinuousClock.now
    try await backup.copy.fill(
      from: target, collection: backup.source, by: command, total: total, stopping: "the backup", doing: "reading for the backup",
      isThere: { known.isEmpty ? false : known.contains(record.key.hash($0)) },
      afterBatch: { () throws(ActionError) in
        guard ContinuousClock.now - looked > .seconds(1) else { return }
        looked = .now
        try await lookWhatChanged()
      }
    ) { documents, unwritten in
      read.add(documents, except: unwritten)
    }
  }

  /// What a majority has, and nothing older than the beginning.
  private var readConcern: BSONDocument {
    guard isWatching, let start = record.start else { return ["level": "majority"] }
    return ["level": "majority", "afterClusterTime": .timestamp(start)]
  }

  private func estimatedCount() async throws(ActionError) -> Int64? {
    try await target.run(
      ["count": .string(backup.source), "maxTimeMS": 10_000], collection: backup.source, doing: "estimating its size")["n"]?.integer
  }
}

// Following what changes.
extension BackupMaking {
  /// Takes in what the server has to tell by now, so that its history does not run away while the copy is made.
  private func lookWhatChanged() async throws(ActionError) {
    try await follow { (watch) throws(ChangeWatch.Failure) in
      var polls = 0
      while polls < 50, try await watch.poll(wait: 1, { self.note($0) }) { polls += 1 }
    }
  }

  /// Takes in all changes up to now.
  /// - Returns: the moment up to which they are known; nil where nobody tells.
  @discardableResult
  func drain() async throws(ActionError) -> BSONTimestamp? {
    var moment: BSONTimestamp?
    try await follow { (watch) throws(ChangeWatch.Failure) in
      moment = try await watch.drain(isStopped: { self.context.stop.isRequested }) { self.note($0) }
    }
    return moment
  }

  private func follow(_ body: (inout ChangeWatch) async throws(ChangeWatch.Failure) -> Void) async throws(ActionError) {
    guard var following = watch else { return }
    do throws(ChangeWatch.Failure) {
      try await body(&following)
      watch = following
    } catch {
      await following.close()
      watch = nil
      switch error {
      case .action(let error): throw error
      case .unavailable(let reason), .historyLost(let reason): unwatched = reason
      }
    }
    if let gone { throw replaced(gone) }
  }

  private func note(_ event: ChangeEvent) {
    // The stream begins with the moment itself, which the first read has seen.
    guard event.collection == backup.source, event.time.map({ $0 > (record.start ?? $0) }) ?? true else { return }
    if let key = event.key { return changes.note(key) }
    if ["drop", "rename", "dropDatabase", "invalidate"].contains(event.operation) {
      gone = event.operation == "rename" ? "renamed" : "dropped"
    }
  }

  private func replaced(_ how: String) -> ActionError {
    ActionError(
      code: MongoErrorCode.sourceReplaced, message: "'\(backup.source)' of target '\(target.name)' was \(how) while it was copied",
      kind: .refused, help: "the copy is not proven; the step can be done again")
  }

  /// Reads again what changed, until between two marks nothing did. Where that does not come, the copy stays fuzzy.
  func catchUp() async throws(ActionError) {
    exactAt = nil
    for round in 1...Self.mostRounds {
      try call.checkStop("the backup")
      let moment = try await drain()
      guard isWatching, !changes.isOverflowing else { return }
      if changes.pending.isEmpty {
        exactAt = moment
        return
      }
      if round == Self.mostRounds { return }
      try await copyAgain(after: moment)
      try await backup.crashPoints.hit("backup.caught-up")
    }
  }

  /// Puts what the source has now in place of what the copy has, document by document.
  private func copyAgain(after moment: BSONTimestamp?) async throws(ActionError) {
    var rest = changes.take()[...]
    let concern: BSONDocument = moment.map { ["level": "majority", "afterClusterTime": .timestamp($0)] } ?? ["level": "majority"]
    let total = Int64(rest.count)
    while !rest.isEmpty {
      try call.checkStop("the backup")
      let keys = Array(rest.prefix(Self.recopied))
      rest = rest.dropFirst(keys.count)
      let former = try await call.documents(withKeys: keys, in: CollectionPlace(target: destination, collection: backup.to))
      let present = try await call.documents(
        withKeys: keys, in: CollectionPlace(target: target, collection: backup.source), filter: record.filter, readConcern: concern)
      try await backup.copy.replace(keys, with: present)
      for document in former { read.remove(document) }
      for document in present { read.add(document) }
      context.progress(Progress(done: total - Int64(rest.count), total: total, unit: "documents", note: "catching up"))
    }
  }

  func buildIndexes() async throws(ActionError) {
    for attempt in 1... {
      do throws(ActionError) {
        return try await backup.buildIndexes(definition.indexes, on: backup.copy)
      } catch {
        guard error.code == MongoErrorCode.duplicateKey else { throw error }
        // Versions of different moments may break a unique index that the source never broke.
        guard isWatching, attempt <= 3, exactAt == nil, !changes.isOverflowing else {
          throw ActionError(
            code: MongoErrorCode.proofFailed,
            message: "\(error.message): documents changed while they were copied, so that the copy breaks a unique index",
            kind: .refused, help: "make the backup again, when less is written")
        }
        try await catchUp()
      }
    }
  }
}
