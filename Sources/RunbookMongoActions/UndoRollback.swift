import MongoDriver
import RunbookActions

/// Takes a step's blocks back, newest first, each exactly once (online-change page, D).
///
/// An undo is a write like any other: announced in its block, sent, recorded. Each entry is put back under its own guard, so that a document that was
/// captured more than once goes back along its chain; what the application wrote since is kept, and listed.
struct UndoRollback {
  let change: OnlineChange
  let restoresDoubt: Bool
  private var session: OnlineChangeSession
  /// Documents that are left as they are, by this or a later step, and so in every older block too: they stand, or the application has deleted them.
  private var standing: Set<RawBSONValue>

  /// How often the fields that still stand of a document are tried before it is left standing.
  private static let mostRounds = 50
  /// The code of an entry whose fields look like ours and could not be put back.
  private static let neverMatched: Int32 = 66
  /// The code of an entry whose undo is more than a server takes in one command (BSONObjectTooLarge).
  private static let commandTooLarge: Int32 = 10334

  /// - Parameter heads: of all blocks of the step, oldest first, where they have just been read.
  init(_ change: OnlineChange, restoresDoubt: Bool, heads: [UndoBlock]? = nil) async throws(ActionError) {
    self.change = change
    self.restoresDoubt = restoresDoubt
    session = try await change.openSession()
    standing = try await change.standing(own: heads)
  }

  func end() { change.target.forgetSession(session.uuid) }

  /// Heeds what a block leaves standing that a late process has recorded since this rollback began: older blocks leave it as well.
  mutating func heed(_ block: UndoBlock) throws(ActionError) {
    let entries = try change.entries(of: block)
    for index in block.standing + block.gone { standing.insert(entries[index].identity.detached()) }
  }

  /// Brings one block, with its entries, to `undone`.
  mutating func finish(_ stored: UndoBlock) async throws(ActionError) {
    precondition(stored.state == .applied, "only a block whose outcome is recorded is undone")
    let entries = try change.entries(of: stored)
    var work = Work(block: stored, entries: entries)
    let ours = (stored.applied + (restoresDoubt ? stored.doubt : [])).sorted()
    var open: [Int]
    if let undo = stored.undo {
      open = try await goOn(with: undo, &work)
      open = (open + unannounced(ours, beside: undo, work)).sorted()
    } else {
      let chosen = standing.isEmpty ? ours : ours.filter { !standing.contains(entries[$0].identity) }
      if chosen.count < ours.count { work.block.gone = ours.filter { standing.contains(entries[$0].identity) } }
      // Whole documents are looked at first, so that a command hardly ever holds an error: some servers keep no record of an answer that does.
      open = work.block.kind == .fields ? try await announceAndSend(chosen, fields: nil, &work) : chosen
    }
    var rounds = 0
    while !open.isEmpty {
      rounds += 1
      open = try await settleMisses(open, round: rounds, &work)
    }
    try await leaveDoubtStanding(&work)
    var done = work.block
    done.state = .undone
    try await change.record(done, known: work.block.with(state: work.known))
    for index in done.standing + done.gone { standing.insert(entries[index].identity) }
    try await change.crashPoints.hit("undo.recorded")
  }

  /// Entries of a block whose undo does not go into one command, and that the announcement which a crash left does not name. What became of them before is
  /// not known any more; their documents tell.
  private func unannounced(_ ours: [Int], beside undo: UndoAnnouncement, _ work: Work) -> [Int] {
    guard isTooLarge(ours, fields: nil, work) else { return [] }
    let settled = Set(undo.entries + work.block.standing + work.block.kept.map(\.index) + work.block.gone)
    return ours.filter { !settled.contains($0) && !standing.contains(work.entries[$0].identity) }
  }

  /// Whether a command for these entries would be more than a server takes: each number inside a value has a condition of its own.
  private func isTooLarge(_ chosen: [Int], fields: [[Int]]?, _ work: Work) -> Bool {
    let most = change.mostCommandBytes
    // A condition is some thirty times its number at most, where nothing is nested deeply.
    guard work.block.entries.byteCount > most / 100, !work.block.removes(isUndo: true) else { return false }
    let delivery = UndoBlock.Delivery(session: session.uuid, number: 1, until: 0, limit: 0)
    let undo = UndoAnnouncement(delivery: delivery, entries: chosen, fields: fields, restoresDoubt: restoresDoubt)
    return work.block.undoCommand(undo, entries: work.entries).byteCount > most
  }

  /// A block under way: as it is to be recorded next, and the part of it that is stored already.
  private struct Work {
    var block: UndoBlock
    let entries: UndoEntries
    /// The announcement that is stored.
    var known: UndoAnnouncement?
    /// Entries of which a command may have been executed although nobody can say so any more.
    var unsure: Set<Int> = []

    init(block: UndoBlock, entries: UndoEntries) {
      self.block = block
      self.entries = entries
      known = block.undo
    }

    mutating func keep(_ index: Int, _ field: String) {
      let kept = UndoBlock.Kept(index: index, field: field)
      if !block.kept.contains(kept) { block.kept.append(kept) }
    }

    mutating func leave(_ index: Int, code: Int32?) {
      if !block.standing.contains(index) { block.standing.append(index) }
      if let code, !block.refused.contains(where: { $0.index == index }) {
        block.refused.append(UndoBlock.Failure(index: index, code: code))
      }
    }
  }

  /// - Returns: the entries whose documents have to be looked at.
  private mutating func announceAndSend(_ chosen: [Int], fields: [[Int]]?, _ work: inout Work) async throws(ActionError) -> [Int] {
    guard !chosen.isEmpty else { return [] }
    if isTooLarge(chosen, fields: fields, work) {
      guard chosen.count > 1 else {
        work.leave(chosen[0], code: Self.commandTooLarge)
        return []
      }
      let half = chosen.count / 2
      let open = try await announceAndSend(Array(chosen[..<half]), fields: fields.map { Array($0[..<half]) }, &work)
      return try await open + announceAndSend(Array(chosen[half...]), fields: fields.map { Array($0[half...]) }, &work)
    }
    let delivery = try await change.delivery(session: session.uuid, number: session.nextNumber())
    let undo = UndoAnnouncement(delivery: delivery, entries: chosen, fields: fields, restoresDoubt: restoresDoubt)
    return try await announceAndSend(undo, in: session, mayHaveActed: false, &work)
  }

  private mutating func announceAndSend(
    _ undo: UndoAnnouncement, in session: OnlineChangeSession, mayHaveActed: Bool, _ work: inout Work
  ) async throws(ActionError) -> [Int] {
    work.block.undo = undo
    try await change.record(work.block, known: work.block.with(state: work.known))
    work.known = undo
    try await change.crashPoints.hit("undo.announced")
    let open = try await send(undo, in: session, mayHaveActed: mayHaveActed, &work)
    try await change.crashPoints.hit("undo.sent")
    return open
  }

  /// Sends an announced undo until it is known what became of it; what it surely put back is done, all else is looked at.
  private func send(
    _ undo: UndoAnnouncement, in session: OnlineChangeSession, mayHaveActed: Bool, _ work: inout Work
  ) async throws(ActionError) -> [Int] {
    if work.block.removes(isUndo: true) {
      let removed = try await change.remove(
        undo.entries, of: work.block, entries: work.entries, delivery: undo.delivery, isUndo: true, mayHaveActed: mayHaveActed)
      return try settle(removed.outcome, refusal: removed.refusal, of: undo, &work)
    }
    let command = work.block.undoCommand(undo, entries: work.entries)
    let (outcome, refusal) = try await change.deliver(command, in: session, statements: undo.entries.count, mayHaveActed: mayHaveActed) {
      (indexes) throws(ActionError) in
      // Whatever the answers leave open is looked at against both values later; here only those count that are gone.
      let documents = try await change.documents(of: indexes.map { work.entries[undo.entries[$0]] }, in: work.block)
      return Dictionary(
        uniqueKeysWithValues: indexes.map { ($0, documents[work.entries[undo.entries[$0]].identity] == nil ? .gone : .other) })
    }
    return try settle(outcome, refusal: refusal, of: undo, &work)
  }

  private func settle(_ outcome: OnlineChangeOutcome, refusal: MongoError?, of undo: UndoAnnouncement, _ work: inout Work)
    throws(ActionError) -> [Int]
  {
    if let refusal { throw change.target.error(refusal, collection: work.block.collection, doing: "taking a batch back") }
    for failure in outcome.failed { work.leave(undo.entries[failure.index], code: failure.code) }
    work.unsure.formUnion(outcome.doubt.map { undo.entries[$0] })
    return (outcome.missed + outcome.doubt).map { undo.entries[$0] }.sorted()
  }

  /// Goes on with an undo that a crash interrupted. Its time has to be over: the same command then asks the server's record and does nothing; where
  /// fields still stand, the whole is announced again under the same number, so that what was executed is not executed twice.
  private mutating func goOn(with undo: UndoAnnouncement, _ work: inout Work) async throws(ActionError) -> [Int] {
    guard let number = undo.delivery.number else {
      work.unsure.formUnion(undo.entries)
      return undo.entries
    }
    let recorded = try await OnlineChangeSession(change.target, uuid: undo.delivery.session, number: number)
    let open: [Int]
    do throws(ActionError) {
      open = try await send(undo, in: recorded, mayHaveActed: true, &work)
    } catch {
      guard error.kind == .refused else { throw error }
      open = undo.entries
      work.unsure.formUnion(open)
    }
    let documents = try await change.documents(of: open.map { work.entries[$0] }, in: work.block)
    let stands = open.contains { index in
      let entry = work.entries[index]
      return work.block.look(entry, document: documents[entry.identity]) == .equal
    }
    guard stands else { return open }
    var again = undo
    again.delivery = try await change.delivery(session: undo.delivery.session, number: number)
    do throws(ActionError) {
      return try await announceAndSend(again, in: recorded, mayHaveActed: true, &work)
    } catch {
      // The session has been closed to this number meanwhile: the documents tell the rest.
      guard error.kind == .refused else { throw error }
      work.unsure.formUnion(open)
      return open
    }
  }

  /// Reads the documents of entries that were missed. Gone, or as it was: nothing to do. Fields that still are as we left them are put back, just
  /// these; all others are the application's, and kept.
  /// - Returns: the entries that have to be looked at again.
  private mutating func settleMisses(_ indexes: [Int], round: Int, _ work: inout Work) async throws(ActionError) -> [Int] {
    let documents = try await change.documents(of: indexes.map { work.entries[$0] }, in: work.block)
    let moved = try await change.moved(indexes.filter { documents[work.entries[$0].identity] == nil }, of: work.block, work.entries)
    var chosen: [Int] = []
    var fields: [[Int]] = []
    for index in Set(indexes).sorted() {
      let entry = work.entries[index]
      let document = documents[entry.identity]
      // A document that the application has deleted needs no undo, but where the deletion was ours; nor does an older block bring it back.
      if moved.contains(index) {
        work.leave(index, code: OnlineChange.movedCode)
        continue
      }
      if document == nil, work.block.kind != .delete {
        let isTheirs = work.block.kind != .insert || !work.unsure.contains(index) && !work.block.doubt.contains(index)
        if isTheirs, !work.block.gone.contains(index) { work.block.gone.append(index) }
        continue
      }
      var standing: [Int] = []
      for position in entry.changed {
        if work.block.isAfter(position, of: entry, in: document) {
          standing.append(position)
        } else if work.block.value(at: position, in: document) != work.block.before(position, of: entry, at: index) {
          work.keep(index, work.block.fields[position].text)
        }
      }
      guard !standing.isEmpty else { continue }
      if round > Self.mostRounds {
        work.leave(index, code: Self.neverMatched)
      } else {
        chosen.append(index)
        // It may have missed for its time alone: as a whole once more.
        let isWhole = round == 1 && work.block.keepsDocuments && standing.count == entry.changed.count
        fields.append(isWhole ? [] : standing)
      }
    }
    return try await announceAndSend(chosen, fields: fields, &work)
  }

  /// Documents in doubt that are not to be treated as ours: where a field still is as we would have left it, it stays.
  private mutating func leaveDoubtStanding(_ work: inout Work) async throws(ActionError) {
    let restored = work.block.undo?.restoresDoubt ?? restoresDoubt
    let doubtful = restored ? [] : work.block.doubt.filter { !standing.contains(work.entries[$0].identity) }
    guard !doubtful.isEmpty else { return }
    let documents = try await change.documents(of: doubtful.map { work.entries[$0] }, in: work.block)
    for index in doubtful {
      let entry = work.entries[index]
      if work.block.look(entry, document: documents[entry.identity]) == .equal { work.leave(index, code: nil) }
    }
  }
}

extension UndoBlock {
  /// The block with another announcement: what `record` asserts is stored.
  func with(state undo: UndoAnnouncement?) -> UndoBlock {
    var block = self
    block.state = .applied
    block.undo = undo
    return block
  }
}

extension OnlineChange {
  /// Keys of documents that this run has left standing, or found deleted by the application, in blocks of any step that concern the same fields.
  /// - Parameter heads: of all blocks of this step, oldest first; nil: they have to be read.
  func standing(own heads: [UndoBlock]?) async throws(ActionError) -> Set<RawBSONValue> {
    var keys: Set<RawBSONValue> = []
    var first = heads?.first
    if heads == nil { first = try await read([:], withEntries: false, limit: 1).first }
    guard let own = first else { return [] }
    for step in try await OnlineChangeResolver.steps(of: run, in: target) {
      let other = OnlineChange(target: target, run: run, step: step, timing: timing, crashPoints: crashPoints)
      for header in try await other.leaving(step == self.step ? heads : nil) {
        let whole = own.fields.contains(.root) || header.kind != .fields
        let meets = own.fields.contains { field in header.fields.contains(where: field.overlaps) }
        guard header.collection == own.collection, whole || meets else { continue }
        let block = try await other.block(header.id)
        let entries = try entries(of: block)
        for index in block.standing + block.gone { keys.insert(entries[index].identity.detached()) }
      }
    }
    return keys
  }

  /// The heads of the blocks that leave something as it is: of those given, or of all.
  private func leaving(_ heads: [UndoBlock]?) async throws(ActionError) -> [UndoBlock] {
    if let heads { return heads.filter { !$0.standing.isEmpty || !$0.gone.isEmpty } }
    return try await read(["$or": [["standing.0": ["$exists": true]], ["gone.0": ["$exists": true]]]], withEntries: false)
  }
}
