import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

extension OnlineChangeWork {
  /// How many conflicts and how many doubtful documents are listed by id in the record of the run; all of them stand in the blocks.
  private static var shown: Int { 1_000 }

  /// What the step's undo came to, from the blocks; the same however often it is asked.
  func undoResult() async throws(ActionError) -> UndoResult {
    var conflicts: Set<RawBSONValue> = []
    var doubtful: Set<RawBSONValue> = []
    var listedConflicts: [Value] = []
    var listedDoubt: [Value] = []
    let filter: BSONDocument = ["st": "undone", "$or": [["kept.0": ["$exists": true]], ["standing.0": ["$exists": true]]]]
    for header in try await change.read(filter, withEntries: false, newestFirst: true) {
      let block = try await change.block(header.id)
      let entries = try change.entries(of: block)
      func list(_ index: Int, _ fields: [String], _ reason: String, in list: inout [Value]) {
        guard list.count < Self.shown else { return }
        let id = MongoValues.value(entries[index].key.decoded)
        var listed: ValueMap = ["id": id, "reason": .string(reason)]
        if block.kind == .fields { listed["fields"] = .list(fields.map(Value.string)) }
        list.append(.map(listed))
      }
      let words = UndoWords(block.kind)
      let kept = Dictionary(grouping: block.kept, by: \.index)
      for index in kept.keys.sorted() where conflicts.insert(entries[index].key.detached()).inserted {
        list(index, kept[index, default: []].map(\.field), words.kept, in: &listedConflicts)
      }
      let refused = Dictionary(block.refused.map { ($0.index, $0.code) }, uniquingKeysWith: { first, _ in first })
      for index in block.standing {
        let fields = entries[index].changed.map { block.fields[$0].text }
        if let code = refused[index] {
          guard conflicts.insert(entries[index].key.detached()).inserted else { continue }
          list(index, fields, words.refused(code), in: &listedConflicts)
        } else if doubtful.insert(entries[index].key.detached()).inserted {
          list(index, fields, words.doubtful, in: &listedDoubt)
        }
      }
    }
    var details: ValueMap = [:]
    if !listedConflicts.isEmpty { details["conflicts"] = .list(listedConflicts) }
    if !listedDoubt.isEmpty { details["inDoubt"] = .list(listedDoubt) }
    if !details.isEmpty { details["undo"] = .string(change.store) }
    return UndoResult(conflicts: Int64(conflicts.count), inDoubt: Int64(doubtful.count), details: details)
  }

  /// Whether every block is accounted for, and whether our values are gone.
  ///
  /// A value equal to ours may by now be the application's own, and must then stay; so it counts as ours only where nobody else writes these fields,
  /// or where most documents look as if nothing had been taken back: a server that acknowledges writes and does not do them.
  func verifyUndone(isStopped: () -> Bool) async throws(ActionError) -> String? {
    let heads = try await change.read([:], withEntries: false)
    // Blocks that a late process wrote are there too, and never ran.
    if let block = heads.first(where: { $0.state != .undone && $0.missed.count < $0.count }) {
      return "block \(block.id) of '\(change.store)' is not taken back"
    }
    var looked = 0
    var stand = 0
    var example: RawBSONValue?
    for header in heads where header.state == .undone && header.undo != nil {
      if isStopped() || Task.isCancelled { throw change.stopped }
      let block = try await change.block(header.id)
      let entries = try change.entries(of: block)
      let left = Set(block.standing + block.gone)
      let undone = block.applied.filter { !left.contains($0) }.map { entries[$0] }
      let documents = try await change.documents(of: undone, in: block)
      for entry in undone {
        let document = documents[entry.identity]
        // A document that was brought back may be gone again by the application's doing; one that was inserted is meant to be gone.
        if document == nil, block.kind == .fields || block.kind == .replace { continue }
        looked += 1
        let isOurs = entry.changed.allSatisfy { block.isAfter($0, of: entry, in: document) }
        guard isOurs else { continue }
        stand += 1
        example = example ?? entry.key.detached()
      }
    }
    guard let example, isAlone || stand >= 10 && stand * 2 > looked else { return nil }
    return
      "\(stand) of \(looked) documents of '\(collection)' still are as the step left them, for example \(MongoValues.text(example))"
  }
}

/// The reasons why something of a step was not taken back.
private struct UndoWords {
  let kept: String
  let doubtful: String
  private let stands: String

  init(_ kind: BlockKind) {
    switch kind {
    case .fields:
      kept = "changed by the application since, kept"
      stands = "our value stands"
      doubtful = "the server can no longer say whether the value is ours, left as it is"
    case .insert:
      kept = "changed by the application since it was inserted, kept"
      stands = "the document stays"
      doubtful = "the server can no longer say whether we inserted it, left as it is"
    case .delete:
      kept = "inserted anew by the application, kept"
      stands = "the document stays deleted"
      doubtful = "the server can no longer say whether we deleted it or the application did, not brought back"
    case .replace:
      kept = "changed by the application since, kept"
      stands = "our document stands"
      doubtful = "the server can no longer say whether the document is ours, left as it is"
    }
  }

  func refused(_ code: Int32) -> String {
    if code == OnlineChange.movedCode { return "the application has changed its shard key since, \(stands)" }
    return "the server refused its undo (code \(code)), \(stands)"
  }
}
