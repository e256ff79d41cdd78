import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// What is done with a document that cannot be changed.
enum DocumentErrorRule: Sendable, Hashable {
  case stop
  /// What was written is taken back before the step fails.
  case rollback
  /// It is left as it is and listed; more than so many fail the step.
  case collect(limit: Int)

  static let usualLimit = 100

  /// Reads `onDocumentError`.
  init(_ value: Value?) {
    switch value {
    case .string("rollback"): self = .rollback
    case .string("collect"): self = .collect(limit: Self.usualLimit)
    case .map(let map): self = .collect(limit: Int(clamping: map["collect"]?["limit"]?.integerValue ?? Int64(Self.usualLimit)))
    default: self = .stop
    }
  }

  var collects: Bool {
    if case .collect = self { return true }
    return false
  }
}

/// The documents that a change leaves as they are, since they cannot be changed. Those that a server refused stand in their blocks and are left out of
/// later passes; so are those of which a program has said, in this attempt, that it cannot say how they are to be; those that were never sent are found
/// again by each pass.
struct RefusedDocuments {
  private let collection: String
  let rule: DocumentErrorRule
  private var written: OrderedDictionary<RawBSONValue, String> = [:]
  private var answered: OrderedDictionary<RawBSONValue, String> = [:]
  private var unsent: OrderedDictionary<RawBSONValue, String> = [:]
  /// Those whose answer could not be used.
  private(set) var rejected = 0
  /// Whether a program is why any of them is left.
  private var isProgramsFault = false

  /// How many are listed in the outputs.
  private static let shown = 1_000
  /// The most characters of a program's own words that are kept of a document.
  private static let mostWords = 300

  init(collection: String, rule: DocumentErrorRule) {
    self.collection = collection
    self.rule = rule
  }

  var isEmpty: Bool { written.isEmpty && answered.isEmpty && unsent.isEmpty }
  var count: Int { written.count + answered.count + unsent.count }

  /// Whether it is to be passed over: a server has refused it, or a program has had its say.
  func has(_ key: RawBSONValue) -> Bool { written[key] != nil || answered[key] != nil }

  /// Takes in what a program says of a document, or what is wrong with its answer; `check` tells what follows.
  mutating func add(_ key: RawBSONValue, answer why: String, isRejected: Bool) {
    if isRejected { rejected += 1 }
    isProgramsFault = true
    let first = why.prefix(Self.mostWords)
    answered[key.detached()] = first.count < why.count ? first + "…" : why
  }

  /// Takes in documents with an answer that is too large for their undo entries: asking for it again would be no use.
  mutating func add(tooLarge keys: [RawBSONValue]) {
    for key in keys { answered[key.detached()] = Self.tooLarge }
  }

  /// Takes in what a server refused of a block.
  /// - Throws: `refused` where the step is not to go on with them.
  mutating func add(_ block: UndoBlock, _ entries: UndoEntries) throws(ActionError) {
    for failure in block.failed { written[entries[failure.index].key.detached()] = Self.words(failure.code) }
    try check()
  }

  /// Takes in what an earlier attempt left, as long as it was not the reason why that failed: then a person has seen to it, and it is tried again.
  private mutating func take(earlier: OrderedDictionary<RawBSONValue, String>) {
    guard case .collect(let limit) = rule, earlier.count <= limit else { return }
    written = earlier
  }

  /// Takes in what a pass found that cannot even be sent; what the pass before found counts no more.
  mutating func replace(unsent keys: [(key: RawBSONValue, why: String)]) throws(ActionError) {
    unsent = [:]
    for (key, why) in keys { unsent[key] = why }
    try check()
  }

  /// - Throws: `refused` where more documents are left than the plan allows.
  func check() throws(ActionError) {
    guard !isEmpty else { return }
    var beyond = ""
    if case .collect(let limit) = rule {
      if count <= limit { return }
      beyond = ", more than the \(limit) that may be"
    }
    let what = isProgramsFault ? "correct the program or the documents" : "correct them or leave them out by the filter"
    throw ActionError(
      code: isProgramsFault ? UpdateErrorCode.unusableAnswers : UpdateErrorCode.documentsRefused,
      message: "\(documents) of '\(collection)' cannot be changed\(beyond): \(examples)",
      kind: .refused,
      help: beyond.isEmpty
        ? "\(what), or let 'onDocumentError: collect' list them and go on; what was written is recorded and can be rolled back"
        : "\(what), or raise the limit; what was written is recorded and can be rolled back")
  }

  private var documents: String { count == 1 ? "1 document" : "\(count) documents" }

  private var all: [(key: RawBSONValue, why: String)] {
    let known = written.merging(answered) { first, _ in first }
    return known.map { ($0.key, $0.value) } + unsent.filter { known[$0.key] == nil }.map { ($0.key, $0.value) }
  }

  private var examples: String {
    let first = all.prefix(5)
    let more = count > 5 ? " and \(count - 5) more" : ""
    let reasons = Set(all.map(\.why))
    if let reason = reasons.first, reasons.count == 1 {
      return first.map { MongoValues.text($0.key) }.joined(separator: ", ") + more + " (\(reason))"
    }
    return first.map { "\(MongoValues.text($0.key)) (\($0.why))" }.joined(separator: ", ") + more
  }

  /// Each with its reason.
  var listed: [Value] {
    all.prefix(Self.shown).map { .object(["id": MongoValues.value($0.key.decoded), "reason": .string($0.why)]) }
  }

  var warnings: [String] {
    if isEmpty { return [] }
    return ["\(documents) cannot be changed and \(count == 1 ? "was" : "were") left as \(count == 1 ? "it is" : "they are"): \(examples)"]
  }

  static let tooLarge = "it or its undo entry would be too large"

  static func words(_ code: Int32) -> String {
    switch code {
    case 121: "the validator refuses it (code 121)"
    case 11000: "a unique index has its key already (code 11000)"
    case 10334, 17419, 17420: "it would be larger than a document may be (code \(code))"
    default: "the server refuses it with code \(code)"
    }
  }
}

extension RefusedDocuments {
  /// Takes in what the server refused in earlier attempts, as far as it still needs the change.
  mutating func learn(_ definition: ChangeDefinition, of change: OnlineChange) async throws(ActionError) {
    guard rule.collects else { return }
    var earlier: OrderedDictionary<RawBSONValue, String> = [:]
    for header in try await change.read(["st": "applied", "failed.0": ["$exists": true]], withEntries: false) {
      let block = try await change.block(header.id)
      let entries = try change.entries(of: block)
      for failure in block.failed { earlier[entries[failure.index].key.detached()] = Self.words(failure.code) }
    }
    let keys = Array(earlier.keys)
    var needing: Set<RawBSONValue> = []
    for start in stride(from: 0, to: keys.count, by: 1000) {
      needing.formUnion(try await change.keys(needing: definition.only(Array(keys[start..<min(start + 1000, keys.count)]))))
    }
    take(earlier: earlier.filter { needing.contains($0.key) })
  }
}

extension OnlineChange {
  /// The keys of the documents that a change would find.
  func keys(needing definition: ChangeDefinition) async throws(ActionError) -> Set<RawBSONValue> {
    let command = BSONDocument { aggregate in
      aggregate.append("aggregate", definition.collection)
      aggregate.append("pipeline", BSONArray((definition.match + [["$project": ["_id": 1]]]).map(BSONValue.document)))
      definition.writeReading(to: &aggregate)
      aggregate.append("readConcern", ["level": "majority"] as BSONDocument)
      aggregate.append("maxTimeMS", Int64(600_000))
    }
    let client = try target.client(forMilliseconds: 600_000)
    do throws(MongoError) {
      let found = try await client.documents(command, database: target.database)
      return Set(found.compactMap { $0["_id"]?.detached() })
    } catch {
      throw target.error(error, collection: definition.collection, doing: "looking which documents still need the change")
    }
  }
}
