import ArgumentParser
import Foundation
import OrderedCollections
import RunbookJournal
import RunbookPlan

struct ListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the runs of this state, the newest first.")

  @Option(help: "text or json.")
  var format: OutputFormat = .text

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let runs = try await recordedRuns()
    switch format {
    case .json: Messages.data(Value.list(runs.map(\.value)).plainJSON.encodedJSON())
    case .text:
      if runs.isEmpty { return Messages.error("no runs are recorded here; --state or RUNBOOK_STATE names another state") }
      let rows = runs.map {
        [$0.run, $0.status?.word ?? "pending", $0.planID, TimestampText.format(milliseconds: $0.created), $0.initiator]
      }
      for line in Table.lines([["run", "status", "plan", "begun", "by"]] + rows) { Messages.data(line) }
    }
  }
}

extension ListCommand {
  /// Where nothing was ever recorded there are no runs; that is no mistake.
  private func recordedRuns() async throws -> [RunListing] {
    do throws(JournalError) {
      return try await stateOptions.journal(redactor: Redactor(), create: false).runs()
    } catch {
      if case .noState = error { return [] }
      throw stateOptions.exit(error)
    }
  }
}

extension RunListing {
  fileprivate var value: Value {
    var map: ValueMap = [
      "run": .string(run), "plan": .string(planID), "status": .string(status?.word ?? "pending"), "planPath": .string(planPath),
      "planDigest": .string(planDigest), "created": .timestamp(created), "initiator": .string(initiator),
      "toolVersion": .string(toolVersion),
      "entries": .integer(headSeq),
    ]
    if let status {
      map["updated"] = .timestamp(status.updated)
      if let code = status.exitCode { map["exitCode"] = .integer(Int64(code)) }
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
