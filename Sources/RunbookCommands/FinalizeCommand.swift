import ArgumentParser
import Foundation
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal

struct FinalizeCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "finalize", abstract: "Give up that an ended run can be rolled back, and remove what it keeps for that.",
    discussion: """
      Removed are the run's undo entries, the parts of its receipts that a rollback would need, and those of its backups whose keepFor is over; \
      other backups stay and are named. The journal and the report stay. Who decided it is recorded.
      """)

  @Argument(help: "The run; left out, the only succeeded one that is not finalized.")
  var run: String?

  @Flag(help: "Every ended run whose keepUndo is over, and backups of finalized runs whose keepFor is.")
  var expired = false

  @Flag(help: "Do not ask.")
  var yes = false

  @Option(help: "Why; recorded.")
  var reason: String?

  @OptionGroup var stateOptions: StateOptions

  func validate() throws {
    if expired, run != nil { throw ValidationError("name a run, or give --expired, not both") }
  }

  func run() async throws {
    let redactor = Redactor()
    let journal = try await stateOptions.open(redactor: redactor, create: false)
    let runs: [String]
    if let run {
      runs = [run]
    } else {
      let aftermaths = try await aftermaths(in: journal)
      let now = SystemClock().now()
      let fitting = aftermaths.filter { expired ? $0.isExpired(at: now) : $0.isReversible }
      if fitting.isEmpty {
        Messages.error(expired ? "nothing is past its keepUndo or keepFor" : "no succeeded run keeps anything for its rollback")
        return
      }
      if !expired, fitting.count > 1 {
        let lines = fitting.map { "  \($0.listing.run)  \($0.listing.planID)  \($0.words(at: now))" }
        throw Messages.usage("there are several: name one of them, or give --expired\n" + lines.joined(separator: "\n"))
      }
      runs = fitting.map(\.listing.run)
    }
    var worst: ExitCode?
    for run in runs {
      do {
        try await finalize(run, journal: journal, redactor: redactor)
      } catch let code as ExitCode {
        worst = max(code, worst)
      }
    }
    if let worst { throw worst }
  }

  private func max(_ code: ExitCode, _ other: ExitCode?) -> ExitCode {
    guard let other else { return code }
    return code.rawValue > other.rawValue ? code : other
  }

  private func aftermaths(in journal: SQLiteJournal) async throws -> [RunAftermath] {
    do throws(JournalError) {
      var found: [RunAftermath] = []
      for listing in try await journal.runs() {
        if let aftermath = try await RunAftermath.read(listing, from: journal) { found.append(aftermath) }
      }
      return found
    } catch {
      throw stateOptions.exit(error)
    }
  }

  private func finalize(_ id: String, journal: SQLiteJournal, redactor: Redactor) async throws {
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    let lock: RunLock
    do throws(JournalError) { lock = try RunLock.acquire(run: id, directory: journal.directory) } catch { throw stateOptions.exit(error) }
    defer { withExtendedLifetime(lock) {} }
    let access = TargetAccess(recorded, journal: journal, redactor: redactor)
    defer { Task { [targets = access.targets] in await targets.closeAll() } }
    if recorded.state.status.isEnd {
      let kept: OrderedDictionary<String, KeptForRun>
      do throws(ActionError) { kept = try await access.launcher.kept() } catch { throw unreachable(error, id) }
      if let decision = recorded.state.finalized, recorded.state.cleanedUp != nil, kept.values.allSatisfy({ !$0.isRemovable }) {
        Messages.error(
          "run \(id) was finalized by \(decision.who) at \(TimestampText.format(milliseconds: decision.at)); nothing is left to remove")
        return tellLeft(kept.mapValues { CleanUp(left: $0) })
      }
      try await confirm(recorded, kept)
    }
    let done: OrderedDictionary<String, CleanUp>
    do throws(RunFailure) { done = try await access.launcher.finalize(reason: reason ?? "") } catch { throw stateOptions.exit(error) }
    let removed = Self.removed(done)
    Messages.error("run \(id): finalized; \(removed.isEmpty ? "nothing had to be removed" : "removed " + removed.joined(separator: "; "))")
    tellLeft(done)
  }

  private func unreachable(_ error: ActionError, _ id: String) -> ExitCode {
    stateOptions.exit(
      RunFailure(
        code: error.code, exitStatus: 1, message: error.message, standing: "nothing was removed, and nothing was decided",
        next: [error.help, "runbook finalize \(id)"].compactMap(\.self)))
  }

  // MARK: the question

  private func confirm(_ recorded: RecordedRun, _ kept: OrderedDictionary<String, KeptForRun>) async throws {
    let (id, state) = (recorded.header.run, recorded.state)
    Messages.error(
      "Run \(id) of plan '\(recorded.header.planID)' \(state.status.words)\(state.endedAt.map { ", \(TimestampText.format(milliseconds: $0))" } ?? "")"
    )
    if state.status == .succeeded, state.finalized == nil { Messages.error("  given up:  its rollback, for good") }
    for (target, kept) in kept {
      let parts = Self.parts(kept.removable)
      if !parts.isEmpty { Messages.error("  removed:   in '\(target)' \(parts.joined(separator: "; "))") }
    }
    tellLeft(kept.mapValues { CleanUp(left: $0.notRemovable) })
    if yes { return }
    guard Messages.isInteractive else {
      throw Messages.usage(
        "finalize asks before it removes anything, and there is no terminal to ask at; nothing was removed",
        help: "add --yes where that is decided")
    }
    guard await TerminalConsole().confirm("Finalize run \(id)? [yes/no] ") else {
      Messages.error("not finalized; nothing was removed")
      throw ExitCode(1)
    }
  }

  private func tellLeft(_ done: OrderedDictionary<String, CleanUp>) {
    for (target, cleanUp) in done {
      for backup in cleanUp.left.backups {
        let until = backup.expiresAt.map { "until \(TimestampText.format(milliseconds: $0))" } ?? "for good"
        Messages.error(
          "  kept:      in '\(target)' the backup '\(backup.collection.name)' (\(PeopleText.bytes(backup.collection.bytes))) \(until)")
      }
      for note in cleanUp.notes { Messages.error("  note:      in '\(target)' \(note)") }
    }
  }

  private static func removed(_ done: OrderedDictionary<String, CleanUp>) -> [String] {
    done.flatMap { target, cleanUp in parts(cleanUp.removed).map { "\($0) from '\(target)'" } }
  }

  private static func parts(_ kept: KeptForRun) -> [String] {
    var parts: [String] = []
    if !kept.undo.isEmpty {
      parts.append("the undo entries of \(PeopleText.count(kept.undo.count, "step")) (\(PeopleText.bytes(kept.undoBytes)))")
    }
    for dropped in kept.dropped {
      let documents = PeopleText.count(Int(dropped.collection.documents), "document")
      parts.append("the collection that step '\(dropped.step)' dropped (\(documents), \(PeopleText.bytes(dropped.collection.bytes)))")
    }
    for backup in kept.backups {
      parts.append("the expired backup '\(backup.collection.name)' (\(PeopleText.bytes(backup.collection.bytes)))")
    }
    return parts
  }
}

extension KeptForRun {
  fileprivate var isRemovable: Bool { !undo.isEmpty || !dropped.isEmpty || backups.contains(where: \.isExpired) }
  fileprivate var removable: KeptForRun { KeptForRun(undo: undo, backups: backups.filter(\.isExpired), dropped: dropped) }
  fileprivate var notRemovable: KeptForRun { KeptForRun(backups: backups.filter { !$0.isExpired }) }
}
