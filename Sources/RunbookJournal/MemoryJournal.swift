import RunbookPlan
import Synchronization

/// A journal that lives as long as the process, for tests and for previews. It keeps records encoded, as the durable stores do.
public final class MemoryJournal: Journal {
  private struct Run {
    var header: RunHeader
    var status: StatusNote?
    var log: [StoredRecord] = []
    var head: JournalHead
    var progress: [String: ProgressRow] = [:]
    var windows: [WindowRow] = []
    var output: [String: [OutputRow]] = [:]
  }

  private struct State {
    var runs: [String: Run] = [:]
    var order: [String] = []
    var requests: [RequestRow] = []
    var streams: OutputStreams
    var changes: Int64 = 0

    func run(_ id: String) throws(JournalError) -> Run {
      guard let run = runs[id] else { throw .unknownRun(id) }
      return run
    }
  }

  private let state: Mutex<State>
  private let redactor: Redactor

  public init(redactor: Redactor = Redactor()) {
    self.redactor = redactor
    state = Mutex(State(streams: OutputStreams(redactor)))
  }

  public func createRun(_ header: RunHeader, records: [NewRecord], status: StatusNote?) async throws(JournalError) -> JournalHead {
    guard RunID.isValid(header.run) else { throw .refused("'\(header.run)' cannot be the id of a run") }
    let header = header.redacted(by: redactor)
    let encoded = try encode(records)
    return try state.withLock { (state) throws(JournalError) -> JournalHead in
      if state.runs[header.run] != nil { throw .runExists(header.run) }
      var run = Run(header: header, status: status, head: header.genesis)
      try Self.append(encoded, to: &run)
      state.runs[header.run] = run
      state.order.append(header.run)
      state.changes += 1
      return run.head
    }
  }

  public func runs() async throws(JournalError) -> [RunListing] {
    state.withLock { state in
      state.order.reversed().compactMap { state.runs[$0] }
        .map { RunListing(header: $0.header, status: $0.status, headSeq: $0.head.seq) }
        .enumerated().sorted { ($1.element.created, $0.offset) < ($0.element.created, $1.offset) }.map(\.element)
    }
  }

  public func header(of run: String) async throws(JournalError) -> RunHeader {
    try state.withLock { (state) throws(JournalError) in try state.run(run).header }
  }

  public func head(of run: String) async throws(JournalError) -> JournalHead {
    try state.withLock { (state) throws(JournalError) in try state.run(run).head }
  }

  public func append(
    _ records: [NewRecord], to id: String, expectedHead: Int64, consuming requests: [String], status: StatusNote?
  ) async throws(JournalError) -> JournalHead {
    precondition(requests.isEmpty || !records.isEmpty, "a request is consumed by a record")
    let encoded = try encode(records)
    return try state.withLock { (state) throws(JournalError) -> JournalHead in
      var run = try state.run(id)
      guard run.head.seq == expectedHead else { throw .overtaken(run: id, expected: expectedHead, actual: run.head.seq) }
      var inbox = state.requests
      for request in requests {
        guard let index = inbox.firstIndex(where: { $0.id == request && $0.run == id && $0.consumedSeq == nil }) else {
          throw .requestGone(id: request)
        }
        inbox[index].consumedSeq = expectedHead + 1
      }
      try Self.append(encoded, to: &run)
      if let status { run.status = status }
      state.runs[id] = run
      state.requests = inbox
      state.changes += 1
      return run.head
    }
  }

  private func encode(_ records: [NewRecord]) throws(JournalError) -> [EncodedRecord] {
    var encoded: [EncodedRecord] = []
    for record in records { encoded.append(try EncodedRecord(record, redactor: redactor)) }
    return encoded
  }

  private static func append(_ records: [EncodedRecord], to run: inout Run) throws(JournalError) {
    var epoch = run.log.last?.epoch ?? Int64.min
    for record in records {
      guard record.epoch >= epoch else { throw .refused("a record of epoch \(record.epoch) cannot follow one of epoch \(epoch)") }
      epoch = record.epoch
      let seq = run.head.seq + 1
      let hash = record.hash(previous: run.head.hash, run: run.header.run, seq: seq)
      run.log.append(
        StoredRecord(
          seq: seq, epoch: record.epoch, at: record.at, version: record.version, kind: record.kind, payload: record.payload,
          previousHash: run.head.hash, hash: hash))
      run.head = JournalHead(seq: seq, hash: hash)
    }
  }

  public func records(of id: String, from seq: Int64, limit: Int) async throws(JournalError) -> [JournalRecord] {
    let run = try state.withLock { (state) throws(JournalError) in try state.run(id) }
    let start = Int(clamping: max(seq, 1) - 1)
    var head = start == 0 || start > run.log.count ? run.header.genesis : JournalHead(seq: Int64(start), hash: run.log[start - 1].hash)
    var records: [JournalRecord] = []
    for stored in run.log.dropFirst(start).prefix(limit) {
      if let fault = stored.fault(after: head, run: id) { throw .damaged(fault, seq: stored.seq) }
      records.append(try stored.decoded(run: id))
      head = JournalHead(seq: stored.seq, hash: stored.hash)
    }
    return records
  }

  public func verifyChain(of id: String) async throws(JournalError) -> ChainVerdict {
    let run = try state.withLock { (state) throws(JournalError) in try state.run(id) }
    var head = run.header.genesis
    for stored in run.log {
      if let fault = stored.fault(after: head, run: id) { return .broken(seq: stored.seq, reason: fault) }
      head = JournalHead(seq: stored.seq, hash: stored.hash)
    }
    return head == run.head ? .intact(head: head) : .broken(seq: head.seq + 1, reason: "the last records are missing")
  }
}

// MARK: Requests and notes

extension MemoryJournal {
  public func post(_ request: RequestRow) async throws(JournalError) {
    var request = request.redacted(by: redactor)
    request.consumedSeq = nil
    let row = request
    try state.withLock { (state) throws(JournalError) in
      _ = try state.run(row.run)
      if state.requests.contains(where: { $0.id == row.id }) { throw .requestExists(id: row.id) }
      state.requests.append(row)
      state.changes += 1
    }
  }

  public func pendingRequests(of run: String) async throws(JournalError) -> [RequestRow] {
    try await requests(of: run).filter { $0.consumedSeq == nil }
  }

  public func requests(of run: String) async throws(JournalError) -> [RequestRow] {
    try state.withLock { (state) throws(JournalError) in
      _ = try state.run(run)
      return state.requests.filter { $0.run == run }
    }
  }

  public func changeMark() async throws(JournalError) -> ChangeMark { ChangeMark(others: 0, own: state.withLock { $0.changes }) }

  public func progress(of run: String) async throws(JournalError) -> [ProgressRow] {
    try state.withLock { (state) throws(JournalError) in try state.run(run).progress.values.sorted { $0.effect < $1.effect } }
  }

  public func windows(of run: String) async throws(JournalError) -> [WindowRow] {
    try state.withLock { (state) throws(JournalError) in try state.run(run).windows }
  }

  public func output(of run: String, effect: String) async throws(JournalError) -> [OutputRow] {
    try state.withLock { (state) throws(JournalError) in try state.run(run).output[effect] ?? [] }
  }

  public func flushNotes() async throws(JournalError) {}

  public func close() async throws(JournalError) {}

  public func noteProgress(run: String, effect: String, at: Int64, _ payload: Value) {
    let row = ProgressRow(effect: effect, at: at, payload: redactor.redact(payload))
    state.withLock { $0.runs[run]?.progress[effect] = row }
  }

  public func noteWindow(run: String, trigger: String, at: Int64, verdict: String, _ payload: Value) {
    let payload = redactor.redact(payload)
    state.withLock { state in
      guard var windows = state.runs[run]?.windows else { return }
      if let last = windows.lastIndex(where: { $0.trigger == trigger }), windows[last].verdict == verdict {
        windows[last].count += 1
        windows[last].lastAt = at
        windows[last].payload = payload
      } else {
        windows.append(WindowRow(trigger: trigger, verdict: verdict, count: 1, firstAt: at, lastAt: at, payload: payload))
        let own = windows.indices.filter { windows[$0].trigger == trigger }
        if own.count > NoteBounds.windows { windows.remove(at: own[0]) }
      }
      state.runs[run]?.windows = windows
    }
  }

  public func noteOutput(run: String, effect: String, stream: String, at: Int64, _ text: String) {
    state.withLock { state in
      let note = state.streams.feed(run: run, effect: effect, stream: stream, at: at, text)
      Self.keep([note], in: &state)
    }
  }

  public func endOutput(run: String, effect: String, at: Int64) {
    state.withLock { state in
      let notes = state.streams.end(run: run, effect: effect, at: at)
      Self.keep(notes, in: &state)
    }
  }

  private static func keep(_ notes: [OutputNote], in state: inout State) {
    for note in notes where !note.row.text.isEmpty {
      var row = note.row
      row.text = OutputBound.tail(of: row.text, bytes: NoteBounds.outputBytes)
      var rows = state.runs[note.run]?.output[note.effect] ?? []
      rows.append(row)
      var total = rows.reduce(0) { $0 + $1.text.utf8.count }
      while total > NoteBounds.outputBytes { total -= rows.removeFirst().text.utf8.count }
      state.runs[note.run]?.output[note.effect] = rows
    }
  }
}
