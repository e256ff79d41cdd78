import MongoDriver
import Testing

@testable import RunbookMongoActions

/// What is concluded from the server's answers, case by case (online-change page, B and C).
@Suite struct OnlineChangeJudgeTests {
  typealias Answer = OnlineChangeAnswer
  typealias Outcome = OnlineChangeOutcome

  private static let lost = OnlineChangeReply.lost(MongoError(kind: .outcomeUnknown, message: "no answer"))
  private static let notSent = OnlineChangeReply.notSent(MongoError(kind: .transient, message: "no server"))
  private static let refused = OnlineChangeReply.refused(MongoError(kind: .failed, code: 225, message: "too old"))

  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var count = 3
    var mayHaveActed = false
    var replies: [OnlineChangeReply]
    var looks: [Int: OnlineChangeLook] = [:]
    /// The documents that must be read, nil where none may be.
    var reads: [Int]?
    var outcome: OnlineChangeOutcome

    var testDescription: String { name }
  }

  static let cases: [Case] = [
    Case(name: "all applied", replies: [.answer(Answer(n: 3))], outcome: Outcome()),
    Case(name: "a miss at the first try is a miss", replies: [.answer(Answer(n: 2, errors: [1: 66]))], outcome: Outcome(missed: [1])),
    Case(
      name: "another code is a failure", replies: [.answer(Answer(n: 1, errors: [0: 121, 2: 66]))],
      outcome: Outcome(missed: [2], failed: [.init(index: 0, code: 121)])),
    Case(name: "nothing took effect", replies: [.answer(Answer(n: 0, errors: [0: 66]))], outcome: Outcome(missed: [0, 1, 2])),
    Case(
      name: "one gone, the server names what it had executed",
      replies: [.answer(Answer(n: 2)), .answer(Answer(n: 2, retried: [0, 2]))], outcome: Outcome(missed: [1])),
    Case(
      name: "a repeated command executes what had missed: an earlier 66 is void",
      replies: [.answer(Answer(n: 1, errors: [1: 66])), .answer(Answer(n: 2, retried: [0])), .answer(Answer(n: 2, retried: [0, 1]))],
      outcome: Outcome(missed: [2])),
    Case(
      name: "one gone, no record, as many gone as are short", replies: [.answer(Answer(n: 2)), .answer(Answer(n: 2))],
      looks: [0: .equal, 1: .gone, 2: .equal], reads: [0, 1, 2], outcome: Outcome(missed: [1])),
    Case(
      name: "one gone at the time, another since, no record: who is there now was there then",
      replies: [.answer(Answer(n: 2)), .answer(Answer(n: 2))],
      looks: [0: .gone, 1: .gone, 2: .equal], reads: [0, 1, 2], outcome: Outcome(missed: [0, 1])),
    Case(
      name: "one gone at the time and put back since, no record: nobody can tell which",
      replies: [.answer(Answer(n: 2)), .answer(Answer(n: 2))],
      looks: [0: .equal, 1: .equal, 2: .equal], reads: [0, 1, 2], outcome: Outcome(doubt: [0, 1, 2])),
    Case(
      name: "gone and missed, re-executed without a record",
      replies: [.answer(Answer(n: 1, errors: [2: 66])), .answer(Answer(n: 0, errors: [0: 66, 2: 66]))],
      looks: [0: .equal, 1: .gone], reads: [0, 1], outcome: Outcome(missed: [1, 2])),
    Case(name: "never sent, then applied", replies: [notSent, .answer(Answer(n: 2, errors: [0: 66]))], outcome: Outcome(missed: [0])),
    Case(name: "lost, then everything applied", replies: [lost, .answer(Answer(n: 3))], outcome: Outcome()),
    Case(
      name: "lost, then a record with misses", replies: [lost, .answer(Answer(n: 2, errors: [1: 66], retried: [0, 2]))],
      outcome: Outcome(missed: [1])),
    Case(
      name: "lost, then a 66 without a record: the first try may have done it", replies: [lost, .answer(Answer(n: 2, errors: [1: 66]))],
      looks: [1: .equal], reads: [1], outcome: Outcome(doubt: [1])),
    Case(
      name: "lost, then all 66 without a record", replies: [lost, .answer(Answer(n: 0, errors: [0: 66, 1: 66, 2: 66]))],
      looks: [0: .equal, 1: .other, 2: .gone], reads: [0, 1, 2], outcome: Outcome(missed: [1, 2], doubt: [0])),
    Case(
      name: "sent again after a crash, its time over, all recorded", mayHaveActed: true,
      replies: [.answer(Answer(n: 3, retried: [0, 1, 2]))], outcome: Outcome()),
    Case(
      name: "sent again after a crash, none known", mayHaveActed: true, replies: [.answer(Answer(n: 0, errors: [0: 66, 1: 66, 2: 66]))],
      looks: [0: .other, 1: .other, 2: .other], reads: [0, 1, 2], outcome: Outcome(missed: [0, 1, 2])),
    Case(
      name: "the session has gone on", mayHaveActed: true, replies: [refused], looks: [0: .equal, 1: .other, 2: .gone], reads: [0, 1, 2],
      outcome: Outcome(missed: [1, 2], doubt: [0])),
    Case(name: "refused at the first try", replies: [refused], outcome: Outcome(missed: [0, 1, 2])),
    Case(
      name: "not safe yet, then safe",
      replies: [.answer(Answer(n: 2, errors: [1: 66], concernFailed: true)), .answer(Answer(n: 2, errors: [1: 66], retried: [0, 2]))],
      outcome: Outcome(missed: [1])),
    Case(
      name: "interrupted in a statement",
      replies: [.answer(Answer(n: 1, errors: [1: 11602, 2: 11602])), .answer(Answer(n: 3, retried: [0]))],
      outcome: Outcome()),
  ]

  @Test(arguments: cases) func judges(_ row: Case) {
    var judge = OnlineChangeJudge(count: row.count, mayHaveActed: row.mayHaveActed)
    for (index, reply) in row.replies.enumerated() {
      let isLast = index == row.replies.count - 1
      switch judge.take(reply) {
      case .sendAgain: #expect(!isLast, "nothing was concluded")
      case .settled(let outcome):
        #expect(isLast && row.reads == nil)
        #expect(outcome == row.outcome)
      case .read(let indexes):
        #expect(isLast)
        #expect(indexes == row.reads)
        #expect(judge.settle(row.looks) == row.outcome)
      }
    }
  }

  @Test func sortsErrorsOfWholeCommands() {
    func kind(_ error: MongoError) -> String {
      switch OnlineChange.reply(to: error) {
      case .answer: "answer"
      case .refused: "refused"
      case .notSent: "notSent"
      case .lost: "lost"
      }
    }
    #expect(kind(MongoError(kind: .outcomeUnknown, message: "")) == "lost")
    #expect(kind(MongoError(kind: .transient, message: "")) == "notSent")
    #expect(kind(MongoError(kind: .refused, message: "")) == "refused")
    // A primary that steps down in mid-command answers for the command as a whole.
    #expect(kind(MongoError(kind: .transient, code: 10107, message: "")) == "lost")
    #expect(kind(MongoError(kind: .transient, mayHaveBeenApplied: true, code: 11602, message: "")) == "lost")
    #expect(kind(MongoError(kind: .outcomeUnknown, code: 50, message: "")) == "lost")
    #expect(kind(MongoError(kind: .failed, mayHaveBeenApplied: true, code: 225, message: "")) == "refused")
    #expect(kind(MongoError(kind: .refused, code: 13, message: "")) == "refused")
  }
}
