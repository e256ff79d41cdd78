import Glibc
import RunbookPlan

/// A program as it is to be run.
public struct ProgramCall: Sendable {
  /// The program and its arguments; no shell reads them.
  public var argv: [String]
  /// All that the program's environment holds.
  public var environment: [String: String]
  /// Where it runs; absolute.
  public var directory: String
  public var stdin: String?
  /// Bytes of each of stdout and stderr that are kept.
  public var captureLimit: Int
  /// Microseconds that it may take.
  public var timeout: Int64

  /// How long a program may take where nothing else is said: 10 minutes, in microseconds.
  public static let defaultTimeout: Int64 = 10 * 60 * 1_000_000
  public static let defaultCaptureLimit = 1_024 * 1_024
  /// What of the environment of this program others get.
  public static let inherited = ["PATH", "HOME", "LANG", "TZ"]

  public init(
    argv: [String], environment: [String: String], directory: String, stdin: String? = nil, captureLimit: Int = defaultCaptureLimit,
    timeout: Int64 = defaultTimeout
  ) {
    self.argv = argv
    self.environment = environment
    self.directory = directory
    self.stdin = stdin
    self.captureLimit = captureLimit
    self.timeout = timeout
  }

  /// What messages call it.
  var name: String { argv.first ?? "" }

  /// The program as the system starts it.
  /// - Throws: RB2701 where it cannot be started; nothing was done then.
  func image() throws(ActionError) -> ProgramImage {
    if argv.first?.isEmpty ?? true { throw Self.cannotStart("", "its name is empty", help: "write it as the first element of 'argv'") }
    for text in argv + environment.flatMap({ [$0.key, $0.value] }) + [directory] where text.utf8.contains(0) {
      throw Self.cannotStart(name, "an argument or a variable holds a zero byte, which no program can be given", help: nil)
    }
    for variable in environment.keys where variable.isEmpty || variable.contains("=") {
      throw Self.cannotStart(name, "no variable can be called '\(variable)'", help: "rename it under 'env'")
    }
    guard Self.kind(of: directory) == S_IFDIR else {
      throw Self.cannotStart(name, "there is no directory \(directory)", help: "correct 'cwd'")
    }
    return ProgramImage(
      path: try path(), directory: directory, arguments: argv, environment: environment.map { "\($0.key)=\($0.value)" }.sorted())
  }

  /// The file behind the name: a name without a slash is looked for in the PATH that the program will have.
  private func path() throws(ActionError) -> String {
    if name.contains("/") {
      let full = name.hasPrefix("/") ? name : directory + "/" + name
      guard access(full, F_OK) == 0 else {
        throw Self.cannotStart(name, "there is no such file", help: "paths begin at the plan's directory, or at 'cwd' where that is given")
      }
      guard Self.isExecutable(full) else {
        throw Self.cannotStart(name, "it may not be executed", help: "make it executable: chmod +x \(name)")
      }
      return name
    }
    for place in (environment["PATH"] ?? "/usr/bin:/bin").split(separator: ":", omittingEmptySubsequences: false) {
      let file = (place.isEmpty ? "." : place) + "/" + name
      if Self.isExecutable(file.hasPrefix("/") ? String(file) : directory + "/" + file) { return String(file) }
    }
    throw Self.cannotStart(name, "no program of this name is in PATH", help: "install it, or write its path")
  }

  private static func isExecutable(_ path: String) -> Bool {
    kind(of: path) == S_IFREG && access(path, X_OK) == 0
  }

  /// What there is at a path: `S_IFREG`, `S_IFDIR`; nil where there is nothing.
  private static func kind(of path: String) -> mode_t? {
    var status = stat()
    return stat(path, &status) == 0 ? status.st_mode & S_IFMT : nil
  }

  static func cannotStart(_ name: String, _ reason: String, help: String?) -> ActionError {
    ActionError(code: "RB2701", message: "the program '\(name)' cannot be started: \(reason)", kind: .refused, help: help)
  }

  static func cannotStart(_ name: String, _ reason: SystemNumber) -> ActionError {
    switch reason.number {
    case ENOEXEC:
      cannotStart(name, "it is neither a program of this machine nor a script", help: "begin a script with a line like '#!/bin/sh'")
    case ENOENT: cannotStart(name, "what its first line names is not there", help: "correct the line that begins with '#!'")
    case E2BIG: cannotStart(name, "its arguments and environment are too long", help: "hand long texts over by 'stdin' or a file")
    default: cannotStart(name, reason.text, help: nil)
    }
  }
}

/// How a program ended, and what it wrote.
public struct ProgramEnd: Sendable {
  public enum Status: Sendable, Hashable {
    case exited(Int32)
    case signalled(Int32)
  }

  /// Why it was ended from here.
  public enum Cut: Sendable, Hashable {
    case timeout
    case stop
  }

  public var status: Status
  /// Nil where it ended by itself.
  public var cut: Cut?
  var stdout: CapturedText
  var stderr: CapturedText
  /// Microseconds.
  public var duration: Int64
}

/// Where the output of a program goes while it runs, and what takes secrets out of a text that must be cut.
public protocol OutputSink: Sendable {
  /// A piece of what the program wrote to `stdout` or `stderr`. Does not wait.
  func note(stream: String, _ text: String)
  /// Nothing more comes.
  func end()
  func redact(_ text: String) -> String
}

/// Keeps nothing and knows no secret.
public struct NoOutput: OutputSink {
  public init() {}
  public func note(stream: String, _ text: String) {}
  public func end() {}
  public func redact(_ text: String) -> String { text }
}
