import Foundation
import RunbookActions
import RunbookPlan
import RunbookSyntax
import RunbookTestSupport
import Testing

@Suite struct SecretsTests {
  private let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-secrets-\(UUID().uuidString)")

  private func read(_ source: String, environment: [String: String] = [:], files: [String: String] = [:]) async throws -> String {
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    for (name, text) in files {
      let file = directory.appendingPathComponent(name)
      try text.write(to: file, atomically: true, encoding: .utf8)
      try FileManager.default.setAttributes([.posixPermissions: 0o700], ofItemAtPath: file.path)
    }
    let plan = try Bench.load(Bench.steps("- { id: n, action: note, with: { text: t } }", more: "secrets: { token: \(source) }"))
    return try await LocalSecrets(
      directory: directory.path, environment: environment, programs: Programs(executable: try Program.built().path)
    ).read(try #require(plan.secrets.first))
  }

  private func refusal(_ source: String, environment: [String: String] = [:], files: [String: String] = [:]) async -> ActionError? {
    do {
      _ = try await read(source, environment: environment, files: files)
      return nil
    } catch {
      return error as? ActionError
    }
  }

  @Test func comesFromTheEnvironment() async throws {
    #expect(try await read("{ fromEnv: TOKEN }", environment: ["TOKEN": "a b\n"]) == "a b\n")
    let missing = await refusal("{ fromEnv: TOKEN }")
    #expect(missing?.message == "the secret 'token' cannot be read: the environment variable TOKEN is not set")
    #expect(missing?.help == "set it: export TOKEN=…")
    #expect(missing?.kind == .refused)
    #expect(
      await refusal("{ fromEnv: TOKEN }", environment: ["TOKEN": ""])?.message == "the secret 'token' cannot be read: it is empty")
  }

  @Test func comesFromAFileBesideThePlan() async throws {
    #expect(try await read("{ fromFile: token.txt }", files: ["token.txt": "one\ntwo\n"]) == "one\ntwo")
    #expect(try await read("{ fromFile: token.txt }", files: ["token.txt": "one\r\n"]) == "one")
    #expect(try await read("{ fromFile: token.txt }", files: ["token.txt": "one"]) == "one")
    #expect(
      await refusal("{ fromFile: token.txt }")?.message == "the secret 'token' cannot be read: the file token.txt cannot be read")
    #expect(
      await refusal("{ fromFile: token.txt }", files: ["token.txt": "\n"])?.message == "the secret 'token' cannot be read: it is empty")
  }

  @Test func comesFromAProgram() async throws {
    #expect(try await read("{ fromCommand: [echo, 'a  b'] }") == "a  b")
    #expect(
      try await read("{ fromCommand: [./give] }", files: ["give": "#!/bin/sh\ncat beside\n", "beside": "from here\n"]) == "from here")
    let failed = await refusal("{ fromCommand: [sh, -c, 'echo secret-text; echo secret-text >&2; exit 3'] }")
    #expect(failed?.message == "the secret 'token' cannot be read: the program sh ended with exit status 3")
    #expect(failed?.message.contains("secret-text") == false)
    let missing = await refusal("{ fromCommand: [no-such-program-here] }")
    #expect(missing?.message == "the secret 'token' cannot be read: the program no-such-program-here cannot be run")
    #expect(await refusal("{ fromCommand: ['true'] }")?.message == "the secret 'token' cannot be read: it is empty")
  }
}
