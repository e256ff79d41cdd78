import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

extension MongoTarget {
  /// The entries first, so that the receipt never names a head that is not there.
  public func writeReceipt(_ receipt: RunReceipt, entries: [ReceiptEntry]) async throws(ActionError) {
    guard let lease, lease.run == receipt.run else { throw leaseLostError() }
    try await writeEntries(entries, run: receipt.run)
    let set: BSONDocument = [
      "plan": .string(receipt.plan), "planBytes": .string(receipt.planBytes), "params": .string(receipt.params.encodedJSON()),
      "status": .string(receipt.status), "phase": receipt.phase.map(BSONValue.string) ?? .null,
      "head": ["seq": .int64(receipt.headSequence), "hash": .string(receipt.headHash)],
      "details": .string(Value.map(receipt.details).encodedJSON()),
    ]
    let query: BSONDocument = ["_id": .string(receipt.run), "owner": .string(lease.owner), "epoch": .int64(lease.epoch)]
    let limit = try unfencedMilliseconds()
    let command: BSONDocument = [
      "update": .string(RunbookCollections.runs), "updates": [["q": .document(query), "u": ["$set": .document(set)]]],
      "writeConcern": .document(durable), "maxTimeMS": .integer(limit),
    ]
    let reply = WriteReply(try await repeated(command, collection: RunbookCollections.runs, doing: "writing the run's receipt"))
    if let failure = reply.writeErrors.first {
      throw ActionError(
        code: MongoErrorCode.refused, message: "target '\(name)' refuses the run's receipt: \(failure.message) (code \(failure.code))",
        kind: .refused)
    }
    guard reply.count == 1 else {
      endLease(lease, lost: true)
      throw leaseLostError()
    }
  }

  private func writeEntries(_ entries: [ReceiptEntry], run: String) async throws(ActionError) {
    var rest = entries[...]
    while !rest.isEmpty {
      var bytes = 0
      let batch = rest.prefix(500).prefix { entry in
        defer { bytes += entry.text.utf8.count + 200 }
        return bytes == 0 || bytes + entry.text.utf8.count < 12_000_000
      }
      let documents = batch.map { entry -> BSONDocument in
        [
          "_id": .string(Self.entryKey(run, entry.sequence)), "run": .string(run), "seq": .int64(entry.sequence),
          "text": .string(entry.text),
        ]
      }
      let limit = try unfencedMilliseconds()
      let present = try await insertOwn(
        documents, into: RunbookCollections.receiptLog, limit: limit, doing: "writing the receipt's entries")
      for index in present {
        let known = try await findOwn(
          ["_id": documents[index]["_id"]?.decoded ?? .null], in: RunbookCollections.receiptLog, doing: "reading an entry")
        guard known.first?["text"] == documents[index]["text"] else {
          throw ActionError(
            code: MongoErrorCode.brokenReceipt,
            message: "target '\(name)' has another entry \(batch[batch.startIndex + index].sequence) of run '\(run)' than this state",
            kind: .refused, help: "the state was restored from an old copy, or another process went on with the run")
        }
      }
      rest = rest.dropFirst(batch.count)
    }
  }

  private static func entryKey(_ run: String, _ sequence: Int64) -> String {
    let digits = String(sequence)
    return run + "/" + String(repeating: "0", count: max(0, 12 - digits.count)) + digits
  }

  public func readReceipt(run: String) async throws(ActionError) -> RunReceipt? {
    let found = try await findOwn(["_id": .string(run)], in: RunbookCollections.runs, doing: "reading the run's receipt").first
    return try found.flatMap { (document) throws(ActionError) in try receipt(document) }
  }

  public func allReceipts() async throws(ActionError) -> [RunReceipt] {
    let found = try await findOwn([:], in: RunbookCollections.runs, sort: ["_id": 1], doing: "looking for runs")
    var receipts: [RunReceipt] = []
    for document in found { if let receipt = try receipt(document) { receipts.append(receipt) } }
    return receipts
  }

  public func unfinishedRuns(plan: String) async throws(ActionError) -> [RunReceipt] {
    let ended: BSONValue = ["succeeded", "failed", "rolledBack", "rolledBackWithConflicts", "closed"]
    let found = try await findOwn(
      ["plan": .string(plan), "status": ["$nin": ended]], in: RunbookCollections.runs, sort: ["_id": 1],
      doing: "looking for unfinished runs")
    var receipts: [RunReceipt] = []
    for document in found { if let receipt = try receipt(document) { receipts.append(receipt) } }
    return receipts
  }

  /// The entries of a run that its receipt log holds, in order; what a lost state is rebuilt from.
  public func readReceiptEntries(run: String) async throws(ActionError) -> [ReceiptEntry] {
    try await findOwn(["run": .string(run)], in: RunbookCollections.receiptLog, sort: ["seq": 1], doing: "reading the receipt's entries")
      .compactMap { document in
        guard let sequence = document["seq"]?.integer, let text = document["text"]?.string else { return nil }
        return ReceiptEntry(sequence: sequence, text: text)
      }
  }

  /// Nil for a document in which only a lease has been taken so far.
  private func receipt(_ document: BSONDocument) throws(ActionError) -> RunReceipt? {
    guard let run = document["_id"]?.string, let plan = document["plan"]?.string else { return nil }
    do throws(ValueDecodingError) {
      return RunReceipt(
        run: run, plan: plan, planBytes: document["planBytes"]?.string ?? "",
        params: try Value(encodedJSON: document["params"]?.string ?? "null"), status: document["status"]?.string ?? "",
        phase: document["phase"]?.string, headSequence: document["head"]?.document?["seq"]?.integer ?? 0,
        headHash: document["head"]?.document?["hash"]?.string ?? "",
        details: try Value(encodedJSON: document["details"]?.string ?? "{}").mapValue ?? [:])
    } catch {
      throw ActionError(
        code: MongoErrorCode.brokenReceipt, message: "the receipt of run '\(run)' in target '\(name)' cannot be read: \(error)",
        kind: .refused)
    }
  }
}
