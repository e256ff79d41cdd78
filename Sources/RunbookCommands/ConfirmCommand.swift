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

struct ConfirmCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "confirm", abstract: "Answer what a run asks of people: with yes, or with --no.",
    discussion: "Without items it shows what is asked, and answers all of it with --all.")

  @Argument(help: "The run; then the items, left out to see them.")
  var run: String

  @Argument(help: "Ids of items, as 'runbook confirm RUN' shows them.")
  var items: [String] = []

  @Flag(help: "Answer every open item.")
  var all = false

  @Flag(help: "Answer no instead of yes.")
  var no = false

  @Option(help: "How it is known; recorded. Needed for items that ask for evidence.")
  var evidence: String?

  @Option(help: "text or json, for what is asked.")
  var format: OutputFormat = .text

  @OptionGroup var stateOptions: StateOptions

  func run() async throws {
    let journal = try await stateOptions.open(redactor: Redactor(), create: false)
    let recorded = try await RecordedRun.read(run, from: journal, of: stateOptions)
    guard let gate = recorded.openGate else {
      throw Messages.usage("run \(run) asks nothing of people now", help: "'runbook status \(run)' shows where it stands")
    }
    let posted = try await posted(to: gate.subject, in: journal)
    let open = gate.items.filter { item in !recorded.isAnswered(item.id, of: gate.subject) && !posted.contains(item.id) }
    if format == .json, items.isEmpty, !all { return Messages.data(Self.value(open, gate: gate, run: run).encodedJSON()) }
    if open.isEmpty, items.isEmpty {
      Messages.error("everything that '\(gate.subject)' asks is answered")
      return next("runbook resume \(run)")
    }
    if items.isEmpty, !all {
      Messages.data(Self.list(open, gate: gate, plan: recorded.bound.plan))
      next("runbook confirm \(run) --all\(open.contains(where: \.evidenceIsRequired) ? " --evidence 'how it is known'" : "")")
      return
    }
    let chosen = try all ? open : items.map { id in try Self.item(id, of: gate) }
    for item in chosen { try check(item, plan: recorded.bound.plan) }
    for item in chosen {
      let answer = GateAnswerValue(item: item.id, isYes: !no, at: SystemClock().now(), evidence: evidence, how: "confirm")
      var argument = answer.value.mapValue ?? [:]
      argument["subject"] = .string(gate.subject)
      try await Inbox.post(RequestKind.answer, .map(argument), run: run, journal: journal, of: stateOptions)
      Messages.error("\(item.id): \(no ? "refused" : "confirmed") by \(Wiring.user)")
    }
    if try StatusCommand.leader(of: run, in: journal, of: stateOptions) == nil { next("runbook resume \(run)") }
  }

  /// Items that somebody answered since the run stood; whoever resumes it takes the answers up.
  private func posted(to subject: String, in journal: SQLiteJournal) async throws -> Set<String> {
    let rows: [RequestRow]
    do throws(JournalError) { rows = try await journal.pendingRequests(of: run) } catch { throw stateOptions.exit(error) }
    let answers = rows.filter { $0.kind == RequestKind.answer && $0.argument["subject"]?.stringValue == subject }
    return Set(answers.compactMap { $0.argument["item"]?.stringValue })
  }

  private func next(_ command: String) {
    Messages.error("  next: " + NextCommands.complete(command, stateOption: stateOptions.state))
  }

  private func check(_ item: Gate.Item, plan: Plan) throws {
    guard Plan.mayAnswer(Wiring.user, for: item.by, people: plan.people) else {
      throw Messages.usage(
        "'\(Wiring.user)' may not answer '\(item.id)'",
        help: "it is for \(item.by.joined(separator: " or ")); their identities stand under 'people'")
    }
    if item.evidenceIsRequired, !no, (evidence ?? "").isEmpty {
      throw Messages.usage("'\(item.id)' asks for evidence", help: "add --evidence 'how it is known'")
    }
  }

  private static func item(_ id: String, of gate: Gate) throws -> Gate.Item {
    guard let item = gate.items.first(where: { $0.id == id }) else {
      throw Messages.usage("'\(gate.subject)' has no item '\(id)'", help: "it asks for \(gate.items.map(\.id).joined(separator: ", "))")
    }
    return item
  }

  private static func value(_ items: [Gate.Item], gate: Gate, run: String) -> Value {
    var map: ValueMap = ["run": .string(run), "subject": .string(gate.subject)]
    if let title = gate.title { map["title"] = .string(title) }
    if let expires = gate.expiresAt { map["expiresAt"] = .timestamp(expires) }
    map["open"] = .list(
      items.map { item in
        .object([
          "id": .string(item.id), "text": .string(item.text), "by": .list(item.by.map(Value.string)),
          "evidenceRequired": .bool(item.evidenceIsRequired),
        ])
      })
    return Value.map(map).plainJSON
  }

  private static func list(_ items: [Gate.Item], gate: Gate, plan: Plan) -> String {
    var lines = ["'\(gate.subject)' waits for:"]
    for item in items {
      let people = item.by.map { id in plan.people.first { $0.id == id }.map { "\($0.name)\($0.contact.map { " (\($0))" } ?? "")" } ?? id }
      lines.append("  \(item.id): \(item.text)")
      lines.append(
        "    by \(people.isEmpty ? "anybody" : people.joined(separator: " or "))\(item.evidenceIsRequired ? ", with evidence" : "")")
    }
    return lines.joined(separator: "\n")
  }
}

extension RecordedRun {
  /// The gate at which the run waits for people, with its arguments as they are known now. Gates that come later are not asked yet.
  var openGate: Gate? {
    guard !state.status.isEnd, let subject = state.subjectAtHand,
      let call = bound.steps[subject]?.call ?? bound.checks[subject]?.call, call.descriptor.name == "manual.confirm"
    else { return nil }
    let scope = DeclarationScope(
      params: bound.params, metadata: bound.plan.metadata,
      run: RunFacts(id: header.run, planID: header.planID, startedAt: header.created, initiator: header.initiator))
    guard let gate = try? Gate(subject: subject, call: call, scope: scope) else { return nil }
    return gate.items.contains { !isAnswered($0.id, of: subject) } ? gate : nil
  }

  func isAnswered(_ item: String, of subject: String) -> Bool {
    state.answers(to: subject).contains { $0.value["item"]?.stringValue == item }
  }
}
