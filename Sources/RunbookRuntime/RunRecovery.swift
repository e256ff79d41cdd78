import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// A run as it is made again from what a target keeps of it: the receipt, and a copy of every entry up to the last mutating effect.
///
/// What was recorded after that receipt is lost with the state. It held no intent to change anything, for each of those is in the target before its
/// effect: the run stands as after a crash, and whoever takes it up finds out what became of what was under way.
public struct RunRecovery: Sendable {
  public let header: RunHeader
  public let records: [NewRecord]
  public let head: JournalHead
  public let status: StatusNote
  private let hashes: [ChainHash]

  /// What storing it came to.
  public enum Outcome: Sendable, Hashable {
    /// The state did not know the run.
    case made
    /// The state had the run up to this entry.
    case extended(from: Int64)
    /// The state has all of it.
    case nothingMissing
  }

  /// Makes it, and checks that it is whole: every entry is there, and the chain of their hashes ends where the receipt says.
  /// - Throws: RB2519, exit 8.
  public init(receipt: RunReceipt, entries: [ReceiptEntry]) throws(RunFailure) {
    let details = receipt.details
    guard let digest = details["planDigest"]?.stringValue, let path = details["planPath"]?.stringValue,
      let created = details["created"]?.timestampValue, let initiator = details["initiator"]?.stringValue,
      let version = details["toolVersion"]?.stringValue, let end = ChainHash(hex: receipt.headHash)
    else { throw Self.broken(receipt.run, "its receipt does not say what the run is") }
    header = RunHeader(
      run: receipt.run, planID: receipt.plan, planDigest: digest, planBytes: Array(receipt.planBytes.utf8), planPath: path,
      params: receipt.params, targets: details["targets"] ?? .emptyMap, created: created, toolVersion: version, initiator: initiator)
    var records: [NewRecord] = []
    var hashes = [header.genesis.hash]
    // What a process wrote and did not live to name in the receipt is not known to be all of one decision.
    for entry in entries where entry.sequence <= receipt.headSequence {
      guard entry.sequence == Int64(records.count) + 1 else {
        throw Self.broken(receipt.run, "entry \(records.count + 1) is missing; 'runbook finalize' removes them, and nothing else does")
      }
      let record = try Self.record(entry, run: receipt.run)
      let encoded: EncodedRecord
      do throws(JournalError) { encoded = try EncodedRecord(record, redactor: Redactor()) } catch {
        throw Self.broken(receipt.run, "entry \(entry.sequence) cannot be stored: \(error)")
      }
      records.append(record)
      hashes.append(encoded.hash(previous: hashes[hashes.count - 1], run: receipt.run, seq: entry.sequence))
    }
    guard Int64(records.count) == receipt.headSequence else {
      throw Self.broken(
        receipt.run,
        records.isEmpty
          ? "its entries are gone: it was finalized" : "it ends with entry \(records.count), the receipt with \(receipt.headSequence)")
    }
    guard hashes.last == end else { throw Self.broken(receipt.run, "its entries are not those that the receipt speaks of") }
    self.records = records
    self.hashes = hashes
    head = JournalHead(seq: receipt.headSequence, hash: end)
    status = StatusNote(word: receipt.status, exitCode: nil, updated: records.last?.at ?? created)
  }

  private static func record(_ entry: ReceiptEntry, run: String) throws(RunFailure) -> NewRecord {
    let value: Value
    do throws(ValueDecodingError) { value = try Value(encodedJSON: entry.text) } catch {
      throw broken(run, "entry \(entry.sequence) cannot be read: \(error)")
    }
    guard let epoch = value["epoch"]?.integerValue, let at = value["at"]?.integerValue, let version = value["version"]?.integerValue,
      let kind = value["kind"]?.stringValue, let payload = value["payload"]
    else { throw broken(run, "entry \(entry.sequence) is not whole") }
    return NewRecord(epoch: epoch, at: at, version: Int(clamping: version), kind: kind, payload: payload)
  }

  private static func broken(_ run: String, _ why: String) -> RunFailure {
    RunFailure(
      code: "RB2519", exitStatus: 8, message: "run \(run) cannot be made again from this target: \(why)",
      standing: "no state was made or changed", next: ["where the run changed several targets, one of the others may have more of it"])
  }

  /// Stores it, or what the state is missing of it.
  /// - Throws: RB2520, exit 8, where the state went on otherwise than the target knows; what recording can throw.
  public func store(in journal: some Journal) async throws(RunFailure) -> Outcome {
    let outcome: Result<Outcome, RunFailure>
    do throws(JournalError) { outcome = try await put(into: journal) } catch { throw RunFailure(recording: error, run: header.run) }
    return try outcome.get()
  }

  private func put(into journal: some Journal) async throws(JournalError) -> Result<Outcome, RunFailure> {
    guard let there = try await journal.runs().first(where: { $0.run == header.run }) else {
      let made = try await journal.createRun(header, records: records, status: status)
      precondition(made == head, "a run was made again with another head")
      return .success(.made)
    }
    let known = try await journal.head(of: header.run)
    guard there.planDigest == header.planDigest else { return .failure(forked(known.seq)) }
    if known.seq >= head.seq {
      let record = try await journal.records(of: header.run, from: head.seq, limit: 1).first
      return head.seq == 0 || record?.hash == head.hash ? .success(.nothingMissing) : .failure(forked(known.seq))
    }
    guard known.hash == hashes[Int(known.seq)] else { return .failure(forked(known.seq)) }
    let rest = Array(records[Int(known.seq)...])
    _ = try await journal.append(rest, to: header.run, expectedHead: known.seq, consuming: [], status: status)
    return .success(.extended(from: known.seq))
  }

  private func forked(_ seq: Int64) -> RunFailure {
    RunFailure(
      code: "RB2520", exitStatus: 8,
      message: "this state has another history of run \(header.run) than the target (up to entry \(seq) here, \(head.seq) there)",
      standing: "no state was changed",
      next: ["take the run up with the state that the target knows, or name a new one: runbook recover … --state sqlite:PATH"])
  }
}
