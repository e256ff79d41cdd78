import RunbookPlan

/// A record whose payload is encoded and free of secrets, before it has its place in the chain.
package struct EncodedRecord: Sendable {
  package let epoch: Int64
  package let at: Int64
  package let version: Int
  package let kind: String
  package let payload: [UInt8]

  /// - Throws: `refused` for a payload that could not be read back.
  package init(_ record: NewRecord, redactor: Redactor) throws(JournalError) {
    epoch = record.epoch
    at = record.at
    version = record.version
    kind = record.kind
    let redacted = redactor.redact(record.payload, sparing: record.structuralKeys)
    payload = try ValueBytes.encode(redacted, redactor: Redactor())
  }

  package func hash(previous: ChainHash, run: String, seq: Int64) -> ChainHash {
    HashChain.hash(previous: previous, run: run, seq: seq, epoch: epoch, at: at, version: version, kind: kind, payload: payload)
  }
}

/// A record as it lies in a store, not yet trusted.
package struct StoredRecord: Sendable {
  package var seq: Int64
  package var epoch: Int64
  package var at: Int64
  package var version: Int
  package var kind: String
  package var payload: [UInt8]
  package var previousHash: ChainHash
  package var hash: ChainHash

  package init(
    seq: Int64, epoch: Int64, at: Int64, version: Int, kind: String, payload: [UInt8], previousHash: ChainHash, hash: ChainHash
  ) {
    self.seq = seq
    self.epoch = epoch
    self.at = at
    self.version = version
    self.kind = kind
    self.payload = payload
    self.previousHash = previousHash
    self.hash = hash
  }

  /// What is wrong with this record behind that head, nil where it follows.
  package func fault(after head: JournalHead, run: String) -> String? {
    if seq != head.seq + 1 { return "a record is missing" }
    if previousHash != head.hash { return "it does not follow the record before it" }
    let expected = HashChain.hash(
      previous: previousHash, run: run, seq: seq, epoch: epoch, at: at, version: version, kind: kind, payload: payload)
    return expected == hash ? nil : "its hash is not that of its content"
  }

  package func decoded(run: String) throws(JournalError) -> JournalRecord {
    JournalRecord(
      run: run, seq: seq, epoch: epoch, at: at, version: version, kind: kind, payload: try ValueBytes.decode(payload, seq: seq),
      previousHash: previousHash, hash: hash)
  }
}

/// Values as stores keep them.
package enum ValueBytes {
  /// A little less than what the reader takes, for the maps that tags add.
  package static let deepest = 190

  /// The value without secrets, encoded.
  package static func encode(_ value: Value, redactor: Redactor) throws(JournalError) -> [UInt8] {
    guard isShallow(value, deepest) else { throw .refused("a value is nested deeper than \(deepest) levels and could not be read back") }
    var bytes: [UInt8] = []
    redactor.redact(value).appendJSON(to: &bytes)
    return bytes
  }

  package static func decode(_ bytes: [UInt8], seq: Int64? = nil) throws(JournalError) -> Value {
    do { return try Value(encodedJSON: bytes) } catch { throw .damaged("a stored value cannot be read: \(error)", seq: seq) }
  }

  private static func isShallow(_ value: Value, _ levels: Int) -> Bool {
    switch value {
    case .list(let list): levels > 0 && list.allSatisfy { isShallow($0, levels - 1) }
    case .map(let map): levels > 0 && map.values.allSatisfy { isShallow($0, levels - 1) }
    default: true
    }
  }
}

extension RunHeader {
  /// The header as it is stored: params and targets without secrets.
  package func redacted(by redactor: Redactor) -> RunHeader {
    var copy = self
    copy.params = redactor.redact(params)
    copy.targets = redactor.redact(targets)
    copy.planPath = redactor.redact(planPath)
    copy.initiator = redactor.redact(initiator)
    return copy
  }

  /// Detects a header that is not what was written.
  package var sum: ChainHash {
    HashChain.sum([
      Array(run.utf8), Array(planID.utf8), Array(planDigest.utf8), planBytes, Array(planPath.utf8), Array(params.encodedJSON().utf8),
      Array(targets.encodedJSON().utf8), Array(String(created).utf8), Array(toolVersion.utf8), Array(initiator.utf8),
    ])
  }

  package var genesis: JournalHead { JournalHead(seq: 0, hash: HashChain.genesis(run: run, planDigest: planDigest)) }
}

extension RequestRow {
  package func redacted(by redactor: Redactor) -> RequestRow {
    var copy = self
    copy.argument = redactor.redact(argument)
    copy.who = redactor.redact(who)
    copy.from = redactor.redact(from)
    return copy
  }

  /// Detects a request that is not what was posted. Whether it was consumed is no part of it.
  package var sum: ChainHash {
    HashChain.sum([
      Array(id.utf8), Array(run.utf8), Array(kind.utf8), Array(argument.encodedJSON().utf8), Array(who.utf8), Array(from.utf8),
      Array(String(at).utf8),
    ])
  }
}
