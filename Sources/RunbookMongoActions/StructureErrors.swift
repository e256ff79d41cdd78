import MongoDriver
import RunbookActions
import RunbookPlan

/// The codes of the actions on indexes, collections and validators; each has a page in `docs/errors`.
public enum StructureErrorCode {
  public static let indexInTheWay = "RB3501"
  public static let duplicates = "RB3502"
  public static let collectionInTheWay = "RB3503"
  public static let violations = "RB3504"
  public static let changedMeanwhile = "RB3505"
  public static let commandNotOk = "RB3506"
  public static let unfitCollection = "RB3507"
  public static let brokenCapture = "RB3508"
}

/// Why a command was not answered with ok, with what the server said of it.
struct CommandFailure: Error, Sendable {
  /// The same for people and the engine.
  var error: ActionError
  /// The server's code, nil where there was no answer.
  var code: Int32?
  var reply: BSONDocument?

  init(_ error: ActionError, code: Int32? = nil, reply: BSONDocument? = nil) {
    self.error = error
    self.code = code
    self.reply = reply
  }
}

extension CommandFailure {
  static let missingCollection: Int32 = 26
  static let missingIndex: Int32 = 27
  static let collectionExists: Int32 = 48
  static let indexOptionsDiffer: Int32 = 85
  static let indexKeysDiffer: Int32 = 86
  static let cannotConvertToUnique: Int32 = 359
  static let duplicateKey: Int32 = 11000
}

extension UndoResult {
  /// One thing of the database's structure that was left as somebody else made it.
  static func conflict(_ object: String, _ reason: String) -> UndoResult { conflicts([(object, reason)]) }

  /// None where the list is empty.
  static func conflicts(_ found: [(object: String, reason: String)]) -> UndoResult {
    guard !found.isEmpty else { return UndoResult() }
    let listed = found.map { Value.object(["id": .string($0.object), "reason": .string($0.reason)]) }
    return UndoResult(conflicts: Int64(found.count), details: ["conflicts": .list(listed)])
  }
}
