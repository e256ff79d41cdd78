import RunbookActions
import RunbookPlan

/// What a step does to data. The descriptors of actions say whether something is changed and how it is taken back; what lint has to know beside
/// that stands here and nowhere else.
enum Change: Hashable {
  /// Reads, waits, asks.
  case nothing
  /// Makes a copy of a collection: `mongodb.backup`.
  case copy
  /// Adds documents: `mongodb.insert`, and a restore of what is missing.
  case insert
  /// Changes documents that are there: `mongodb.update`, `mongodb.transform`.
  case update
  case delete
  /// Overwrites documents with older ones: `mongodb.restore` in the modes `documents` and `swap`.
  case overwrite
  /// Collections, indexes, validators; no document is changed.
  case structure
  /// What the server, a program or a service does is not known: `mongodb.command`, `exec.run`, `shell.run`, `http.request`.
  case opaque
  /// An action that lint does not know.
  case other

  init(_ call: BoundCall, _ values: KnownValues) {
    guard call.descriptor.isMutating else {
      self = .nothing
      return
    }
    switch call.descriptor.name {
    case "mongodb.update", "mongodb.transform": self = .update
    case "mongodb.delete": self = .delete
    case "mongodb.insert": self = .insert
    case "mongodb.backup": self = .copy
    case "mongodb.restore":
      guard let mode = call.argument("mode") else {
        self = .insert
        return
      }
      self = values.text(mode).map { $0 == "missingOnly" } ?? true ? .insert : .overwrite
    case "mongodb.createIndex", "mongodb.dropIndex", "mongodb.createCollection", "mongodb.dropCollection", "mongodb.renameCollection",
      "mongodb.setValidator":
      self = .structure
    case "mongodb.command", "exec.run", "shell.run", "http.request": self = .opaque
    default: self = .other
    }
  }

  /// Whether documents that are there are changed or go.
  var touchesDocuments: Bool { self == .update || self == .delete || self == .overwrite }

  /// Whether documents are changed, go or come.
  var writesDocuments: Bool { touchesDocuments || self == .insert }
}
