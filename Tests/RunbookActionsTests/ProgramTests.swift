import Foundation
import OrderedCollections
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookActions

/// Programs under a real supervisor, the built program.
@Suite struct ProgramTests {
  private let programs: Programs
  /// Of its own for each test: a run has one process at a time.
  private let runID = "run-" + UUID().uuidString

  init() throws { programs = Programs(executable: try Program.built().path) }

  private func run(
    _ argv: [String], _ arguments: ValueMap = [:], target: ExecTarget? = nil, timeout: Int64? = nil, stop: FakeStop = FakeStop(),
    environment: [String: String] = ["PATH": "/usr/bin:/bin", "HOME": "/root", "SECRET": "x"], output: any OutputSink = NoOutput()
  ) async throws -> ActionResult {
    let action = ExecRun(running: ProgramRunning(programs: programs, environment: environment))
    var context = Bench.context(arguments.merging(["argv": .list(argv.map(Value.string))]) { $1 }, clock: FakeClock(), stop: stop)
    context.run.id = runID
    context.target = target
    context.timeout = timeout
    context.directory = "/tmp"
    context.output = output
    _ = try await action.capture(context)
    return try await action.perform(context, captured: .null)
  }

  private func sh(_ script: String, _ arguments: ValueMap = [:], timeout: Int64? = nil, output: any OutputSink = NoOutput()) async throws
    -> ActionResult
  {
    try await run(["sh", "-c", script], arguments, timeout: timeout, output: output)
  }

  private func error(_ argv: [String], _ arguments: ValueMap = [:], timeout: Int64? = nil) async -> ActionError? {
    do {
      _ = try await run(argv, arguments, timeout: timeout)
      return nil
    } catch {
      return error as? ActionError
    }
  }

  /// How many live processes have this text in their command line.
  private static func living(_ text: String) -> Int {
    ProcessTable.now().entries.count { entry in
      guard !entry.isZombie, let bytes = FileManager.default.contents(atPath: "/proc/\(entry.pid)/cmdline") else { return false }
      return String(decoding: bytes, as: UTF8.self).contains(text)
    }
  }

  private static func waits(_ what: Comment, until condition: () -> Bool) async throws {
    let deadline = ContinuousClock.now + .seconds(60)
    while !condition(), ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(10)) }
    #expect(condition(), what)
  }

  /// A number that no other process has as an argument.
  private static func mark() -> String { "1\(UInt32.random(in: 100_000_000...999_999_999))" }

  // MARK: what goes in and what comes out

  @Test func tellsWhatAProgramDid() async throws {
    let result = try await sh("echo one; echo two; echo remark >&2; exit 3", ["okExitCodes": [0, 3], "parse": "lines"])
    #expect(result.outputs["exitCode"] == 3)
    #expect(result.outputs["stdout"] == "one\ntwo")
    #expect(result.outputs["stderr"] == "remark")
    #expect(result.outputs["lines"] == ["one", "two"])
    #expect((result.outputs["duration"]?.durationValue ?? 0) > 0)
  }

  @Test func hasOnlyTheVariablesThatAreDeclared() async throws {
    let target = ExecTarget(name: "t", cwd: "/usr", environment: ["A": "target", "B": "target"], via: [])
    let result = try await run(["env"], ["env": ["A": "step"]], target: target)
    let lines = Set(result.outputs["stdout"]?.stringValue?.split(separator: "\n").map(String.init) ?? [])
    #expect(lines == ["PATH=/usr/bin:/bin", "HOME=/root", "A=step", "B=target"])
    #expect(try await run(["pwd"], target: target).outputs["stdout"] == "/usr")
    #expect(try await run(["pwd"], ["cwd": "/"], target: target).outputs["stdout"] == "/")
    #expect(try await run(["pwd"]).outputs["stdout"] == "/tmp")
  }

  @Test func noShellReadsTheArguments() async throws {
    #expect(try await run(["printf", "%s|%s", "$HOME; `id`", "*"]).outputs["stdout"] == "$HOME; `id`|*")
    let target = ExecTarget(name: "t", cwd: nil, environment: [:], via: ["env", "VIA=1", "sh", "-c", "echo \"$VIA $0 $1\""])
    #expect(try await run(["a b", "$X"], target: target).outputs["stdout"] == "1 a b $X")
  }

  @Test func readsItsStandardInput() async throws {
    #expect(try await run(["cat"]).outputs["stdout"] == "")
    let text = String(repeating: "0123456789abcde\n", count: 65_536)
    #expect(try await run(["wc", "-c"], ["stdin": .string(text)]).outputs["stdout"] == "1048576")
    // One that reads nothing of it.
    #expect(try await run(["true"], ["stdin": .string(text)]).outputs["exitCode"] == 0)
  }

  @Test func readsJSON() async throws {
    let result = try await run(["printf", "%s", #"{"@id": 1, "list": [true, 2.5, "ü"]}"#], ["parse": "json"])
    #expect(result.outputs["json"] == .object(["@id": 1, "list": [true, .double(2.5), "ü"]]))
    let wrong = await error(["printf", "%s", "{\n  \"ü\": nope }"], ["parse": "json"])
    #expect(wrong?.code == "RB2706")
    #expect(wrong?.message.hasPrefix("what the program printed is no JSON: line 2, column 8: ") == true, "\(wrong?.message ?? "")")
    let long = await error(["printf", "%s", "[1, 2, 3, 4]"], ["parse": "json", "captureLimit": 4])
    #expect(long?.message == "the program printed 12 bytes, more than are kept, so they cannot be read as json")
  }

  @Test func replacesWhatIsNoText() async throws {
    #expect(try await sh(#"printf '\377a\303'"#).outputs["stdout"] == "\u{FFFD}a\u{FFFD}")
    let output = Collected()
    #expect(try await sh(#"printf 'a\303'; sleep 0.3; printf '\274b'"#, output: output).outputs["stdout"] == "aüb")
    #expect(output.text == "aüb", "a character that comes in two pieces is whole in what is streamed")
  }

  @Test func keepsTheBeginningAndTheEndOfMuch() async throws {
    let result = try await run(["seq", "1", "200000"], ["captureLimit": 2_000])
    let text = try #require(result.outputs["stdout"]?.stringValue)
    #expect(text.hasPrefix("1\n2\n3\n"))
    #expect(text.hasSuffix("\n199999\n200000"))
    #expect(text.contains("\n… 1286895 bytes were left out …\n"))
    #expect(text.utf8.count < 2_100)
    #expect(result.warnings == ["stdout had 1288895 bytes, more than 'captureLimit'; its middle was left out"])
  }

  /// A secret that a cut would tear apart would not be found any more.
  @Test(arguments: [990, 995, 999, 1_000]) func cutsNoSecretInTwo(before: Int) async throws {
    let output = Collected(secret: "canary-canary")
    let script = "printf '%0\(before)d' 0; printf canary-canary; printf '%0300000d' 0; printf canary-canary; printf '%0\(before)d' 0"
    let text = try #require(try await sh(script, ["captureLimit": 2_000], output: output).outputs["stdout"]?.stringValue)
    #expect(!text.contains("can") && !text.contains("ary"), "\(text.filter { $0 != "0" })")
  }

  // MARK: what goes wrong

  @Test func tellsWhyAProgramCannotBeStarted() async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-programs-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    let file = directory.appendingPathComponent("script").path
    try Data("echo x\n".utf8).write(to: URL(fileURLWithPath: file))
    #expect(await error(["no-such-program-here"])?.message.hasSuffix("no program of this name is in PATH") == true)
    #expect(await error(["./no-such-file"])?.message == "the program './no-such-file' cannot be started: there is no such file")
    #expect(await error([file])?.message.hasSuffix("it may not be executed") == true)
    try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: file)
    #expect(await error([file])?.message.hasSuffix("it is neither a program of this machine nor a script") == true)
    #expect(await error(["true"], ["cwd": "nowhere"])?.message.hasSuffix("there is no directory /tmp/nowhere") == true)
    #expect(await error(["true", "a\0b"])?.message.contains("a zero byte") == true)
    #expect(await error(["true"], ["env": ["X": .string(String(repeating: "x", count: 200_000))]])?.message.contains("too long") == true)
  }

  @Test func anUnexpectedStatusFailsWithTheLastWords() async throws {
    let failed = await error(["sh", "-c", "echo a >&2; echo b >&2; echo c >&2; echo d >&2; exit 7"])
    #expect(failed?.code == "RB2702")
    #expect(failed?.message == "the program 'sh' ended with exit status 7; it said: b / c / d")
    let killed = await error(["sh", "-c", "kill -9 $$"])
    #expect(killed?.code == "RB2703")
    #expect(killed?.message == "the program 'sh' was ended by signal 9")
  }

  @Test func aCheckObservesEveryStatus() async throws {
    let check = ExecCheck(running: ProgramRunning(programs: programs, environment: ["PATH": "/usr/bin:/bin"]))
    func read(_ script: String) async throws -> Observation {
      var context = Bench.context(["argv": ["sh", "-c", .string(script)]], clock: FakeClock())
      context.run.id = runID
      context.directory = "/"
      return try await check.read(context)
    }
    #expect(try await read("exit 42").outputs["exitCode"] == 42)
    await #expect(throws: ActionError(code: "RB2703", message: "the program 'sh' was ended by signal 15", kind: .refused)) {
      _ = try await read("kill $$")
    }
  }

  // MARK: the end of everything that was started

  @Test func aTimeLimitEndsAllThatWasStarted() async throws {
    let mark = Self.mark()
    // One in its group, one in a session of its own, and one that nobody is the parent of any more.
    let script = "sleep \(mark) & setsid sleep \(mark) & (setsid sleep \(mark) &); echo started >&2; sleep \(mark)"
    let failed = await error(["sh", "-c", script], timeout: 1_000_000)
    #expect(failed?.code == "RB2704")
    #expect(failed?.message == "the program 'sh' was ended after its time limit of 1s; it said: started")
    #expect(Self.living("sleep\0\(mark)") == 0, "all are gone when it returns")
  }

  @Test func whatDoesNotHearTermIsKilled() async throws {
    let mark = Self.mark()
    let failed = await error(["sh", "-c", "trap '' TERM; sleep \(mark) & wait; wait; sleep \(mark)"], timeout: 500_000)
    #expect(failed?.code == "RB2704")
    #expect(Self.living("sleep\0\(mark)") == 0)
  }

  @Test(arguments: [false, true]) func aStopEndsIt(byTask: Bool) async throws {
    let (mark, stop) = (Self.mark(), FakeStop())
    let task = Task { try await run(["sh", "-c", "sleep \(mark) & sleep \(mark)"], stop: stop) }
    try await Self.waits("both run") { Self.living("sleep\0\(mark)") == 2 }
    if byTask { task.cancel() } else { stop.request() }
    let result = await task.result
    #expect(throws: ActionError(code: "RB2705", message: "the program 'sh' was ended, since a stop was asked for", kind: .stopped)) {
      try result.get()
    }
    #expect(Self.living("sleep\0\(mark)") == 0)
  }

  /// A program that starts a service and ends leaves the service running.
  @Test func whatAProgramLeavesBehindStays() async throws {
    let mark = Self.mark()
    _ = try await sh("sleep \(mark) & echo left")
    _ = try await run(["true"])
    #expect(Self.living("sleep\0\(mark)") == 1)
    _ = await error(["sleep", "60"], timeout: 300_000)
    #expect(Self.living("sleep\0\(mark)") == 1, "the end of another program does not concern it")
    for entry in ProcessTable.now().entries {
      let line = FileManager.default.contents(atPath: "/proc/\(entry.pid)/cmdline") ?? Data()
      if String(decoding: line, as: UTF8.self).contains(mark) { kill(entry.pid, SIGKILL) }
    }
  }

  @Test func aKilledSupervisorTakesItsProgramsAlong() async throws {
    let mark = Self.mark()
    let task = Task { try await run(["sh", "-c", "sleep \(mark) & sleep \(mark)"]) }
    try await Self.waits("both run") { Self.living("sleep\0\(mark)") == 2 }
    let table = ProcessTable.now()
    let shell = try #require(
      table.entries.first { entry in
        let line = FileManager.default.contents(atPath: "/proc/\(entry.pid)/cmdline") ?? Data()
        return String(decoding: line, as: UTF8.self).hasPrefix("sh\0-c\0sleep \(mark)")
      })
    kill(shell.parent, SIGKILL)
    let result = await task.result
    #expect(throws: ActionError.self) { try result.get() }
    if case .failure(let error as ActionError) = result { #expect(error.code == "RB2707" && error.kind == .outcomeUnknown) }
    try await Self.waits("nothing is left") { Self.living("sleep\0\(mark)") == 0 }
    #expect(try await run(["echo", "again"]).outputs["stdout"] == "again", "another supervisor takes its place")
  }

  /// The process of a run was killed, its supervisor still ends what was started: nothing of the same run begins before that is done.
  @Test func aSuccessorWaitsForWhatIsLeft() async throws {
    let mark = Self.mark()
    let call = ProgramCall(
      argv: ["sh", "-c", "trap '' TERM; while :; do sleep 0.1; done; : \(mark)"], environment: ["PATH": "/usr/bin:/bin"], directory: "/tmp")
    var former: Programs? = Programs(executable: try Program.built().path)
    let task = Task { [former] in try? await former?.run(call, for: runID) }
    try await Self.waits("it runs") { Self.living(mark) == 1 }
    let supervisor = try #require(
      ProcessTable.now().entries.first { entry in
        let line = FileManager.default.contents(atPath: "/proc/\(entry.pid)/cmdline") ?? Data()
        return String(decoding: line, as: UTF8.self).contains(mark)
      }?.parent)
    let next = Task { try await sh("echo next") }
    try await Task.sleep(for: .milliseconds(300))
    #expect(Self.living(mark) == 1)
    kill(supervisor, SIGKILL)
    #expect(try await next.value.outputs["stdout"] == "next")
    #expect(Self.living(mark) == 0)
    _ = await task.value
    former = nil
  }

  @Test func manyAtOnce() async throws {
    try await withThrowingTaskGroup(of: (Int, Value?).self) { group in
      for number in 0..<40 {
        group.addTask { (number, try await self.sh("echo \(number); exit \(number % 2)", ["okExitCodes": [0, 1]]).outputs["stdout"]) }
      }
      for try await (number, text) in group { #expect(text == .string("\(number)")) }
    }
  }

  // MARK: shell.run

  @Test func aScriptIsReadByItsShell() async throws {
    let action = ShellRun(running: ProgramRunning(programs: programs, environment: ["PATH": "/usr/bin:/bin"]))
    func perform(_ arguments: ValueMap, via: [String] = []) async throws -> Value? {
      var context = Bench.context(arguments, clock: FakeClock())
      context.run.id = runID
      context.directory = "/tmp"
      if !via.isEmpty { context.target = ExecTarget(name: "t", cwd: nil, environment: [:], via: via) }
      return try await action.perform(context, captured: .null).outputs["stdout"]
    }
    let script: Value = "read -r line\necho \"$X $line\"\nif true\nthen echo end\nfi"
    #expect(try await perform(["run": script, "stdin": "typed\n", "env": ["X": "a  b"]]) == "a  b typed\nend")
    #expect(try await perform(["run": "echo \"$X\"\necho end", "env": ["X": "v"]], via: ["env"]) == "v\nend")
    #expect(try await perform(["run": "print(2 + 3)", "shell": "python3"]) == "5")
    await #expect(throws: ActionError(code: "RB2702", message: "the program '/bin/sh' ended with exit status 1", kind: .refused)) {
      _ = try await perform(["run": "false\necho never"])
    }
    await #expect(throws: ActionError.self, "an unset variable") { _ = try await perform(["run": "echo $NOT_SET_ANYWHERE"]) }
    await #expect(throws: ActionError.self) { _ = try await perform(["run": script, "stdin": "x"], via: ["env"]) }
  }
}

/// Collects what is streamed, and knows one secret.
private final class Collected: OutputSink {
  private let pieces = Mutex<String>("")
  private let secret: String
  var text: String { pieces.withLock { $0 } }

  init(secret: String = "") { self.secret = secret }

  func note(stream: String, _ text: String) { pieces.withLock { $0 += text } }
  func end() {}
  func redact(_ text: String) -> String { secret.isEmpty ? text : text.replacing(secret, with: "***") }
}
