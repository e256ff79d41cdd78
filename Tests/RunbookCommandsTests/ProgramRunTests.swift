import Foundation
import RunbookTestSupport
import Testing

/// Plans that run programs, by the built program: killed, stopped, resumed, taken back.
@Suite struct ProgramRunTests {
  /// Lends a directory without any server, and a number that no other process has as an argument.
  private func lend(_ steps: String, more: String = "", _ body: (Program, String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-program-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let mark = "1\(UInt32.random(in: 100_000_000...999_999_999))"
    let plan = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: programs }
      \(more)
      phases:
        - id: one
          steps:
      \(steps.replacing("MARK", with: mark))
      """
    try Data(plan.utf8).write(to: directory.appendingPathComponent("plan.yaml"))
    try await body(try Program(in: directory, environment: ["NO_COLOR": "1", "CI": "1", "TOKEN": "Kanarie/9?\"x\\y"]), mark)
  }

  private static func living(_ mark: String) -> [String] {
    let files = FileManager.default
    return ((try? files.contentsOfDirectory(atPath: "/proc")) ?? []).compactMap { entry in
      guard Int32(entry) != nil else { return nil }
      let line = String(decoding: files.contents(atPath: "/proc/\(entry)/cmdline") ?? Data(), as: UTF8.self)
      return line.hasPrefix("sleep\0\(mark)") ? line : nil
    }
  }

  private static func waits(_ what: Comment, until condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition(), what)
  }

  private func text(_ name: String, _ program: Program) -> String {
    (try? String(contentsOf: program.directory.appendingPathComponent(name), encoding: .utf8)) ?? ""
  }

  /// A step that goes on for ever with three processes, and whose undo writes into `log`.
  private static let endless = """
        - id: long
          action: exec.run
          with: { argv: [ sh, -c, 'echo began >> log; sleep MARK & (setsid sleep MARK &); sleep MARK' ] }
          rollback: [ { id: undo-long, action: exec.run, with: { argv: [ sh, -c, echo undone >> log ] } } ]
    """

  @Test func aKillLeavesNothingBehindAndAPersonIsAsked() async throws {
    try await lend(Self.endless) { program, mark in
      let running = try await program.start("execute", "plan.yaml")
      try await Self.waits("it runs") { Self.living(mark).count == 3 }
      running.signal(SIGKILL)
      #expect(try await running.ended().status == 137)
      try await Self.waits("nothing is left behind") { Self.living(mark).isEmpty }
      let resumed = try await program.run("resume")
      #expect(resumed.status == 9, "\(resumed)")
      #expect(resumed.error.contains("nobody knows whether step long happened"), "\(resumed)")
      #expect(text("log", program) == "began\n", "it is not started again")
      let back = try await program.run("rollback")
      #expect(text("log", program) == "began\nundone\n", "\(back)")
    }
  }

  /// At any moment: while the supervisor starts, while the program does, and later.
  @Test func noKillLeavesAnythingBehind() async throws {
    try await lend(Self.endless) { program, mark in
      for _ in 0..<25 {
        let running = try await program.start("execute", "plan.yaml", "--state", "sqlite:\(UUID().uuidString)/state.db")
        try await Task.sleep(for: .milliseconds(Int.random(in: 0...250)))
        running.signal(SIGKILL)
        _ = try await running.ended()
        try await Self.waits("nothing is left behind") { Self.living(mark).isEmpty }
      }
      // What was begun but not yet seen comes up meanwhile, and has its grace.
      try await Task.sleep(for: .seconds(1))
      try await Self.waits("nothing is left behind") { Self.living(mark).isEmpty }
      try await Task.sleep(for: .milliseconds(500))
      #expect(Self.living(mark) == [])
    }
  }

  private static let decisions = [
    ("rerun", "onInterrupt: rerun"),
    ("probe", "probe: { id: there, action: exec.check, with: { argv: [ test, -e, log ] }, expect: { equals: 0 } }"),
  ]

  @Test(arguments: decisions)
  func thePlanSaysWhatToDoAfterAKill(kind: String, words: String) async throws {
    let step = """
          - id: once
            action: shell.run
            with: { run: 'echo began >> log; test "$(wc -l < log)" -gt 1 || sleep MARK' }
            \(words)
            rollback: { notNeeded: it writes a line }
      """
    try await lend(step) { program, mark in
      let running = try await program.start("execute", "plan.yaml")
      try await Self.waits("it runs") { Self.living(mark).count == 1 }
      running.signal(SIGKILL)
      _ = try await running.ended()
      try await Self.waits("nothing is left behind") { Self.living(mark).isEmpty }
      let resumed = try await program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
      #expect(text("log", program) == (kind == "rerun" ? "began\nbegan\n" : "began\n"))
    }
  }

  /// What was cut off has half a second to end; whoever resumes at once waits until it is gone.
  @Test func aProgramThatIsRunAgainIsAlone() async throws {
    let script =
      "if [ -e log ]; then echo again >> log; sleep 0.8; echo ended >> log; exit 0; fi; echo began >> log; "
      + "trap \"\" TERM; while :; do echo alive >> log; sleep 0.02; done; : MARK"
    let step = """
          - id: once
            action: exec.run
            with: { argv: [ sh, -c, '\(script)' ] }
            onInterrupt: rerun
            rollback: { notNeeded: it writes lines }
      """
    try await lend(step) { program, _ in
      let running = try await program.start("execute", "plan.yaml")
      try await Self.waits("it runs") { text("log", program).contains("alive") }
      running.signal(SIGKILL)
      let resumed = try await program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
      let lines = text("log", program).split(separator: "\n")
      #expect(lines.first == "began" && lines.count > 3)
      #expect(lines.suffix(2) == ["again", "ended"], "\(lines)")
    }
  }

  @Test func aRollbackStopsTheProgramAndUndoesIt() async throws {
    try await lend(Self.endless) { program, mark in
      let running = try await program.start("execute", "plan.yaml")
      try await Self.waits("it runs") { Self.living(mark).count == 3 }
      let asked = try await program.run("cancel", "--rollback")
      let ended = try await running.ended()
      #expect(ended.status == 3, "\(asked)\n\(ended)")
      #expect(Self.living(mark).isEmpty)
      #expect(text("log", program) == "began\nundone\n")
    }
  }

  @Test func aPauseAwaitsTheProgram() async throws {
    let steps = """
          - id: long
            action: exec.run
            timeout: 2m
            with: { argv: [ sh, -c, 'sleep 2; echo done >> log; : MARK' ] }
            rollback: { notNeeded: it writes a line }
          - { id: after, action: note, with: { text: that was all } }
      """
    try await lend(steps) { program, _ in
      let running = try await program.start("execute", "plan.yaml")
      try await running.waits(for: "→ long")
      running.signal(SIGINT)
      let ended = try await running.ended()
      #expect(ended.status == 6, "\(ended)")
      #expect(ended.error.contains("stopping when 'long' has ended (at most 2m after its start); once more stops at once"), "\(ended)")
      #expect(text("log", program) == "done\n")
      let resumed = try await program.run("resume")
      #expect(resumed.status == 0, "\(resumed)")
      #expect(text("log", program) == "done\n", "it is done once")
    }
  }

  /// In the environment of a program, in its output, in pieces, encoded; never in a file, a message or a command line.
  @Test func secretsOfProgramsAreFoundNowhere() async throws {
    let steps = """
          - id: show
            action: exec.run
            target: here
            with:
              argv: [ sh, -c, 'echo "$T"; printf "%s" "$T" | base64; printf "%.5s" "$T"; sleep 0.3; printf "%s\\n" "${T#?????}"; echo "$BOTH" >&2; echo "$OWN"; : MARK' ]
              env: { T: "${{ secrets.token }}", BOTH: "Bearer ${{ secrets.token }} of ${{ run.id }}" }
            rollback: [ { id: back, action: shell.run, with: { run: 'echo "$T"', env: { T: "x${{ secrets.command }}" } } } ]
          - id: fails
            action: shell.run
            with: { run: 'echo "it was $T" >&2; exit 4', env: { T: "${{ secrets.command }}" } }
            rollback: { notNeeded: it fails }
      """
    let more = #"""
      secrets: { token: { fromEnv: TOKEN }, command: { fromCommand: [ sh, -c, 'echo "command-$TOKEN"' ] } }
      targets: { here: { type: exec, env: { OWN: "own ${{ secrets.token }}" } } }
      """#
    try await lend(steps, more: more) { program, _ in
      let ended = try await program.run("execute", "plan.yaml")
      #expect(ended.status == 3, "\(ended)")
      #expect(ended.error.contains("ended with exit status 4; it said: it was ***"), "\(ended)")
      var told = ended.output + ended.error
      for arguments in [["logs"], ["status", "--format", "json"], ["report"], ["report", "--format", "json"], ["list"]] {
        let ended = try await program.run(arguments)
        told += ended.output + ended.error
      }
      #expect(told.contains("Bearer *** of r"), "\(told)")
      let secret = "Kanarie/9?\"x\\y"
      let forms = [secret, "Kanarie", "9?", Data(secret.utf8).base64EncodedString(), #"Kanarie/9?\"x\\y"#]
      let state = program.directory.appendingPathComponent(".runbook")
      for name in try FileManager.default.contentsOfDirectory(atPath: state.path) {
        told += String(decoding: try Data(contentsOf: state.appendingPathComponent(name)), as: UTF8.self)
      }
      for form in forms where told.contains(form) { Issue.record("\(form) is found") }
    }
  }

  /// The spellings that encoders give a secret, whole and in pieces, on both streams.
  @Test func encodedSecretsAreFoundNowhere() async throws {
    let steps = """
          - id: show
            action: exec.run
            with: { argv: [ python3, show.py, MARK ], env: { T: "${{ secrets.token }}" } }
            rollback: { notNeeded: it shows }
      """
    let script = #"""
      import base64, json, os, sys, time, urllib.parse
      token = os.environ["T"]
      spellings = [json.dumps(token), json.dumps(json.loads(json.dumps({"a": token}))), urllib.parse.quote(token), urllib.parse.quote_plus(token),
                   token.encode().hex(), base64.urlsafe_b64encode(token.encode()).decode()]
      spellings += [base64.b64encode(("xyz"[:shift] + token).encode()).decode() for shift in range(3)]
      for text in spellings:
          for stream in (sys.stdout, sys.stderr):
              print("spelt:", text, file=stream, flush=True)
              half = len(text) // 2
              print("halves:", text[:half], end="", file=stream, flush=True)
              time.sleep(0.05)
              print(text[half:], file=stream, flush=True)
      """#
    try await lend(steps, more: "secrets: { token: { fromEnv: TOKEN } }") { program, _ in
      try Data(script.utf8).write(to: program.directory.appendingPathComponent("show.py"))
      let ended = try await program.run("execute", "plan.yaml")
      #expect(ended.status == 0, "\(ended)")
      var told = ended.output + ended.error
      for arguments in [["logs"], ["report", "--format", "json"], ["status", "--format", "json"]] {
        let ended = try await program.run(arguments)
        told += ended.output + ended.error
      }
      #expect(told.contains("***"), "\(told)")
      let state = program.directory.appendingPathComponent(".runbook")
      for name in try FileManager.default.contentsOfDirectory(atPath: state.path) {
        told += String(decoding: try Data(contentsOf: state.appendingPathComponent(name)), as: UTF8.self)
      }
      let secret = try #require(program.environment["TOKEN"])
      var forms = [secret, "Kanarie", Data(secret.utf8).map { String(format: "%02x", $0) }.joined(), "Kanarie%2F9", "Kanarie/9%3F"]
      for shift in 0..<3 {
        let whole = Data(("xyz".prefix(shift) + secret).utf8).base64EncodedString()
        forms.append(String(whole.dropFirst(4).dropLast(4)))
      }
      for form in forms where told.contains(form) { Issue.record("\(form) is found") }
    }
  }

  @Test func aSecretInArgumentsOrAScriptIsRefusedAtLoad() async throws {
    let steps = """
          - { id: a, action: exec.run, with: { argv: [ echo, "${{ secrets.token }}" ] }, rollback: { notNeeded: x } }
          - { id: b, action: shell.run, with: { run: "echo ${{ secrets.token }} MARK" }, rollback: { notNeeded: x } }
      """
    try await lend(steps, more: "secrets: { token: { fromEnv: TOKEN } }") { program, _ in
      let ended = try await program.run("validate", "plan.yaml")
      #expect(ended.status == 2, "\(ended)")
      #expect((ended.output + ended.error).contains("'env'"), "\(ended)")
    }
  }
}
