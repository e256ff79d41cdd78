/// What can go wrong between a run and its journal.
public enum JournalError: Error, Sendable, Hashable {
  /// Another process appended to the run: this one must stop at once.
  case overtaken(run: String, expected: Int64, actual: Int64)
  /// A request was consumed before, or never posted.
  case requestGone(id: String)
  case requestExists(id: String)
  case unknownRun(String)
  case runExists(String)
  /// Another process on this machine holds the run's lock.
  case locked(run: String, owner: ProcessIdentity?)
  /// There is no state at this place, and none was to be created.
  case noState(path: String)
  /// Nothing was stored: disk full, read-only, input or output failed.
  case notRecorded(String)
  /// Another process kept the state locked for longer than the time-out. Nothing was stored.
  case busy(String)
  /// What is stored is not what was written. `seq` where one record can be named.
  case damaged(String, seq: Int64?)
  /// The state cannot be used as it is: another program's file, a newer version, a file system that keeps no promises.
  case refused(String)
  /// The state's address is wrong.
  case usage(String)
}

extension JournalError {
  /// The exit status of a command that ends for this reason.
  public var exitStatus: Int32 {
    switch self {
    case .overtaken, .locked: 7
    case .requestGone, .requestExists, .runExists: 70
    case .unknownRun, .noState, .usage: 64
    case .notRecorded, .busy, .damaged, .refused: 74
    }
  }
}

extension JournalError: CustomStringConvertible {
  public var description: String {
    switch self {
    case .overtaken(let run, let expected, let actual):
      "run \(run) was continued by another process (its journal is at \(actual), this process left it at \(expected))"
    case .requestGone(let id): "request \(id) was answered before or does not exist"
    case .requestExists(let id): "there is a request \(id) already"
    case .unknownRun(let run): "there is no run \(run) in this state"
    case .runExists(let run): "there is a run \(run) already"
    case .locked(let run, let owner):
      if let owner { "run \(run) is led by process \(owner.pid) on \(owner.host)" } else { "run \(run) is led by another process" }
    case .noState(let path): "there is no state at \(path)"
    case .notRecorded(let reason): "the state could not be recorded: \(reason)"
    case .busy(let reason): "the state is busy: \(reason)"
    case .damaged(let reason, let seq):
      if let seq { "the state is damaged: \(reason) (record \(seq))" } else { "the state is damaged: \(reason)" }
    case .refused(let reason), .usage(let reason): reason
    }
  }
}
