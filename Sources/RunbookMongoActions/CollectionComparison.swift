import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// Compares two collections document by document without holding either in memory: first by digest, then only the buckets that differ, a bounded
/// number of documents at a time.
struct CollectionComparison {
  /// How many documents of the left side are remembered at a time, by 128 bits each and their `_id`.
  private static let mostRemembered: Int64 = 50_000
  /// How many differences are remembered one by one.
  static let mostDiffering = 50_000

  enum Kind: String {
    case missing
    case added
    case different
  }

  struct Difference {
    let kind: Kind
    let id: RawBSONValue?
  }

  let call: MongoCall
  let left: CollectionPlace
  /// Together they are the right side; a document that two of them have is one too many.
  let right: [CollectionPlace]
  let filter: BSONDocument
  let ignored: [[String]]
  /// A backup on the left is digested under its own key, so that the reading also shows whether it is what was proven.
  let key: DigestKey
  private let proven: BackupRecord?

  private(set) var missing: Int64 = 0
  private(set) var added: Int64 = 0
  private(set) var different: Int64 = 0
  /// In no order; at most `mostDiffering`.
  private(set) var differences: [Difference] = []

  var total: Int64 { missing + added + different }

  init(
    call: MongoCall, left: CollectionPlace, right: [CollectionPlace], filter: BSONDocument, ignoring paths: [String], proven: BackupRecord?
  ) {
    self.call = call
    self.left = left
    self.right = right
    self.filter = filter
    self.proven = proven
    key = proven?.key ?? DigestKey()
    ignored = paths.map { $0.split(separator: ".").map(String.init) }
  }

  mutating func run() async throws(ActionError) {
    let ours = try await digest([left])
    if let proven, ours.text != proven.digest { throw call.noLongerProven(left) }
    let theirs = try await digest(right)
    var buckets = ours.differences(from: theirs)[...]
    while !buckets.isEmpty {
      var size: Int64 = 0
      let group = buckets.prefix { bucket in
        size += ours.buckets[bucket].count
        return size <= Self.mostRemembered || size == ours.buckets[bucket].count
      }
      // A first bucket larger than the bound is looked at alone.
      try await compare(Set(group.isEmpty ? buckets.prefix(1) : group))
      buckets = buckets.dropFirst(max(1, group.count))
    }
  }

  /// Compares only so many documents of the left side, picked by the server; what the right side has beside them is not looked for.
  mutating func run(sample: Int64) async throws(ActionError) {
    let stages: [BSONDocument] = (filter.isEmpty ? [] : [["$match": .document(filter)]]) + [["$sample": ["size": .int64(sample)]]]
    // A sample may hold a document twice.
    var looked: Set<UInt128> = []
    var found: [Difference] = []
    try await call.stream(
      call.aggregateCommand(stages, left.collection), of: left.target, collection: left.collection, batchSize: 200, doing: "comparing"
    ) { (batch) throws(ActionError) in
      try call.checkStop("the comparison")
      let fresh = batch.filter { looked.insert(key.idHash(of: $0)).inserted }
      let ids = fresh.compactMap { $0["_id"] }
      var there: [RawBSONValue: UInt128] = [:]
      for place in right {
        for document in try await call.documents(withKeys: ids, in: place) {
          if let id = document["_id"] { there[id.detached()] = key.hash(compared(document)) }
        }
      }
      for document in fresh {
        guard let id = document["_id"] else { continue }
        let hash = there[id]
        if hash != key.hash(compared(document)) { found.append(Difference(kind: hash == nil ? .missing : .different, id: id.detached())) }
      }
    }
    for difference in found { note(difference.kind, difference.id) }
  }

  private func compared(_ document: BSONDocument) -> BSONDocument { ignored.isEmpty ? document : document.removing(ignored) }

  private func digest(_ places: [CollectionPlace]) async throws(ActionError) -> ContentDigest {
    var digest = ContentDigest(key: key)
    try await forEachBatch(places) { batch in
      if ignored.isEmpty { digest.add(batch) } else { for document in batch { digest.add(compared(document)) } }
    }
    return digest
  }

  private func forEach(_ places: [CollectionPlace], _ body: (BSONDocument) -> Void) async throws(ActionError) {
    try await forEachBatch(places) { batch in for document in batch { body(compared(document)) } }
  }

  private func forEachBatch(_ places: [CollectionPlace], _ body: (BSONBatch) -> Void) async throws(ActionError) {
    for place in places {
      let command = call.findCommand(place.collection, filter: filter, isView: place.isView)
      try await call.stream(command, of: place.target, collection: place.collection, batchSize: 2000, doing: "comparing") {
        batch throws(ActionError) in
        try call.checkStop("the comparison")
        body(batch)
      }
    }
  }

  private mutating func compare(_ buckets: Set<Int>) async throws(ActionError) {
    var remembered: [UInt128: (hash: UInt128, id: RawBSONValue?)] = [:]
    let key = key
    try await forEach([left]) { document in
      guard buckets.contains(key.bucket(of: document)) else { return }
      let id = key.idHash(of: document)
      remembered[id] = (key.hash(document), document["_id"]?.detached())
    }
    // Apart from self, which the reading looks at.
    var found = Found()
    try await forEach(right) { document in
      guard buckets.contains(key.bucket(of: document)) else { return }
      let id = key.idHash(of: document)
      let known = remembered.removeValue(forKey: id)
      if known?.hash == key.hash(document) { return }
      found.note(known == nil ? .added : .different, document["_id"])
    }
    added += found.added
    different += found.different
    for difference in found.differences where differences.count < Self.mostDiffering { differences.append(difference) }
    for entry in remembered.values { note(.missing, entry.id) }
  }

  private mutating func note(_ kind: Kind, _ id: RawBSONValue?) {
    switch kind {
    case .missing: missing += 1
    case .added: added += 1
    case .different: different += 1
    }
    if differences.count < Self.mostDiffering { differences.append(Difference(kind: kind, id: id)) }
  }

  private struct Found {
    var added: Int64 = 0
    var different: Int64 = 0
    var differences: [Difference] = []

    mutating func note(_ kind: Kind, _ id: RawBSONValue?) {
      if kind == .added { added += 1 } else { different += 1 }
      if differences.count < CollectionComparison.mostDiffering { differences.append(Difference(kind: kind, id: id?.detached())) }
    }
  }
}

extension MongoCall {
  /// A backup must still be what was proven before it is used.
  func requireProven(_ place: CollectionPlace) async throws(ActionError) {
    guard let record = try await place.target.backupRecord(of: place.collection) else { return }
    try requireFinished(record, place)
    let digest = try await digest(
      of: place.collection, in: place.target, key: record.key, total: record.documents, note: "proving the backup",
      stopping: "the proof of the backup", doing: "looking whether the backup is what was proven")
    guard digest.text == record.digest else { throw noLongerProven(place) }
  }

  func requireFinished(_ record: BackupRecord, _ place: CollectionPlace) throws(ActionError) {
    guard !record.isProven else { return }
    throw ActionError(
      code: MongoErrorCode.proofFailed, message: "the backup \(place.label) was never finished", kind: .refused,
      help: "let the step that makes it end; it must not be relied on before")
  }

  func noLongerProven(_ place: CollectionPlace) -> ActionError {
    ActionError(
      code: MongoErrorCode.proofFailed, message: "the backup \(place.label) is no longer what was proven: somebody has written to it",
      kind: .refused, help: "it must not be relied on; what it held of other documents can still be looked up by hand")
  }
}

extension BSONDocument {
  /// The document without the fields at these paths; `_id` stays, and a document inside an array is not entered.
  func removing(_ paths: [[String]]) -> BSONDocument {
    let names = Set(paths.filter { $0.count == 1 }.map { $0[0] })
    return BSONDocument { writer in
      for element in self {
        let key = element.key
        if names.contains(key) { continue }
        let deeper = paths.filter { $0.count > 1 && $0[0] == key }.map { Array($0.dropFirst()) }
        if !deeper.isEmpty, let inner = element.value.document {
          writer.append(key, inner.removing(deeper))
        } else {
          writer.append(element)
        }
      }
    }
  }
}
