import MongoDriver
import RunbookActions

/// What stays in the database after a run, and its removal once somebody has given the run's rollback up.
extension MongoTarget {
  public func kept(for run: String) async throws(ActionError) -> KeptForRun {
    var kept = KeptForRun()
    for step in try await OnlineChangeResolver.steps(of: run, in: self) {
      kept.undo.append(try await measured(RunbookCollections.undo(run: run, step: step)))
    }
    for (name, step) in try await setAside(run: run) {
      kept.dropped.append(KeptDropped(collection: try await measured(name), step: step))
    }
    let now = try await askServerTime()
    for record in try await backupRecords(of: run) {
      let expired = record.expiresAt.map { $0 <= now } ?? false
      kept.backups.append(
        KeptBackup(
          collection: KeptCollection(name: record.to, documents: record.documents, bytes: record.bytes), step: record.step,
          expiresAt: record.expiresAt, isExpired: expired, madeAt: record.isProven ? record.ended : nil))
    }
    return kept
  }

  /// The undo entries first, then what was dropped, then the backups, the receipt last: whoever is cut off finds the rest by it.
  public func cleanUp(run: String) async throws(ActionError) -> CleanUp {
    guard let lease, lease.run == run else { throw leaseLostError() }
    let kept = try await kept(for: run)
    var done = CleanUp()
    for collection in kept.undo {
      try await drop(collection.name, doing: "dropping undo entries")
      done.removed.undo.append(collection)
    }
    for dropped in kept.dropped {
      try await drop(dropped.collection.name, doing: "dropping what step '\(dropped.step)' has dropped")
      done.removed.dropped.append(dropped)
    }
    try await deleteOwn(["run": .string(run)], from: RunbookCollections.renames, doing: "removing notes of renames")
    for backup in kept.backups {
      if !backup.isExpired {
        done.left.backups.append(backup)
      } else if let hindrance = try await remove(backup) {
        done.left.backups.append(backup)
        done.notes.append(hindrance)
      } else {
        done.removed.backups.append(backup)
      }
    }
    try await stripReceipt(lease)
    return done
  }

  /// Collections that steps have taken out of the way, with the step of each.
  private func setAside(run: String) async throws(ActionError) -> [(name: String, step: String)] {
    let command: BSONDocument = [
      "listCollections": 1, "nameOnly": true, "filter": ["name": .regex(pattern: "^_runbook\\.(dropped|beside|stray)\\.", options: "")],
    ]
    let prefixes = [
      RunbookCollections.droppedPrefix(run: run), RunbookCollections.besidePrefix(run: run), RunbookCollections.strayPrefix(run: run),
    ]
    do throws(MongoError) {
      return try await client.documents(command, database: database).compactMap { $0["name"]?.string }.sorted().compactMap { name in
        guard let prefix = prefixes.first(where: name.hasPrefix) else { return nil }
        return (name, String(name.dropFirst(prefix.count).prefix { $0 != "/" }))
      }
    } catch {
      throw self.error(error, doing: "looking for dropped collections")
    }
  }

  /// Size and number of documents, without reading them; zero for one that is gone.
  private func measured(_ collection: String) async throws(ActionError) -> KeptCollection {
    do throws(ActionError) {
      let stats = try await run(
        ["collStats": .string(collection), "maxTimeMS": 30_000], collection: collection, doing: "asking how big it is")
      return KeptCollection(name: collection, documents: stats["count"]?.integer ?? 0, bytes: stats["size"]?.integer ?? 0)
    } catch {
      if error.code == MongoErrorCode.missingCollection { return KeptCollection(name: collection, documents: 0, bytes: 0) }
      throw error
    }
  }

  private func backupRecords(of run: String) async throws(ActionError) -> [BackupRecord] {
    try await findOwn(["run": .string(run)], in: RunbookCollections.backups, sort: ["_id": 1], doing: "reading what is known of backups")
      .compactMap(BackupRecord.init)
  }

  /// Drops a backup whose time is over, if what stands under its name is what was proven: a name may have been given to other data since.
  /// - Returns: why it was left, nil where it is gone.
  private func remove(_ backup: KeptBackup) async throws(ActionError) -> String? {
    let name = backup.collection.name
    guard let record = try await backupRecord(of: name) else { return nil }
    if try await definition(of: name) != nil {
      guard record.isProven, try await digest(of: name, key: record.key).text == record.digest else {
        return "'\(name)' is no longer the backup that step '\(record.step)' made: it was left, and has to be looked at by a person"
      }
      try await drop(name, doing: "dropping an expired backup")
    }
    try await deleteBackupRecord(of: name)
    return nil
  }

  private func digest(of collection: String, key: DigestKey) async throws(ActionError) -> ContentDigest {
    var digest = ContentDigest(key: key)
    let command: BSONDocument = [
      "find": .string(collection), "filter": [:], "hint": ["$natural": 1], "readConcern": ["level": "majority"],
    ]
    do {
      try await client.forEachBatch(command, database: database, batchSize: 1000) { batch in
        _ = try unfencedMilliseconds()
        digest.add(batch)
      }
    } catch let error as MongoError {
      throw self.error(error, collection: collection, doing: "looking whether the backup is what was proven")
    } catch let error as ActionError {
      throw error
    } catch {
      preconditionFailure("reading a cursor threw \(error)")
    }
    return digest
  }

  private func drop(_ collection: String, doing: String) async throws(ActionError) {
    let command: BSONDocument = [
      "drop": .string(collection), "writeConcern": .document(durable), "maxTimeMS": .int64(try unfencedMilliseconds()),
    ]
    do throws(ActionError) {
      _ = try await repeated(command, collection: collection, doing: doing)
    } catch {
      if error.code != MongoErrorCode.missingCollection { throw error }
    }
  }

  /// What a lost state would be rebuilt from goes. The head stays, so that an older copy of the state still finds out that it is one, and the
  /// epoch, which only grows.
  private func stripReceipt(_ lease: LeaseState) async throws(ActionError) {
    try await deleteOwn(["run": .string(lease.run)], from: RunbookCollections.receiptLog, doing: "removing the receipt's entries")
    let query: BSONDocument = ["_id": .string(lease.run), "owner": .string(lease.owner), "epoch": .int64(lease.epoch)]
    let command: BSONDocument = [
      "update": .string(RunbookCollections.runs),
      "updates": [["q": .document(query), "u": ["$unset": ["planBytes": "", "params": "", "details": "", "changeSessions": ""]]]],
      "writeConcern": .document(durable), "maxTimeMS": .int64(try unfencedMilliseconds()),
    ]
    let reply = WriteReply(try await repeated(command, collection: RunbookCollections.runs, doing: "reducing the run's receipt"))
    guard reply.count == 1 else { throw leaseLostError() }
  }
}
