import RunbookPlan

/// What is to be appended: the engine's entry with the epoch and the moment of its decision.
public struct NewRecord: Sendable, Hashable {
  /// Counts the run's leases; never decreases along a log.
  public var epoch: Int64
  /// Milliseconds since 1970, UTC.
  public var at: Int64
  /// Of the payload's form, for this kind.
  public var version: Int
  public var kind: String
  public var payload: Value
  /// Keys of the payload under which words and ids of the program stand: a secret that happens to be such a word must not make the record
  /// unreadable, so that nothing is replaced there.
  public var structuralKeys: Set<String>

  public init(epoch: Int64, at: Int64, version: Int, kind: String, payload: Value, structuralKeys: Set<String> = []) {
    self.structuralKeys = structuralKeys
    self.epoch = epoch
    self.at = at
    self.version = version
    self.kind = kind
    self.payload = payload
  }
}

/// One link of a run's log.
public struct JournalRecord: Sendable, Hashable {
  public let run: String
  /// 1 for the first record; no gaps.
  public let seq: Int64
  public let epoch: Int64
  /// Milliseconds since 1970, UTC.
  public let at: Int64
  public let version: Int
  public let kind: String
  /// As it was stored: with secrets replaced.
  public let payload: Value
  public let previousHash: ChainHash
  public let hash: ChainHash

  public init(
    run: String, seq: Int64, epoch: Int64, at: Int64, version: Int, kind: String, payload: Value, previousHash: ChainHash, hash: ChainHash
  ) {
    self.run = run
    self.seq = seq
    self.epoch = epoch
    self.at = at
    self.version = version
    self.kind = kind
    self.payload = payload
    self.previousHash = previousHash
    self.hash = hash
  }
}

/// Where a log ends: what a receipt in a target holds.
public struct JournalHead: Sendable, Hashable {
  /// 0 where nothing was appended yet.
  public var seq: Int64
  public var hash: ChainHash

  public init(seq: Int64, hash: ChainHash) {
    self.seq = seq
    self.hash = hash
  }
}

/// What is known of a run before its first entry. It never changes.
public struct RunHeader: Sendable, Hashable {
  public var run: String
  public var planID: String
  public var planDigest: String
  /// The normalised plan as it was loaded. Stored as it is: it holds references to secrets, never their text.
  public var planBytes: [UInt8]
  public var planPath: String
  public var params: Value
  /// Identities of the targets, by name.
  public var targets: Value
  /// Milliseconds since 1970, UTC.
  public var created: Int64
  public var toolVersion: String
  public var initiator: String

  public init(
    run: String, planID: String, planDigest: String, planBytes: [UInt8], planPath: String, params: Value, targets: Value, created: Int64,
    toolVersion: String, initiator: String
  ) {
    self.run = run
    self.planID = planID
    self.planDigest = planDigest
    self.planBytes = planBytes
    self.planPath = planPath
    self.params = params
    self.targets = targets
    self.created = created
    self.toolVersion = toolVersion
    self.initiator = initiator
  }
}

/// The last word on a run, kept so that a list needs no fold. The log is the truth, this is a copy.
public struct StatusNote: Sendable, Hashable {
  /// running, paused, halted, succeeded, …
  public var word: String
  /// The exit status that goes with it, where it is known.
  public var exitCode: Int32?
  /// Milliseconds since 1970, UTC.
  public var updated: Int64

  public init(word: String, exitCode: Int32?, updated: Int64) {
    self.word = word
    self.exitCode = exitCode
    self.updated = updated
  }
}

/// One line of a list of runs.
public struct RunListing: Sendable, Hashable {
  public var run: String
  public var planID: String
  public var planDigest: String
  public var planPath: String
  public var targets: Value
  public var created: Int64
  public var toolVersion: String
  public var initiator: String
  /// nil for a run that was created without one.
  public var status: StatusNote?
  public var headSeq: Int64

  public init(header: RunHeader, status: StatusNote?, headSeq: Int64) {
    run = header.run
    planID = header.planID
    planDigest = header.planDigest
    planPath = header.planPath
    targets = header.targets
    created = header.created
    toolVersion = header.toolVersion
    initiator = header.initiator
    self.status = status
    self.headSeq = headSeq
  }
}

/// What a person or another process asks of a run: confirm, approve, reject, pause, cancel, rollback.
public struct RequestRow: Sendable, Hashable {
  /// Unique in the store; the one who asks makes it up.
  public var id: String
  public var run: String
  public var kind: String
  public var argument: Value
  public var who: String
  /// The host, and what else says where the request came from.
  public var from: String
  /// Milliseconds since 1970, UTC.
  public var at: Int64
  /// The record that answered it; nil while it waits.
  public var consumedSeq: Int64?

  public init(id: String, run: String, kind: String, argument: Value, who: String, from: String, at: Int64, consumedSeq: Int64? = nil) {
    self.id = id
    self.run = run
    self.kind = kind
    self.argument = argument
    self.who = who
    self.from = from
    self.at = at
    self.consumedSeq = consumedSeq
  }
}

public struct ProgressRow: Sendable, Hashable {
  public var effect: String
  public var at: Int64
  public var payload: Value

  public init(effect: String, at: Int64, payload: Value) {
    self.effect = effect
    self.at = at
    self.payload = payload
  }
}

/// Windows of one trigger with one verdict in a row.
public struct WindowRow: Sendable, Hashable {
  public var trigger: String
  public var verdict: String
  public var count: Int64
  /// End of the first and of the last of them.
  public var firstAt: Int64
  public var lastAt: Int64
  /// Of the last one.
  public var payload: Value

  public init(trigger: String, verdict: String, count: Int64, firstAt: Int64, lastAt: Int64, payload: Value) {
    self.trigger = trigger
    self.verdict = verdict
    self.count = count
    self.firstAt = firstAt
    self.lastAt = lastAt
    self.payload = payload
  }
}

public struct OutputRow: Sendable, Hashable {
  /// `stdout` or `stderr`.
  public var stream: String
  public var at: Int64
  public var text: String

  public init(stream: String, at: Int64, text: String) {
    self.stream = stream
    self.at = at
    self.text = text
  }
}

/// See `Journal.changeMark`. Only equality means something.
public struct ChangeMark: Sendable, Hashable {
  public let others: Int64
  public let own: Int64

  public init(others: Int64, own: Int64) {
    self.others = others
    self.own = own
  }
}

public enum ChainVerdict: Sendable, Hashable {
  case intact(head: JournalHead)
  /// `seq` is the first record that does not follow from the one before it.
  case broken(seq: Int64, reason: String)
}
