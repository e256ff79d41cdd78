import Foundation
import RunbookTestSupport
import Testing

/// Runs on a terminal, as a person sees them: the block, what scrolls away above it, and what is left at the end.
@Suite struct LiveViewTests {
  /// Phases that need no server; `STEPS` stands in the second of three.
  private static let plan = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: tour, title: A tour of the live view }
    people:
      dba: { name: Database administrator }
    preconditions:
      - { id: number, title: The number is right, value: 42, expect: { equals: 42 } }
    phases:
      - id: before
        title: What comes first
        steps:
          - { id: hello, action: note, with: { text: it begins } }
          - { id: again, action: note, with: { text: it goes on } }
      - id: middle
        title: Where it stays
        steps:
          STEPS
          - { id: later, title: Something later, action: note, with: { text: nearly there } }
      - id: after
        steps:
          - { id: bye, action: note, with: { text: that was all } }
    verify:
      - { id: outcome, title: The outcome is as wanted, value: 1, expect: { atMost: 2 } }

    """

  private static let wait = "- { id: settle, title: Let it settle, action: wait.for, with: { duration: 10m } }"
  private static let gate =
    "- { id: ask, title: Ask people, action: manual.confirm, with: { items: [ { id: fine, text: Everything is fine, by: dba } ] } }"
  private static let poll =
    "- { id: look, title: A look, action: note, with: { text: looking }, verify: ["
    + " { id: never, title: It never holds, value: 3, expect: { equals: 5 }, within: 10m, onFail: halt } ] }"

  private static func lend(_ steps: String, _ body: (Program, String) async throws -> Void) async throws {
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-live-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: directory) }
    try Data(plan.replacing("STEPS", with: steps).utf8).write(to: directory.appendingPathComponent("plan.yaml"))
    try await body(try Program(in: directory), "plan.yaml")
  }

  /// Rows with what changes from run to run taken out: the run's id, users, lengths of time, the bar, and how wide a gap is.
  static func stable(_ rows: [String]) -> String {
    let user = String(cString: getpwuid(geteuid()).pointee.pw_name)
    return rows.map { row in
      row.replacing(#/r\d{8}-[a-z0-9]{6}/#, with: "RUN")
        .replacing(#/sha256:[0-9a-f]+…|\b[0-9a-f]{15}…/#, with: "DIGEST…")
        .replacing(#/\b(?:\d+(?:\.\d+)?(?:ms|us|s|m|h))+(?![A-Za-z0-9])/#, with: "TIME")
        .replacing(#/[█░]+/#, with: "BAR").replacing(#/ +\d+%/#, with: " N%")
        .replacing(" by \(user)", with: " by USER")
        .replacing(#/ {2,}(?=\S)/#, with: "  ").replacing(#/^( +→ .*)  TIME$/#) { $0.output.1 }
    }.joined(separator: "\n")
  }

  private func expect(_ rows: [String], _ golden: String, _ location: SourceLocation = #_sourceLocation) {
    let text = Self.stable(rows)
    #expect(text == golden, "\n\(text)\n", sourceLocation: location)
  }

  /// Nothing strange was sent, and the terminal is as a shell wants to find it.
  private func expectClean(_ seen: TerminalScreen, _ terminal: PseudoTerminal, _ location: SourceLocation = #_sourceLocation) {
    #expect(seen.unknown.isEmpty, sourceLocation: location)
    #expect(seen.cursorIsShown && !seen.isInFrame, sourceLocation: location)
    #expect(!seen.log.contains { $0.contains("Ctrl-C") }, "a stray block:\n\(seen.log.joined(separator: "\n"))", sourceLocation: location)
    #expect(seen.cursor.column == 0, sourceLocation: location)
    #expect(terminal.echoes, sourceLocation: location)
  }

  /// The rows of the block: from its heading on.
  private func block(_ seen: TerminalScreen) -> [String] {
    let rows = seen.screen
    return Array(rows[(rows.lastIndex { $0.hasPrefix("Run r") && $0.contains(" of tour") && !$0.contains("plan") } ?? rows.endIndex)...])
  }

  /// What is recorded of the steps before has been told.
  private static func hasComeTo(_ seen: TerminalScreen) -> Bool { seen.screen.contains { $0.contains("2 of 2 done") } }

  private static func isDrawn(_ seen: TerminalScreen) -> Bool { seen.screen.last?.hasPrefix("Ctrl-C ") ?? false }

  // MARK: a run on a terminal

  @Test func toItsEnd() async throws {
    try await Self.lend(Self.wait.replacing("10m", with: "2s")) { program, plan in
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes"]) { terminal in
        let waiting = try await terminal.waits("a bar") { seen in
          seen.screen.contains { $0.contains("% ") && $0.contains("of 2s") } && Self.hasComeTo(seen)
        }
        expect(
          block(waiting),
          """
          Run RUN of tour: A tour of the live view  TIME
          ✓ Preconditions  1 of 1 done
          ✓ before: What comes first  2 of 2 done
          → middle: Where it stays  0 of 2 done
            → settle: Let it settle
            BAR N%  TIME of TIME, TIME left
            · later: Something later
          · after  0 of 1 done
          · Outcome  0 of 1 done
          Ctrl-C pauses the run
          """)
        let (status, seen) = try await terminal.ended()
        #expect(status == 0)
        expectClean(seen, terminal)
        #expect(seen.hasColors && seen.frames > 3)
        // The scrollback is what plain lines tell.
        let plain = try await program.run("execute", plan)
        let told = plain.error.split(separator: "\n", omittingEmptySubsequences: false).dropLast().filter { !$0.hasPrefix("    … ") }
        expect(seen.log, Self.stable(told.map(String.init)))
      }
    }
  }

  @Test func aCheckThatIsAskedAgain() async throws {
    try await Self.lend(Self.poll) { program, plan in
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes"], rows: 30) { terminal in
        let polling = try await terminal.waits("a poll") { seen in
          seen.screen.contains { $0.contains("left, observed 3") } && Self.isDrawn(seen)
        }
        expect(
          block(polling),
          """
          Run RUN of tour: A tour of the live view  TIME
          ✓ Preconditions  1 of 1 done
          ✓ before: What comes first  2 of 2 done
          → middle: Where it stays  1 of 2 done
            → look: A look
            → It never holds  TIME left, observed 3, expected equals 5
            · later: Something later
          · after  0 of 1 done
          · Outcome  0 of 1 done
          Ctrl-C pauses the run
          """)
        terminal.type("\u{3}")
        let (status, seen) = try await terminal.ended()
        #expect(status == 6, "the wait for a check is given up")
        expectClean(seen, terminal)
        #expect(seen.log.contains { $0.hasPrefix("Paused: interrupted at the terminal") })
      }
    }
  }

  @Test func aGateAnsweredThere() async throws {
    try await Self.lend(Self.gate) { program, plan in
      try await PseudoTerminal.lend(program, ["execute", plan]) { terminal in
        try await terminal.waits(for: "Start 'A tour of the live view'? It changes nothing. [yes/no]")
        terminal.type("yes\n")
        let asking = try await terminal.waits(for: "confirm 'fine'? [yes/no]")
        #expect(asking.screen.last?.hasSuffix("[yes/no]") ?? false, "the question stands last, without a block below it")
        #expect(!asking.log.contains { $0.contains("Ctrl-C") })
        try await terminal.waits("what is typed is shown") { _ in terminal.echoes }
        terminal.type("maybe\n")
        try await terminal.waits(for: "please answer yes or no:")
        terminal.type("yes\n")
        let (status, seen) = try await terminal.ended()
        #expect(status == 0)
        expectClean(seen, terminal)
        let log = Self.stable(seen.log)
        #expect(
          log.contains(
            """
              → ask: Ask people

              Everything is fine
              to be answered by Database administrator
              confirm 'fine'? [yes/no] maybe
              please answer yes or no: yes
              ✓ fine: confirmed by USER
              ✓ done in TIME
              → later: Something later
            """), "\(log)")
      }
    }
  }

  @Test func aFailingCheckTurnsTheRunBack() async throws {
    try await Workplace.lend { place in
      let plan = try place.plan(Plans.checked.replacing("title: Set a field", with: "title: \"Set a \\e[31mfield\""))
      var program = place.program
      for name in ["CI", "NO_COLOR"] { program.environment[name] = nil }
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes", "--param", "after=1"], columns: 100, rows: 40) { terminal in
        let (status, seen) = try await terminal.ended()
        #expect(status == 3, "\(seen.log.joined(separator: "\n"))")
        expectClean(seen, terminal)
        #expect(seen.frames > 1)
        let told = Array(seen.log.dropFirst().prefix { !$0.hasPrefix("Run r") })
        expect(
          told,
          """

          Preconditions
            ✓ As many assets as expected  observed 120

          Phase one: The only phase
            → change: Set a \\x1b[31mfield
            ✓ done in TIME: changed 120, matched 120, batches 6, sweeps 2

          Outcome
            ✗ All have the field  observed 120, expected equals 1

          Rollback of the whole plan
            because: check outcome: fail, count is 120, expected equals 1
            ← undoing change: Set a \\x1b[31mfield
            ✓ undone in TIME
            ✓ verified: nothing of it is left

          Is the restored state right?
            ✓ None has the field  observed 0

          """.replacing("\\\\", with: "\\"))
        #expect(try await place.count(with: "extra") == 0)
      }
    }
  }

  // MARK: sizes

  @Test func anotherSizeInMidRun() async throws {
    try await Self.lend(Self.wait) { program, plan in
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes"], columns: 100, rows: 40) { terminal in
        try await terminal.waits("a block") { Self.isDrawn($0) && $0.log.contains { $0.contains("→ settle: Let it settle") } }
        // Narrower by degrees, wide, and lower: what stood there is wrapped by the terminal and drawn anew by the program.
        for columns in [90, 70, 50, 30, 80, 120, 60] { try await resize(terminal, columns: columns, rows: 40) }
        try await resize(terminal, columns: 80, rows: 30)
        // By degrees, or a part of the block is out of reach above the screen.
        for columns in [50, 30] { try await resize(terminal, columns: columns, rows: 30) }
        // Too small for a block, and large enough again.
        terminal.resize(columns: 18, rows: 30)
        try await terminal.waits("no block") { !$0.log.contains { $0.contains("Ctrl-C") } }
        terminal.resize(columns: 100, rows: 30)
        try await terminal.waits("a block again") { Self.isDrawn($0) }
        terminal.type("\u{3}")
        let (status, seen) = try await terminal.ended()
        #expect(status == 6)
        expectClean(seen, terminal)
        let told = Array(seen.log.dropFirst().prefix { !$0.hasPrefix("stopping") })
        expect(
          told,
          """

          Preconditions
            ✓ The number is right  observed 42

          Phase before: What comes first
            → hello
            ✓ it begins
            → again
            ✓ it goes on

          Phase middle: Where it stays
            → settle: Let it settle
          """)
      }
    }
  }

  /// Resizes the terminal, and expects one block of the new size and nothing that is left of another one.
  private func resize(_ terminal: PseudoTerminal, columns: Int, rows: Int) async throws {
    let before = terminal.seen.frames
    terminal.resize(columns: columns, rows: rows)
    let seen = try await terminal.waits("a block of another size") { $0.frames > before && Self.isDrawn($0) }
    let footers = seen.log.count { $0.contains("Ctrl-C") }
    let headings = seen.log.count { $0.hasPrefix("Run r") }
    #expect(footers == 1 && headings == 2, "the line that begins the run, and one block:\n\(seen.log.joined(separator: "\n"))")
  }

  @Test func aNarrowTerminal() async throws {
    try await Self.lend(Self.wait) { program, plan in
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes"], columns: 36, rows: 12) { terminal in
        let seen = try await terminal.waits("a block") { seen in Self.isDrawn(seen) && seen.screen.contains { $0.contains("% ") } }
        expect(
          block(seen),
          """
          Run RUN of tour  TIME
          → middle: Where it st…  0 of 2 done
            → settle: Let it settle
           N%  TIME of TIME, TIME left
            · later: Something later
          … 2 more parts to come
          Ctrl-C pauses the run
          """)
        #expect(block(seen).allSatisfy { $0.count < 36 })
      }
    }
  }

  // MARK: where there is none

  @Test func withoutColors() async throws {
    try await Self.lend("") { program, plan in
      var program = program
      program.environment["NO_COLOR"] = "1"
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes"]) { terminal in
        let (status, seen) = try await terminal.ended()
        #expect(status == 0)
        #expect(!seen.hasColors && seen.frames > 0, "NO_COLOR takes the colours away, not the view")
        expectClean(seen, terminal)
      }
    }
  }

  @Test(arguments: [["CI": "true"], ["TERM": "dumb"], ["--plain": ""], ["--output": "ndjson"]])
  func plainLines(because given: [String: String]) async throws {
    try await Self.lend("") { program, plan in
      var program = program
      var arguments = ["execute", plan, "--yes"]
      for (name, value) in given {
        if name.hasPrefix("--") { arguments += [name, value].filter { !$0.isEmpty } } else { program.environment[name] = value }
      }
      try await PseudoTerminal.lend(program, arguments) { terminal in
        let (status, seen) = try await terminal.ended()
        #expect(status == 0)
        #expect(seen.frames == 0)
        expectClean(seen, terminal)
        #expect(seen.log.contains { $0.contains("that was all") })
      }
    }
  }

  @Test func notATerminal() async throws {
    try await Self.lend("") { program, plan in
      let ended = try await program.run("execute", plan)
      #expect(ended.status == 0)
      #expect(!ended.error.unicodeScalars.contains("\u{1B}"))
      #expect(ended.error.contains("    ✓ that was all"))
    }
  }

  // MARK: how it ends

  @Test func stoppedAndContinued() async throws {
    try await Self.lend(Self.wait) { program, plan in
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes"]) { terminal in
        try await terminal.waits("a block", until: Self.isDrawn)
        terminal.type("Enter is not shown\n\n")
        terminal.signal(SIGTSTP)
        try await terminal.waits("no block") { !$0.log.contains { $0.contains("Ctrl-C") } }
        terminal.signal(SIGCONT)
        let seen = try await terminal.waits("a block again", until: Self.isDrawn)
        #expect(!seen.log.contains { $0.contains("Enter is not shown") })
        #expect(seen.log.count { $0.contains("Ctrl-C") } == 1)
      }
    }
  }

  @Test(arguments: [SIGABRT, SIGSEGV]) func aCrashLeavesNoBlock(signal: Int32) async throws {
    try await Self.lend(Self.wait) { program, plan in
      var program = program
      program.environment["SWIFT_BACKTRACE"] = "enable=no"
      try await PseudoTerminal.lend(program, ["execute", plan, "--yes"]) { terminal in
        try await terminal.waits("a block", until: Self.isDrawn)
        terminal.signal(signal)
        let (status, seen) = try await terminal.ended()
        #expect(status == 128 + signal)
        #expect(!seen.log.contains { $0.contains("Ctrl-C") })
        #expect(seen.cursorIsShown && seen.unknown.isEmpty)
      }
    }
  }
}
