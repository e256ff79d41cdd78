import Foundation
import RunbookPlan

/// Reads secrets where they live, at the moment they are used. A value is held only by what asked for it and by the redactor.
public protocol SecretReading: Sendable {
  /// - Throws: `refused`, with the secret's name and source and never its value.
  func read(_ secret: SecretDeclaration) async throws(ActionError) -> String
}

/// Secrets from the environment, files and programs of this machine.
public struct LocalSecrets: SecretReading {
  /// Relative paths and programs start here: the plan's directory.
  private let directory: String
  private let environment: [String: String]
  private let programs: Programs
  /// How long a program may take, in microseconds.
  private let timeout: Int64

  /// How long a program may take to give a secret: a minute, in microseconds.
  public static let defaultTimeout: Int64 = 60_000_000
  /// Bytes that a secret from a program may have.
  private static let mostBytes = 64 * 1_024

  public init(
    directory: String, environment: [String: String] = ProcessInfo.processInfo.environment, programs: Programs = Programs(),
    timeout: Int64 = defaultTimeout
  ) {
    self.directory = directory
    self.environment = environment
    self.programs = programs
    self.timeout = timeout
  }

  public func read(_ secret: SecretDeclaration) async throws(ActionError) -> String {
    let text: String
    switch secret.source {
    case .environment(let name):
      guard let value = environment[name] else {
        throw refusal(secret, "the environment variable \(name) is not set", help: "set it: export \(name)=…")
      }
      text = value
    case .file(let path): text = try readFile(path, for: secret)
    case .command(let argv): text = try await run(argv, for: secret)
    }
    if text.isEmpty { throw refusal(secret, "it is empty", help: nil) }
    return text
  }

  private func readFile(_ path: String, for secret: SecretDeclaration) throws(ActionError) -> String {
    let url = URL(fileURLWithPath: path, relativeTo: URL(fileURLWithPath: directory, isDirectory: true))
    do {
      return Self.withoutLastNewline(try String(contentsOf: url, encoding: .utf8))
    } catch {
      throw refusal(secret, "the file \(path) cannot be read", help: "look whether it exists and who may read it")
    }
  }

  private func run(_ argv: [String], for secret: SecretDeclaration) async throws(ActionError) -> String {
    guard let program = argv.first else { throw refusal(secret, "its command is empty", help: nil) }
    let end: ProgramEnd
    do throws(ActionError) {
      // It has the whole environment of this process, where what it needs to be let in usually stands.
      end = try await programs.run(
        ProgramCall(
          argv: argv, environment: environment, directory: ProgramRunning.path(nil, from: directory), captureLimit: Self.mostBytes,
          timeout: timeout))
    } catch {
      if error.kind == .stopped { throw error }
      throw refusal(secret, "the program \(program) cannot be run", help: "look whether it is installed and may be executed")
    }
    if end.cut == .timeout {
      throw refusal(
        secret, "the program \(program) gave nothing within \(DurationText.format(microseconds: timeout))",
        help: "run it by hand to see what it waits for")
    }
    guard end.status == .exited(0) else {
      throw refusal(secret, "the program \(program) \(Self.text(of: end.status))", help: "run it by hand to see why")
    }
    if end.stdout.isCut { throw refusal(secret, "the program \(program) printed more than 64KiB", help: nil) }
    return Self.withoutLastNewline(String(decoding: end.stdout.bytes, as: UTF8.self))
  }

  private func refusal(_ secret: SecretDeclaration, _ reason: String, help: String?) -> ActionError {
    ActionError(code: "RB2101", message: "the secret '\(secret.name)' cannot be read: \(reason)", kind: .refused, help: help)
  }

  private static func text(of status: ProgramEnd.Status) -> String {
    switch status {
    case .exited(let code): "ended with exit status \(code)"
    case .signalled(let number): "was ended by signal \(number)"
    }
  }

  private static func withoutLastNewline(_ text: String) -> String {
    var text = text
    if text.hasSuffix("\r\n") { text.removeLast() } else if text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}
