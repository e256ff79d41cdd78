import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan

/// Where people can be asked: a terminal. Implemented where the program meets the outside.
public protocol Console: Sendable {
  /// Asks one question; nil where nobody answered because the question was taken back.
  func ask(_ question: ConsoleQuestion) async -> ConsoleAnswer?
}

public struct ConsoleQuestion: Sendable, Hashable {
  public var subject: String
  public var item: Gate.Item
  /// Names and contacts of the people who may answer, for the prompt.
  public var people: [String]
}

public struct ConsoleAnswer: Sendable, Hashable {
  public var isYes: Bool
  public var evidence: String?

  public init(isYes: Bool, evidence: String?) {
    self.isYes = isYes
    self.evidence = evidence
  }
}

/// Knows who may answer what, collects the answers of a gate, and has each of them recorded before it counts.
actor PeopleDesk: People {
  private let plan: Plan
  private let state: StateBox
  private let clock: any RunClock
  private let console: (any Console)?
  /// Who runs this process, as the operating system says.
  private let user: String
  /// `--yes` was given: items that need no evidence are answered in the name of whoever started the run.
  private let answersByItself: Bool
  private let awake: AwakeTriggers
  private let record: @Sendable (Answer) async -> Void
  /// How often it has slept at this gate, waiting for others.
  private var naps = 0

  /// How often answers of other processes are looked for, in milliseconds.
  private static let lookInterval: Int64 = 250

  init(
    plan: Plan, state: StateBox, clock: any RunClock, console: (any Console)?, user: String, answersByItself: Bool, awake: AwakeTriggers,
    record: @escaping @Sendable (Answer) async -> Void
  ) {
    self.plan = plan
    self.state = state
    self.clock = clock
    self.console = console
    self.user = user
    self.answersByItself = answersByItself
    self.awake = awake
    self.record = record
  }

  func answers(to gate: Gate) async throws(ActionError) -> [GateAnswer] {
    naps = 0
    while true {
      let known = knownAnswers(to: gate)
      let open = gate.items.filter { item in !known.contains { $0.item == item.id } }
      guard let next = open.first else { return known }
      if known.contains(where: { !$0.isYes }) { return known }
      if let expires = gate.expiresAt, clock.now() >= expires { return known }
      if answersByItself, !next.evidenceIsRequired {
        await give(ConsoleAnswer(isYes: true, evidence: nil), to: next, of: gate, how: "--yes")
        continue
      }
      guard let console, mayAnswer(next) else {
        try await waitWatched(for: open, of: gate)
        continue
      }
      let question = ConsoleQuestion(subject: gate.subject, item: next, people: next.by.map(label))
      guard let answer = await console.ask(question) else { throw waiting(for: open, of: gate) }
      await give(answer, to: next, of: gate, how: "terminal")
    }
  }

  /// Waits for answers of other processes, as long as triggers are awake meanwhile.
  private func waitWatched(for open: [Gate.Item], of gate: Gate) async throws(ActionError) {
    let waiting = waiting(for: open, of: gate)
    let live = awake.live()
    if live.isEmpty || Task.isCancelled { throw waiting }
    // Not before what led here is told, which waits for its transaction.
    if naps == 2 { awake.say(waiting.message, live) }
    naps += 1
    await clock.sleep(milliseconds: Self.lookInterval)
  }

  /// The last answer to each item counts, of those by people who may give it, with the evidence that is asked for, in time.
  private func knownAnswers(to gate: Gate) -> [GateAnswer] {
    var answers = OrderedDictionary<String, GateAnswer>()
    for answer in state.answers(to: gate.subject) {
      guard let id = answer.value["item"]?.stringValue, let isYes = answer.value["yes"]?.boolValue,
        let item = gate.items.first(where: { $0.id == id })
      else { continue }
      let at = answer.value["at"]?.timestampValue ?? 0
      let evidence = answer.value["evidence"]?.stringValue
      // `--yes` answers in the name of whoever started the run, and never where evidence is asked for.
      guard answer.value["how"] == .string("--yes") || Plan.mayAnswer(answer.who, for: item.by, people: plan.people) else { continue }
      if isYes, item.evidenceIsRequired, (evidence ?? "").isEmpty { continue }
      if let expires = gate.expiresAt, at >= expires { continue }
      answers[id] = GateAnswer(item: id, isYes: isYes, by: answer.who, at: at, evidence: evidence)
    }
    return gate.items.compactMap { answers[$0.id] }
  }

  private func give(_ answer: ConsoleAnswer, to item: Gate.Item, of gate: Gate, how: String) async {
    await record(
      Answer(
        subject: gate.subject,
        value: GateAnswerValue(item: item.id, isYes: answer.isYes, at: clock.now(), evidence: answer.evidence, how: how).value, who: user))
  }

  private func mayAnswer(_ item: Gate.Item) -> Bool { Plan.mayAnswer(user, for: item.by, people: plan.people) }

  private func label(_ id: String) -> String {
    guard let person = plan.people.first(where: { $0.id == id }) else { return id }
    return person.contact.map { "\(person.name) (\($0))" } ?? person.name
  }

  private func waiting(for items: [Gate.Item], of gate: Gate) -> ActionError {
    let names = items.map { item in item.by.isEmpty ? item.id : "\(item.id) by \(item.by.map(label).joined(separator: " or "))" }
    return ActionError(
      code: "RB2401", message: "'\(gate.subject)' waits for people: \(names.joined(separator: ", "))", kind: .awaitingPeople,
      help: "runbook confirm \(gate.subject)")
  }
}

/// An answer as it stands in the journal.
public struct GateAnswerValue: Sendable {
  public var item: String
  public var isYes: Bool
  /// Milliseconds since 1970.
  public var at: Int64
  public var evidence: String?
  /// `terminal`, `--yes` or `confirm`.
  public var how: String

  public init(item: String, isYes: Bool, at: Int64, evidence: String?, how: String) {
    self.item = item
    self.isYes = isYes
    self.at = at
    self.evidence = evidence
    self.how = how
  }

  public var value: Value {
    var map: ValueMap = ["item": .string(item), "yes": .bool(isYes), "at": .timestamp(at), "how": .string(how)]
    if let evidence { map["evidence"] = .string(evidence) }
    return .map(map)
  }
}

extension Plan {
  /// Whether somebody may answer for one of the people named; without names or identities anybody may.
  public static func mayAnswer(_ identity: String, for ids: [String], people: [Person]) -> Bool {
    if ids.isEmpty { return true }
    return ids.contains { id in
      guard let person = people.first(where: { $0.id == id }) else { return true }
      return person.identities.isEmpty || person.identities.contains(identity)
    }
  }
}
