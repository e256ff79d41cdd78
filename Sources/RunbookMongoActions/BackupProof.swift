import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

extension BackupMaking {
  private static let mostProofs = 5
  private static let mostRemembered: Int64 = 50_000

  /// Reads the copy back: it must be what was read, byte by byte. Where a bucket is not, its documents are compared with the source's one by one; a difference is allowed
  /// only for documents that changed meanwhile, and those are copied again.
  func proveContent() async throws(ActionError) {
    for attempt in 1... {
      let written = try await backup.digestOfCopy(key: record.key, total: read.count)
      let buckets = written.differences(from: read)
      guard let first = buckets.first else { return }
      guard isWatching, !changes.isOverflowing, attempt < Self.mostProofs else {
        throw backup.unproven(
          "\(read.count) documents were read and \(written.count) stand there; \(buckets.count) of \(ContentDigest.bucketCount) buckets differ, the first is \(first)"
        )
      }
      try await examine(buckets, written)
      try await catchUp()
    }
  }

  private func examine(_ buckets: [Int], _ written: ContentDigest) async throws(ActionError) {
    var rest = buckets[...]
    var differing: [UInt128: RawBSONValue] = [:]
    while !rest.isEmpty {
      var size: Int64 = 0
      var group: Set<Int> = []
      while let next = rest.first, group.isEmpty || size + written.buckets[next].count <= Self.mostRemembered {
        group.insert(next)
        size += written.buckets[next].count
        rest = rest.dropFirst()
      }
      try await compare(group, into: &differing)
    }
    try await drain()
    let strange = differing.filter { !changes.mayHaveChanged($0.key) }
    if !strange.isEmpty {
      let ids = strange.values.prefix(10).map { $0.extendedJSON(canonical: false) }.joined(separator: ", ")
      throw backup.unproven(
        "\(strange.count) documents differ from the source's although nothing tells that they changed: \(ids)")
    }
    for (hash, id) in differing { changes.wantAgain(id, hash) }
    // All others of these buckets were just seen to be the same on both sides.
    read.take(buckets, from: written)
  }

  private func compare(_ buckets: Set<Int>, into differing: inout [UInt128: RawBSONValue]) async throws(ActionError) {
    let key = record.key
    var remembered: [UInt128: (hash: UInt128, id: RawBSONValue)] = [:]
    try await forEach(CollectionPlace(target: destination, collection: backup.to), filter: [:], of: buckets) { hash, document in
      if let id = document["_id"] { remembered[hash] = (key.hash(document), id.detached()) }
    }
    try await forEach(CollectionPlace(target: target, collection: backup.source), filter: record.filter, of: buckets) { hash, document in
      let known = remembered.removeValue(forKey: hash)
      if known?.hash != key.hash(document), let id = document["_id"] { differing[hash] = id.detached() }
    }
    for (hash, entry) in remembered { differing[hash] = entry.id }
  }

  private func forEach(
    _ place: CollectionPlace, filter: BSONDocument, of buckets: Set<Int>, _ body: (UInt128, BSONDocument) -> Void
  ) async throws(ActionError) {
    let command = call.findCommand(place.collection, filter: filter, isBounded: false)
    try await call.stream(command, of: place.target, collection: place.collection, batchSize: 1000, doing: "comparing for the proof") {
      batch throws(ActionError) in
      try call.checkStop("the proof of the backup")
      for document in batch {
        if buckets.contains(record.key.bucket(of: document)) { body(record.key.idHash(of: document), document) }
      }
    }
  }
}

extension BackupCopy {
  func buildIndexes(_ indexes: OrderedDictionary<String, BSONDocument>, on copy: CollectionCopy) async throws(ActionError) {
    let wanted = indexes.values.filter { $0["name"]?.string != "_id_" && !($0["clustered"]?.isTruthy ?? false) }
    guard !wanted.isEmpty else { return }
    try call.checkStop("the backup")
    context.progress(Progress(done: 0, total: Int64(wanted.count), unit: "indexes", note: "building indexes"))
    let command = BSONDocument { writer in
      writer.append("createIndexes", copy.to)
      // The server would empty the copy by a TTL index; what it said is in the record.
      writer.array("indexes") { array in for index in wanted { array.append(index.without("expireAfterSeconds")) } }
    }
    _ = try await copy.write(command, limit: 3_600_000, doing: "building the copy's indexes")
  }

  /// Looks whether the copy has options and indexes of the source.
  func proveDefinition(_ source: CollectionDefinition) async throws(ActionError) {
    try await prove(to, in: destination, against: source)
  }

  private func prove(_ name: String, in place: MongoTarget, against source: CollectionDefinition) async throws(ActionError) {
    guard let made = try await place.definition(of: name) else { throw unproven("it is gone") }
    for (name, index) in source.indexes {
      guard let built = made.indexes[name], CollectionDefinition.areEqual(built, index.without("expireAfterSeconds")) else {
        throw unproven("index '\(name)' is missing or defined otherwise")
      }
    }
    guard made.indexes.count == source.indexes.count else { throw unproven("it has more indexes than its source") }
    let options = source.options.without("expireAfterSeconds")
    guard CollectionDefinition.sorted(made.options) == CollectionDefinition.sorted(options) else {
      throw unproven("its options are \(made.options), those of the source \(options)")
    }
  }

  /// Where a restore is tried: beside the source, under a name of the program's own.
  var scratch: CollectionCopy {
    CollectionCopy(
      call: call, to: RunbookCollections.beside(run: context.run.id, step: context.subject), what: "the restored copy", in: target)
  }

  /// `prove: restore`: the copy is restored where the source is, compared, and dropped.
  func tryRestore(_ record: BackupRecord, digest: ContentDigest) async throws(ActionError) {
    let scratch = scratch
    try await scratch.drop()
    try await scratch.create(record.options)
    let command = call.findCommand(to, filter: [:], isBounded: false)
    try await scratch.fill(
      from: destination, collection: to, by: command, total: digest.count, note: "restoring for the proof",
      stopping: "the proof of the backup", doing: "reading the copy"
    ) { _, _ in }
    try await buildIndexes(record.indexes, on: scratch)
    try await crashPoints.hit("backup.restored")
    let restored = try await call.digest(
      of: scratch.to, in: target, key: digest.key, total: digest.count, note: "proving what was restored",
      stopping: "the proof of the backup", doing: "proving what was restored")
    guard restored == digest else {
      throw unproven("restored for the proof, it has \(restored.count) documents instead of \(digest.count), or they differ")
    }
    try await prove(
      scratch.to, in: target,
      against: CollectionDefinition(kind: "collection", options: record.options, indexes: record.indexes, uuid: nil))
    try await scratch.drop()
  }
}
