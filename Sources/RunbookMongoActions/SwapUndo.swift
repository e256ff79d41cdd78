import MongoDriver
import RunbookActions
import RunbookPlan

// The way back of a swap: the same three names, renamed the other way.
extension CollectionSwap {
  func undo(_ captured: Value) async throws(ActionError) -> UndoResult {
    let original = try recorded(captured)
    // The copy has a record before it has a name.
    guard var record = try await load() else { return UndoResult() }
    let there = try await look()
    var reasons: [String] = []
    if let replaced = there.kept, !Self.isOriginal(there.live, original) {
      if there.copy == nil {
        reasons = try await reasonsToLeave(there.live, replaced, &record)
        if reasons.isEmpty { try await takeBack(&record) }
      } else {
        record.phase = .returning
        try await save(record)
      }
      if reasons.isEmpty { try await put(kept) }
      try await crashPoints.hit("swap.back")
    } else if there.kept == nil, record.phase == .swapped {
      reasons = ["what was replaced is gone: there is no collection '\(kept)' any more"]
    }
    if reasons.isEmpty {
      try await finishUndo(&record)
      // Made by others since, or lost by the server on the way: both are told, neither is forced.
      if let now = try await target.definition(of: collection) {
        reasons = record.definition.differences(to: now, called: collection).filter { !record.told.contains($0) }
      }
    }
    return .conflicts((reasons + record.told).map { (object: collection, reason: $0) })
  }

  /// Why the restored copy stays in place: somebody else's doing would be lost with it.
  private func reasonsToLeave(_ live: CollectionDefinition?, _ replaced: CollectionDefinition, _ record: inout SwapRecord)
    async throws(ActionError) -> [String]
  {
    let stands = "what it was before stands as '\(kept)' until finalize"
    guard let live else { return ["it was dropped since the restored copy was put in its place; \(stands)"] }
    guard Self.isCopy(live, kept: replaced, record) else {
      return ["it was made anew since the restored copy was put in its place; \(stands)"]
    }
    if let known = record.keptID, replaced.uuid != known { return ["'\(kept)' is no longer the collection that was replaced"] }
    try await settle(&record, live, replaced)
    guard let now = try await target.definition(of: collection) else { return ["it was dropped meanwhile; \(stands)"] }
    let differences = record.definition.differences(to: now, called: collection)
    if !differences.isEmpty { return differences.map { "\($0); \(stands)" } }
    guard try await digest(of: collection, record, "looking whether it was written to").text == record.digest else {
      return ["it was written to since the restored copy was put in its place, and keeps those writes; \(stands)"]
    }
    return []
  }

  /// The first rename of the way back. From here to the end of `put` the name is free.
  private func takeBack(_ record: inout SwapRecord) async throws(ActionError) {
    record.phase = .returning
    try await save(record)
    try await awaitRoom()
    try await crashPoints.hit("swap.returning")
    do throws(CommandFailure) {
      try await move(collection, to: beside)
    } catch {
      // Dropped just now: the name is as free as it would be.
      if error.code != CommandFailure.missingCollection { throw error.error }
    }
    try await crashPoints.hit("swap.back-between")
  }

  /// The collection is what it was, or was never taken away: the copy goes, and what was made in between is brought along.
  private func finishUndo(_ former: inout SwapRecord) async throws(ActionError) {
    // Strays may have been noted since.
    guard var record = try await load() else { throw structure.brokenCapture() }
    defer { former = record }
    if record.phase == .returning {
      for difference in try await rename.bring(record.definition, to: collection) where !record.told.contains(difference) {
        record.told.append(difference)
      }
      if try await target.definition(of: beside) != nil { try await retire(&record) }
      try await bringStrays(&record)
    } else if record.phase != .undone {
      try await copy.drop()
    }
    guard record.phase != .undone else { return }
    record.phase = .undone
    try await save(record)
    try await crashPoints.hit("swap.undone")
  }

  /// Drops the copy that was swapped out. Where the application wrote to it after it was looked at and before it was renamed, it is kept and told of.
  private func retire(_ record: inout SwapRecord) async throws(ActionError) {
    guard try await digest(of: beside, record, "looking whether it was written to").text != record.digest else {
      return try await copy.drop()
    }
    let number = record.late ?? record.lastStray + 1
    if record.late == nil {
      record.late = number
      record.lastStray = number
      record.told.append(
        "it was written to in the moment in which it was swapped back; those writes are not in it, and stand in '\(stray(number))' until finalize"
      )
      try await save(record)
    }
    do throws(CommandFailure) { try await move(beside, to: stray(number)) } catch { throw error.error }
  }

  func verifyUndone(_ captured: Value, _ undone: UndoResult) async throws(ActionError) -> String? {
    guard undone.conflicts == 0 else { return nil }
    let original = try recorded(captured)
    let there = try await look()
    guard let live = there.live else { return "the collection '\(collection)' is not there again" }
    if there.kept != nil, !Self.isOriginal(live, original) { return "what was replaced still stands as '\(kept)'" }
    if there.copy != nil { return "the restored copy still stands as '\(beside)'" }
    return (try await load()?.definition ?? original).differences(to: live, called: collection).first
  }
}
