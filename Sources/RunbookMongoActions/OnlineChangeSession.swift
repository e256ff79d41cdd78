import MongoDriver
import RunbookActions
import Synchronization

/// A server session that carries the commands of an online change and nothing else, with its numbers.
struct OnlineChangeSession: Sendable {
  let session: MongoSession
  /// nil where the server knows no retryable writes.
  private(set) var number: Int64?

  var uuid: [UInt8] { session.uuid }

  /// Starts a fresh session, or takes a recorded one up.
  /// - Parameter number: the last number that was used in it.
  init(_ target: MongoTarget, uuid: [UInt8]? = nil, number: Int64 = 0) async throws(ActionError) {
    let isNumbered = try await target.serverFacts().hasRetryableWrites
    do throws(MongoError) {
      if let uuid {
        session = try await target.client.startSession(overwritingUUID: uuid)
      } else {
        session = try await target.client.startSession()
      }
    } catch {
      throw target.error(error, doing: "starting a session")
    }
    self.number = isNumbered ? number : nil
  }

  /// The number of the next command.
  mutating func nextNumber() -> Int64? {
    number = number.map { $0 + 1 }
    return number
  }
}

extension OnlineChange {
  /// Sends a command once.
  private func sendOnce(_ command: BSONDocument, in session: OnlineChangeSession) async -> OnlineChangeReply {
    do throws(MongoError) {
      let reply = try await target.client.writeCommand(command, database: target.database, session: session.session)
      return .answer(OnlineChangeAnswer(WriteReply(reply)))
    } catch {
      return Self.reply(to: error)
    }
  }

  /// What an error of a whole command says about its statements.
  static func reply(to error: MongoError) -> OnlineChangeReply {
    switch error.code {
    // The session has gone on, or its record is no longer complete: the server will not say.
    case 225, 217: return .refused(error)
    case nil:
      if error.mayHaveBeenApplied { return .lost(error) }
      return error.isTransient ? .notSent(error) : .refused(error)
    default:
      // A primary that steps down in mid-command says so for the command as a whole.
      return error.mayHaveBeenApplied || error.isTransient ? .lost(error) : .refused(error)
    }
  }

  /// Sends a command until it is known what became of each of its statements.
  /// - Parameters:
  ///   - mayHaveActed: whether it has been sent before, by whomever.
  ///   - look: reads the documents of the statements given.
  /// - Returns: the outcome, and the error of a command that was refused as a whole and did nothing.
  /// - Throws: `outcomeUnknown` when no answer can be had, after about half a minute; the block then stays as it is.
  func deliver(
    _ command: BSONDocument, in session: OnlineChangeSession, statements: Int, mayHaveActed: Bool,
    look: ([Int]) async throws(ActionError) -> [Int: OnlineChangeLook]
  ) async throws(ActionError) -> (outcome: OnlineChangeOutcome, refusal: MongoError?) {
    // Without a number a second try would be a second execution.
    let isNumbered = command["txnNumber"] != nil
    var judge = OnlineChangeJudge(count: statements, mayHaveActed: mayHaveActed)
    var pause = 50
    let start = ContinuousClock.now
    while true {
      let reply = await sendOnce(command, in: session)
      var refusal: MongoError?
      var failure: MongoError?
      var isPlain = false
      switch reply {
      case .refused(let error): refusal = error
      case .lost(let error), .notSent(let error): failure = error
      case .answer(let answer): isPlain = !answer.concernFailed && !answer.wasInterrupted
      }
      switch judge.take(reply) {
      case .settled(let outcome): return (outcome, refusal)
      case .read(let indexes): return (judge.settle(try await look(indexes)), nil)
      case .sendAgain:
        if !isNumbered, isPlain { return (judge.settle(try await look(judge.unknown)), nil) }
        if ContinuousClock.now - start > timing.patience {
          throw ActionError(
            code: UpdateErrorCode.unresolved,
            message: "target '\(target.name)' does not tell what became of a batch of '\(step)'"
              + (failure.map { ": \($0)" } ?? ""),
            kind: .outcomeUnknown, help: "runbook resume asks again")
        }
        if !isPlain {
          try? await Task.sleep(for: .milliseconds(pause))
          pause = min(pause * 2, 2000)
        }
      }
    }
  }
}

/// Counts down to a crash.
final class HitCounter: Sendable {
  private let left: Mutex<Int64>

  init(_ count: Int64) { left = Mutex(count) }

  func isReached() -> Bool {
    left.withLock { left in
      left -= 1
      return left == 0
    }
  }
}
