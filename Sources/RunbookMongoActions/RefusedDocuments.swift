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
/// later passes; those that were never sent are found again by each pass.
struct RefusedDocuments {
  private let collection: String
  let rule: DocumentErrorRule
  private var written: OrderedDictionary<RawBSONValue, String> = [:]
  private var unsent: OrderedDictionary<RawBSONValue, String> = [:]

  /// How many are listed in the outputs.
  private static let shown = 1_000

  init(collection: String, rule: DocumentErrorRule) {
    self.collection = collection
    self.rule = rule
  }

  var isEmpty: Bool { written.isEmpty && unsent.isEmpty }
  var count: Int { written.count + unsent.count }

  /// Whether a server has refused it.
  func has(_ key: RawBSONValue) -> Bool { written[key] != nil }

  /// Takes in what a server refused of a block.
  /// - Throws: `refused` where the step is not to go on with them.
  mutating func add(_ block: UndoBlock, _ entries: UndoEntries) throws(ActionError) {
    for failure in block.failed { written[entries[failure.index].key.detached()] = Self.words(failure.code) }
    try check()
  }

  /// Takes in what an earlier attempt left, as long as it was not the reason why that failed: then a person has seen to it, and it is tried again.
  mutating func take(earlier: OrderedDictionary<RawBSONValue, String>) {
    guard case .collect(let limit) = rule, earlier.count <= limit else { return }
    written = earlier
  }

  /// Takes in what a pass found that cannot even be sent; what the pass before found counts no more.
  mutating func replace(unsent keys: [(key: RawBSONValue, why: String)]) throws(ActionError) {
    unsent = [:]
    for (key, why) in keys { unsent[key] = why }
    try check()
  }

  private func check() throws(ActionError) {
    guard !isEmpty else { return }
    var beyond = ""
    if case .collect(let limit) = rule {
      if count <= limit { return }
      beyond = ", more than the \(limit) that may be"
    }
    throw ActionError(
      code: UpdateErrorCode.documentsRefused, message: "\(documents) of '\(collection)' cannot be changed\(beyond): \(examples)",
      kind: .refused,
      help: beyond.isEmpty
        ? "correct them or leave them out by the filter, or let 'onDocumentError: collect' list them and go on; what was written is recorded and can be rolled back"
        : "correct them or leave them out by the filter, or raise the limit; what was written is recorded and can be rolled back")
  }

  private var documents: String { count == 1 ? "1 document" : "\(count) documents" }

  private var all: [(key: RawBSONValue, why: String)] {
    written.map { ($0.key, $0.value) } + unsent.filter { written[$0.key] == nil }.map { ($0.key, $0.value) }
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
