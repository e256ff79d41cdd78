import ArgumentParser
import OrderedCollections
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookSQLiteJournal

struct VerifyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Check that the journal of a run is whole and was changed by nobody; ends with 1 where it was.",
    discussion: "Each entry carries the hash of the one before it, and the run's header a sum of its own.")

  @Argument(help: "The run.")
  var run: String

  @Option(help: "text or json.")
  var format: OutputFormat = .text

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let journal = try await stateOptions.open(redactor: Redactor(), create: false)
    let verdict: ChainVerdict
    do throws(JournalError) { verdict = try await examine(journal) } catch { throw stateOptions.exit(error) }
    switch (format, verdict) {
    case (.json, .intact(let head)):
      Messages.data(
        Value.object(["run": .string(run), "intact": true, "entries": .integer(head.seq), "head": .string("\(head.hash)")]).encodedJSON())
    case (.json, .broken(let seq, let reason)):
      Messages.data(
        Value.object(["run": .string(run), "intact": false, "brokenAt": .integer(seq), "reason": .string(reason)]).encodedJSON())
    case (.text, .intact(let head)):
      Messages.data(
        "run \(run): \(PeopleText.count(Int(head.seq), "entry", plural: "entries")), the chain is intact, head \(head.hash)")
    case (.text, .broken(let seq, let reason)):
      let before = seq > 1 ? "; the \(seq - 1) before it are as they were written" : ""
      Messages.data("run \(run): \(seq > 0 ? "entry \(seq)" : "the header") is damaged: \(reason)\(before)")
    }
    guard case .broken = verdict else { return }
    Messages.error("  state now: nothing was done; no command goes on with a journal that is damaged")
    Messages.next(["bring the state file back from a copy", "runbook verify \(run)"], state: stateOptions.state)
    throw ExitCode(1)
  }

  /// The chain, then whether the header is what was written and every entry can be read.
  private func examine(_ journal: SQLiteJournal) async throws(JournalError) -> ChainVerdict {
    do throws(JournalError) {
      _ = try await journal.header(of: run)
    } catch {
      guard case .damaged(let reason, _) = error else { throw error }
      return .broken(seq: 0, reason: reason)
    }
    let verdict = try await journal.verifyChain(of: run)
    guard case .intact = verdict else { return verdict }
    var unreadable: (seq: Int64, reason: String)?
    try await journal.forEachRecord(of: run) { (record) throws(JournalError) in
      do throws(EntryDecodingError) {
        _ = try Entry(kind: record.kind, version: record.version, payload: record.payload)
      } catch {
        unreadable = unreadable ?? (record.seq, "\(error)")
      }
    }
    return unreadable.map { .broken(seq: $0.seq, reason: $0.reason) } ?? verdict
  }
}
