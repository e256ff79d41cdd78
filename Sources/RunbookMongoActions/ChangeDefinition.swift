import MongoDriver
import RunbookActions

/// What a change is, apart from whose it is: which documents, which stages, which fields are touched and looked at.
struct ChangeDefinition: Sendable {
  let collection: String
  let filter: BSONDocument
  /// What must hold besides at the moment of the change.
  var condition: BSONDocument
  /// Stages over the collection that yield the `_id` of the documents; nil: all that fit the filter.
  let selection: [BSONDocument]?
  let stages: [BSONDocument]
  /// Touched fields.
  let fields: [ChangedPath]
  /// Top-level fields that the stages, the filter or the condition look at and that are not touched; `$ROOT` for the document as a whole.
  let inputs: [ChangedPath]
  /// Nobody but us writes the fields.
  let isAlone: Bool
  let kind: BlockKind
  /// Constants that the stages name as variables.
  let variables: BSONDocument
  /// How texts compare while documents are found and computed; empty: as the collection has it.
  let collation: BSONDocument
  var bypassesValidation = false
  /// The collection has a collation of its own, under which different texts can be equal.
  var comparesBytes = false
  /// Documents still fit afterwards: each is changed once, and remembered.
  var isOnce = false
  /// The documents that it is about, where they have been chosen by their keys.
  private(set) var keys: [RawBSONValue]?
  private let isVolatile: Bool
  /// Whole documents are kept for the way back, not just the fields.
  var keepsDocuments = false
  /// Where the collection is sharded, what says which shard a document is on, besides `_id`.
  var shardKey: [ChangedPath] = []
  /// Reads only so many documents, for a look at some of them.
  var limit: Int64?

  static let root = "$ROOT"

  init(
    collection: String, filter: BSONDocument, pipeline: UpdatePipeline, isAlone: Bool, condition: BSONDocument = [:],
    selection: [BSONDocument]? = nil, variables: BSONDocument = [:], collation: BSONDocument = [:]
  ) {
    self.collection = collection
    self.filter = filter
    self.condition = condition
    self.selection = selection
    self.isAlone = isAlone
    self.variables = variables
    self.collation = collation
    kind = .fields
    stages = pipeline.stages
    fields = pipeline.targets
    var reads = pipeline.reads
    reads.add(filter: filter)
    reads.add(filter: condition)
    reads.add(variables: variables)
    isVolatile = reads.isVolatile
    inputs = reads.wholeDocument ? [.root] : reads.inputs(beside: fields)
  }

  /// A change of whole documents.
  /// - Parameters:
  ///   - filter: which documents are deleted; other kinds take theirs from elsewhere.
  ///   - selection: stages in place of the filter, which end with documents of the collection.
  init(collection: String, kind: BlockKind, filter: BSONDocument = [:], selection: [BSONDocument] = [], isAlone: Bool = false) {
    self.collection = collection
    self.kind = kind
    self.filter = filter
    self.isAlone = isAlone
    self.selection = nil
    condition = [:]
    variables = [:]
    collation = [:]
    isVolatile = false
    stages = selection
    fields = BlockKind.wholeDocument
    inputs = []
  }

  /// The same on a collection of these options.
  func on(_ options: BSONDocument) -> ChangeDefinition {
    var change = self
    change.comparesBytes = UpdateChecks.hasCollation(options)
    return change
  }

  /// Finds the documents that need the change.
  var match: [BSONDocument] {
    guard let keys else { return (selection.map(documents) ?? []) + conditions }
    let chosen = BSONDocument { match in
      match.document("$match") { query in
        query.document("_id") { id in id.array("$in") { list in for key in keys { list.append(raw: key) } } }
      }
    }
    guard let selection else { return [chosen] + conditions }
    return documents(of: selection) + [chosen] + conditions
  }

  /// The same for chosen documents, as far as they fit.
  func only(_ keys: [RawBSONValue]) -> ChangeDefinition {
    var change = self
    change.keys = keys
    return change
  }

  /// What filter and condition ask, as stages.
  var conditions: [BSONDocument] { [filter, condition].filter { !$0.isEmpty }.map { ["$match": .document($0)] } }

  /// Turns the ids that a selection yields into documents of the collection as they are when they are read.
  private func documents(of selection: [BSONDocument]) -> [BSONDocument] {
    selection + Self.lookUp(in: collection, exact: !collation.isEmpty)
  }

  /// - Parameter exact: an id that is a text finds just the document with these bytes, whatever the collation says.
  static func lookUp(in collection: String, exact: Bool) -> [BSONDocument] {
    let found: [BSONDocument] = [
      ["$project": ["_id": 1]],
      ["$lookup": ["from": .string(collection), "localField": "_id", "foreignField": "_id", "as": "d"]], ["$unwind": "$d"],
    ]
    let isSame: BSONValue = [
      "$cond": [
        ["$and": [["$eq": [["$type": "$_id"], "string"]], ["$eq": [["$type": "$d._id"], "string"]]]],
        [
          "$and": [
            ["$eq": [["$indexOfBytes": ["$d._id", "$_id"]], 0]], ["$eq": [["$strLenBytes": "$d._id"], ["$strLenBytes": "$_id"]]],
          ]
        ], true,
      ]
    ]
    return found + (exact ? [["$match": ["$expr": isSame]]] : []) + [["$replaceWith": "$d"]]
  }

  /// Computes, on the server and once, what each document was and would be: `{ _id, p: before, r: inputs, q: after }`, or `w` for a whole document.
  var capture: [BSONDocument] {
    if kind != .fields { return match + stages }
    func kept(_ paths: [ChangedPath], in document: String?) -> BSONDocument {
      BSONDocument(paths.enumerated().map { (Self.rowName($1, at: $0), $1.reference(in: document)) })
    }
    var row: [(String, BSONValue)] = [("_id", "$_id"), ("p", .document(kept(fields, in: UpdatePipeline.before)))]
    if inputs == [.root] || keepsDocuments { row.append(("w", .string("$" + UpdatePipeline.before))) }
    if inputs != [.root], !inputs.isEmpty {
      row.append(("r", .document(kept(inputs, in: UpdatePipeline.before))))
    }
    row.append(("q", .document(kept(fields, in: nil))))
    let nested = fields.filter { $0.parents > 0 }
    if !nested.isEmpty { row.append(("d", .array(BSONArray(nested.map { $0.missingParents(in: UpdatePipeline.before) })))) }
    if !shardKey.isEmpty {
      let values = shardKey.map { ["$ifNull": [$0.reference(in: UpdatePipeline.before), .null]] as BSONValue }
      row.append(("s", .array(BSONArray(values))))
    }
    let some: [BSONDocument] = limit.map { [["$limit": .integer($0)]] } ?? []
    return match + some + [Self.keepBefore] + stages + [["$replaceWith": .document(BSONDocument(row))]]
  }

  /// The name of a field in a row; one that no path can say, or that has one of several names, goes by its place.
  static func rowName(_ path: ChangedPath, at place: Int) -> String { path.isPlain ? path.text : "_runbook\(place)" }

  /// Whether something on the way to a touched field is no document; nil where no field has a way.
  private var isUnfit: BSONValue? {
    let unfit = fields.filter { $0.parents > 0 }.map { ["$eq": [$0.missingParents(), -1]] as BSONValue }
    return unfit.isEmpty ? nil : ["$or": .array(BSONArray(unfit))]
  }

  /// Finds a document in which something on the way to a touched field is no document; nil where no field has a way.
  var unfitParentProbe: [BSONDocument]? {
    isUnfit.map { match + [["$match": ["$expr": $0]], ["$limit": 1], ["$project": ["_id": 1]]] }
  }

  /// Leaves out what is not changed because something on the way to a touched field is no document; empty where no field has a way.
  private var fitting: [BSONDocument] { isUnfit.map { [["$match": ["$expr": ["$not": [$0]]]]] } ?? [] }

  /// Finds a document that can be changed, where not all that fit the filter can; nil otherwise.
  var fittingProbe: [BSONDocument]? { fitting.isEmpty ? nil : match + fitting + [["$limit": 1], ["$project": ["_id": 1]]] }

  private static let keepBefore: BSONDocument = ["$set": [UpdatePipeline.before: "$$ROOT"] as BSONValue]

  /// Finds a document that the change would change again: a change of the second kind.
  ///
  /// What still fits the filter afterwards counts. A selection cannot be asked about documents as they would be; there the stages are carried out
  /// twice, and what the second time changes counts, or all where an expression has another value each time.
  var secondKindProbe: [BSONDocument] {
    var probe = match + fitting + stages + conditions
    if selection != nil, !isVolatile {
      let differs = fields.map { ["$ne": [$0.reference(), $0.reference(in: UpdatePipeline.before)]] as BSONValue }
      probe += [Self.keepBefore] + stages + [["$match": ["$expr": ["$or": .array(BSONArray(differs))]]]]
    }
    return probe + [["$limit": 1], ["$project": ["_id": 1]]]
  }

  /// What tells the document of a row of the capture from all others of the collection: its key, and on a sharded collection where it is.
  func identity(ofRow row: BSONDocument) -> RawBSONValue? {
    row["_id"].map { UndoEntry.identity($0, shardKey.isEmpty ? [] : row["s"]?.array?.map { $0 } ?? []) }
  }

  /// Whether a reading may go by the natural order of the collection: not where it begins with what only an index can answer.
  var allowsNaturalOrder: Bool {
    guard let first = match.first, let name = first.keys.first else { return true }
    guard name == "$match" else { return !["$geoNear", "$search", "$searchMeta", "$vectorSearch"].contains(name) }
    return !Self.searchesText(first[name]?.document ?? [:])
  }

  private static func searchesText(_ condition: BSONDocument) -> Bool {
    condition.contains { element in
      if element.key == "$text" { return true }
      return element.key.hasPrefix("$") && (element.value.array?.documents.contains(where: searchesText) ?? false)
    }
  }

  /// What every command that reads by these stages says besides: variables and collation.
  func writeReading(to aggregate: inout BSONWriter) {
    if !variables.isEmpty { aggregate.append("let", variables) }
    if !collation.isEmpty { aggregate.append("collation", collation) }
  }
}
