import RunbookPlan

/// The durable log of runs, and the letter box through which other processes speak to them.
///
/// A store appends, reads back and checks; it knows nothing of what an entry means. All operations that answer are durable when they
/// return: what `append` gave a head for survives a power failure. The `note…` operations are the exception, see `SideNotes`.
///
/// Every payload, argument, param, note and piece of output passes the store's `Redactor` before it is encoded.
public protocol Journal: SideNotes {
  /// The one thread on which this store does its blocking work, nil where there is none. Who leads a run there commits without another
  /// thread being woken; what is done there besides must be short and must not block.
  var executor: (any TaskExecutor)? { get }

  /// Creates a run together with its first records, in one transaction.
  /// - Returns: the head behind those records; `seq` 0 and the genesis hash where there are none.
  /// - Throws: `runExists`, `refused` for an id that cannot be a run's, `notRecorded`, `busy`.
  func createRun(_ header: RunHeader, records: [NewRecord], status: StatusNote?) async throws(JournalError) -> JournalHead

  /// All runs, the newest first, without folding any log.
  func runs() async throws(JournalError) -> [RunListing]

  /// - Throws: `unknownRun`; `damaged` where the stored header is not what was written.
  func header(of run: String) async throws(JournalError) -> RunHeader

  /// The last record's number and hash.
  func head(of run: String) async throws(JournalError) -> JournalHead

  /// Appends the records of one decision in one transaction, and takes the requests they answer out of the inbox with it.
  ///
  /// A consumed request's `consumedSeq` is the number of the first record appended.
  /// - Parameter status: what `runs()` shows of this run from now on; nil leaves it.
  /// - Throws: `overtaken` where the head is not `expectedHead` (another process went on with the run: stop), `requestGone` where a
  ///   request was consumed before, `notRecorded` where nothing was stored (perform no effect), `busy`, `damaged`, `unknownRun`.
  func append(
    _ records: [NewRecord], to run: String, expectedHead: Int64, consuming requests: [String], status: StatusNote?
  ) async throws(JournalError) -> JournalHead

  /// Records in order, at most `limit` of them, beginning with number `from` (the first record is 1). The chain is checked on the way.
  /// - Throws: `damaged` with the first number at which the chain is broken.
  func records(of run: String, from seq: Int64, limit: Int) async throws(JournalError) -> [JournalRecord]

  /// Checks the run's whole chain, from its genesis to the head that was stored with the last append.
  /// - Throws: `unknownRun` and what reading can throw; a broken chain is an answer, not an error.
  func verifyChain(of run: String) async throws(JournalError) -> ChainVerdict

  /// Puts a request where the run's executor finds it.
  /// - Throws: `requestExists`, `unknownRun`, `notRecorded`, `busy`.
  func post(_ request: RequestRow) async throws(JournalError)

  /// Requests that no record has consumed, in the order in which they came.
  func pendingRequests(of run: String) async throws(JournalError) -> [RequestRow]

  /// All requests of a run, consumed ones too, in the order in which they came.
  func requests(of run: String) async throws(JournalError) -> [RequestRow]

  /// A cheap mark that differs from an earlier one where somebody, this process or another, may have posted or appended since.
  func changeMark() async throws(JournalError) -> ChangeMark

  /// Progress of the run's effects, the last word of each.
  func progress(of run: String) async throws(JournalError) -> [ProgressRow]

  /// Windows of the run's triggers, oldest first; equal verdicts that follow each other are one row with a count.
  func windows(of run: String) async throws(JournalError) -> [WindowRow]

  /// What is kept of a program's output, oldest first.
  func output(of run: String, effect: String) async throws(JournalError) -> [OutputRow]

  /// Writes all notes that still wait. After it, reading finds them.
  func flushNotes() async throws(JournalError)

  /// Writes waiting notes and gives back what the store holds. Nothing may be called afterwards.
  func close() async throws(JournalError)
}

/// What is written beside the log without waiting: bounded, never replayed, lost at worst.
public protocol SideNotes: Sendable {
  /// How far an effect is. The last note of an effect wins.
  func noteProgress(run: String, effect: String, at: Int64, _ payload: Value)

  /// One window of a trigger. A window whose verdict repeats the one before is counted onto it. At most `NoteBounds.windows` rows a
  /// trigger are kept.
  func noteWindow(run: String, trigger: String, at: Int64, verdict: String, _ payload: Value)

  /// A piece of a program's output. The newest `NoteBounds.outputBytes` bytes of an effect are kept. Secrets are found across pieces;
  /// for that up to the length of the longest secret is held back until the next piece or `endOutput`.
  func noteOutput(run: String, effect: String, stream: String, at: Int64, _ text: String)

  /// No more output comes from this effect: what was held back is written.
  func endOutput(run: String, effect: String, at: Int64)
}

/// How much of the unreplayed notes is kept.
public enum NoteBounds {
  /// Rows for each trigger of a run.
  public static let windows = 200
  /// Bytes for each effect of a run.
  public static let outputBytes = 65_536
}

extension Journal {
  public var executor: (any TaskExecutor)? { nil }

  public func createRun(_ header: RunHeader) async throws(JournalError) -> JournalHead {
    try await createRun(header, records: [], status: nil)
  }

  public func append(_ records: [NewRecord], to run: String, expectedHead: Int64) async throws(JournalError) -> JournalHead {
    try await append(records, to: run, expectedHead: expectedHead, consuming: [], status: nil)
  }

  public func append(
    _ records: [NewRecord], to run: String, expectedHead: Int64, consuming requests: [String]
  ) async throws(JournalError) -> JournalHead {
    try await append(records, to: run, expectedHead: expectedHead, consuming: requests, status: nil)
  }

  /// Hands each record from number `from` on to `body`, page by page, so that a long log is never whole in memory.
  public func forEachRecord(
    of run: String, from seq: Int64 = 1, _ body: (JournalRecord) throws(JournalError) -> Void
  ) async throws(JournalError) {
    var next = seq
    while true {
      let page = try await records(of: run, from: next, limit: 500)
      for record in page { try body(record) }
      guard let last = page.last, page.count == 500 else { return }
      next = last.seq + 1
    }
  }

  /// All records from number `from` on.
  public func records(of run: String, from seq: Int64 = 1) async throws(JournalError) -> [JournalRecord] {
    try await records(of: run, from: seq, limit: Int.max)
  }
}
