import Foundation

/// The built program, driven from the outside as a person or a script does it: with arguments, an environment and a directory.
public struct Program: Sendable {
  /// Where the program works: its `.runbook` is here unless RUNBOOK_STATE or `--state` says otherwise.
  public let directory: URL
  /// The whole environment of the program; nothing is inherited.
  public var environment: [String: String]
  private let executable: URL

  /// - Throws: where the program is not built next to this test.
  public init(in directory: URL, environment: [String: String] = [:]) throws {
    self.directory = directory
    executable = try Self.built()
    let own = ProcessInfo.processInfo.environment
    self.environment = own.filter { ["PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH"].contains($0.key) }
    self.environment.merge(environment) { $1 }
  }

  /// The same program on another day: its clock, and that of what it starts, is ahead by so much. Waits, and the server, go by their own.
  public func later(days: Int) async throws -> Program {
    let source = Self.repository.appendingPathComponent("Tests/Fixtures/later.c").path
    let library = directory.appendingPathComponent("later.so").path
    let made = try await shell("$(command -v clang || command -v cc) -shared -fPIC -O1 -o '\(library)' '\(source)'")
    guard made.status == 0 else { throw ProgramError("the clock that is ahead cannot be compiled: \(made)") }
    var program = self
    program.environment.merge(["LD_PRELOAD": library, "CLOCK_AHEAD": String(days * 86_400)]) { $1 }
    return program
  }

  /// The program in the products directory of the running test.
  public static func built() throws -> URL {
    let products = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let path = products.appendingPathComponent("runbook")
    guard FileManager.default.isExecutableFile(atPath: path.path) else { throw ProgramError("the program is not built: \(path.path)") }
    return path
  }

  /// The root of the repository that this test was built from.
  public static var repository: URL {
    URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
  }

  /// How a call of the program ended.
  public struct Ended: Sendable, CustomStringConvertible {
    /// The exit status; where a signal ended it, 128 and its number.
    public let status: Int32
    public let output: String
    public let error: String

    public var description: String { "exit status \(status)\n--- stdout\n\(output)\n--- stderr\n\(error)" }
  }

  /// Runs the program to its end.
  /// - Parameter limit: a call that takes longer hangs; it is killed, and this throws.
  public func run(_ arguments: [String], input: String? = nil, limit: Duration = .seconds(240)) async throws -> Ended {
    try await start(arguments, input: input).ended(within: limit)
  }

  public func run(_ arguments: String...) async throws -> Ended { try await run(arguments) }

  /// Runs a line of POSIX shell in which `runbook` is the program.
  public func shell(_ line: String, limit: Duration = .seconds(240)) async throws -> Ended {
    let path = executable.deletingLastPathComponent().path + ":" + (environment["PATH"] ?? "/usr/bin:/bin")
    let arguments = ["-c", line]
    return try await RunningProgram(
      URL(fileURLWithPath: "/bin/sh"), arguments, environment: environment.merging(["PATH": path]) { $1 }, directory: directory, input: nil
    ).ended(within: limit)
  }

  /// Starts the program in the background.
  public func start(_ arguments: [String], input: String? = nil) async throws -> RunningProgram {
    try RunningProgram(executable, arguments, environment: environment, directory: directory, input: input)
  }

  public func start(_ arguments: String...) async throws -> RunningProgram { try await start(arguments) }
}

/// A process that was started; it is killed with its last reference.
public final class RunningProgram: Sendable {
  public let pid: Int32
  private let process: ChildProcess
  private let arguments: [String]
  private let outputFile: URL
  private let errorFile: URL
  private let scratch: URL

  init(_ executable: URL, _ arguments: [String], environment: [String: String], directory: URL, input: String?) throws {
    self.arguments = arguments
    scratch = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
    outputFile = scratch.appendingPathComponent("stdout")
    errorFile = scratch.appendingPathComponent("stderr")
    let inputFile = scratch.appendingPathComponent("stdin")
    for file in [outputFile, errorFile] { try Data().write(to: file) }
    try Data((input ?? "").utf8).write(to: inputFile)
    let streams = try [
      FileHandle(forReadingFrom: inputFile), FileHandle(forWritingTo: outputFile), FileHandle(forWritingTo: errorFile),
    ]
    process = try ChildProcess(
      executable.path, arguments, environment: environment, directory: directory.path,
      streams: (streams[0].fileDescriptor, streams[1].fileDescriptor, streams[2].fileDescriptor))
    withExtendedLifetime(streams) {}
    pid = process.pid
  }

  deinit {
    process.signal(SIGKILL)
    try? FileManager.default.removeItem(at: scratch)
  }

  public var output: String { (try? String(contentsOf: outputFile, encoding: .utf8)) ?? "" }
  public var error: String { (try? String(contentsOf: errorFile, encoding: .utf8)) ?? "" }
  public var isRunning: Bool { process.isRunning }

  /// Sends a signal: `SIGINT` is Ctrl-C.
  public func signal(_ number: Int32) { process.signal(number) }

  /// Waits until stdout or stderr holds a text.
  /// - Throws: where the program ends, or a minute passes, without it.
  public func waits(for text: String) async throws {
    try await waits("no line with '\(text)' came") { $0.output.contains(text) || $0.error.contains(text) }
  }

  /// Waits until something holds.
  public func waits(_ what: String, until condition: (RunningProgram) async throws -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while true {
      let isOver = !isRunning || ContinuousClock.now > deadline
      if try await condition(self) { return }
      if isOver { throw ProgramError("\(what): runbook \(arguments.joined(separator: " "))\n\(output)\n\(error)") }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Waits for the end.
  public func ended(within limit: Duration = .seconds(240)) async throws -> Program.Ended {
    let watch = Task { [process] in
      try await Task.sleep(for: limit)
      // First in a way that lets it end what it started itself.
      process.signal(SIGINT)
      try? await Task.sleep(for: .seconds(20))
      process.signal(SIGKILL)
      return true
    }
    let status = await process.ended()
    watch.cancel()
    if (try? await watch.value) == true {
      throw ProgramError("it hung and was killed: \(arguments.joined(separator: " "))\n\(output)\n\(error)")
    }
    return Program.Ended(status: status, output: output, error: error)
  }
}

/// Why the program could not be driven.
public struct ProgramError: Error, CustomStringConvertible {
  public let description: String

  public init(_ description: String) { self.description = description }
}
