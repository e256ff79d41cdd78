import Foundation
import MongoDriver
import RunbookTestSupport
import Testing

/// Canaries: secrets from everywhere, with every kind of awkward character, must be found nowhere once a run is over, however it ended.
@Suite struct SecretTests {
  private static let plan = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: canary }
    params:
      wanted: { type: integer, default: 124 }
    secrets:
      base:    { fromEnv: MONGODB_URI }
      file:    { fromFile: canary.txt }
      command: { fromCommand: [./canary.sh] }
    targets:
      main:   { type: mongodb, uri: "${{ secrets.base }}", database: DATABASE }
      byFile: { type: mongodb, uri: "${{ secrets.file }}", database: DATABASE }
      byCmd:  { type: mongodb, uri: "${{ secrets.command }}", database: DATABASE }
    defaults: { target: main, collection: assets }
    phases:
      - id: one
        steps:
          - id: change
            action: mongodb.update
            with: { filter: { extra: { $exists: false } }, pipeline: [ { $set: { extra: 1 } } ], batch: { size: 50 } }
          - id: show
            action: mongodb.aggregate
            with: { pipeline: [ { $sort: { _id: -1 } } ], limit: 200 }
        verify:
          - { id: by-file, action: mongodb.ping, target: byFile, expect: { field: writable, equals: true } }
          - { id: by-cmd, action: mongodb.ping, target: byCmd, expect: { field: writable, equals: true } }
          - id: leaked
            action: mongodb.aggregate
            with: { pipeline: [ { $match: { leak: { $exists: true } } } ] }
            expect: { field: documents, isEmpty: true }
            onFail: warn
          - { id: end, action: mongodb.count, expect: { equals: "${{ params.wanted }}" } }

    """

  /// Everything that must be found nowhere: a secret as it is, and written in other ways.
  private static func forms(of secret: String) -> [String] {
    let escaped = secret.addingPercentEncoding(withAllowedCharacters: .alphanumerics) ?? secret
    let json = secret.reduce(into: "") { $0 += $1 == "\"" || $1 == "\\" ? "\\\($1)" : String($1) }
    return [secret, escaped, json, Data(secret.utf8).base64EncodedString()]
  }

  private static let password = #"p@ss:Kanarie/9?"\x%41"#

  @Test(arguments: [false, true], ["text", "ndjson"]) func noCanaryIsFound(fails: Bool, form: String) async throws {
    try await withPasswords { host, uri in
      try await Workplace.lend(uri: uri) { place in
        let byFile = uri.replacingOccurrences(of: "?", with: "?appName=file-Kanarie%2F2&")
        let byCommand = uri.replacingOccurrences(of: "?", with: "?appName=command-Kanarie%22%263&")
        try place.file("plan.yaml", Self.plan.replacingOccurrences(of: "DATABASE", with: place.database))
        try place.file("canary.txt", byFile + "\n")
        try place.file("canary.sh", "#!/bin/sh\nsleep 0.2\ncat <<'END'\n\(byCommand)\nEND\n")
        let script = place.directory.appendingPathComponent("canary.sh").path
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: script)
        // The data holds them, too: what is observed is recorded, and must come out without them.
        let secrets = [Self.password, uri, byFile, byCommand]
        try await place.insert(secrets.enumerated().map { ["_id": .integer(Int64(1_000 + $0)), "leak": .string("<\($1)>")] })
        let running = try await place.program.start(
          "execute", "plan.yaml", "--output", form, "--param", "wanted=\(fails ? 1 : 124)")
        var lines: Set<String> = []
        try await running.waits("it never ended") { running in
          lines.insert(Self.commandLines(under: running.pid))
          return !running.isRunning
        }
        let ended = try await running.ended()
        #expect(ended.status == (fails ? 3 : 0), "\(ended)")
        #expect((ended.output + ended.error).contains("***"), "something was redacted: \(ended)")
        var told = ended.output + ended.error + lines.joined(separator: "\n")
        let calls = [
          ["status"], ["status", "--format", "json"], ["list", "--format", "json"], ["rollback"],
          ["execute", "plan.yaml", "--until", "one"],
        ]
        for arguments in calls {
          let ended = try await place.program.run(arguments)
          told += ended.output + ended.error
        }
        Self.expectNone(of: secrets, in: told, "what was told")
        let state = place.directory.appendingPathComponent(".runbook")
        let files = try FileManager.default.contentsOfDirectory(atPath: state.path)
        #expect(files.contains("state.db"))
        for name in files {
          let bytes = try Data(contentsOf: state.appendingPathComponent(name))
          Self.expectNone(of: secrets, in: String(decoding: bytes, as: UTF8.self), name)
        }
        for collection in try await place.collections() where collection.hasPrefix("_runbook.") {
          for document in try await place.all(collection) {
            Self.expectNone(of: secrets, in: document.extendedJSON(canonical: false), collection)
          }
        }
      }
    }
  }

  /// Command lines and environments of the program's children, and its own command line.
  /// Of a process and of all that descends from it: programs are its grandchildren.
  private static func commandLines(under pid: Int32) -> String {
    let files = FileManager.default
    var parents: [Int32: Int32] = [:]
    for entry in (try? files.contentsOfDirectory(atPath: "/proc")) ?? [] {
      guard let id = Int32(entry), let stat = try? String(contentsOfFile: "/proc/\(entry)/stat", encoding: .utf8) else { continue }
      parents[id] = stat.split(separator: ")").last?.split(separator: " ").dropFirst().first.flatMap { Int32($0) }
    }
    func descends(_ id: Int32) -> Bool {
      var id = id
      while id != pid, let parent = parents[id], parent > 1 { id = parent }
      return id == pid
    }
    return parents.keys.filter(descends).map { id in
      String(decoding: files.contents(atPath: "/proc/\(id)/cmdline") ?? Data(), as: UTF8.self)
    }.joined()
  }

  private static func expectNone(of secrets: [String], in text: String, _ place: String) {
    for secret in secrets {
      for form in forms(of: secret) where text.contains(form) { Issue.record("\(form) stands in \(place)") }
    }
  }

  /// A server that asks for a password, and the address with the right one.
  private func withPasswords(_ body: (_ host: String, _ uri: String) async throws -> Void) async throws {
    let server = try await TestServer.start()
    let admin = try server.client()
    let roles: BSONValue = [["role": "root", "db": "admin"]]
    _ = try await admin.writeCommand(["createUser": "ana", "pwd": .string(Self.password), "roles": roles], database: "admin")
    await admin.close()
    let result: Result<Void, any Error>
    do {
      try await server.restart(adding: ["--auth"])
      let host = String(server.uri.dropFirst("mongodb://".count).dropLast())
      let escaped = try #require(Self.password.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
      try await body(host, "mongodb://ana:\(escaped)@\(host)/?authSource=admin")
      result = .success(())
    } catch {
      result = .failure(error)
    }
    await server.stop()
    try result.get()
  }

  @Test func aWrongPasswordIsToldWithoutIt() async throws {
    try await withPasswords { host, uri in
      try await Workplace.lend(uri: uri) { place in
        var place = place
        place.program.environment["MONGODB_URI"] = "mongodb://ana:wrong%2FKanarie@\(host)/?authSource=admin"
        let ended = try await place.program.run("execute", try place.plan(Plans.checked))
        #expect(ended.status == 1, "\(ended)")
        #expect(ended.error.lowercased().contains("authentication failed"), "\(ended)")
        #expect(!ended.error.contains("Kanarie"), "\(ended)")
        #expect(try await place.collections() == ["assets"])
      }
    }
  }

  @Test func aPrivilegeThatIsMissingIsNamed() async throws {
    try await withPasswords { host, uri in
      try await Workplace.lend(uri: uri) { place in
        let roles: BSONValue = [["role": "read", "db": .string(place.database)]]
        _ = try await place.client.writeCommand(["createUser": "reader", "pwd": "read-Kanarie", "roles": roles], database: "admin")
        var place = place
        place.program.environment["MONGODB_URI"] = "mongodb://reader:read-Kanarie@\(host)/?authSource=admin"
        let ended = try await place.program.run("execute", try place.plan(Plans.checked))
        #expect(ended.status == 1, "\(ended)")
        #expect(ended.error.contains("'_runbook.") && ended.error.contains("not authorized"), "what on what: \(ended)")
        #expect(!ended.error.contains("Kanarie"), "\(ended)")
        #expect(try await place.count(with: "extra") == 0)
      }
    }
  }
}
