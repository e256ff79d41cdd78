import MongoDriver
import RunbookActions
import RunbookPlan

/// What is kept of a step that puts a restored copy in a collection's place, in `_runbook.renames`. Which rename has happened is seen by the collections themselves; the record says
/// what each of them is, and is durable before the rename that it explains.
struct SwapRecord: Sendable {
  enum Phase: String, Sendable {
    /// The copy is being made.
    case making
    /// The copy is made and proven: the renames may begin.
    case ready
    /// The copy has the collection's name.
    case swapped
    /// The way back has begun.
    case returning
    case undone
  }

  var effect: String
  var phase: Phase
  /// The collection that is replaced; the copy is given the same options and indexes.
  var definition: CollectionDefinition
  var key: DigestKey
  /// Of the copy's content before the application could reach it.
  var digest = ""
  var documents: Int64 = 0
  /// UUIDs of the copy before it was renamed and after, and of what it replaced: a server may give a renamed collection another.
  var copyID: String?
  var liveID: String?
  var keptID: String?
  /// Numbers of the collections that were made under the name while it was free, and whose documents are still to be brought along.
  var strays: [Int64] = []
  /// How many numbers have been used.
  var lastStray: Int64 = 0
  /// The number under which the copy is kept where it was written to while it was swapped back.
  var late: Int64?
  /// What a person has to know: a sentence each.
  var told: [String] = []

  init(effect: String, definition: CollectionDefinition, key: DigestKey, after former: SwapRecord?) {
    self.effect = effect
    phase = .making
    self.definition = definition
    self.key = key
    strays = former?.strays ?? []
    lastStray = former?.lastStray ?? 0
  }
}

extension SwapRecord {
  func document(id: String, run: String) -> BSONDocument {
    func text(_ value: String?) -> BSONValue { value.map(BSONValue.string) ?? .null }
    return [
      "_id": .string(id), "run": .string(run), "v": 1, "effect": .string(effect), "phase": .string(phase.rawValue),
      "definition": .string(definition.value.encodedJSON()), "key": .binary(BSONBinary(bytes: key.bytes)), "digest": .string(digest),
      "documents": .int64(documents), "copyID": text(copyID), "liveID": text(liveID), "keptID": text(keptID),
      "strays": .array(BSONArray(strays.map(BSONValue.int64))), "lastStray": .int64(lastStray),
      "late": late.map(BSONValue.int64) ?? .null, "told": .array(BSONArray(told.map(BSONValue.string))),
    ]
  }

  /// Nil for what this version cannot read.
  init?(_ document: BSONDocument) {
    guard let effect = document["effect"]?.string, let phase = document["phase"]?.string.flatMap(Phase.init(rawValue:)),
      let value = document["definition"]?.string.flatMap({ try? Value(encodedJSON: $0) }),
      let definition = CollectionDefinition(value: value),
      let key = document["key"]?.binary?.bytes
    else { return nil }
    self.init(effect: effect, definition: definition, key: DigestKey(bytes: key), after: nil)
    self.phase = phase
    digest = document["digest"]?.string ?? ""
    documents = document["documents"]?.integer ?? 0
    (copyID, liveID, keptID) = (document["copyID"]?.string, document["liveID"]?.string, document["keptID"]?.string)
    strays = document["strays"]?.array?.compactMap(\.integer) ?? []
    lastStray = document["lastStray"]?.integer ?? 0
    late = document["late"]?.integer
    told = document["told"]?.array?.compactMap(\.string) ?? []
  }
}
