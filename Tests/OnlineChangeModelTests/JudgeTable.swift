@testable import RunbookMongoActions

/// The program's own judge (`OnlineChangeJudge`), asked by the model; each question once.
///
/// An answer is a byte: two bits for the result of each document's statement, two bits for those that an earlier try had executed, and one that there is
/// an answer.
final class JudgeTable {
  enum Verdict {
    case settled(missed: UInt8, doubt: UInt8)
    case sendAgain
    case read
  }

  private let bug: ModelBug?
  private var verdicts: [UInt64: Verdict] = [:]
  private var outcomes: [UInt64: (missed: UInt8, doubt: UInt8)] = [:]

  init(_ bug: ModelBug?) { self.bug = bug }

  /// Takes the answer under way in; the judge's earlier answers are those that the executor keeps.
  func take(_ executor: inout ModelExecutor, mask: UInt8) -> Verdict {
    let answer = executor.results & 15 | executor.retried << 4 | 64
    let key = Self.key(executor, mask) << 8 | UInt64(answer)
    let verdict: Verdict
    if let known = verdicts[key] {
      verdict = known
    } else {
      var judge = remade(executor, mask)
      let step = judge.take(.answer(Self.answer(answer, mask, bug)))
      switch step {
      case .settled(let outcome): verdict = .settled(missed: Self.mask(outcome.missed, mask), doubt: Self.mask(outcome.doubt, mask))
      case .sendAgain: verdict = .sendAgain
      case .read: verdict = .read
      }
      verdicts[key] = verdict
    }
    if case .settled = verdict { return verdict }
    if executor.answers.first == 0 {
      executor.answers.first = answer
    } else if executor.answers.second == 0 {
      executor.answers.second = answer
    } else {
      precondition(executor.thirdAnswer == 0, "the judge asks a fourth time")
      executor.thirdAnswer = answer
    }
    return verdict
  }

  /// The judgement once the documents were read: 0 gone, 1 other, 2 equal.
  func settle(_ executor: ModelExecutor, mask: UInt8, looks: Pair) -> (missed: UInt8, doubt: UInt8) {
    let key = Self.key(executor, mask) << 8 | UInt64(looks.first) << 4 | UInt64(looks.second)
    if let known = outcomes[key] { return known }
    let judge = remade(executor, mask)
    let documents = Self.documents(mask)
    var asked: [Int: OnlineChangeLook] = [:]
    for index in judge.unknown { asked[index] = [.gone, .other, .equal][Int(looks[documents[index]])] }
    let outcome = judge.settle(asked)
    let found = (Self.mask(outcome.missed, mask), Self.mask(outcome.doubt, mask))
    outcomes[key] = found
    return found
  }

  private static func key(_ executor: ModelExecutor, _ mask: UInt8) -> UInt64 {
    var key = UInt64(executor.answers.first) << 16 | UInt64(executor.answers.second) << 8 | UInt64(executor.thirdAnswer)
    key = key << 8 | UInt64(mask) << 2 | UInt64(executor.mayHaveActed) << 1 | UInt64(executor.isResolving)
    return key
  }

  /// The judge as it was after the answers before.
  private func remade(_ executor: ModelExecutor, _ mask: UInt8) -> OnlineChangeJudge {
    var acted = executor.mayHaveActed == 1
    if bug == .repeatBelieved { acted = false }
    if bug == .resolverBelieves, executor.isResolving == 1 { acted = false }
    var judge = OnlineChangeJudge(count: mask == 3 ? 2 : 1, mayHaveActed: acted)
    for answer in [executor.answers.first, executor.answers.second, executor.thirdAnswer] where answer != 0 {
      _ = judge.take(.answer(Self.answer(answer, mask, bug)))
    }
    return judge
  }

  private static func answer(_ byte: UInt8, _ mask: UInt8, _ bug: ModelBug?) -> OnlineChangeAnswer {
    var answer = OnlineChangeAnswer(n: 0)
    var retried: [Int] = []
    for (index, d) in documents(mask).enumerated() {
      switch byte >> (2 * d) & 3 {
      case 0: answer.n += 1
      case 1: answer.errors[index] = OnlineChangeStatements.missedCode
      default: if bug == .shortTakenAsApplied { answer.n += 1 }
      }
      if byte >> (4 + d) & 1 == 1 { retried.append(index) }
    }
    if !retried.isEmpty, bug != .retriedIgnored { answer.retried = retried }
    return answer
  }

  private static func documents(_ mask: UInt8) -> [UInt8] { mask == 3 ? [0, 1] : [mask == 1 ? 0 : 1] }

  private static func mask(_ indexes: [Int], _ mask: UInt8) -> UInt8 {
    let documents = documents(mask)
    return indexes.reduce(0) { $0 | 1 << documents[$1] }
  }
}
