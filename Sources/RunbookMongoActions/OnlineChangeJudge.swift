import MongoDriver

/// What the server said about one try of a command, as far as the judgement depends on it.
struct OnlineChangeAnswer: Hashable, Sendable {
  /// Statements that took effect, also those that had done so at an earlier try.
  var n: Int
  /// Codes by statement.
  var errors: [Int: Int32]
  /// Statements that an earlier try had executed; nil where the answer names none.
  var retried: [Int]?
  /// The write took place, but is not known to be safe.
  var concernFailed: Bool

  init(n: Int, errors: [Int: Int32] = [:], retried: [Int]? = nil, concernFailed: Bool = false) {
    self.n = n
    self.errors = errors
    self.retried = retried
    self.concernFailed = concernFailed
  }

  init(_ reply: WriteReply) {
    self.init(
      n: reply.count, errors: Dictionary(reply.writeErrors.map { ($0.index, Self.code($0)) }, uniquingKeysWith: { first, _ in first }),
      retried: reply.retriedStatementIDs, concernFailed: reply.writeConcernError != nil)
  }

  /// A statement that is to insert and finds the `_id` taken has missed, as one has whose document is not as it should be.
  private static func code(_ error: WriteReply.StatementError) -> Int32 {
    error.code == 11000 && error.keyPattern?.keys == ["_id"] ? OnlineChangeStatements.missedCode : error.code
  }

  /// Codes of a statement that was interrupted and says nothing about the document: no primary, shutting down, time over, network.
  private static let interruptions: Set<Int32> = [
    6, 7, 24, 46, 50, 63, 64, 89, 91, 112, 133, 134, 189, 202, 262, 9001, 10058, 10107, 11600, 11601, 11602, 13388, 13435, 13436,
  ]

  var wasInterrupted: Bool { errors.values.contains(where: Self.interruptions.contains) }

  /// How many statements neither took effect nor failed: their documents were gone.
  func short(of count: Int) -> Int { count - n - errors.count }
}

/// What became of a try.
enum OnlineChangeReply: Sendable {
  case answer(OnlineChangeAnswer)
  /// Refused as a whole; this try did nothing. Of earlier ones nothing is said.
  case refused(MongoError)
  /// No connection: nothing was sent.
  case notSent(MongoError)
  /// It may have been executed, in part or whole.
  case lost(MongoError)
}

/// What became of a command's statements. Those not named were applied.
struct OnlineChangeOutcome: Hashable, Sendable {
  var missed: [Int] = []
  /// The server cannot tell, and a field is as we would have left it.
  var doubt: [Int] = []
  var failed: [UndoBlock.Failure] = []
}

/// What a document looks like now, beside what the statement would have made of it.
enum OnlineChangeLook: Hashable, Sendable {
  case gone
  /// No changed field is as the statement would have left it.
  case other
  /// At least one is.
  case equal
}

/// Judges the answers to one command that is sent until it is known, per statement, what became of it (online-change page, B and C). Pure.
///
/// - A statement that took effect in an answer where none is missing was applied, then or at an earlier try: it is executed once at most.
/// - Code 66 means missed, unless an earlier try may have been executed: then only a record of the server (`retriedStmtIds`) or the document tells.
/// - Where documents were gone, the answer does not say which. The command is sent again until the server names what it had executed; where it
///   never does, the documents are read: a candidate that is there now was there then, and was applied; one that is gone needs no undo, whether it
///   was applied or not. Only where fewer are gone than are short has somebody put a document back meanwhile, and nobody can tell which.
struct OnlineChangeJudge {
  enum Step: Hashable, Sendable {
    case settled(OnlineChangeOutcome)
    /// The same command again.
    case sendAgain
    /// Read these documents, then call `settle`.
    case read([Int])
  }

  let count: Int
  /// Whether a try may have been executed of which no answer is known.
  private(set) var mayHaveActed: Bool
  private var answers: [OnlineChangeAnswer] = []

  /// After so many answers that leave something open, the documents are read.
  private static let enoughAnswers = 2

  init(count: Int, mayHaveActed: Bool) {
    self.count = count
    self.mayHaveActed = mayHaveActed
  }

  mutating func take(_ reply: OnlineChangeReply) -> Step {
    switch reply {
    case .notSent: return .sendAgain
    case .lost:
      mayHaveActed = true
      return .sendAgain
    case .refused:
      if !mayHaveActed, answers.isEmpty { return .settled(OnlineChangeOutcome(missed: Array(0..<count))) }
      return .read(unknown)
    case .answer(let answer):
      if answer.concernFailed || answer.wasInterrupted {
        mayHaveActed = true
        return .sendAgain
      }
      return take(answer)
    }
  }

  private mutating func take(_ answer: OnlineChangeAnswer) -> Step {
    let short = answer.short(of: count)
    // Each statement took effect, now or at an earlier try.
    if short == 0, answer.errors.isEmpty { return .settled(OnlineChangeOutcome()) }
    if let retried = answer.retried {
      // The server has its record. What it had not executed before, and refuses now, was not applied.
      if answer.n == retried.count { return .settled(outcome(applied: Set(retried), errors: answer.errors)) }
      if short == 0 { return .settled(outcome(applied: successes(answer), errors: answer.errors)) }
    } else if !mayHaveActed, answers.isEmpty {
      if short == 0 { return .settled(outcome(applied: successes(answer), errors: answer.errors)) }
      if answer.n == 0 { return .settled(outcome(applied: [], errors: answer.errors)) }
    }
    answers.append(answer)
    // With nothing short, one more answer would say the same.
    if short == 0, answers.count == 1 { return .read(unknown) }
    return answers.count < Self.enoughAnswers || answer.retried != nil && answers.count < 6 ? .sendAgain : .read(unknown)
  }

  private func successes(_ answer: OnlineChangeAnswer) -> Set<Int> { Set((0..<count).filter { answer.errors[$0] == nil }) }

  private func outcome(applied: Set<Int>, errors: [Int: Int32]) -> OnlineChangeOutcome {
    var outcome = OnlineChangeOutcome()
    for index in 0..<count where !applied.contains(index) {
      if let code = errors[index], code != OnlineChangeStatements.missedCode {
        outcome.failed.append(UndoBlock.Failure(index: index, code: code))
      } else {
        outcome.missed.append(index)
      }
    }
    return outcome
  }

  /// Statements that no answer settles.
  var unknown: [Int] {
    let sure = surelyApplied
    return (0..<count).filter { index in
      if sure.contains(index) { return false }
      return mayHaveActed || answers.contains { $0.errors[index] == nil }
    }
  }

  /// Those that took effect in an answer where none was missing.
  private var surelyApplied: Set<Int> {
    answers.reduce(into: []) { sure, answer in if answer.short(of: count) == 0 { sure.formUnion(successes(answer)) } }
  }

  /// The judgement after the documents that `take` asked for have been read.
  func settle(_ looks: [Int: OnlineChangeLook]) -> OnlineChangeOutcome {
    let gone = Set(looks.filter { $0.value == .gone }.keys)
    var applied = surelyApplied
    for answer in answers where answer.short(of: count) > 0 {
      let candidates = successes(answer)
      if candidates.intersection(gone).count >= answer.short(of: count) { applied.formUnion(candidates.subtracting(gone)) }
    }
    var outcome = OnlineChangeOutcome()
    for index in 0..<count where !applied.contains(index) {
      let code = answers.last?.errors[index]
      if let code, code != OnlineChangeStatements.missedCode, looks[index] != .equal {
        outcome.failed.append(UndoBlock.Failure(index: index, code: code))
      } else if looks[index] == .equal {
        outcome.doubt.append(index)
      } else {
        outcome.missed.append(index)
      }
    }
    return outcome
  }
}
