import RunbookJournal
import RunbookPlan
import Synchronization

/// A journal whose n-th append fails: before anything is stored, or after. From then on nothing can be stored, as if the process were gone.
public final class FaultyJournal: Journal {
  public enum Fault: Sendable, Hashable {
    case none
    case before(Int)
    case after(Int)
    /// After the first record of this kind.
    case afterKind(String)
    /// Reading loses the last record.
    case shortened
  }

  private let inner: any Journal
  private let fault: Fault
  private let onFault: @Sendable () -> Void
  private let count = Mutex(0)
  private let isDead = Mutex(false)

  public init(_ inner: any Journal, fault: Fault, onFault: @escaping @Sendable () -> Void = {}) {
    self.inner = inner
    self.fault = fault
    self.onFault = onFault
  }

  public var appends: Int { count.withLock { $0 } }
  public var hasFailed: Bool { isDead.withLock { $0 } }

  /// Nothing can be stored from now on.
  public func fail() { _ = die() }

  private func die() -> JournalError {
    let first = isDead.withLock { dead in
      defer { dead = true }
      return !dead
    }
    if first { onFault() }
    return .notRecorded("the disk is full")
  }

  public func append(
    _ records: [NewRecord], to run: String, expectedHead: Int64, consuming requests: [String], status: StatusNote?
  ) async throws(JournalError) -> JournalHead {
    if hasFailed { throw .notRecorded("the disk is full") }
    let number = count.withLock { count in
      count += 1
      return count
    }
    if fault == .before(number) { throw die() }
    let head = try await inner.append(records, to: run, expectedHead: expectedHead, consuming: requests, status: status)
    if fault == .after(number) || records.contains(where: { fault == .afterKind($0.kind) }) { throw die() }
    return head
  }

  public func createRun(_ header: RunHeader, records: [NewRecord], status: StatusNote?) async throws(JournalError) -> JournalHead {
    try await inner.createRun(header, records: records, status: status)
  }
  public func runs() async throws(JournalError) -> [RunListing] { try await inner.runs() }
  public func header(of run: String) async throws(JournalError) -> RunHeader { try await inner.header(of: run) }
  public func head(of run: String) async throws(JournalError) -> JournalHead { try await inner.head(of: run) }
  public func records(of run: String, from seq: Int64, limit: Int) async throws(JournalError) -> [JournalRecord] {
    let records = try await inner.records(of: run, from: seq, limit: limit)
    guard fault == .shortened, let last = records.last, last.seq == (try await inner.head(of: run).seq) else { return records }
    return records.dropLast()
  }
  public func verifyChain(of run: String) async throws(JournalError) -> ChainVerdict { try await inner.verifyChain(of: run) }
  public func post(_ request: RequestRow) async throws(JournalError) { try await inner.post(request) }
  public func pendingRequests(of run: String) async throws(JournalError) -> [RequestRow] { try await inner.pendingRequests(of: run) }
  public func requests(of run: String) async throws(JournalError) -> [RequestRow] { try await inner.requests(of: run) }
  public func changeMark() async throws(JournalError) -> ChangeMark { try await inner.changeMark() }
  public func progress(of run: String) async throws(JournalError) -> [ProgressRow] { try await inner.progress(of: run) }
  public func windows(of run: String) async throws(JournalError) -> [WindowRow] { try await inner.windows(of: run) }
  public func output(of run: String, effect: String) async throws(JournalError) -> [OutputRow] {
    try await inner.output(of: run, effect: effect)
  }
  public func flushNotes() async throws(JournalError) { try await inner.flushNotes() }
  public func close() async throws(JournalError) {}
  public func noteProgress(run: String, effect: String, at: Int64, _ payload: Value) {
    inner.noteProgress(run: run, effect: effect, at: at, payload)
  }
  public func noteWindow(run: String, trigger: String, at: Int64, verdict: String, _ payload: Value) {
    inner.noteWindow(run: run, trigger: trigger, at: at, verdict: verdict, payload)
  }
  public func noteOutput(run: String, effect: String, stream: String, at: Int64, _ text: String) {
    inner.noteOutput(run: run, effect: effect, stream: stream, at: at, text)
  }
  public func endOutput(run: String, effect: String, at: Int64) { inner.endOutput(run: run, effect: effect, at: at) }
}
