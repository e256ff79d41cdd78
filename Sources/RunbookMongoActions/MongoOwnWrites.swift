import MongoDriver
import RunbookActions

/// Reading and writing the program's own collections.
extension MongoTarget {
  /// What every write of the program's own asks for.
  public var durable: BSONDocument { ["w": "majority", "j": true, "wtimeout": 10_000] }

  /// - Throws: `outcomeUnknown` where the answer says that it is not known to be safe.
  func checkConcern(_ reply: BSONDocument, collection: String, doing: String) throws(ActionError) {
    guard let concern = WriteReply(reply).writeConcernError else { return }
    throw ActionError(
      code: MongoErrorCode.outcomeUnknown,
      message: "'\(collection)' of target '\(name)', while \(doing): \(concern.message) (code \(concern.code))", kind: .outcomeUnknown)
  }

  /// Inserts documents, each whatever becomes of the others, trying again where no answer came.
  /// - Returns: the places of documents whose key was there already; after a lost answer those may be ours.
  func insertOwn(_ documents: [BSONDocument], into collection: String, limit: Int64 = 5000, doing: String) async throws(ActionError)
    -> [Int]
  {
    let command: BSONDocument = [
      "insert": .string(collection), "documents": .array(BSONArray(documents.map(BSONValue.document))), "ordered": false,
      "writeConcern": .document(durable), "maxTimeMS": .integer(limit),
    ]
    let reply = try await repeated(command, collection: collection, doing: doing)
    var present: [Int] = []
    for failure in WriteReply(reply).writeErrors {
      guard failure.code == 11000 else {
        throw ActionError(
          code: MongoErrorCode.refused,
          message: "'\(collection)' of target '\(name)', while \(doing): \(failure.message) (code \(failure.code))",
          kind: .refused)
      }
      present.append(failure.index)
    }
    return present
  }

  /// Puts a document in the place of any other of its `_id`, under the lease.
  /// - Throws: `refused` where the server does not take it.
  func replaceOwn(_ document: BSONDocument, in collection: String, doing: String) async throws(ActionError) {
    guard let key = document["_id"]?.decoded else { preconditionFailure("a document of the program's own has an _id") }
    let command: BSONDocument = [
      "update": .string(collection), "updates": [["q": ["_id": key], "u": .document(document), "upsert": true]],
      "writeConcern": .document(durable), "maxTimeMS": .integer(try unfencedMilliseconds()),
    ]
    guard let failure = WriteReply(try await repeated(command, collection: collection, doing: doing)).writeErrors.first else { return }
    throw ActionError(
      code: MongoErrorCode.refused,
      message: "'\(collection)' of target '\(name)', while \(doing): \(failure.message) (code \(failure.code))", kind: .refused)
  }

  /// Sends a write that does no harm when it is done twice, up to three times.
  func repeated(_ command: BSONDocument, collection: String, doing: String) async throws(ActionError) -> BSONDocument {
    var attempt = 1
    while true {
      do throws(ActionError) {
        let reply: BSONDocument
        do throws(MongoError) {
          reply = try await client.writeCommand(command, database: database)
        } catch {
          throw self.error(error, collection: collection, doing: doing)
        }
        try checkConcern(reply, collection: collection, doing: doing)
        return reply
      } catch {
        guard attempt < 3, error.kind == .outcomeUnknown || error.kind == .transient else { throw error }
      }
      attempt += 1
      try? await Task.sleep(for: .milliseconds(200))
    }
  }

  /// All documents that fit, as a majority has them. Own collections are small, or the filter makes the answer so.
  func findOwn(_ filter: BSONDocument, in collection: String, sort: BSONDocument? = nil, doing: String) async throws(ActionError)
    -> [BSONDocument]
  {
    let command = BSONDocument { writer in
      writer.append("find", collection)
      writer.append("filter", filter)
      if let sort { writer.append("sort", sort) }
      writer.append("readConcern", ["level": "majority"] as BSONDocument)
      writer.append("maxTimeMS", Int32(30_000))
    }
    do throws(MongoError) {
      return try await client.documents(command, database: database)
    } catch {
      throw self.error(error, collection: collection, doing: doing)
    }
  }

  /// Removes all documents that fit.
  func deleteOwn(_ filter: BSONDocument, from collection: String, doing: String) async throws(ActionError) {
    let command: BSONDocument = [
      "delete": .string(collection), "deletes": [["q": .document(filter), "limit": 0]], "writeConcern": .document(durable),
      "maxTimeMS": 5000,
    ]
    _ = try await repeated(command, collection: collection, doing: doing)
  }
}
