/// A bug that is planted into the model; each must be caught, else the model proves nothing.
enum ModelBug: String, CaseIterable, Sendable {
  case noGuard = "our write forward asserts nothing"
  case inputsNotGuarded = "our write does not assert what the change was computed from"
  case noFence = "commands have no fence"
  case notWaitedOut = "a take-over does not wait until open commands can no longer act"
  case higherNumberNotWritten = "sessions are not closed by a higher number"
  case blockAfterWrite = "the block is written after the write"
  case outcomeNotRecorded = "what missed is not recorded"
  case resolverBelieves = "a take-over believes an answer without the server's record"
  case repeatBelieved = "a 66 of a repeated command is taken for a miss"
  case shortTakenAsApplied = "a short answer is taken as all applied"
  case retriedIgnored = "the record of what had been executed is not read"
  case doubtByAllFields = "a document is in doubt only if all its fields look like ours"
  case doubtIgnored = "documents in doubt are taken back"
  case doubtAsMissed = "documents in doubt are taken for missed"
  case undoNotAnnounced = "an undo is not announced"
  case undoWithoutGuard = "an undo asserts nothing"
  case undoUnderNewNumber = "an interrupted undo is sent again under another number"
  case undoneTwice = "an interrupted undo is begun anew without a question"
  case onlyNewest = "only the newest entry of a document is undone"
  case oldestFirst = "the oldest block is undone first"
  case missesNotLooked = "an undo that missed is not looked at"
  case goneBroughtBack = "a document that is gone is brought back"
  case standingIgnored = "older blocks take back what was left standing"
  case standingNotLoaded = "what was left standing is not read after a crash"
  case standingNotHeeded = "what a late process left standing is not heeded"
  case restoreFromBackup = "a rollback brings back what was there before"
  case lateIntentAsked = "a block that came late is not marked missed"
  case lateIntentApplied = "a block that came late counts as applied"
  case recordUnconditional = "records do not assert what their writer last saw"
  case notResolved = "a take-over does not resolve"
  case deadCursorIsTheEnd = "a cursor that dies counts as the end"
  case capturedNotLoaded = "what was changed already is not read after a crash"
}

/// What is changed, by whom it is written meanwhile, and how much may happen.
struct ModelCase: Sendable {
  var name: String
  var fields: UInt8 = 1
  /// The documents at the start.
  var start: [UInt8]
  /// What the change makes of a document; nil: it does not need it.
  var change: @Sendable (UInt8) -> UInt8?
  /// The fields that it may change, as a mask. All fields are asserted.
  var touched: UInt8 = 1
  /// What the application writes, by field, and what it inserts where a document is gone.
  var values: [[UInt8]]
  var inserts: [UInt8] = []
  var deletes = true
  var writes: UInt8
  var crashes: UInt8 = 1
  /// How often the server may lose its records, by itself or together with a crash.
  var losses: UInt8 = 1
  /// How often an answer may get lost.
  var cuts: UInt8 = 0
  /// A crash may leave one request on its way.
  var overtakes = true
  /// A server without numbers for commands, and so without records.
  var isStandalone = false
  /// The filter does not tell who was changed: the keys are remembered.
  var isSecondKind = false
  /// Once a take-over is through, the clocks fall back, so that fences open again: what closed sessions are for.
  var clocksFallBack = false

  var documents: UInt8 { UInt8(start.count) }
}

extension ModelCase {
  private static let a: UInt8 = 0, u: UInt8 = 1, p: UInt8 = 2, b: UInt8 = 3, q: UInt8 = 4

  /// A field that is absent is added.
  static func add(writes: UInt8, crashes: UInt8, losses: UInt8 = 1, cuts: UInt8 = 0) -> ModelCase {
    ModelCase(
      name: "one document, a field added", start: [a], change: { $0 == a ? p : nil }, values: [[a, u, p]], inserts: [a, u, p],
      writes: writes, crashes: crashes, losses: losses, cuts: cuts)
  }

  /// A value becomes another one, of its own.
  static func injective(writes: UInt8, crashes: UInt8, losses: UInt8 = 1) -> ModelCase {
    ModelCase(
      name: "one document, values changed one to one", start: [a], change: { $0 == a ? p : $0 == b ? q : nil },
      values: [[a, b, u, p]], inserts: [a, b, p], writes: writes, crashes: crashes, losses: losses)
  }

  /// Two values become the same.
  static func merging(writes: UInt8, crashes: UInt8, losses: UInt8 = 1, cuts: UInt8 = 0) -> ModelCase {
    ModelCase(
      name: "one document, two values made one", start: [a], change: { $0 == a || $0 == b ? p : nil }, values: [[a, b, u, p]],
      inserts: [a, b, p], writes: writes, crashes: crashes, losses: losses, cuts: cuts)
  }

  /// Two fields in one statement; an entry holds only those that it changes.
  static func twoFields(writes: UInt8, crashes: UInt8, losses: UInt8 = 1, start: UInt8 = 0) -> ModelCase {
    let both = p | p << 3
    return ModelCase(
      name: "one document, two fields from \(start)", fields: 2, start: [start], change: { $0 & 7 == a ? both : nil }, touched: 3,
      values: [[a, u, p], [a, u, p]], inserts: [a, both, p << 3, u], writes: writes, crashes: crashes, losses: losses, overtakes: false)
  }

  /// One field computed from another.
  static func computed(writes: UInt8, crashes: UInt8) -> ModelCase {
    ModelCase(
      name: "one document, a field computed from another", fields: 2, start: [a],
      change: { $0 & 7 == a ? $0 & ~7 | ($0 >> 3 == u ? p : q) : nil }, values: [[a, p], [a, u]], inserts: [a, u << 3],
      writes: writes, crashes: crashes, overtakes: false)
  }

  /// Two documents of one batch.
  static func batch(writes: UInt8, crashes: UInt8, losses: UInt8 = 1, cuts: UInt8 = 0, overtakes: Bool = false) -> ModelCase {
    ModelCase(
      name: "two documents of a batch", start: [a, a], change: { $0 == a ? p : nil }, values: [[a, u, p]], inserts: [a, p],
      writes: writes, crashes: crashes, losses: losses, cuts: cuts, overtakes: overtakes)
  }

  /// Each document is to be changed once, and still fits the filter then.
  static func secondKind(documents: Int = 1, writes: UInt8, crashes: UInt8) -> ModelCase {
    ModelCase(
      name: "\(documents) documents that still fit the filter once they are changed", start: Array(repeating: a, count: documents),
      change: { $0 < 5 ? $0 + 1 : nil }, values: [[a, 1, 2]], writes: writes, crashes: crashes, isSecondKind: true)
  }
}

extension ModelCase {
  /// In which planted bugs are looked for, the small ones first.
  static let forBugs: [ModelCase] = [
    .add(writes: 2, crashes: 1), .twoFields(writes: 2, crashes: 1), .batch(writes: 2, crashes: 1),
    .batch(writes: 2, crashes: 1, losses: 0, cuts: 2, overtakes: true), .computed(writes: 2, crashes: 1),
    .secondKind(documents: 2, writes: 1, crashes: 1), .merging(writes: 2, crashes: 1, cuts: 1), .injective(writes: 2, crashes: 1),
    .add(writes: 1, crashes: 2, losses: 0).named("clocks that fall back") { $0.clocksFallBack = true },
    .add(writes: 2, crashes: 2, losses: 0),
  ]

  /// What is gone through in every run of the tests, beside those.
  static let usual: [ModelCase] = [
    .add(writes: 2, crashes: 1, losses: 0, cuts: 1).withoutNumbers, .batch(writes: 2, crashes: 1, losses: 0, cuts: 1).withoutNumbers,
    .twoFields(writes: 2, crashes: 1, losses: 0).withoutNumbers, .twoFields(writes: 2, crashes: 1, start: 1 << 3),
    .twoFields(writes: 2, crashes: 1, start: 2 << 3), .twoFields(writes: 2, crashes: 2), .batch(writes: 3, crashes: 1),
    .batch(writes: 2, crashes: 2), .add(writes: 1, crashes: 2).named("clocks that fall back") { $0.clocksFallBack = true },
  ]

  /// What `make model` goes through as well.
  static let whole: [ModelCase] = [
    .add(writes: 3, crashes: 2, cuts: 1), .merging(writes: 3, crashes: 2, cuts: 1), .injective(writes: 3, crashes: 2),
    .twoFields(writes: 4, crashes: 1), .twoFields(writes: 3, crashes: 2), .computed(writes: 3, crashes: 2),
    .secondKind(writes: 2, crashes: 2), .secondKind(documents: 2, writes: 2, crashes: 1), .batch(writes: 3, crashes: 1, cuts: 1),
    .batch(writes: 2, crashes: 1, cuts: 1, overtakes: true),
    .batch(writes: 1, crashes: 2, overtakes: true).named("clocks that fall back") { $0.clocksFallBack = true },
  ]

  private func named(_ name: String, _ change: (inout ModelCase) -> Void) -> ModelCase {
    var other = self
    change(&other)
    other.name += ", " + name
    return other
  }

  private var withoutNumbers: ModelCase { named("a server without numbers for commands") { $0.isStandalone = true } }

  /// What may happen in it, beside what it is.
  var bounds: String { "\(writes) writes, \(crashes) crashes, \(losses) lost records, \(cuts) lost answers" }
}
