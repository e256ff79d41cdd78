import ArgumentParser
import Foundation
import OrderedCollections
import RunbookActions
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the runs of this state, the newest first, and what the ended ones keep for a rollback.")

  @Flag(help: "Ask the targets how big what is kept is; without it nothing is contacted.")
  var sizes = false

  @Option(help: "text or json.")
  var format: OutputFormat = .text

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let redactor = Redactor()
    var lines: [RunLine] = []
    do throws(JournalError) {
      let journal = try await stateOptions.journal(redactor: redactor, create: false)
      for listing in try await journal.runs() {
        var line = RunLine(listing: listing, aftermath: try await RunAftermath.read(listing, from: journal))
        if sizes, line.aftermath != nil { line.kept = await kept(listing.run, journal: journal, redactor: redactor) }
        lines.append(line)
      }
    } catch {
      // Where nothing was ever recorded there are no runs; that is no mistake.
      guard case .noState = error else { throw stateOptions.exit(error) }
    }
    switch format {
    case .json: Messages.data(Value.list(lines.map(\.value)).plainJSON.encodedJSON())
    case .text:
      if lines.isEmpty { return Messages.error("no runs are recorded here; --state or RUNBOOK_STATE names another state") }
      let now = SystemClock().now()
      let head = ["run", "status", "plan", "begun", "by", "keeps"]
      for line in Table.lines([head + (sizes ? ["size"] : [])] + lines.map { $0.columns(at: now, sizes: sizes) }) { Messages.data(line) }
    }
  }

  /// What the targets of a run keep for it; why that is not known, where they cannot be asked.
  private func kept(_ run: String, journal: SQLiteJournal, redactor: Redactor) async -> Result<
    OrderedDictionary<String, KeptForRun>, ActionError
  > {
    guard let recorded = try? await RecordedRun.read(run, from: journal, of: stateOptions) else {
      return .failure(ActionError(code: "RB2510", message: "its stored plan cannot be read", kind: .mistake))
    }
    let access = TargetAccess(recorded, journal: journal, redactor: redactor)
    let result: Result<OrderedDictionary<String, KeptForRun>, ActionError>
    do throws(ActionError) { result = .success(try await access.launcher.kept()) } catch { result = .failure(error) }
    await access.targets.closeAll()
    return result
  }
}

/// One run of the list.
private struct RunLine {
  let listing: RunListing
  let aftermath: RunAftermath?
  /// Nil where nobody asked.
  var kept: Result<OrderedDictionary<String, KeptForRun>, ActionError>?

  func columns(at now: Int64, sizes: Bool) -> [String] {
    let columns = [
      listing.run, listing.status?.word ?? "pending", listing.planID, TimestampText.format(milliseconds: listing.created),
      listing.initiator,
      aftermath?.words(at: now) ?? "",
    ]
    return columns + (sizes ? [size(at: now)] : [])
  }

  private func size(at now: Int64) -> String {
    switch kept {
    case nil: return ""
    case .failure(let error): return "unknown: \(error.message)"
    case .success(let kept):
      let undo = kept.values.reduce(0) { $0 + $1.undoBytes }
      let backups = kept.values.reduce(0) { $0 + $1.backupBytes }
      let dropped = kept.values.reduce(0) { $0 + $1.droppedBytes }
      return "undo \(PeopleText.bytes(undo))" + (dropped > 0 ? ", dropped \(PeopleText.bytes(dropped))" : "")
        + (backups > 0 ? ", backups \(PeopleText.bytes(backups))\(age(ofBackupsIn: kept.values.flatMap(\.backups), at: now))" : "")
    }
  }

  private func age(ofBackupsIn backups: [KeptBackup], at now: Int64) -> String {
    guard let oldest = backups.compactMap(\.madeAt).min() else { return "" }
    return " (\(backups.count > 1 ? "oldest " : "")\(RunAftermath.age(now - oldest)) old)"
  }

  var value: Value {
    var map: ValueMap = [
      "run": .string(listing.run), "plan": .string(listing.planID), "status": .string(listing.status?.word ?? "pending"),
      "planPath": .string(listing.planPath), "planDigest": .string(listing.planDigest), "created": .timestamp(listing.created),
      "initiator": .string(listing.initiator), "toolVersion": .string(listing.toolVersion), "entries": .integer(listing.headSeq),
    ]
    if let status = listing.status {
      map["updated"] = .timestamp(status.updated)
      if let code = status.exitCode { map["exitCode"] = .integer(Int64(code)) }
    }
    if var keeps = aftermath?.value {
      switch kept {
      case nil: break
      case .failure(let error): keeps["unknown"] = .string(error.message)
      case .success(let kept): keeps["targets"] = .map(kept.reduce(into: ValueMap()) { $0[$1.key] = $1.value.value })
      }
      map["keeps"] = .map(keeps)
    }
    return .map(map)
  }
}

/// Columns of equal width.
enum Table {
  static func lines(_ rows: [[String]]) -> [String] {
    guard let first = rows.first else { return [] }
    let widths = first.indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      zip(row, widths).map { $0 + String(repeating: " ", count: max(0, $1 - $0.count)) }.joined(separator: "  ")
        .trimmingCharacters(in: .whitespaces)
    }
  }
}
