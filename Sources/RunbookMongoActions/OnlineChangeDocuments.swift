import MongoDriver
import RunbookActions
import Synchronization

/// The statements of changes of whole documents. The undo of each is one of them too: what was inserted is removed, what was removed is inserted, what
/// was replaced is replaced again.
extension OnlineChangeStatements {
  /// A field that no document has. With it in the query, a document that is there does not fit, so that the server has to insert and finds its `_id`
  /// taken (11000); whatever stands there is never touched, were it nothing but its `_id`.
  static let absence: BSONDocument = ["_runbookAbsent": true]

  private static let another: BSONDocument = ["_id": ["missed": "$_id"]]

  /// The statement that inserts a document under a key that is not taken.
  func writeInsert(_ document: BSONDocument, entry: UndoEntry, index: Int, to out: inout BSONBuffer) {
    writeWhole(document, entry, instead: nil, index: index, to: &out)
  }

  /// The statement that puts a document in the place of another, as long as that is exactly as given.
  func writeReplace(_ old: BSONDocument, by new: BSONDocument, entry: UndoEntry, index: Int, to out: inout BSONBuffer) {
    writeWhole(new, entry, instead: old, index: index, to: &out)
  }

  private func writeWhole(_ document: BSONDocument, _ entry: UndoEntry, instead old: BSONDocument?, index: Int, to out: inout BSONBuffer) {
    let whole = out.open(.document, index: index)
    let query = out.open(.document, "q")
    out.append(
      fieldsOf: BSONDocument { query in
        query.append("_id", raw: entry.key)
        for (path, value) in zip(shardKey, entry.shardKey) { query.append(path.text, raw: value) }
      })
    if old == nil { out.append(fieldsOf: Self.absence) }
    out.close(query)
    let pipeline = out.open(.array, "u")
    let stage = out.open(.document, index: 0)
    let replacement = out.open(.document, "$replaceWith")
    let choice = out.open(.array, "$cond")
    let all = out.open(.document, index: 0)
    writeConditions("$and", on: old, nestedTypes: true, to: &out)
    out.close(all)
    out.append(BSONDocument { $0.append("$literal", document) }, index: 1)
    out.append(Self.another, index: 2)
    out.close(choice)
    out.close(replacement)
    out.close(stage)
    out.close(pipeline)
    if old == nil { out.append(fieldsOf: ["upsert": true]) }
    out.close(whole)
  }

  /// The fence, and that the document as a whole is as given.
  private func writeConditions(_ name: StaticString, on document: BSONDocument?, nestedTypes: Bool, to out: inout BSONBuffer) {
    var conditions = OpenStatement.Conditions(list: out.open(.array, name), count: 1)
    out.append(fence, index: 0)
    if let document {
      let root = FieldGuard(.root)
      let inside = FieldGuard.Inside(numbers: nestedTypes, texts: comparesBytes)
      document.withBytes { bytes in
        root.write(BSONPlace(type: .document, start: 0, end: bytes.count), of: bytes, inside, to: &conditions, in: &out)
      }
    }
    out.close(conditions.list)
  }

  /// The command that removes a document as long as it is as given, and answers it as it was when it went.
  /// - Parameter nestedTypes: whether a number of equal value and another type counts as another. Where the answer is kept, it need not.
  func removal(of document: BSONDocument, key: RawBSONValue, in collection: String, delivery: UndoBlock.Delivery, nestedTypes: Bool)
    -> BSONDocument
  {
    var out = BSONBuffer(capacity: 1024 + document.byteCount * 2)
    let command = out.open()
    out.append(fieldsOf: ["findAndModify": .string(collection)])
    let query = out.open(.document, "query")
    out.append(fieldsOf: BSONDocument { $0.append("_id", raw: key) })
    let expression = out.open(.document, "$expr")
    writeConditions("$and", on: document, nestedTypes: nestedTypes, to: &out)
    out.close(expression)
    out.close(query)
    out.append(
      fieldsOf: BSONDocument { rest in
        rest.append("remove", true)
        rest.append("maxTimeMS", delivery.limit)
        rest.append("writeConcern", ["w": "majority", "j": true, "wtimeout": .int64(delivery.limit)] as BSONDocument)
        if let number = delivery.number { rest.append("txnNumber", number) }
      })
    out.close(command)
    return out.take()
  }
}

extension UndoBlock {
  /// Every session in which something of the block may still be under way.
  var sessions: [[UInt8]] {
    Self.sessions(delivery, count, removes(isUndo: false))
      + (undo.map { Self.sessions($0.delivery, $0.entries.count, removes(isUndo: true)) } ?? [])
  }

  private static func sessions(_ delivery: Delivery, _ count: Int, _ removes: Bool) -> [[UInt8]] {
    [delivery.session] + (removes ? (0..<count).map { RemovalSessions.uuid(delivery.session, place: $0) } : [])
  }

  /// Whether the command is a list of removals, each a command of its own.
  func removes(isUndo: Bool) -> Bool { isUndo ? kind == .insert : kind == .delete }

  /// The command of a batch of insertions or replacements.
  /// - Parameter chosen: the entries, in order; nil: all.
  fileprivate func whole(_ entry: UndoEntry, at index: Int, isUndo: Bool) -> (from: BSONDocument?, to: BSONDocument?) {
    let before = before(0, of: entry, at: index)?.document
    let after = entry.fields[0].after?.document
    return isUndo ? (after, before) : (before, after)
  }

  func wholeCommand(_ entries: UndoEntries, chosen: [Int]?, delivery: Delivery, isUndo: Bool) -> BSONDocument {
    precondition(!removes(isUndo: isUndo), "documents are removed one by one")
    let writer = OnlineChangeStatements(until: delivery.until, fields: [], inputs: [], comparesBytes: comparesBytes)
    return OnlineChangeStatements.command(
      collection, delivery: delivery, bypassesValidation: !asksValidator && (isUndo || bypassesValidation), bytes: commandBytes
    ) { out in
      for (place, index) in (chosen ?? Array(0..<count)).enumerated() {
        let entry = entries[index]
        let (old, new) = whole(entry, at: index, isUndo: isUndo)
        guard let new else { preconditionFailure("an entry has no document to write") }
        if let old {
          writer.writeReplace(old, by: new, entry: entry, index: place, to: &out)
        } else {
          writer.writeInsert(new, entry: entry, index: place, to: &out)
        }
      }
    }
  }
}

/// The sessions of a batch's removals: one for each, since a server keeps the answer of the last command of a session only. They are the session of the
/// change with another last part, and are used again by the next batch, when this one is recorded.
final class RemovalSessions: Sendable {
  private let target: MongoTarget
  private let sessions = Mutex<[[UInt8]: MongoSession]>([:])

  init(_ target: MongoTarget) { self.target = target }

  static func uuid(_ base: [UInt8], place: Int) -> [UInt8] {
    let number = UInt16(truncatingIfNeeded: place + 1)
    var uuid = base
    uuid[14] ^= UInt8(number >> 8)
    uuid[15] ^= UInt8(number & 0xFF)
    return uuid
  }

  func session(_ base: [UInt8], place: Int) async throws(ActionError) -> MongoSession {
    let uuid = Self.uuid(base, place: place)
    if let known = sessions.withLock({ $0[uuid] }) { return known }
    do throws(MongoError) {
      let made = try await target.client.startSession(overwritingUUID: uuid)
      sessions.withLock { $0[uuid] = made }
      return made
    } catch {
      throw target.error(error, doing: "starting a session")
    }
  }
}

extension OnlineChange {
  /// What became of a batch's removals.
  struct Removed {
    var outcome = OnlineChangeOutcome()
    /// Each document that went, as it was then.
    var images: [Int: BSONDocument] = [:]
    var refusal: MongoError?
  }

  /// Removes documents one after another until it is known of each what became of it.
  /// - Parameters:
  ///   - chosen: the entries, in order.
  ///   - mayHaveActed: whether it has been tried before, by whomever.
  func remove(
    _ chosen: [Int], of block: UndoBlock, entries: UndoEntries, delivery: UndoBlock.Delivery, isUndo: Bool, mayHaveActed: Bool
  ) async throws(ActionError) -> Removed {
    let writer = OnlineChangeStatements(until: delivery.until, fields: [], inputs: [], comparesBytes: block.comparesBytes)
    let sessions = removals
    var removed = Removed()
    var unknown: [Int] = []
    for (place, index) in chosen.enumerated() {
      // What is too late does nothing, and need not be sent.
      let isLate = !mayHaveActed && (removed.refusal != nil || target.estimatedServerTime.map { $0 >= delivery.until } ?? false)
      if isLate {
        removed.outcome.missed.append(place)
        continue
      }
      if mayHaveActed, delivery.number == nil {
        unknown.append(place)
        continue
      }
      let entry = entries[index]
      guard let document = block.whole(entry, at: index, isUndo: isUndo).from else { throw broken(block.wrongCount(entries.count)) }
      let command = writer.removal(of: document, key: entry.key, in: block.collection, delivery: delivery, nestedTypes: isUndo)
      let session = try await sessions.session(delivery.session, place: place)
      switch try await removeOne(command, in: session, mayHaveActed: mayHaveActed) {
      case .gone(let image): removed.images[index] = image
      case .missed: removed.outcome.missed.append(place)
      case .unknown: unknown.append(place)
      case .refused(let error):
        if error.code == 13 || error.code == nil { removed.refusal = error }
        if removed.refusal == nil {
          removed.outcome.failed.append(UndoBlock.Failure(index: place, code: error.code ?? 0))
        } else {
          removed.outcome.missed.append(place)
        }
      }
      try await crashPoints.hit(isUndo ? "undo.removed" : "delete.removed")
    }
    guard !unknown.isEmpty else { return removed }
    let documents = try await documents(of: unknown.map { entries[chosen[$0]] }, in: block)
    for place in unknown {
      // One that is there was not removed, or has been put back since.
      let isGone = documents[entries[chosen[place]].identity] == nil
      if isGone { removed.outcome.doubt.append(place) } else { removed.outcome.missed.append(place) }
    }
    removed.outcome.missed.sort()
    return removed
  }

  private enum Removal {
    case gone(BSONDocument)
    case missed
    /// It is not there, and no record says whose doing that was; or nothing at all is known.
    case unknown
    case refused(MongoError)
  }

  private func removeOne(_ command: BSONDocument, in session: MongoSession, mayHaveActed: Bool) async throws(ActionError) -> Removal {
    let isNumbered = command["txnNumber"] != nil
    var hasActed = mayHaveActed
    var pause = 50
    let start = ContinuousClock.now
    while true {
      let failure: MongoError
      do throws(MongoError) {
        let reply = try await target.client.writeCommand(command, database: target.database, session: session)
        let image = reply["value"]?.document
        guard WriteReply(reply).writeConcernError != nil else {
          if let image { return .gone(image.detached()) }
          return hasActed ? .unknown : .missed
        }
        // Not known to be safe: asked again, the server repeats its answer.
        if !isNumbered { return .unknown }
        hasActed = true
        failure = MongoError(kind: .outcomeUnknown, message: "the write is not known to be safe")
      } catch {
        switch Self.reply(to: error) {
        case .refused: return hasActed ? .unknown : .refused(error)
        case .lost: hasActed = true
        case .notSent, .answer: break
        }
        failure = error
      }
      if !isNumbered, hasActed { return .unknown }
      if ContinuousClock.now - start > timing.patience {
        throw ActionError(
          code: UpdateErrorCode.unresolved,
          message: "target '\(target.name)' does not tell what became of a document of '\(step)': \(failure)",
          kind: .outcomeUnknown, help: "runbook resume asks again")
      }
      try? await Task.sleep(for: .milliseconds(pause))
      pause = min(pause * 2, 2000)
    }
  }
}
