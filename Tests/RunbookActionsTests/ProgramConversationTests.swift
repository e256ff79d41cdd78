import Foundation
import RunbookTestSupport
import Synchronization
import Testing

@testable import RunbookActions

/// Programs that are asked and answer while they run, under a real supervisor.
@Suite struct ProgramConversationTests {
  private let programs: Programs

  init() throws { programs = Programs(executable: try Program.built().path) }

  private func sh(_ script: String, timeout: Int64 = 60_000_000, output: any OutputSink = NoOutput()) async throws -> ProgramConversation {
    let call = ProgramCall(argv: ["sh", "-c", script], environment: ["PATH": "/usr/bin:/bin"], directory: "/tmp", timeout: timeout)
    return try await programs.converse(with: call, output: output)
  }

  private func ask(_ program: ProgramConversation, _ lines: [String], stop: any StopSignal = NeverStopped()) async throws -> [String] {
    try await program.ask(Array(lines.map { $0 + "\n" }.joined().utf8), lines: lines.count, stop: stop)
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private func fault(_ body: () async throws -> Void) async -> ActionError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? ActionError
    }
  }

  private static func living(_ mark: String) -> Int {
    ProcessTable.now().entries.count { entry in
      guard !entry.isZombie, let bytes = FileManager.default.contents(atPath: "/proc/\(entry.pid)/cmdline") else { return false }
      return String(decoding: bytes, as: UTF8.self).hasPrefix("sleep\0\(mark)")
    }
  }

  private static let echo = "while read -r line; do echo \"got $line\"; done"

  @Test func oneProgramAnswersBatchAfterBatch() async throws {
    let program = try await sh("echo ready >&2; n=0; while read -r line; do n=$((n + 1)); echo \"$n $line\"; done")
    #expect(try await ask(program, ["a", "b"]) == ["1 a", "2 b"])
    #expect(try await ask(program, ["c"]) == ["3 c"])
    #expect(try await ask(program, []) == [])
    #expect(try await program.finish() == nil)
  }

  /// Both pipes hold 64 KiB: a side that only wrote, or only read, would wait for the other for ever.
  @Test(arguments: ["while read -r line; do echo \"$line\"; done", "cat", "perl -ne 'BEGIN { $| = 1 } print'"])
  func muchGoesThroughBothWays(script: String) async throws {
    let program = try await sh(script)
    let lines = (0..<6_000).map { "\($0) " + String(repeating: "ü", count: 200) }
    let count = Atomic(0)
    let answered = try await program.ask(Array(lines.map { $0 + "\n" }.joined().utf8), lines: lines.count) {
      count.store($0, ordering: .relaxed)
    }
    #expect(answered.map { String(decoding: $0, as: UTF8.self) } == lines)
    #expect(count.load(ordering: .relaxed) == lines.count)
    #expect(try await program.finish() == nil)
  }

  @Test func aLineOfMegabytesIsOne() async throws {
    let program = try await sh("cat")
    let long = String(repeating: "x", count: 5 << 20)
    #expect(try await ask(program, [long, "short"]) == [long, "short"])
    await program.abandon()
  }

  /// Blank lines and a missing last newline say nothing.
  @Test func blankLinesDoNotCount() async throws {
    let program = try await sh("read -r a; read -r b; echo; echo one; printf ' \\n\\r\\n'; printf two")
    #expect(try await ask(program, ["a", "b"]) == ["one", "two"])
    #expect(try await program.finish() == nil)
  }

  @Test func oneThatEndsEarlyIsTold() async throws {
    let statuses = ["exit 0", "echo why >&2; exit 3", "kill -9 $$"].map { "read -r a; echo a; \($0)" }
    let found = try await statuses.asyncMap { script in
      let program = try await sh(script)
      return await fault { _ = try await ask(program, ["a", "b", "c"]) }
    }
    #expect(found.map { $0?.code } == ["RB2709", "RB2702", "RB2703"])
    #expect(found[0]?.message == "the program 'sh' ended after it had answered 1 of 3")
    #expect(found[1]?.message == "the program 'sh' ended with exit status 3 after it had answered 1 of 3; it said: why")
    #expect(found.allSatisfy { $0?.kind == .refused })
  }

  /// It reads nothing and its pipe is full: writing to it neither waits for ever nor kills this process by SIGPIPE.
  @Test func oneThatDoesNotReadIsTold() async throws {
    let lines = Array(repeating: String(repeating: "x", count: 1_000), count: 200)
    let closed = try await sh("exec <&-; sleep 0.2; exit 4")
    #expect(await fault { _ = try await ask(closed, lines) }?.code == "RB2702")
    let deaf = try await sh("sleep 1000", timeout: 300_000)
    let late = await fault { _ = try await ask(deaf, lines) }
    #expect(late?.code == "RB2704")
    #expect(late?.message == "the program 'sh' was ended after its time limit of 300ms after it had answered 0 of 200")
    #expect(late?.help?.contains("flush") == true)
  }

  @Test func moreAnswersThanQuestionsAreAFault() async throws {
    let chatty = try await sh("read -r a; printf 'loading\\ngot a\\n'; sleep 60")
    #expect(await fault { _ = try await ask(chatty, ["a"]) }?.code == "RB2709")
    let last = try await sh("\(Self.echo); echo bye")
    #expect(try await ask(last, ["a"]) == ["got a"])
    let told = await fault { _ = try await last.finish() }
    #expect(told?.message == "the program 'sh' printed more lines than it was asked")
    let failing = try await sh("\(Self.echo); exit 9")
    #expect(try await ask(failing, ["a"]) == ["got a"])
    #expect(await fault { _ = try await failing.finish() }?.code == "RB2702", "what it says at its end counts")
  }

  @Test func aStopEndsItAfterAWhileAndACancelAtOnce() async throws {
    let mark = "1\(UInt32.random(in: 100_000_000...999_999_999))"
    let program = try await sh("read -r a; sleep \(mark)")
    let task = Task { try await ask(program, ["a"]) }
    let limit = ContinuousClock.now + .seconds(60)
    while Self.living(mark) == 0, ContinuousClock.now < limit { try await Task.sleep(for: .milliseconds(10)) }
    task.cancel()
    let result = await task.result
    guard case .failure(let error as ActionError) = result else { throw ProgramError("a cancelled program answered") }
    #expect(error.code == "RB2705" && error.kind == .stopped)
    #expect(Self.living(mark) == 0, "all it started is gone")
    // One that answers soon after the stop is heard.
    let stop = FakeStop()
    stop.request()
    let quick = try await sh("sleep 0.3; \(Self.echo)")
    #expect(try await ask(quick, ["a"], stop: stop) == ["got a"])
    await quick.abandon()
  }

  /// Whatever it left running holds its output open; its own end counts.
  @Test func whatItLeftRunningIsNotWaitedFor() async throws {
    let mark = "1\(UInt32.random(in: 100_000_000...999_999_999))"
    let program = try await sh("read -r a; sleep \(mark) & exit 0")
    #expect(await fault { _ = try await ask(program, ["a"]) }?.code == "RB2709")
    for entry in ProcessTable.now().entries {
      let line = FileManager.default.contents(atPath: "/proc/\(entry.pid)/cmdline") ?? Data()
      if String(decoding: line, as: UTF8.self).hasPrefix("sleep\0\(mark)") { kill(entry.pid, SIGKILL) }
    }
  }

  @Test func whatItSaysIsHandedOnWithoutSecrets() async throws {
    let output = Told(secret: "canary-canary")
    let program = try await sh("echo canary-canary >&2; exit 1", output: output)
    let told = await fault { _ = try await ask(program, ["a"]) }
    #expect(told?.message == "the program 'sh' ended with exit status 1 after it had answered 0 of 1; it said: ***")
    #expect(output.text == "stderr: canary-canary\n")
  }

  @Test func oneThatCannotStartIsTold() async throws {
    let call = ProgramCall(argv: ["no-such-program"], environment: ["PATH": "/usr/bin"], directory: "/tmp")
    #expect(await fault { _ = try await programs.converse(with: call) }?.code == "RB2701")
  }
}

extension Sequence {
  fileprivate func asyncMap<R>(_ body: (Element) async throws -> R) async throws -> [R] {
    var all: [R] = []
    for element in self { all.append(try await body(element)) }
    return all
  }
}

/// Collects what is streamed, and knows one secret.
private final class Told: OutputSink {
  private let pieces = Mutex<String>("")
  private let secret: String
  var text: String { pieces.withLock { $0 } }

  init(secret: String) { self.secret = secret }

  func note(stream: String, _ text: String) { pieces.withLock { $0 += "\(stream): \(text)" } }
  func end() {}
  func redact(_ text: String) -> String { text.replacing(secret, with: "***") }
}
