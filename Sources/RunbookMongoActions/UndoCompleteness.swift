import MongoDriver
import RunbookActions
import RunbookPlan

/// Whether everything that the undo needs is still there. Blocks that somebody dropped, or a collection that was renamed, leave nothing to take
/// back: that must not pass for a rollback.
extension OnlineChangeWork {
  /// - Parameter outputs: what the step answered; nil where it did not end.
  /// - Returns: the heads of all blocks, oldest first.
  /// - Throws: `refused` where blocks of the step are missing, or the collection that they belong to.
  func completeHeads(outputs: Value?) async throws(ActionError) -> [UndoBlock] {
    let heads = try await change.read([:], withEntries: false)
    try refuseMissing(heads, written: outputs?["batches"]?.integerValue ?? 0)
    if heads.contains(where: { $0.state != .undone && $0.missed.count < $0.count }) { try await refuseMissingCollection() }
    return heads
  }

  /// Under each epoch blocks are numbered from 1 without a gap; how many there were at the end is known from the outputs.
  private func refuseMissing(_ blocks: [UndoBlock], written: Int64) throws(ActionError) {
    var missing = max(0, written - Int64(blocks.count))
    for (epoch, ofEpoch) in Dictionary(grouping: blocks, by: \.epoch) {
      let newest = ofEpoch.map { $0.id - UndoBlock.id(epoch: epoch, counter: 0) }.max() ?? 0
      missing = max(missing, newest - Int64(ofEpoch.count))
    }
    guard missing > 0 else { return }
    throw ActionError(
      code: UpdateErrorCode.brokenBlock,
      message:
        "\(missing) undo blocks of '\(change.store)' of target '\(change.target.name)' are gone: what they hold cannot be taken back",
      kind: .refused, help: "bring the collection back from a backup of the database; nothing was changed on its account")
  }

  private func refuseMissingCollection() async throws(ActionError) {
    let command: BSONDocument = [
      "listCollections": 1, "nameOnly": true, "filter": ["name": .string(collection)],
    ]
    let found: [BSONDocument]
    do throws(MongoError) {
      found = try await change.target.client.documents(command, database: change.target.database)
    } catch {
      throw change.target.error(error, collection: collection, doing: "looking at the collection")
    }
    guard found.isEmpty else { return }
    throw ActionError(
      code: MongoErrorCode.missingCollection,
      message:
        "there is no collection '\(collection)' of target '\(change.target.name)' any more: it was renamed or dropped, and "
        + "what was changed in it cannot be taken back",
      kind: .refused, help: "give it its name back; if it was dropped, the undo can be given up")
  }
}
