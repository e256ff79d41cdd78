/// Two small values, one a document of the model or one a field.
struct Pair {
  var first: UInt8 = 0
  var second: UInt8 = 0

  subscript(index: UInt8) -> UInt8 {
    get { index == 0 ? first : second }
    set { if index == 0 { first = newValue } else { second = newValue } }
  }
}

/// A document of the model: up to two fields of three bits each, or gone.
enum Doc {
  static let gone: UInt8 = 0xFF

  static func field(_ doc: UInt8, _ field: UInt8) -> UInt8 { doc >> (3 * field) & 7 }

  static func setting(_ doc: UInt8, _ field: UInt8, to value: UInt8) -> UInt8 { doc & ~(7 << (3 * field)) | value << (3 * field) }

  /// The fields in which two documents differ, as a mask.
  static func difference(_ a: UInt8, _ b: UInt8) -> UInt8 { (a & 7 != b & 7 ? 1 : 0) | (a >> 3 & 7 != b >> 3 & 7 ? 2 : 0) }
}

/// An undo block and, beside what is stored in it, what the server did of it and what it remembers of that. All masks are of documents.
struct ModelBlock {
  enum Stage { static let intent: UInt8 = 0, applied: UInt8 = 1, undone: UInt8 = 2 }

  var id: UInt8 = 0
  var mask: UInt8 = 0
  var before = Pair()
  var state: UInt8 = 0
  var missed: UInt8 = 0
  var doubt: UInt8 = 0
  var standing: UInt8 = 0
  var gone: UInt8 = 0
  /// How often an undo has been announced in it.
  var announced: UInt8 = 0
  var entries: UInt8 = 0
  /// Per document, the fields that the announced undo puts back.
  var fields = Pair()
  /// The epoch of the session that the undo is sent in.
  var session: UInt8 = 0
  /// Executed by the server, forward; and whether its record of that was lost. A record names all that was executed, or there is none.
  var ran: UInt8 = 0
  var isForgotten: UInt8 = 0
  /// The same of the undo that is announced.
  var undoRan: UInt8 = 0
  var isUndoForgotten: UInt8 = 0
  /// Per document, the fields that were put back.
  var back = Pair()

  var epoch: UInt8 { id >> 4 }
  var applied: UInt8 { mask & ~missed & ~doubt }
}

/// A process that leads the run, or one that was overtaken and has one request left on its way.
struct ModelExecutor {
  enum Place {
    static let idle: UInt8 = 0, read: UInt8 = 1, insert: UInt8 = 2, execute: UInt8 = 3, judgeLook: UInt8 = 4, record: UInt8 = 5
    static let next: UInt8 = 6, announce: UInt8 = 7, undo: UInt8 = 8, undoJudgeLook: UInt8 = 9, goOnLook: UInt8 = 10, missLook: UInt8 = 11
    static let doubtLook: UInt8 = 12, done: UInt8 = 13, resolve: UInt8 = 14, close: UInt8 = 15, blockAfterwards: UInt8 = 16
  }

  var place: UInt8 = 0
  var epoch: UInt8 = 0
  var isLate: UInt8 = 0
  /// The document, or the statement, that comes next.
  var at: UInt8 = 0
  var block: UInt8 = 0
  var captured = Pair()
  var chosen: UInt8 = 0
  /// The answer under way: two bits a document (0 took effect, 1 code 66, 2 gone), and who took effect at an earlier try.
  var results: UInt8 = 0
  var retried: UInt8 = 0
  var isRepeat: UInt8 = 0
  /// The fence of the command under way is open.
  var isOpen: UInt8 = 0
  var mayHaveActed: UInt8 = 0
  /// The answers before this one, as `JudgeTable` writes them; 0: none.
  var answers = Pair()
  var thirdAnswer: UInt8 = 0
  /// What was judged and is not recorded yet.
  var missed: UInt8 = 0
  var doubt: UInt8 = 0
  /// Entries of an undo that have to be looked at, and what was found of them.
  var open: UInt8 = 0
  var gone: UInt8 = 0
  var left: UInt8 = 0
  /// The announcement that this process last saw.
  var seen: UInt8 = 0
  /// Where a command that is repeated after a crash comes from: 0 a first try, 1 it asks what became of it, 2 announced again.
  var phase: UInt8 = 0
  /// Documents that are left as they are.
  var standing: UInt8 = 0
  /// Blocks, by index, that are still to be resolved; and whether this is a resolution.
  var queue: UInt8 = 0
  var isResolving: UInt8 = 0
  /// Of a change of the second kind: documents that were changed already.
  var skip: UInt8 = 0

  /// Forgets what belongs to a command or a block.
  mutating func clear() {
    at = 0
    block = 0
    captured = Pair()
    chosen = 0
    clearCommand()
    missed = 0
    doubt = 0
    open = 0
    gone = 0
    left = 0
    seen = 0
    phase = 0
  }

  mutating func clearCommand() {
    at = 0
    results = 0
    retried = 0
    isRepeat = 0
    isOpen = 0
    mayHaveActed = 0
    answers = Pair()
    thirdAnswer = 0
  }
}

/// Everything. All of it are bytes, so that two states are the same if their bytes are.
struct ModelState {
  enum Engine { static let forward: UInt8 = 0, done: UInt8 = 1, undoing: UInt8 = 2, ended: UInt8 = 3 }
  static let mostBlocks = 6
  static let mostExecutors = 3

  var docs = Pair()
  /// The documents as they would be, had only the application written.
  var ghosts = Pair()
  var engine: UInt8 = Engine.forward
  /// How much may still happen.
  var writes: UInt8 = 0
  var crashes: UInt8 = 0
  var losses: UInt8 = 0
  var cuts: UInt8 = 0
  var epoch: UInt8 = 1
  var resolvedUpTo: UInt8 = 0
  var closedUpTo: UInt8 = 0
  /// Per document, the fields whose last write by the application was exactly ours, while ours stood.
  var excused = Pair()
  /// Documents listed as in doubt, and those that the application wrote since the pass last read them.
  var listed: UInt8 = 0
  var written: UInt8 = 0
  /// Documents in which the application has written, at any time, a value that the change writes.
  var alike: UInt8 = 0
  var blockCount: UInt8 = 0
  var executorCount: UInt8 = 1
  var blocks = [6 of ModelBlock](repeating: ModelBlock())
  /// The first is the one that leads the run.
  var executors = [3 of ModelExecutor](repeating: ModelExecutor())

  /// The index of the newest block that is not undone.
  func newest(oldest: Bool = false) -> Int? {
    var found: Int?
    for index in 0..<Int(blockCount) where blocks[index].state != ModelBlock.Stage.undone {
      if let other = found, oldest != (blocks[index].id < blocks[other].id) { continue }
      found = index
    }
    return found
  }

  /// Documents that some block says are left as they are.
  var standing: UInt8 {
    var mask: UInt8 = 0
    for index in 0..<Int(blockCount) { mask |= blocks[index].standing | blocks[index].gone }
    return mask
  }

  mutating func removeExecutor(_ index: Int) {
    for place in index..<Int(executorCount) - 1 { executors[place] = executors[place + 1] }
    executorCount -= 1
    executors[Int(executorCount)] = ModelExecutor()
  }
}
