import MongoDriver
import OrderedCollections
import RunbookActions

/// Carries a change forward: passes over the documents that still need it, each batch written ahead, sent, recorded (online-change page, B).
final class OnlineChangeForward {
  static let mostPasses = 20

  let change: OnlineChange
  let definition: ChangeDefinition
  let manner: Manner
  let isStopped: @Sendable () -> Bool

  private let writer: OnlineChangeWriter
  /// Keys of what the builder of the pass under way holds.
  private var built: Set<KeyHash> = []
  /// Documents that are left as they are.
  var refused: RefusedDocuments
  /// Of a change that is made once: what has been written, of this attempt or earlier ones.
  var captured: Set<KeyHash> = []
  /// Of a change that is made once: what the latest batches missed.
  var missedKeys: OrderedDictionary<KeyHash, RawBSONValue> = [:]
  /// Of a change that is made once: what has been written of those that are captured again.
  var writtenAgain: Set<KeyHash> = []
  /// Of a change that is made once: what is captured again. Another document may have the same key, on another shard or by the collation.
  var chosen: Set<KeyHash> = []
  /// Of a change that is made once: how many the application changed each time before they were.
  var neverReached = 0
  private(set) var tally: OnlineChangeTally {
    get { writer.tally }
    set { writer.tally = newValue }
  }

  /// How a change goes forward.
  struct Manner {
    var batchSize: Int
    /// How many commands are under way at a time.
    var workers = 1
    var rule = DocumentErrorRule.stop
    /// Where it goes on until no document needs the change any more.
    var waiting: Waiting?
  }

  /// A change that waits until documents cease to arrive.
  struct Waiting {
    let clock: any RunClock
    /// Told what it waits for.
    let note: (String) -> Void
  }

  init(
    _ change: OnlineChange, definition: ChangeDefinition, manner: Manner, throttle: Throttle,
    isStopped: @escaping @Sendable () -> Bool, onBatch: @escaping (OnlineChangeTally) -> Void
  ) async throws(ActionError) {
    self.change = change
    self.definition = definition
    self.manner = manner
    self.isStopped = isStopped
    refused = RefusedDocuments(collection: definition.collection, rule: manner.rule)
    writer = try await OnlineChangeWriter(
      change, collection: definition.collection, points: definition.kind == .delete ? "delete" : "update", batchSize: manner.batchSize,
      workers: manner.workers, throttle: throttle, isStopped: isStopped, onBatch: onBatch)
    writer.onRecorded = { [unowned self] (block) throws(ActionError) in try take(block) }
  }

  /// Repeats passes until one finds nothing to write; a change that is made once has one pass.
  /// - Returns: false where that did not happen within the passes allowed.
  func run() async throws(ActionError) -> Bool {
    defer { writer.end() }
    try await refused.learn(definition, of: change)
    if definition.isOnce { return try await runOnce() }
    var pass = 0
    while true {
      pass += 1
      // A cursor on an index misses a document whose key moves behind it, so the pass that ends the step goes by the natural order.
      let isNatural = pass > 1
      let found = try await completePass(natural: isNatural)
      if found == 0, isNatural { return true }
      guard pass >= Self.mostPasses else { continue }
      guard manner.waiting != nil else { return false }
      try await rest(after: pass - Self.mostPasses)
    }
  }

  /// How many documents a second came to need the change since the second pass began.
  var arrivingPerSecond: Double { writer.arrivingPerSecond }

  /// Lets time pass between two passes of a change that waits: a second at first, half a minute in the end.
  func rest(after passes: Int) async throws(ActionError) {
    guard let waiting = manner.waiting else { return }
    waiting.note("documents keep arriving, about \(Self.told(arrivingPerSecond)) a second; it goes on until none needs the change")
    for _ in 0..<min(2 << min(passes, 5), 60) {
      try writer.checkStop()
      await waiting.clock.sleep(milliseconds: 500)
    }
    try writer.checkStop()
  }

  /// Why the change has not come to an end.
  var notConverged: String {
    guard definition.isOnce else {
      return "after \(Self.mostPasses) passes documents still need the change, about \(Self.told(arrivingPerSecond)) a second arrive; "
        + "a later sweep is due"
    }
    let documents = neverReached == 1 ? "1 document was" : "\(neverReached) documents were"
    return "\(documents) not changed: the application changed them each of \(Self.mostRounds) times just before"
  }

  /// A rate in words: with one digit after the point.
  static func told(_ rate: Double) -> String { "\((rate * 10).rounded() / 10)" }

  /// A pass, begun again where its cursor died.
  /// - Returns: how many documents it found to write.
  func completePass(natural: Bool) async throws(ActionError) -> Int {
    try await writer.completePass { () throws(ActionError) in try await sweep(definition, natural: natural) }
  }

  /// See ``OnlineChangeWriter/persistently(_:)``.
  func persistently<R>(_ body: () async throws(ActionError) -> R) async throws(ActionError) -> R { try await writer.persistently(body) }

  /// Reads what needs the change and writes it; returns once nothing of it is under way any more.
  /// - Parameter definition: the change, or the same for chosen documents.
  func sweep(_ definition: ChangeDefinition, natural: Bool) async throws(ActionError) -> Int {
    let command = BSONDocument { aggregate in
      aggregate.append("aggregate", definition.collection)
      aggregate.append("pipeline", BSONArray(definition.capture.map(BSONValue.document)))
      definition.writeReading(to: &aggregate)
      aggregate.append("readConcern", ["level": "majority"] as BSONDocument)
      if natural, definition.allowsNaturalOrder { aggregate.append("hint", ["$natural": 1] as BSONDocument) }
    }
    var builder = BlockBuilder(definition, size: writer.batchSize)
    built = []
    var found = 0
    let target = change.target
    do {
      // Without a time limit of its own: a pass may read for hours; each batch is waited for at most an hour.
      found = try await target.client(forMilliseconds: 3_600_000)
        .withCursor(command, database: target.database, batchSize: Int32(manner.batchSize)) { cursor in
          var found = 0
          while let batch = try await cursor.next() {
            for document in batch {
              let key = hash(of: document)
              if let key, isDealtWith(document, key, definition) { continue }
              if builder.hasNoRoom(for: document) { found += try await write(&builder, definition) }
              if let key { built.insert(key) }
              guard builder.add(document) else {
                throw ActionError(code: MongoErrorCode.failed, message: "the server answered a row without fields", kind: .refused)
              }
              if builder.isFull { found += try await write(&builder, definition) }
            }
          }
          found += try await write(&builder, definition)
          try await writer.drain()
          return found
        }
    } catch let error as MongoError {
      throw await writer.drain(after: target.error(error, collection: definition.collection, doing: "reading the documents to change"))
    } catch let error as ActionError {
      throw await writer.drain(after: error)
    } catch {
      preconditionFailure("a pass threw \(error)")
    }
    if definition.keys == nil { tally.alreadyDone = builder.alreadyDone }
    try leave(builder.unfit, tooLarge: builder.tooLarge)
    return found
  }

  /// The hash of a row's key, where it is needed for anything.
  private func hash(of row: BSONDocument) -> KeyHash? {
    guard definition.isOnce || writer.needsKeys || !refused.isEmpty else { return nil }
    return definition.identity(ofRow: row).map(KeyHash.init)
  }

  /// Whether a row is to be passed over: the server has refused its document, or a change that is made once has been made.
  private func isDealtWith(_ row: BSONDocument, _ key: KeyHash, _ definition: ChangeDefinition) -> Bool {
    if !refused.isEmpty, let id = row["_id"], refused.has(id) { return true }
    guard definition.isOnce else { return false }
    if definition.keys != nil { return !chosen.contains(key) || writtenAgain.contains(key) || built.contains(key) }
    return captured.contains(key) || built.contains(key)
  }

  private func write(_ builder: inout BlockBuilder, _ definition: ChangeDefinition) async throws(ActionError) -> Int {
    let count = try await writer.write(&builder, keys: built).count
    // Only now: what was built when a cursor died has to be found again.
    if definition.isOnce, definition.keys == nil { captured.formUnion(built) }
    if definition.isOnce, definition.keys != nil { writtenAgain.formUnion(built) }
    built.removeAll(keepingCapacity: true)
    return count
  }

  /// Takes in what was recorded of a block.
  private func take(_ block: UndoBlock) throws(ActionError) {
    guard !block.failed.isEmpty || definition.isOnce && !block.missed.isEmpty else { return }
    let entries = try change.entries(of: block)
    if definition.isOnce {
      for index in block.missed {
        missedKeys[KeyHash(entries[index].identity)] = entries[index].key.detached()
      }
    }
    if !block.failed.isEmpty { try refused.add(block, entries) }
  }

  /// Documents that a pass found and that cannot be sent.
  private func leave(_ unfit: [(key: RawBSONValue, field: ChangedPath)], tooLarge: [RawBSONValue]) throws(ActionError) {
    if !manner.rule.collects { try writer.refuseUnfit(unfit) }
    let left = unfit.map { ($0.key, "something on the way to '\($0.field.text)' is no document") }
    try refused.replace(unsent: left + tooLarge.map { ($0, RefusedDocuments.tooLarge) })
  }
}

/// What a forward change came to so far, in this attempt.
struct OnlineChangeTally: Sendable {
  var captured = 0
  var applied = 0
  var missed = 0
  var doubt = 0
  var failed = 0
  var batches = 0
  var sweeps = 0
  /// In the latest complete pass.
  var alreadyDone = 0
  /// Documents found by later passes that no earlier one had missed.
  var lateArrivals = 0

  mutating func add(_ block: UndoBlock) {
    applied += block.count - block.missed.count - block.doubt.count - block.failed.count
    missed += block.missed.count
    doubt += block.doubt.count
    failed += block.failed.count
    batches += 1
  }
}
