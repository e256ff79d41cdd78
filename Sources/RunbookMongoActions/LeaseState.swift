import RunbookActions

/// The lease that this process holds in a target.
public struct LeaseState: Sendable, Hashable {
  public let run: String
  public let owner: String
  public let epoch: Int64
  /// Until when commands may act, in milliseconds of the server's clock.
  public let until: Int64

  public init(run: String, owner: String, epoch: Int64, until: Int64) {
    self.run = run
    self.owner = owner
    self.epoch = epoch
    self.until = until
  }
}

/// The collections of the program's own, in the database of the target.
public enum RunbookCollections {
  public static let runs = "_runbook.runs"
  public static let reservations = "_runbook.reservations"
  public static let receiptLog = "_runbook.receiptLog"
  public static let backups = "_runbook.backups"
  /// Documents that come and go, so that their changes mark moments.
  public static let marks = "_runbook.marks"

  /// Renames and swaps under way.
  public static let renames = "_runbook.renames"

  /// What a step has dropped, until `finalize`.
  public static func dropped(run: String, step: String) -> String { droppedPrefix(run: run) + step }
  /// What the names of everything that a run has dropped begin with.
  public static func droppedPrefix(run: String) -> String { "_runbook.dropped.\(run)." }
  /// Where an undo takes a collection before it drops it; nothing else ever drops what stands there.
  public static func aside(run: String, step: String) -> String { "_runbook.aside.\(run).\(step)" }

  /// The copy that a restore swaps in, as long as it is not swapped in.
  public static func beside(run: String, step: String) -> String { besidePrefix(run: run) + step }
  public static func besidePrefix(run: String) -> String { "_runbook.beside.\(run)." }
  /// What the application made under a collection's name while a swap had it free; `number` counts them.
  public static func stray(run: String, step: String, number: Int64) -> String { "\(strayPrefix(run: run))\(step)/\(number)" }
  public static func strayPrefix(run: String) -> String { "_runbook.stray.\(run)." }

  /// The undo blocks of a step.
  public static func undo(run: String, step: String) -> String { "_runbook.undo.\(run).\(step)" }
  /// What the names of all undo collections of a run begin with.
  public static func undoPrefix(run: String) -> String { "_runbook.undo.\(run)." }
}

/// What only the server and the rest of a run's changes know after a crash: the update action gives one to the target's connector.
public protocol UndoResolver: Sendable {
  /// Makes every unresolved write of the run known. Called under a fresh lease, before anything else is sent for the run.
  func resolve(run: String, target: MongoTarget) async throws(ActionError)
}
