/// Where the state of runs is kept.
public enum StateLocation: Sendable, Hashable {
  case sqlite(path: String)

  public static let standard = StateLocation.sqlite(path: ".runbook/state.db")

  /// What `--state` says, else `RUNBOOK_STATE`, else `sqlite:.runbook/state.db`.
  /// - Throws: `usage` for an address that names no state.
  public static func resolve(option: String?, environment: [String: String]) throws(JournalError) -> StateLocation {
    if let option { return try parse(option, source: "--state") }
    if let text = environment["RUNBOOK_STATE"], !text.isEmpty { return try parse(text, source: "RUNBOOK_STATE") }
    return standard
  }

  /// Reads `sqlite:PATH` or a plain path.
  /// - Parameter source: where the text came from, for the message. The text itself may hold a password and is not repeated.
  public static func parse(_ text: String, source: String) throws(JournalError) -> StateLocation {
    if text.hasPrefix("sqlite:") {
      var path = String(text.dropFirst("sqlite:".count))
      if path.hasPrefix("//") {
        path.removeFirst(2)
        guard path.hasPrefix("/") else {
          throw .usage("\(source): write sqlite:PATH; behind sqlite:// would stand a host, and the state is a local file")
        }
      }
      return try file(path, source)
    }
    if text.hasPrefix("mongodb://") || text.hasPrefix("mongodb+srv://") {
      throw .usage("\(source): a state shared in MongoDB is not built yet; use sqlite:PATH")
    }
    if let colon = text.firstIndex(of: ":"), text[colon...].hasPrefix("://") {
      throw .usage("\(source): unknown kind of state '\(text[..<colon])'; use sqlite:PATH")
    }
    return try file(text, source)
  }

  private static func file(_ path: String, _ source: String) throws(JournalError) -> StateLocation {
    if path.isEmpty || path.hasSuffix("/") {
      throw .usage("\(source): the path of a file is missing; write for example sqlite:.runbook/state.db")
    }
    if path == ":memory:" || path.utf8.contains(0) || path.contains("?") { throw .usage("\(source): the state must be a file") }
    return .sqlite(path: path)
  }

  /// The directory of the file: there are the runs' lock files too.
  public var directory: String {
    switch self {
    case .sqlite(let path):
      guard let slash = path.lastIndex(of: "/") else { return "." }
      return slash == path.startIndex ? "/" : String(path[..<slash])
    }
  }
}
