import MongoDriver
import RunbookActions

/// The codes of what a MongoDB target and its actions can answer; each has a page in `docs/errors`.
public enum MongoErrorCode {
  public static let unreachable = "RB3001"
  public static let notAuthenticated = "RB3002"
  public static let notAuthorised = "RB3003"
  public static let wrongCommand = "RB3004"
  public static let refused = "RB3005"
  public static let transient = "RB3006"
  public static let outcomeUnknown = "RB3007"
  public static let failed = "RB3008"
  public static let missingCollection = "RB3009"
  public static let timeLimit = "RB3010"
  public static let duplicateKey = "RB3011"
  public static let validation = "RB3012"
  public static let wrongUri = "RB3013"

  public static let leaseLost = "RB3101"
  public static let ledByOther = "RB3102"
  public static let leaseStillHeld = "RB3103"
  public static let brokenReceipt = "RB3104"

  public static let noTarget = "RB3201"
  public static let unfitValue = "RB3202"
  public static let unfitArgument = "RB3203"
  public static let notBuilt = "RB3204"
  public static let noStepOutputs = "RB3205"

  public static let backupExists = "RB3301"
  public static let unfitSource = "RB3302"
  public static let proofFailed = "RB3303"
  public static let stopped = "RB3304"
  public static let snapshotLost = "RB3305"
  public static let sourceReplaced = "RB3306"
}

extension ActionError {
  /// What a driver's error means for an action.
  /// - Parameters:
  ///   - target: the target's name in the plan.
  ///   - collection: the collection that was worked on, where there is one.
  ///   - doing: what was being done, in words that fit behind "while": `counting documents`.
  public init(_ error: MongoError, target: String, collection: String? = nil, doing: String) {
    let (code, kind, help) = Self.judge(error)
    let place = collection.map { "'\($0)' of target '\(target)'" } ?? "target '\(target)'"
    self.init(code: code, message: "\(place), while \(doing): \(error)", kind: kind, help: help)
  }

  private static func judge(_ error: MongoError) -> (code: String, kind: Kind, help: String?) {
    switch error.code {
    case 13: return (MongoErrorCode.notAuthorised, .refused, "grant the database user the right that the message names")
    case 18, 11: return (MongoErrorCode.notAuthenticated, .refused, "check user, password and authSource of the connection string")
    case 26: return (MongoErrorCode.missingCollection, .refused, "check the collection's name and the target's database")
    case 11000: return (MongoErrorCode.duplicateKey, .refused, nil)
    case 121: return (MongoErrorCode.validation, .refused, nil)
    // SnapshotTooOld, SnapshotUnavailable
    case 239, 246: return (MongoErrorCode.snapshotLost, .transient, nil)
    case 50 where !error.mayHaveBeenApplied: return (MongoErrorCode.timeLimit, .transient, "a longer 'timeout' may help, or an index")
    default: break
    }
    if error.mayHaveBeenApplied { return (MongoErrorCode.outcomeUnknown, .outcomeUnknown, nil) }
    switch error.kind {
    case .usersMistake: return (error.code == nil ? MongoErrorCode.wrongUri : MongoErrorCode.wrongCommand, .mistake, nil)
    case .refused:
      return error.code == nil
        ? (MongoErrorCode.notAuthenticated, .refused, "check user, password and TLS settings of the connection string")
        : (MongoErrorCode.refused, .refused, nil)
    case .transient:
      return error.code == nil
        ? (MongoErrorCode.unreachable, .transient, "check that the server runs and can be reached from this machine")
        : (MongoErrorCode.transient, .transient, nil)
    case .outcomeUnknown: return (MongoErrorCode.outcomeUnknown, .outcomeUnknown, nil)
    case .failed: return (MongoErrorCode.failed, .refused, nil)
    }
  }
}
