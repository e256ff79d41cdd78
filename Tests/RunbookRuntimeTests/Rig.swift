import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookSyntax
import RunbookTestSupport
import Testing

/// One run of one plan with everything real but what lies outside: a server, a clock and people in memory.
final class Rig: Sendable {
  let bound: BoundPlan
  let header: RunHeader
  let run: RunFacts
  let server: FakeServer
  let clock: FakeClock
  let redactor: Redactor
  let journal: MemoryJournal
  let secrets: [String: String]
  /// The server of the target `other`.
  let other: FakeServer

  /// - Parameters:
  ///   - phases: what stands behind the plan's head, from column 0.
  ///   - head: further keys of the plan.
  init(
    _ phases: String, head: String = "", run id: String = "run-1", server: FakeServer? = nil, clock: FakeClock = FakeClock(),
    secrets: [String: String] = [:], identity: String? = nil, targetFields: String? = nil
  ) throws {
    let text = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: sample }
      targets:
        other: { type: mongodb, uri: "fake" }
        db: { type: mongodb, uri: "fake"\(identity.map { ", identity: { replicaSet: \($0) }" } ?? "")\(targetFields.map { ", \($0)" } ?? "") }
      defaults: { target: db, collection: cells }
      \(head)
      \(phases)
      """
    let loaded = PlanLoader.load(path: "sample.yaml", text: text)
    let (loadedPlan, form, problems) = (loaded.plan, loaded.normalised, loaded.diagnostics.rendered(colored: false))
    let plan = try #require(loadedPlan, "\(problems)")
    let normalised = try #require(form)
    self.clock = clock
    self.secrets = secrets
    self.server = server ?? FakeServer(clock: clock)
    other = FakeServer(clock: clock, name: "other")
    run = RunFacts(id: id, planID: "sample", startedAt: clock.now(), initiator: "ana")
    let binding = ActionCatalog(actions: FakeActions.all() + FlowActions.all()).bind(plan, params: [:], run: run)
    let (boundPlan, mistakes) = (binding.bound, binding.diagnostics.rendered(colored: false))
    bound = try #require(boundPlan, "\(mistakes)")
    redactor = Redactor()
    journal = MemoryJournal(redactor: redactor)
    header = RunHeader(
      run: id, planID: "sample", planDigest: normalised.digest, planBytes: normalised.bytes, planPath: "sample.yaml", params: .emptyMap,
      targets: .emptyMap, created: clock.now(), toolVersion: "1", initiator: "ana")
    if server == nil { watchReceipts() }
  }

  /// A receipt never names a head that is not in the journal, with that hash.
  private func watchReceipts() {
    for server in [server, other] { server.watchReceipts { [journal] receipt in await Self.complaint(about: receipt, journal) } }
  }

  private static func complaint(about receipt: RunReceipt, _ journal: MemoryJournal) async -> String? {
    guard let record = try? await journal.records(of: receipt.run, from: max(receipt.headSequence, 1), limit: 1).first else {
      return "a receipt names entry \(receipt.headSequence), which is not recorded"
    }
    return "\(record.hash)" == receipt.headHash ? nil : "a receipt names another entry \(receipt.headSequence)"
  }

  /// What one process may be given.
  struct Process: Sendable {
    var journal: (any Journal)?
    var console: (any Console)?
    var observer: any RunObserver = RecordingObserver()
    var yes = false
    var user = "ana"
    var detaches = false
    var onLeading: @Sendable (RunExecutor) async -> Void = { _ in }
    /// The header as it was stored; the rig's own knows no targets.
    var header: RunHeader?
  }

  func launcher(_ process: Process = Process()) -> RunLauncher {
    let setting = RunSetting(
      bound: bound, run: run, header: process.header ?? header, journal: process.journal ?? journal,
      redactor: redactor, observer: process.observer,
      clock: clock, console: process.console, user: process.user, answersByItself: process.yes,
      owner: LeaseOwner(id: "owner", host: "here", processID: 1, processStart: 1, label: "here/1"), jitter: { 0 },
      detaches: process.detaches)
    let targets = TargetSet(
      plan: bound.plan, connectors: [FakeConnector(server, others: ["other": other])],
      scope: DeclarationScope(params: [:], metadata: bound.plan.metadata, run: run),
      secrets: SecretStore(plan: bound.plan, reader: LocalSecrets(directory: ".", environment: secrets), redactor: redactor))
    return RunLauncher(setting: setting, targets: targets, onLeading: process.onLeading)
  }

  @discardableResult
  func execute(_ process: Process = Process(), until: String? = nil) async throws(RunFailure) -> RunEnding {
    try await launcher(process).execute(until: until)
  }

  @discardableResult
  func resume(_ process: Process = Process(), _ wish: Request.Wish = .resume, reason: String = "") async throws(RunFailure) -> RunEnding {
    try await launcher(process).takeUp(wish, reason: reason)
  }

  func fold() async throws -> RunState { try await launcher().fold().state }

  func kinds() async throws -> [String] { try await journal.records(of: run.id).map(\.kind) }

  func entries() async throws -> [Entry] {
    try await journal.records(of: run.id).map { try Entry(kind: $0.kind, version: $0.version, payload: $0.payload) }
  }

  func post(_ kind: String, _ argument: Value, id: String, who: String = "ana") async throws {
    try await journal.post(RequestRow(id: id, run: run.id, kind: kind, argument: argument, who: who, from: "there", at: clock.now()))
  }

  func answer(_ subject: String, item: String, yes: Bool = true, who: String = "ana", evidence: String? = nil, id: String = "answer-1")
    async throws
  {
    var map =
      GateAnswerValue(item: item, isYes: yes, at: clock.now(), evidence: evidence, how: "confirm").value.mapValue ?? [:]
    map["subject"] = .string(subject)
    try await post(RequestKind.answer, .map(map), id: id, who: who)
  }

  /// What must hold at every end: nothing was complained about, and the journal's chain is whole.
  func checkPromises(_ place: SourceLocation = #_sourceLocation) async throws {
    #expect(server.complaints + other.complaints == [], sourceLocation: place)
    guard case .intact = try await journal.verifyChain(of: run.id) else {
      Issue.record("the chain is broken", sourceLocation: place)
      return
    }
  }
}

/// The failure that a call ends with.
func failure(of body: () async throws(RunFailure) -> RunEnding) async -> RunFailure? {
  do throws(RunFailure) {
    _ = try await body()
    return nil
  } catch {
    return error
  }
}
