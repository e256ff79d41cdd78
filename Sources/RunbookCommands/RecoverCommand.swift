import ArgumentParser
import Foundation
import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookMongoActions
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookSQLiteJournal

struct RecoverCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Make a lost or outdated state of a run again from what its target keeps.",
    discussion: """
      A target that a run changes has a copy of every entry up to the last change. The state that is made of it stands as after a crash: resume or rollback \
      finds out what became of what was under way. What was recorded of checks and gates after that is asked again.
      """)

  @Option(
    help: ArgumentHelp(
      "The target's address, or env:NAME or file:PATH where it is kept. One with a password in it is refused, since others could read it in the list of processes.",
      valueName: "uri"))
  var target: String

  @Option(help: "The target's database; by default the one of the address.")
  var database: String?

  @Option(help: "The run; needed where the target knows several that have not ended.")
  var run: String?

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let redactor = Redactor()
    let place = try await connect(try address(redactor), redactor)
    do {
      try await recover(from: place, redactor: redactor)
      await place.close()
    } catch {
      await place.close()
      throw error
    }
  }

  private func recover(from place: any CoordinatingTarget, redactor: Redactor) async throws {
    let receipt = try Self.choose(run, of: try await read(redactor) { () async throws(ActionError) in try await place.allReceipts() })
    let entries = try await read(redactor) { () async throws(ActionError) in try await place.readReceiptEntries(run: receipt.run) }
    let recovery: RunRecovery
    do throws(RunFailure) { recovery = try RunRecovery(receipt: receipt, entries: entries) } catch { throw stateOptions.exit(error) }
    let id = recovery.header.run
    let journal = try await stateOptions.open(redactor: redactor, create: true)
    let lock: RunLock
    do throws(JournalError) { lock = try RunLock.acquire(run: id, directory: journal.directory) } catch { throw stateOptions.exit(error) }
    defer { withExtendedLifetime(lock) {} }
    let outcome: RunRecovery.Outcome
    do throws(RunFailure) { outcome = try await recovery.store(in: journal) } catch { throw stateOptions.exit(error) }
    let recorded = try await RecordedRun.read(id, from: journal, of: stateOptions)
    let when = TimestampText.format(milliseconds: recovery.status.updated)
    switch outcome {
    case .made: Messages.error("run \(id) of plan '\(recovery.header.planID)': made again, \(recovery.head.seq) entries up to \(when)")
    case .extended(let seq):
      Messages.error("run \(id) of plan '\(recovery.header.planID)': entries \(seq + 1) to \(recovery.head.seq) were added, up to \(when)")
    case .nothingMissing: Messages.error("run \(id) of plan '\(recovery.header.planID)': this state has all that the target knows")
    }
    let summary = recorded.summary(stateOption: stateOptions.state, isLed: false)
    Messages.error("  state now: \(summary.standing)")
    Messages.next(summary.next, state: nil)
  }

  private func read<T: Sendable>(_ redactor: Redactor, _ body: () async throws(ActionError) -> T) async throws -> T {
    do throws(ActionError) { return try await body() } catch {
      throw stateOptions.exit(
        RunFailure(
          code: error.code, exitStatus: 1, message: redactor.redact(error.message), standing: "no state was made or changed",
          next: [error.help].compactMap(\.self)))
    }
  }

  // MARK: where it is

  /// The address, out of the process list's reach where it has a password.
  private func address(_ redactor: Redactor) throws -> String {
    for (prefix, isEnvironment) in [("env:", true), ("file:", false)] where target.hasPrefix(prefix) {
      let name = String(target.dropFirst(prefix.count))
      let text =
        isEnvironment
        ? ProcessInfo.processInfo.environment[name]
        : FileManager.default.contents(atPath: name).map {
          String(decoding: $0, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        }
      guard let text, !text.isEmpty else {
        throw Messages.usage(
          isEnvironment ? "the variable \(name) is not set" : "the file \(name) cannot be read, or is empty",
          help: "it has to hold the target's address")
      }
      redactor.learn(text)
      return text
    }
    guard !MongoURI(target).holdsSecret else {
      throw Messages.usage(
        "the address has a password in it, which every user of this machine can read in the list of processes",
        help: "put it into a variable or a file and write --target env:NAME or --target file:PATH")
    }
    return target
  }

  private func connect(_ address: String, _ redactor: Redactor) async throws -> any CoordinatingTarget {
    var fields: ValueMap = ["uri": .string(address)]
    if let database { fields["database"] = .string(database) }
    do throws(ActionError) {
      let made = try await MongoTargetConnector().connect(name: "target", fields: fields)
      guard let place = made as? any CoordinatingTarget else { preconditionFailure("a mongodb target keeps receipts") }
      return place
    } catch {
      throw Messages.usage(redactor.redact(error.message), help: "name the database with --database where the address has none")
    }
  }

  /// The receipt that is meant.
  private static func choose(_ run: String?, of receipts: [RunReceipt]) throws -> RunReceipt {
    func list(_ receipts: [RunReceipt]) -> String {
      receipts.map { receipt in
        let created = receipt.details["created"]?.timestampValue.map { ", begun \(TimestampText.format(milliseconds: $0))" } ?? ""
        return "  \(receipt.run)  \(receipt.plan)  \(receipt.status)\(created)"
      }.joined(separator: "\n")
    }
    if receipts.isEmpty {
      throw Messages.usage("no run has left anything in this target", help: "look whether it is the database of the plan's target")
    }
    if let run {
      if let found = receipts.first(where: { $0.run == run }) { return found }
      throw Messages.usage("this target knows no run \(run)", help: "it knows:\n" + list(receipts))
    }
    let open = receipts.filter { !(RunStatus(rawValue: $0.status)?.isEnd ?? false) }
    if open.count == 1 { return open[0] }
    throw Messages.usage(
      open.isEmpty ? "every run that this target knows has ended" : "this target knows several runs that have not ended",
      help: "name one with --run:\n" + list(open.isEmpty ? receipts : open))
  }
}
