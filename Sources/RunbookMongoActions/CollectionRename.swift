import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// A rename that keeps everything: what the collection was is noted before it, and asserted under the new name, since servers are known that lose a
/// validator on the way. The note goes when that is done, so that a crash in between is made good by the next call.
struct CollectionRename: Sendable {
  let structure: StructureCall

  private var target: MongoTarget { structure.target }
  private var context: ActionContext { structure.context }
  private var noteID: String { "\(context.run.id)/\(context.subject)" }

  /// Renames `from`, which is there, to `to`, which is not.
  /// - Returns: what could not be brought along: a sentence each.
  /// - Throws: `refused` where `to` was made in between.
  func move(_ from: String, to: String) async throws(ActionError) -> [String] {
    guard let definition = try await target.definition(of: from) else { throw structure.missing(from) }
    try await write(note: ["from": .string(from), "to": .string(to), "definition": .string(definition.value.encodedJSON())])
    do throws(CommandFailure) {
      _ = try await structure.commands.change(
        [
          "renameCollection": .string("\(target.database).\(from)"), "to": .string("\(target.database).\(to)"), "dropTarget": false,
        ], isAdministrative: true, limit: nil, collection: from, doing: "renaming it to '\(to)'")
    } catch {
      guard error.code == CommandFailure.collectionExists else { throw error.error }
      throw inTheWay(to)
    }
    return try await finish()
  }

  /// Ends a rename that a crash left open, if there is one.
  /// - Returns: what could not be brought along.
  func finish() async throws(ActionError) -> [String] {
    guard let note = try await note() else { return [] }
    guard let from = note["from"]?.string, let to = note["to"]?.string,
      let value = note["definition"]?.string.flatMap({ try? Value(encodedJSON: $0) }), let definition = CollectionDefinition(value: value)
    else { throw structure.brokenCapture() }
    var differences: [String] = []
    let isDone = try await !isThere(from, uuid: definition.uuid)
    if isDone, try await target.definition(of: to) != nil { differences = try await bring(definition, to: to) }
    try await target.deleteOwn(["_id": .string(noteID)], from: RunbookCollections.renames, doing: "ending a rename")
    return differences
  }

  /// Whether the very collection that was recorded still has its name. One that the application made anew under it is another.
  func isThere(_ name: String, uuid: String?) async throws(ActionError) -> Bool {
    guard let found = try await target.definition(of: name) else { return false }
    return uuid == nil || found.uuid == uuid
  }

  func inTheWay(_ name: String) -> ActionError {
    ActionError(
      code: StructureErrorCode.collectionInTheWay, message: "there is a collection '\(name)' in target '\(target.name)' already",
      kind: .refused, help: "a collection is never overwritten; take the other name, or rename what is there first")
  }

  private func note() async throws(ActionError) -> BSONDocument? {
    try await target.findOwn(["_id": .string(noteID)], in: RunbookCollections.renames, doing: "looking for an open rename").first
  }

  private func write(note: BSONDocument) async throws(ActionError) {
    let document = BSONDocument { writer in
      writer.append("_id", noteID)
      writer.append("run", context.run.id)
      writer.append(fieldsOf: note)
    }
    try await target.replaceOwn(document, in: RunbookCollections.renames, doing: "noting a rename")
  }
}

extension CollectionRename {
  /// Makes the collection what it was, as far as that can be set afterwards.
  /// - Returns: what could not be brought along: a sentence each.
  func bring(_ wanted: CollectionDefinition, to name: String) async throws(ActionError) -> [String] {
    guard let found = try await target.definition(of: name) else { return [] }
    let changes = Self.settable(wanted: wanted.options, found: found.options)
    if !changes.isEmpty {
      let command = BSONDocument { writer in
        writer.append("collMod", name)
        writer.append(fieldsOf: changes)
      }
      try await structure.commands.apply(command, collection: name, doing: "setting its options again")
    }
    for (indexName, index) in wanted.indexes where found.indexes[indexName] == nil {
      guard let definition = IndexDefinition(recorded: index) else { continue }
      try await IndexBuild(
        commands: structure.commands, collection: name, index: definition, collation: wanted.options["collation"]?.document,
        limit: structure.buildLimit
      ).build()
    }
    return try await target.definition(of: name).map { wanted.differences(to: $0, called: name) } ?? []
  }

  private static func settable(wanted: BSONDocument, found: BSONDocument) -> BSONDocument {
    let (wanted, found) = (CollectionDefinition.normalised(wanted), CollectionDefinition.normalised(found))
    return BSONDocument { writer in
      writer.append(fieldsOf: ValidatorSetting(options: wanted).command(from: ValidatorSetting(options: found)))
      for name in ["changeStreamPreAndPostImages", "expireAfterSeconds"] {
        if let value = wanted[name], value != found[name] { writer.append(name, raw: value) }
      }
    }
  }
}

extension CollectionDefinition {
  /// What is not the same: a sentence each.
  func differences(to found: CollectionDefinition, called name: String) -> [String] {
    var differences: [String] = []
    let (was, now) = (Self.normalised(options), Self.normalised(found.options))
    for key in OrderedSet(was.keys + now.keys) where was[key] != now[key] {
      let words = [was[key], now[key]].map { $0.map { $0.extendedJSON(canonical: false) } ?? "not set" }
      differences.append("option '\(key)' of '\(name)' was \(words[0]) and is \(words[1])")
    }
    for key in OrderedSet(Array(indexes.keys) + Array(found.indexes.keys)) {
      let (was, now) = (indexes[key], found.indexes[key])
      if let was, let now, Self.areEqual(was, now) { continue }
      let words = [was, now].map { $0.map { $0.extendedJSON(canonical: false) } ?? "not there" }
      differences.append("index '\(key)' of '\(name)' was \(words[0]) and is \(words[1])")
    }
    return differences
  }
}
