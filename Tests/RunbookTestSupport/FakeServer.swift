import OrderedCollections
import RunbookActions
import RunbookPlan
import Synchronization

/// A deployment in memory that several processes may reach: numbers in cells, who reserved what, who holds which lease, receipts.
///
/// Each connection is a session. `crash()` makes all of them dead, as the end of their process would: nothing is given back, and leases run out.
public final class FakeServer: Sendable {
  struct Lease: Sendable, Hashable {
    var owner: String
    var session: Int
    var epoch: Int64
    /// Nil while the session that holds it lives and renews it.
    var until: Int64?
  }

  struct State {
    var cells: [String: Int64] = [:]
    /// Effects that were really carried out and stand, by the step.
    var applied: [String: Int] = [:]
    var executions: [String: Int] = [:]
    var undos: [String: Int] = [:]
    /// Steps and undos in the order in which they were carried out: `a`, `undo a`.
    var history: [String] = []
    var reservations: [String: ReservationConflict] = [:]
    var leases: [String: Lease] = [:]
    var receipts: [String: RunReceipt] = [:]
    var receiptLog: [String: OrderedDictionary<Int64, String>] = [:]
    var epochs: [String: Int64] = [:]
    /// Steps whose undo entries were removed, by run.
    var finalized: [String: Set<String>] = [:]
    /// What the next clean-ups end with after they have done their work.
    var cleanUpErrors: [ActionError] = []
    var resolves = 0
    var sessions = 0
    var dead: Set<Int> = []
    var lost: Set<Int> = []
    var facts: ValueMap = ["replicaSet": "rs-one"]
    var failure: ActionError?
    var script: [String: [FakeBehaviour]] = [:]
    var habits: [String: FakeBehaviour] = [:]
    var complaints: [String] = []
  }

  let state = Mutex(State())
  let clock: FakeClock
  /// How long a lease outlasts its process, in milliseconds.
  public static let leaseTime: Int64 = 30_000
  private let onReceipt = Mutex<(@Sendable (RunReceipt) async -> String?)?>(nil)

  /// What tells it from other servers.
  let name: String

  public init(clock: FakeClock, name: String = "fake") {
    self.clock = clock
    self.name = name
  }

  // MARK: what tests look at and set

  public var cells: [String: Int64] { state.withLock { $0.cells } }
  public var executions: [String: Int] { state.withLock { $0.executions } }
  public var undos: [String: Int] { state.withLock { $0.undos } }
  public var history: [String] { state.withLock { $0.history } }
  public var reservations: [String] { state.withLock { $0.reservations.keys.sorted() } }
  public var receipts: [String: RunReceipt] { state.withLock { $0.receipts } }
  public var resolves: Int { state.withLock { $0.resolves } }
  /// Promises that were found broken on the way.
  public var complaints: [String] { state.withLock { $0.complaints } }
  public var leaseHolders: [String] { state.withLock { state in state.leases.values.filter { $0.until == nil }.map(\.owner) } }

  public func receiptLog(of run: String) -> [(sequence: Int64, text: String)] {
    state.withLock { $0.receiptLog[run, default: [:]].map { ($0.key, $0.value) } }
  }

  public func set(cell: String, to value: Int64) { state.withLock { $0.cells[cell] = value } }
  public func set(fact: String, to value: Value) { state.withLock { $0.facts[fact] = value } }
  /// From now on every call fails so; nil ends that.
  public func fail(with error: ActionError?) { state.withLock { $0.failure = error } }
  /// What the next executions of a step, check or undo (`undo a`) do; afterwards they behave well.
  /// The next clean-up is done, and its answer lost.
  public func failNextCleanUp(with error: ActionError) { state.withLock { $0.cleanUpErrors.append(error) } }

  public func script(_ subject: String, _ behaviours: FakeBehaviour...) { state.withLock { $0.script[subject] = behaviours } }
  /// What it does each time, where the script says nothing.
  public func always(_ subject: String, _ behaviour: FakeBehaviour) { state.withLock { $0.habits[subject] = behaviour } }
  public func reserve(_ reservation: String, run: String, plan: String) {
    state.withLock { $0.reservations[reservation] = ReservationConflict(reservation: reservation, run: run, plan: plan) }
  }
  /// Called before a receipt is written; a sentence is a complaint.
  public func watchReceipts(_ body: @escaping @Sendable (RunReceipt) async -> String?) { onReceipt.withLock { $0 = body } }
  public func complain(_ text: String) { state.withLock { $0.complaints.append(text) } }

  /// The processes that are connected are gone.
  public func crash() {
    let until = clock.now() + Self.leaseTime
    state.withLock { state in
      state.dead.formUnion(1...max(state.sessions, 1))
      for (run, lease) in state.leases where lease.until == nil {
        state.leases[run]?.until = until
        state.lost.insert(lease.session)
      }
    }
  }

  /// Another process takes the lease of every run away.
  public func takeLeasesAway() {
    state.withLock { state in
      for (run, lease) in state.leases {
        state.leases[run] = nil
        state.lost.insert(lease.session)
      }
    }
  }

  func connect() -> Int {
    state.withLock { state in
      state.sessions += 1
      return state.sessions
    }
  }

  func check(_ session: Int) throws(ActionError) {
    let failure = state.withLock {
      $0.dead.contains(session) ? ActionError(code: "TEST1", message: "the process is gone", kind: .leaseLost) : $0.failure
    }
    if let failure { throw failure }
  }

  func complaint(about receipt: RunReceipt) async -> String? { await onReceipt.withLock(\.self)?(receipt) }

  /// Takes the next behaviour of a subject.
  func behaviour(of subject: String) -> FakeBehaviour {
    state.withLock { state in
      guard let script = state.script[subject], !script.isEmpty else { return state.habits[subject] ?? .well }
      return state.script[subject]?.removeFirst() ?? .well
    }
  }
}

/// What a fake action does when it is called.
public enum FakeBehaviour: Sendable, Hashable {
  case well
  /// Nothing happens, and it says so; trying again may help.
  case transient
  /// Nothing happens, for good.
  case fail(String)
  /// It happens, and nobody is told.
  case unknownAfter
  /// It does not happen, and nobody is told.
  case unknownBefore
  /// It happens and fails.
  case failAfter(String)
  /// It goes on until it is told to stop, and stops at its border.
  case untilStopped
  /// It goes on whatever it is told.
  case stuck
  /// What it gives has this text in it.
  case text(String)
  /// What it sees.
  case value(Int64)
  case noData
  /// So many documents were kept as somebody else's.
  case conflicts(Int64)
  case unproved(String)
}
