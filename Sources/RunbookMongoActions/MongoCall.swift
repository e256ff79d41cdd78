import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// What a MongoDB action has been asked, read from its context: target, collection, time limit, documents.
struct MongoCall: Sendable {
  let context: ActionContext
  let target: MongoTarget
  /// `maxTimeMS` of the reads: the step's `timeout`, else ten minutes.
  let limit: Int64

  init(_ context: ActionContext) throws(ActionError) {
    self.context = context
    guard let target = context.target as? MongoTarget else {
      throw ActionError(
        code: MongoErrorCode.noTarget, message: "'\(context.subject)' needs a target of type mongodb", kind: .mistake,
        help: "add 'target:' to it, or to 'defaults:'")
    }
    self.target = target
    limit = context.timeout.map { max(1, $0 / 1000) } ?? 600_000
  }

  func collection() throws(ActionError) -> String {
    if let name = context.collection ?? context.arguments["collection"]?.stringValue, !name.isEmpty { return name }
    throw ActionError(
      code: MongoErrorCode.noTarget, message: "'\(context.subject)' needs a collection", kind: .mistake,
      help: "add 'collection:' to it, or to 'defaults:'")
  }

  /// The `filter` argument; the empty document where there is none.
  func filter() throws(ActionError) -> BSONDocument {
    guard let filter = context.arguments["filter"], !filter.isNull else { return [:] }
    return try MongoValues.document(filter, at: "filter")
  }

  /// An argument that is a document; nil where it is not given.
  func document(_ name: String) throws(ActionError) -> BSONDocument? {
    guard let value = context.arguments[name], !value.isNull else { return nil }
    return try MongoValues.document(value, at: name)
  }

  /// The stage that the filter is; nothing for an empty one.
  func matchStages() throws(ActionError) -> [BSONDocument] {
    let filter = try filter()
    return filter.isEmpty ? [] : [["$match": .document(filter)]]
  }

  func texts(_ name: String) throws(ActionError) -> [String] {
    guard let value = context.arguments[name], !value.isNull else { return [] }
    let items = value.listValue ?? [value]
    var texts: [String] = []
    for item in items {
      guard let text = item.stringValue else { throw unfit(name, "takes a list of texts") }
      texts.append(text)
    }
    return texts
  }

  func unfit(_ name: String, _ message: String) -> ActionError {
    ActionError(code: MongoErrorCode.unfitArgument, message: "'\(context.subject)': '\(name)' \(message)", kind: .mistake)
  }

  /// All rows of an aggregation that a majority has; for what is known to be small.
  func aggregate(_ pipeline: [BSONDocument], in collection: String, of target: MongoTarget? = nil, doing: String) async throws(ActionError)
    -> [BSONDocument]
  {
    var rows: [BSONDocument] = []
    try await stream(aggregateCommand(pipeline, collection), of: target ?? self.target, collection: collection, doing: doing) {
      batch throws(ActionError) in
      rows += batch
    }
    return rows
  }

  func aggregateCommand(_ pipeline: [BSONDocument], _ collection: String) -> BSONDocument {
    [
      "aggregate": .string(collection), "pipeline": .array(BSONArray(pipeline.map(BSONValue.document))),
      "readConcern": ["level": "majority"], "maxTimeMS": .integer(limit),
    ]
  }

  /// Every document once, in the order in which the server has them: a cursor on an index may meet a document twice.
  /// - Parameters:
  ///   - isView: a view has no order of its own.
  ///   - isBounded: whether `limit` bounds the whole reading, and not each request alone.
  func findCommand(
    _ collection: String, filter: BSONDocument, isView: Bool = false, isBounded: Bool = true,
    readConcern: BSONDocument = ["level": "majority"]
  ) -> BSONDocument {
    BSONDocument { writer in
      writer.append("find", collection)
      writer.append("filter", filter)
      if !isView { writer.append("hint", ["$natural": 1] as BSONDocument) }
      writer.append("readConcern", readConcern)
      if isBounded { writer.append("maxTimeMS", .integer(limit)) }
    }
  }

  /// Those of some documents that are there and fit; few enough to be held.
  func documents(
    withKeys keys: [RawBSONValue], in place: CollectionPlace, filter: BSONDocument = [:], readConcern: BSONDocument = ["level": "majority"]
  ) async throws(ActionError) -> [BSONDocument] {
    let command = BSONDocument { find in
      find.append("find", place.collection)
      find.document("filter") { wanted in
        wanted.document("_id") { id in id.array("$in") { list in for key in keys { list.append(raw: key) } } }
        if !filter.isEmpty { wanted.array("$and") { $0.append(filter) } }
      }
      find.append("readConcern", readConcern)
      find.append("maxTimeMS", limit)
    }
    var found: [BSONDocument] = []
    try await stream(command, of: place.target, collection: place.collection, doing: "reading documents again") {
      batch throws(ActionError) in
      found += batch
    }
    return found
  }

  /// Hands the batches of a cursor to `body`.
  func stream(
    _ command: BSONDocument, of target: MongoTarget, collection: String, batchSize: Int32 = 500, doing: String,
    _ body: (BSONBatch) async throws(ActionError) -> Void
  ) async throws(ActionError) {
    let client = try target.client(forMilliseconds: limit)
    do {
      try await client.forEachBatch(command, database: target.database, batchSize: batchSize) { batch in try await body(batch) }
    } catch let error as MongoError {
      throw target.error(error, collection: collection, doing: doing)
    } catch let error as ActionError {
      throw error
    } catch {
      preconditionFailure("reading a cursor threw \(error)")
    }
  }

  /// - Throws: `stopped` where a stop has been asked for.
  func checkStop(_ what: String) throws(ActionError) {
    guard context.stop.isRequested || Task.isCancelled else { return }
    throw ActionError(code: MongoErrorCode.stopped, message: "\(what) was stopped; it can be done again", kind: .stopped)
  }
}

/// A collection somewhere: in the step's target, in another, or the backup that a step made.
struct CollectionPlace: Sendable {
  let target: MongoTarget
  let collection: String
  var isView = false

  var label: String { "'\(collection)' of target '\(target.name)'" }
}

extension MongoCall {
  /// Reads `assets`, `{ backup: STEP }` or `{ target, collection }`.
  func place(_ value: Value, argument: String) async throws(ActionError) -> CollectionPlace {
    switch value {
    case .string(let name): return CollectionPlace(target: target, collection: name)
    case .map(let map):
      if let step = map["backup"]?.stringValue, map.count == 1 { return try await backupPlace(step: step) }
      if let name = map["collection"]?.stringValue, map.keys.allSatisfy({ $0 == "target" || $0 == "collection" }) {
        guard let other = map["target"]?.stringValue else { return CollectionPlace(target: target, collection: name) }
        return CollectionPlace(target: try await mongoTarget(named: other), collection: name)
      }
    default: break
    }
    throw unfit(argument, "takes a collection, { backup: STEP } or { target, collection }")
  }

  private func backupPlace(step: String) async throws(ActionError) -> CollectionPlace {
    guard let outputs = context.world.outputs(ofStep: step), let collection = outputs["to"]?.stringValue else {
      throw ActionError(
        code: MongoErrorCode.noStepOutputs, message: "'\(context.subject)' refers to the backup of step '\(step)', which has made none",
        kind: .mistake)
    }
    let made = context.world.call(ofStep: step)
    guard let name = made?.arguments["toTarget"]?.stringValue ?? made?.target else {
      return CollectionPlace(target: target, collection: collection)
    }
    return CollectionPlace(target: try await mongoTarget(named: name), collection: collection)
  }

  func mongoTarget(named name: String) async throws(ActionError) -> MongoTarget {
    if name == target.name { return target }
    guard let other = try await context.world.target(named: name) as? MongoTarget else {
      throw ActionError(code: MongoErrorCode.noTarget, message: "target '\(name)' is not of type mongodb", kind: .mistake)
    }
    return other
  }
}
