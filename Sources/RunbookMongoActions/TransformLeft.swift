import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// The documents that a transform leaves as they are: the program could not say how they are to be, or the server refused what it said.
struct TransformLeft {
  private let collection: String
  private let rule: DocumentErrorRule
  private var reasons: OrderedDictionary<RawBSONValue, String> = [:]
  /// Those of them whose answer could not be used.
  private(set) var rejected = 0
  /// Whether the program is why any of them is left.
  private var isProgramsFault = false

  init(collection: String, rule: DocumentErrorRule) {
    self.collection = collection
    self.rule = rule
  }

  var count: Int { reasons.count }

  func has(_ key: RawBSONValue) -> Bool { reasons[key] != nil }

  /// Takes in what the program says of a document, or what is wrong with its answer.
  mutating func add(_ key: RawBSONValue, _ why: String, isRejected: Bool) {
    if isRejected { rejected += 1 }
    isProgramsFault = true
    note(key, why)
  }

  /// Takes in what the server refused of a block.
  mutating func add(_ block: UndoBlock, _ entries: UndoEntries) {
    for failure in block.failed { note(entries[failure.index].key, RefusedDocuments.words(failure.code)) }
  }

  /// Takes in documents that are too large for their undo entries.
  mutating func add(tooLarge keys: [RawBSONValue]) {
    for key in keys { note(key, RefusedDocuments.tooLarge) }
  }

  private mutating func note(_ key: RawBSONValue, _ why: String) {
    let first = why.prefix(300)
    reasons[key.detached()] = first.count < why.count ? first + "…" : why
  }

  /// Each with its reason; as many as may be left.
  var listed: [Value] {
    reasons.prefix(1000).map { .object(["id": MongoValues.value($0.key.decoded), "reason": .string($0.value)]) }
  }

  var warnings: [String] {
    guard let first = reasons.elements.first else { return [] }
    let documents = count == 1 ? "1 document was" : "\(count) documents were"
    return ["\(documents) left as they are, the first \(MongoValues.text(first.key)): \(first.value)"]
  }

  /// - Throws: `refused` where more documents are left than the plan allows.
  func check() throws(ActionError) {
    guard let first = reasons.elements.first else { return }
    var why = ""
    if case .collect(let limit) = rule {
      if count <= limit { return }
      why = ", more than the \(limit) that may be"
    }
    let documents = count == 1 ? "1 document" : "\(count) documents"
    throw ActionError(
      code: isProgramsFault ? UpdateErrorCode.unusableAnswers : UpdateErrorCode.documentsRefused,
      message: "\(documents) of '\(collection)' cannot be changed\(why); the first is \(MongoValues.text(first.key)): \(first.value)",
      kind: .refused,
      help: why.isEmpty
        ? "'onDocumentError: collect' leaves such documents as they are, lists them and goes on; what was written is recorded and can be rolled back"
        : "correct the program or the documents, or raise the limit; what was written is recorded and can be rolled back")
  }
}
