import OrderedCollections
import RunbookPlan

/// What a target keeps for a run that has ended.
public struct KeptForRun: Sendable, Hashable {
  /// Places of undo entries: collections of the program's own.
  public var undo: [KeptCollection]
  public var backups: [KeptBackup]
  /// Collections that the run dropped, as the plan says: they are renamed, and go with `finalize`.
  public var dropped: [KeptDropped]

  public init(undo: [KeptCollection] = [], backups: [KeptBackup] = [], dropped: [KeptDropped] = []) {
    self.undo = undo
    self.backups = backups
    self.dropped = dropped
  }

  /// Bytes of the undo entries.
  public var undoBytes: Int64 { undo.reduce(0) { $0 + $1.bytes } }
  /// Bytes of the collections that were dropped.
  public var droppedBytes: Int64 { dropped.reduce(0) { $0 + $1.collection.bytes } }
  /// Bytes of the backups.
  public var backupBytes: Int64 { backups.reduce(0) { $0 + $1.collection.bytes } }
}

public struct KeptCollection: Sendable, Hashable {
  public var name: String
  public var documents: Int64
  /// Of the documents, uncompressed.
  public var bytes: Int64

  public init(name: String, documents: Int64, bytes: Int64) {
    self.name = name
    self.documents = documents
    self.bytes = bytes
  }

  var value: ValueMap { ["name": .string(name), "documents": .integer(documents), "bytes": .integer(bytes)] }
}

public struct KeptDropped: Sendable, Hashable {
  /// As it is called now.
  public var collection: KeptCollection
  /// The step that dropped it.
  public var step: String

  public init(collection: KeptCollection, step: String) {
    self.collection = collection
    self.step = step
  }
}

public struct KeptBackup: Sendable, Hashable {
  public var collection: KeptCollection
  /// The step that made it.
  public var step: String
  /// Server milliseconds after which it may be removed; nil keeps it for ever.
  public var expiresAt: Int64?
  public var isExpired: Bool
  /// Server milliseconds at which it was proven; nil where that is not known.
  public var madeAt: Int64?

  public init(collection: KeptCollection, step: String, expiresAt: Int64?, isExpired: Bool, madeAt: Int64? = nil) {
    self.collection = collection
    self.step = step
    self.expiresAt = expiresAt
    self.isExpired = isExpired
    self.madeAt = madeAt
  }
}

/// What cleaning up after a run came to in one target.
public struct CleanUp: Sendable, Hashable {
  public var removed: KeptForRun
  public var left: KeptForRun
  /// Why something that could have been removed was left: a sentence each.
  public var notes: [String]

  public init(removed: KeptForRun = KeptForRun(), left: KeptForRun = KeptForRun(), notes: [String] = []) {
    self.removed = removed
    self.left = left
    self.notes = notes
  }

  /// As it stands in the journal.
  public var value: Value {
    var map: ValueMap = ["removed": removed.value, "left": left.value]
    if !notes.isEmpty { map["notes"] = .list(notes.map(Value.string)) }
    return .map(map)
  }
}

extension KeptForRun {
  /// As it stands in the journal and in what commands answer as JSON.
  public var value: Value {
    .object([
      "undo": .list(undo.map { .map($0.value) }),
      "backups": .list(
        backups.map { backup in
          var map = backup.collection.value
          map["step"] = .string(backup.step)
          if let madeAt = backup.madeAt { map["madeAt"] = .timestamp(madeAt) }
          if let expiresAt = backup.expiresAt { map["expiresAt"] = .timestamp(expiresAt) }
          return .map(map)
        }),
      "dropped": .list(
        dropped.map { dropped in
          var map = dropped.collection.value
          map["step"] = .string(dropped.step)
          return .map(map)
        }),
    ])
  }
}
