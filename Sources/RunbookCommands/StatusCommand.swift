import ArgumentParser
import Foundation
import OrderedCollections
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookSQLiteJournal

struct StatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show where a run stands, from what is recorded; ends with the run's exit status.")

  @Argument(help: "The run; left out, the only unfinished one, or else the latest.")
  var run: String?

  @Option(help: "text or json.")
  var format: OutputFormat = .text

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let journal = try await stateOptions.open(redactor: Redactor(), create: false)
    let id = try await RunChoice.resolve(run, from: journal, of: stateOptions, what: "run", fits: \.isUnfinished, orElse: { _ in true })
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    let leader = try Self.leader(of: id, in: journal, of: stateOptions)
    let summary = recorded.summary(stateOption: stateOptions.state, isLed: leader != nil)
    let progress = try? await journal.progress(of: id)
    switch format {
    case .text:
      Messages.data(Self.stepLines(recorded))
      Messages.data(summary.text(colored: Messages.showsColors(STDOUT_FILENO)))
      if let leader { Messages.data("  Led by:       process \(leader.pid) on \(leader.host)") }
    case .json:
      var map = summary.value.mapValue ?? [:]
      map["planPath"] = .string(recorded.header.planPath)
      map["planDigest"] = .string(recorded.header.planDigest)
      map["params"] = recorded.header.params
      if let leader { map["ledBy"] = leader.value }
      map["progress"] = .list(
        (progress ?? []).map { .object(["effect": .string($0.effect), "at": .timestamp($0.at), "progress": $0.payload]) })
      Messages.data(Value.map(map).plainJSON.encodedJSON())
    }
    let active = recorded.state.status == .running || recorded.state.status == .rollingBack
    let code = leader != nil && active ? 7 : recorded.state.exitCode
    if code != 0 { throw ExitCode(code) }
  }

  /// The process that leads the run now; nil where none does.
  static func leader(of run: String, in journal: SQLiteJournal, of options: StateOptions) throws -> ProcessIdentity? {
    do throws(JournalError) {
      guard case .held(let owner) = try RunLock.holder(run: run, directory: journal.directory) else { return nil }
      return owner
    } catch {
      throw options.exit(error)
    }
  }

  private static func stepLines(_ recorded: RecordedRun) -> String {
    var lines: [String] = []
    for phase in recorded.bound.plan.phases {
      lines.append("Phase \(phase.id): \(recorded.state.phase(phase.id)?.status.rawValue ?? "pending")")
      for step in phase.steps {
        guard let record = recorded.state.step(step.id) else { continue }
        let word = record.status.rawValue
        lines.append("  \(word)\(String(repeating: " ", count: max(1, 8 - word.count)))\(step.id)\(step.title.map { ": \($0)" } ?? "")")
      }
    }
    return lines.joined(separator: "\n")
  }
}
