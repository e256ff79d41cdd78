import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// Compares two collections document by document without holding either in memory: first by digest, then only the buckets that differ, a bounded
/// number of documents at a time.
struct CollectionComparison {
  /// How many documents of the left side are remembered at a time, by 128 bits each and their `_id`.
  private static let mostRemembered: Int64 = 50_000
  private static let mostExamples = 10

  let call: MongoCall
  let left: CollectionPlace
  /// Together they are the right side; a document that two of them have is one too many.
  let right: [CollectionPlace]
  let filter: BSONDocument
  let ignored: [[String]]
  private let key = DigestKey()

  private(set) var missing: Int64 = 0
  private(set) var added: Int64 = 0
  private(set) var different: Int64 = 0
  private(set) var examples: [Value] = []

  init(call: MongoCall, left: CollectionPlace, right: [CollectionPlace], filter: BSONDocument, ignoring paths: [String]) {
    self.call = call
    self.left = left
    self.right = right
    self.filter = filter
    ignored = paths.map { $0.split(separator: ".").map(String.init) }
  }

  mutating func run() async throws(ActionError) {
    let ours = try await digest([left])
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

  private func digest(_ places: [CollectionPlace]) async throws(ActionError) -> ContentDigest {
    var digest = ContentDigest(key: key)
    try await forEach(places) { document in digest.add(document) }
    return digest
  }

  private func forEach(_ places: [CollectionPlace], _ body: (BSONDocument) -> Void) async throws(ActionError) {
    for place in places {
      let command = call.findCommand(place.collection, filter: filter, isView: place.isView)
      try await call.stream(command, of: place.target, collection: place.collection, doing: "comparing") { batch throws(ActionError) in
        try call.checkStop("the comparison")
        for document in batch { body(ignored.isEmpty ? document : document.removing(ignored)) }
      }
    }
  }

  private mutating func compare(_ buckets: Set<Int>) async throws(ActionError) {
    var remembered: [UInt128: (hash: UInt128, id: RawBSONValue?)] = [:]
    let key = key
    try await forEach([left]) { document in
      let id = key.idHash(of: document)
      guard buckets.contains(Int(id % UInt128(ContentDigest.bucketCount))) else { return }
      remembered[id] = (key.hash(document), document["_id"]?.detached())
    }
    var found = Found()
    try await forEach(right) { document in
      let id = key.idHash(of: document)
      guard buckets.contains(Int(id % UInt128(ContentDigest.bucketCount))) else { return }
      let known = remembered.removeValue(forKey: id)
      if known?.hash == key.hash(document) { return }
      found.note(known == nil ? "added" : "different", document["_id"])
    }
    added += found.added
    different += found.different
    for example in found.examples { addExample(example.kind, example.id) }
    missing += Int64(remembered.count)
    for entry in remembered.values.prefix(Self.mostExamples) { addExample("missing", entry.id) }
  }

  private struct Found {
    var added: Int64 = 0
    var different: Int64 = 0
    var examples: [(kind: String, id: RawBSONValue?)] = []

    mutating func note(_ kind: String, _ id: RawBSONValue?) {
      if kind == "added" { added += 1 } else { different += 1 }
      if examples.count < CollectionComparison.mostExamples { examples.append((kind, id?.detached())) }
    }
  }

  private mutating func addExample(_ kind: String, _ id: RawBSONValue?) {
    guard examples.count < Self.mostExamples else { return }
    examples.append(.object(["kind": .string(kind), "id": id.map { MongoValues.value($0.decoded) } ?? .null]))
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
