import MongoDriver
import RunbookActions

/// What became of a block that was written ahead.
struct CarriedOut: Sendable {
  /// As it is recorded.
  var block: UndoBlock
  /// Why the command was refused as a whole.
  var refusal: MongoError?
  /// How long the command took.
  var milliseconds: Int64
}

extension OnlineChange {
  /// A fresh session, kept alive with the lease and noted in the receipt, so that a successor can close it to late commands.
  func openSession() async throws(ActionError) -> OnlineChangeSession {
    let session = try await OnlineChangeSession(target)
    let lease = try lease()
    let command: BSONDocument = [
      "update": .string(RunbookCollections.runs),
      "updates": [
        [
          "q": ["_id": .string(run), "epoch": .int64(lease.epoch)],
          "u": ["$addToSet": ["changeSessions": .binary(BSONBinary(subtype: 4, bytes: session.uuid))]],
        ]
      ],
      "writeConcern": .document(target.durable), "maxTimeMS": .int64(try target.unfencedMilliseconds()),
    ]
    let reply = WriteReply(try await target.repeated(command, collection: RunbookCollections.runs, doing: "noting a session"))
    guard reply.count == 1 else { throw target.leaseLostError() }
    target.keepSession(session.uuid)
    return session
  }

  /// Sends a block's forward command until its outcome is known.
  /// - Returns: the block as it is to be recorded, and the error of a command that was refused as a whole.
  func send(_ block: UndoBlock, in session: OnlineChangeSession, mayHaveActed: Bool) async throws(ActionError) -> (UndoBlock, MongoError?) {
    if block.removes(isUndo: false) { return try await sendRemovals(block, mayHaveActed: mayHaveActed) }
    let command: BSONDocument
    do throws(UndoBlockError) { command = try block.forwardCommand() } catch { throw broken(error) }
    let (outcome, refusal) = try await deliver(command, in: session, statements: block.count, mayHaveActed: mayHaveActed) {
      (indexes) throws(ActionError) in try await forwardLooks(indexes, of: block)
    }
    return (block.with(outcome), refusal)
  }

  private func sendRemovals(_ block: UndoBlock, mayHaveActed: Bool) async throws(ActionError) -> (UndoBlock, MongoError?) {
    let entries: UndoEntries
    do throws(UndoBlockError) { entries = try block.readEntries() } catch { throw broken(error) }
    let removed = try await remove(
      Array(0..<block.count), of: block, entries: entries, delivery: block.delivery, isUndo: false, mayHaveActed: mayHaveActed)
    var done = block.with(removed.outcome)
    done.images = removed.images.filter { entries[$0.key].fields[0].before != $0.value.raw }
    return (done, removed.refusal)
  }

  func forwardLooks(_ indexes: [Int], of block: UndoBlock) async throws(ActionError) -> [Int: OnlineChangeLook] {
    let entries: UndoEntries
    do throws(UndoBlockError) { entries = try block.readEntries() } catch { throw broken(error) }
    let documents = try await documents(of: indexes.map { entries[$0] }, in: block)
    var looks: [Int: OnlineChangeLook] = [:]
    for index in indexes {
      looks[index] = block.look(entries[index], document: documents[entries[index].identity])
    }
    return looks
  }

  /// Sends a block that is written ahead, and records what became of it.
  /// - Parameter points: what the names of the crash points begin with.
  func carryOut(_ block: UndoBlock, in session: OnlineChangeSession, points: String) async -> Result<CarriedOut, ActionError> {
    do throws(ActionError) {
      let sent = ContinuousClock.now
      let (done, refusal) = try await send(block, in: session, mayHaveActed: false)
      let took = wholeMilliseconds(ContinuousClock.now - sent)
      try await crashPoints.hit(points + ".sent")
      try await record(done, known: block)
      try await crashPoints.hit(points + ".recorded")
      return .success(CarriedOut(block: done, refusal: refusal, milliseconds: took))
    } catch {
      // The block is open: nothing may follow in this session before it is resolved.
      return .failure(error.kind == .transient ? error.of(kind: .outcomeUnknown) : error)
    }
  }
}

extension UndoBlock {
  /// The block with the outcome of its forward command. Where nobody else writes the fields, what looks like ours is ours.
  func with(_ outcome: OnlineChangeOutcome) -> UndoBlock {
    var block = self
    block.state = .applied
    block.missed = outcome.missed
    block.doubt = isAlone ? [] : outcome.doubt
    block.failed = outcome.failed
    return block
  }
}

extension ActionError {
  func of(kind: Kind) -> ActionError { ActionError(code: code, message: message, kind: kind, help: help) }
}

extension MongoValues {
  /// A value as one line of Extended JSON, for messages.
  static func text(_ value: RawBSONValue) -> String { MongoValues.value(value.decoded).encodedJSON() }
}
