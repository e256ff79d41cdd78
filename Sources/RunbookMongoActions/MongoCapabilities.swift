import MongoDriver
import RunbookActions

extension MongoTarget: CapableTarget {
  public func shortcomings() async throws(ActionError) -> Shortcomings {
    let facts = try await serverFacts()
    // Without sessions nothing can be changed, whatever updates there are.
    let hasSessions = facts.sessionTimeoutMinutes != nil
    return facts.shortcomings(fencedUpdatesFailure: try await hasSessions ? fencedUpdatesFailure() : nil)
  }

  /// Sends an update by pipeline that fits no document, and sees whether the server takes it: a version number says less, on a server that only
  /// speaks the protocol.
  /// - Returns: what the server says against it; nil where it takes it, or where something else is in the way, of which the lease will tell.
  private func fencedUpdatesFailure() async throws(ActionError) -> String? {
    let probe: BSONDocument = [
      "update": .string(RunbookCollections.runs),
      "updates": [
        [
          "q": ["_id": "_runbook.probe", "never": true],
          "u": [["$set": ["until": ["$cond": [["$lt": [["$toLong": "$$NOW"], .int64(0)]], .int64(0), .int64(1)]]]]],
        ]
      ],
      "maxTimeMS": 10_000,
    ]
    do throws(MongoError) {
      return WriteReply(try await client.writeCommand(probe, database: database)).writeErrors.first?.message
    } catch {
      if error.mayHaveBeenApplied || error.isTransient { throw self.error(error, doing: "asking what the server can do") }
      // BadValue, FailedToParse, TypeMismatch, ConflictingUpdateOperators, DollarPrefixedFieldName, CommandNotFound, InvalidOptions,
      // CommandNotSupported, InvalidPipelineOperator, NotImplemented, and the two of unknown variables and stages.
      let refusals: [Int32] = [2, 9, 14, 40, 52, 59, 72, 115, 168, 238, 17276, 40324]
      return error.code.map(refusals.contains) ?? false ? error.message : nil
    }
  }
}

extension ServerFacts {
  /// - Parameter fencedUpdatesFailure: what the server said against an update by pipeline.
  func shortcomings(fencedUpdatesFailure: String?) -> Shortcomings {
    var lacks: [Shortcomings.Lack] = []
    if let fencedUpdatesFailure {
      lacks.append(
        .init(
          .fencedUpdates,
          "nothing in it can be changed, since leases and guarded writes are made of them; what only reads works. The server says: \(fencedUpdatesFailure)"
        ))
    }
    if sessionTimeoutMinutes == nil {
      lacks.append(
        .init(
          .sessions,
          "nothing in it can be read or changed but by mongodb.ping, since reads and writes go by them"))
    } else if !hasRetryableWrites {
      lacks.append(
        .init(
          .retryableWrites,
          "everything works, but of a batch whose answer got lost, by a crash or a broken connection, the server cannot say what it did: the documents are "
            + "read instead, and one that holds exactly our value counts as in doubt and is listed"))
    }
    if setName == nil, !isRouter {
      lacks.append(
        .init(
          .changeEvents,
          "what an application writes meanwhile cannot be told apart by events (mongodb.compare with liveWrites: explain); all else works"))
    }
    return Shortcomings(deployment: topology + (version.isEmpty ? "" : ", version \(version)"), lacks: lacks)
  }
}
