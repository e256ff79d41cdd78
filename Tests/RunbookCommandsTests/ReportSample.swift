import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookReport
import RunbookRuntime
import RunbookTestSupport
import Testing

/// A run with something of everything, recorded at fixed times: a gate, a capture, a conflict, a check that fails, a rollback, a request set aside.
struct ReportSample {
  let journal: MemoryJournal
  let header: RunHeader
  let bound: BoundPlan
  let state: RunState

  static let plan = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: sample, title: "A | sample" }
    people: { dba: { name: Database administrator, identities: [ben] } }
    targets: { db: { type: mongodb, uri: fake } }
    defaults: { target: db, collection: cells }
    params: { expected: { type: integer, default: 3 } }
    preconditions:
      - { id: ready, title: Everything is ready, action: fake.look, with: { cell: x }, expect: { equals: 0 } }
    phases:
      - id: one
        title: The change
        owner: dba
        steps:
          - { id: ask, action: manual.confirm, with: { items: [ { id: go, text: Go on?, by: dba, evidence: required } ] } }
          - id: a
            title: Set *x*
            action: fake.guarded
            with: { cell: x, by: 2 }
            capture: [ { id: before, action: fake.look, with: { cell: x }, expect: { exists: true } } ]
    verify:
      - { id: sees-x, title: x is right, action: fake.look, with: { cell: x }, expect: { equals: "${{ params.expected }}" } }
    verifyRollback:
      - { id: back, title: x is back, action: fake.look, with: { cell: x }, expect: { equals: 0 } }
    """

  static func make() async throws -> ReportSample {
    let loaded = PlanLoader.load(path: "sample.yaml", text: plan)
    let (plan, problems) = (loaded.plan, loaded.diagnostics.rendered(colored: false))
    let facts = RunFacts(id: "run-1", planID: "sample", startedAt: start, initiator: "ana")
    let binding = ActionCatalog(actions: FakeActions.all() + FlowActions.all()).bind(
      try #require(plan, "\(problems)"), params: ["expected": 3], run: facts)
    let (boundPlan, mistakes) = (binding.bound, binding.diagnostics.rendered(colored: false))
    let bound = try #require(boundPlan, "\(mistakes)")
    let normalised = try #require(loaded.normalised)
    let header = RunHeader(
      run: "run-1", planID: "sample", planDigest: "v1:0123", planBytes: normalised.bytes, planPath: "sample.yaml",
      params: .object(["expected": 3]),
      targets: .object(["db": .object(["identity": "set:rs-one/cells", "reserved": ["collection:cells"]])]),
      created: start, toolVersion: "0.1.0", initiator: "ana")
    let (entries, state) = drive(RunState(outline: Outline(bound)))
    let journal = MemoryJournal(redactor: Redactor())
    let records = entries.map {
      NewRecord(epoch: 1, at: $0.at, version: $0.version, kind: $0.kindName, payload: $0.payload, structuralKeys: $0.structuralKeys)
    }
    _ = try await journal.createRun(header, records: records, status: nil)
    journal.noteProgress(run: "run-1", effect: "step:a#1", at: start + 1_550, .object(["done": 1, "total": 2, "unit": "cells"]))
    journal.noteOutput(run: "run-1", effect: "step:a#1", stream: "stdout", at: start + 1_560, "one line\nand \u{1B}[31mred\n")
    journal.endOutput(run: "run-1", effect: "step:a#1", at: start + 1_570)
    return ReportSample(journal: journal, header: header, bound: bound, state: state)
  }

  private static let start: Int64 = 1_763_640_000_000

  /// The entries of the whole run, a quarter of a second apart.
  private static func drive(_ fresh: RunState) -> (entries: [Entry], state: RunState) {
    var state = fresh
    var entries: [Entry] = []
    var now = start
    func take(_ event: Input.Event) {
      entries += state.take(Input(at: now, event)).filter { !$0.isTransient }
      now += 250
    }
    take(.begin(info: .object(["initiator": "ana"]), until: nil))
    take(.leaseTaken(epoch: 1, newProcess: true, holder: "db:1", request: nil))
    while let effect = state.outstanding.first {
      if effect.id.subject == "ask" {
        let answer: Value = .object(["item": "go", "yes": true, "how": "confirm", "evidence": "ticket 7 | approved"])
        take(.answer(Answer(subject: "ask", value: answer, who: "ben")))
        take(.request(Request(.skipUndo("a"), who: "eve", reason: "why not", requestID: "q-1")))
      }
      take(.finished(effect.id, outcome(of: effect)))
    }
    return (entries, state)
  }

  private static func outcome(of effect: Effect) -> Outcome {
    switch (effect.id.verb, effect.id.subject) {
    case (.check, "sees-x"): .checked(CheckResult(.fail, observed: 2, message: "value is 2, expected equals 3"))
    case (.check, _): .checked(CheckResult(.pass, observed: 0))
    case (.verifyUndone, _): .checked(CheckResult(.pass))
    case (.capture, _):
      .done(
        .object([
          "call": .object(["arguments": .emptyMap, "target": "db", "collection": "cells"]),
          "captured": .object(["before": .object(["value": 0])]),
        ]))
    case (.undo, _):
      .undone(
        conflicts: 1, inDoubt: 0,
        details: .object(["conflicts": [.object(["id": 7, "fields": ["x"], "reason": "changed by the application since, kept"])]]))
    case (.perform, "a"): .done(.object(["changed": 2, "skipped": 0]))
    default: .done()
    }
  }

  func report() async throws -> RunReport {
    let summary = RunSummary(run: header.run, state: state, plan: bound.plan, planPath: header.planPath, params: bound.params)
    return try await RunReport.read(
      header: header, state: state, plan: bound.plan, params: bound.params, summary: summary, from: journal)
  }
}
