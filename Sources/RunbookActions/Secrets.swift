import Foundation
import RunbookPlan
import Subprocess

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

  public init(directory: String, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.directory = directory
    self.environment = environment
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
    do {
      let result = try await Subprocess.run(
        program.contains("/") ? .path(.init(program)) : .name(program), arguments: Arguments(Array(argv.dropFirst())),
        workingDirectory: .init(directory), output: .string(limit: 64 * 1024), error: .discarded)
      guard result.terminationStatus.isSuccess else {
        throw refusal(secret, "the program \(program) \(Self.text(of: result.terminationStatus))", help: "run it by hand to see why")
      }
      return Self.withoutLastNewline(result.standardOutput)
    } catch let error as ActionError {
      throw error
    } catch {
      throw refusal(secret, "the program \(program) cannot be run", help: "look whether it is installed and may be executed")
    }
  }

  private func refusal(_ secret: SecretDeclaration, _ reason: String, help: String?) -> ActionError {
    ActionError(code: "RB2101", message: "the secret '\(secret.name)' cannot be read: \(reason)", kind: .refused, help: help)
  }

  private static func text(of status: TerminationStatus) -> String {
    switch status {
    case .exited(let code): "ended with exit status \(code)"
    case .signaled(let number): "was ended by signal \(number)"
    }
  }

  private static func withoutLastNewline(_ text: String) -> String {
    var text = text
    if text.hasSuffix("\r\n") { text.removeLast() } else if text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}
