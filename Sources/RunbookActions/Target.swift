import OrderedCollections
import RunbookPlan

/// Something that actions work on, connected. Made by a `TargetConnector` of its type.
public protocol Target: Sendable {
  var name: String { get }
  var type: String { get }
  /// What tells this deployment from any other, for reports and for `identity:`.
  func identity() async throws(ActionError) -> TargetIdentity
  func close() async
}

public struct TargetIdentity: Sendable, Hashable {
  /// What `identity:` can be compared with: `replicaSet`, `clusterId`, `hosts`, `database`.
  public var facts: ValueMap
  /// Equal for equal deployments and databases, for "the same plan on an overlapping target".
  public var key: String

  public init(facts: ValueMap, key: String) {
    self.facts = facts
    self.key = key
  }
}

/// Makes targets of one type out of their declarations.
public protocol TargetConnector: Sendable {
  var type: String { get }
  var fields: [FieldType.Field] { get }
  /// Connects lazily; `fields` has secrets put in. Errors never contain them.
  func connect(name: String, fields: ValueMap) async throws(ActionError) -> any Target
}

/// A target in which a run reserves what it changes, holds a lease, and leaves receipts (online-change page, F; reliability page, "Target receipt").
public protocol CoordinatingTarget: Target {
  /// Takes all of the reservations or none.
  /// - Returns: nil, or the reservation that another run holds, and that run.
  func reserve(run: String, reservations: [String], plan: String) async throws(ActionError) -> ReservationConflict?
  func releaseReservations(run: String) async throws(ActionError)

  /// Takes the lease as soon as it may be taken, waiting for an earlier one to pass on the server's clock; from then on it is renewed by the target
  /// itself until it is released or lost.
  func acquireLease(run: String, owner: LeaseOwner, onWaiting: @Sendable (String) -> Void) async throws(ActionError) -> LeaseGrant
  /// True as long as commands may be sent for the run.
  var holdsLease: Bool { get }
  /// Returns when the lease is lost or released; true means lost.
  func leaseIsLost() async -> Bool
  func releaseLease() async throws(ActionError)
  /// Gives the lease of a run whose process is gone back, as a person's decision.
  func breakLease(run: String, by person: String) async throws(ActionError)

  /// Makes the run's open writes known: sends each unresolved command again or waits its time out. The first act of a take-over.
  func resolve(run: String) async throws(ActionError)

  func writeReceipt(_ receipt: RunReceipt, entries: [ReceiptEntry]) async throws(ActionError)
  func readReceipt(run: String) async throws(ActionError) -> RunReceipt?
  /// Receipts of all runs that it knows, ended ones too, by their ids.
  func allReceipts() async throws(ActionError) -> [RunReceipt]
  /// The entries of a run that it keeps, in order.
  func readReceiptEntries(run: String) async throws(ActionError) -> [ReceiptEntry]
  /// Receipts of runs of this plan that have not ended.
  func unfinishedRuns(plan: String) async throws(ActionError) -> [RunReceipt]

  /// What the target keeps for the run's rollback, and the backups that the run made. Only reads.
  func kept(for run: String) async throws(ActionError) -> KeptForRun
  /// Removes what a rollback of the run would need, and those of its backups whose time is over. Only under the lease, and only once it is
  /// recorded that the run is finalized. What is gone already is no error, so that it may be cut off and called again.
  func cleanUp(run: String) async throws(ActionError) -> CleanUp
}

public struct ReservationConflict: Sendable, Hashable {
  public var reservation: String
  public var run: String
  public var plan: String

  public init(reservation: String, run: String, plan: String) {
    self.reservation = reservation
    self.run = run
    self.plan = plan
  }
}

/// Which process acts: a process found dead on the same host need not be waited for.
public struct LeaseOwner: Sendable, Hashable {
  public var id: String
  /// Boot id and PID namespace: what "this host" means.
  public var host: String
  public var processID: Int64
  /// Start time of the process in clock ticks since boot; a reused process id differs in it.
  public var processStart: Int64
  /// Asks whether the process of another owner on this host is still alive.
  public var label: String

  public init(id: String, host: String, processID: Int64, processStart: Int64, label: String) {
    self.id = id
    self.host = host
    self.processID = processID
    self.processStart = processStart
    self.label = label
  }
}

public struct LeaseGrant: Sendable, Hashable {
  public var epoch: Int64
  /// Server milliseconds.
  public var until: Int64

  public init(epoch: Int64, until: Int64) {
    self.epoch = epoch
    self.until = until
  }
}

/// The run as its target knows it, so that a lost or outdated state is noticed and can be rebuilt.
public struct RunReceipt: Sendable, Hashable {
  public var run: String
  public var plan: String
  public var planBytes: String
  public var params: Value
  public var status: String
  public var phase: String?
  /// Sequence number and hash of the newest entry that is committed.
  public var headSequence: Int64
  public var headHash: String
  public var details: ValueMap

  public init(
    run: String, plan: String, planBytes: String, params: Value, status: String, phase: String?, headSequence: Int64, headHash: String,
    details: ValueMap = [:]
  ) {
    self.run = run
    self.plan = plan
    self.planBytes = planBytes
    self.params = params
    self.status = status
    self.phase = phase
    self.headSequence = headSequence
    self.headHash = headHash
    self.details = details
  }
}

/// A journal entry that a rollback would need, as it is kept in the target.
public struct ReceiptEntry: Sendable, Hashable {
  public var sequence: Int64
  /// The entry's stored form.
  public var text: String

  public init(sequence: Int64, text: String) {
    self.sequence = sequence
    self.text = text
  }
}
