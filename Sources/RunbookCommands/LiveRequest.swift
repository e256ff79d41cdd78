import ArgumentParser
import Foundation
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal

/// Puts requests where the executor of a run finds them.
enum Inbox {
  /// - Returns: the request's id.
  @discardableResult
  static func post(_ kind: String, _ argument: Value, run: String, journal: SQLiteJournal, of options: StateOptions) async throws
    -> String
  {
    let now = SystemClock().now()
    let row = RequestRow(
      id: "q\(now)-\(String(UInt32.random(in: .min ... .max), radix: 36))", run: run, kind: kind, argument: argument, who: Wiring.user,
      from: ProcessIdentity.current().host, at: now)
    do throws(JournalError) { try await journal.post(row) } catch { throw options.exit(error) }
    return row.id
  }
}

/// What the process that leads a run makes of a request.
enum LiveAnswer {
  case taken
  /// It did not fit the state of the run by then.
  case declined
  /// It was not looked at yet.
  case waiting
}

/// A run that some process leads, and that is asked for something.
struct LiveRun {
  let run: String
  let leader: ProcessIdentity
  let journal: SQLiteJournal
  let options: StateOptions

  /// How long a request is watched: many times as long as an executor takes to look into its inbox.
  private static let patience = Duration.seconds(5)

  /// The process that leads the run; nil where none does.
  static func find(_ run: String, in journal: SQLiteJournal, of options: StateOptions) throws -> LiveRun? {
    do throws(JournalError) {
      guard case .held(let owner) = try RunLock.holder(run: run, directory: journal.directory) else { return nil }
      return LiveRun(run: run, leader: owner ?? ProcessIdentity.current(), journal: journal, options: options)
    } catch {
      throw options.exit(error)
    }
  }

  var label: String { "run \(run) is led by process \(leader.pid) on \(leader.host)" }

  /// Posts a request and waits until the process has looked at it.
  func ask(_ kind: String, _ argument: Value) async throws -> LiveAnswer {
    let id = try await Inbox.post(kind, argument, run: run, journal: journal, of: options)
    let deadline = ContinuousClock.now + Self.patience
    do throws(JournalError) {
      while ContinuousClock.now < deadline {
        if let seq = try await journal.requests(of: run).first(where: { $0.id == id })?.consumedSeq {
          let records = try await journal.records(of: run, from: seq, limit: 50)
          let record = records.first { $0.payload["request"]?.stringValue == id }
          return record?.kind == "requestDeclined" ? .declined : .taken
        }
        try? await Task.sleep(for: .milliseconds(50))
      }
    } catch {
      throw options.exit(error)
    }
    return .waiting
  }

  /// Says who leads the run and what becomes of the request, and what can come next.
  /// - Throws: exit 1 where the request was set aside.
  func tell(_ answer: LiveAnswer, asked what: String, then follows: String) throws {
    switch answer {
    case .taken: Messages.error("\(label); it was asked to \(what), and has taken the request")
    case .waiting: Messages.error("\(label); it was asked to \(what), and has not looked at the request yet")
    case .declined:
      Messages.error("\(label); it was asked to \(what), but by then that did not fit: nothing came of the request")
      next(["runbook status \(run)"])
      throw ExitCode(1)
    }
    Messages.error("  then:      \(follows)")
    next(["runbook status \(run)", "runbook logs \(run) --follow"])
  }

  func next(_ commands: [String]) { Messages.next(commands, state: options.state) }
}

extension Messages {
  /// The exact commands that can come next.
  static func next(_ commands: [String], state: String?) {
    for (index, command) in commands.enumerated() {
      error((index == 0 ? "  next:      " : "             ") + NextCommands.complete(command, stateOption: state))
    }
  }
}

extension RecordedRun {
  /// Where a pause takes hold of what is under way now.
  var pauseBorder: String {
    guard let effect = changing else { return "at once, since nothing that changes something is under way" }
    return switch effect.interrupt {
    case .batch: "at the next batch border of '\(effect.id.subject)'"
    case .abort, .await: "as soon as '\(effect.id.subject)' has ended\(bound(of: effect))"
    }
  }

  /// Where a cancel takes hold of it.
  var cancelBorder: String {
    guard let effect = changing else { return "at once, since nothing that changes something is under way" }
    return switch effect.interrupt {
    case .batch: "at the next batch border of '\(effect.id.subject)'"
    case .abort: "by breaking '\(effect.id.subject)' off; what became of it is then found out"
    case .await: "as soon as '\(effect.id.subject)' has ended\(bound(of: effect))"
    }
  }

  private var changing: Effect? { state.outstanding.first.flatMap { $0.mutates ? $0 : nil } }

  /// How long what has to be awaited may take at most, where that is bounded.
  private func bound(of effect: Effect) -> String {
    guard let limit = bound.steps[effect.id.subject]?.limits.timeout else { return "" }
    return ", which takes at most \(DurationText.format(microseconds: limit))"
  }
}
