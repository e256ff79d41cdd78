import RunbookJournal
import RunbookPlan
import Testing

/// What every store promises.
@Suite struct ConformanceTests {
  @Test(arguments: StoreKind.allCases) func whatIsAppendedIsReadBack(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      let genesis = try await journal.createRun(sampleHeader())
      #expect(genesis == JournalHead(seq: 0, hash: HashChain.genesis(run: "r1", planDigest: "sha256:abc")))
      let first = try await journal.append([sampleRecord(1), sampleRecord(2)], to: "r1", expectedHead: 0)
      let second = try await journal.append([sampleRecord(3, epoch: 2)], to: "r1", expectedHead: 2)
      #expect(first.seq == 2 && second.seq == 3)
      let records = try await journal.records(of: "r1")
      #expect(records.map(\.seq) == [1, 2, 3])
      #expect(records.map(\.payload) == (1...3).map { .object(["n": .integer($0)]) })
      #expect(records.map(\.epoch) == [1, 1, 2] && records.map(\.at) == [1_700_000_000_001, 1_700_000_000_002, 1_700_000_000_003])
      #expect(records.allSatisfy { $0.version == 1 && $0.kind == "effectFinished" && $0.run == "r1" })
      #expect(records[0].previousHash == genesis.hash && records[1].previousHash == records[0].hash && records[2].hash == second.hash)
      #expect(try await journal.head(of: "r1") == second)
      #expect(try await journal.records(of: "r1", from: 3).map(\.seq) == [3])
      #expect(try await journal.records(of: "r1", from: 2, limit: 1).map(\.seq) == [2])
      #expect(try await journal.records(of: "r1", from: 9).isEmpty)
      #expect(try await journal.verifyChain(of: "r1") == .intact(head: second))
    }
  }

  @Test(arguments: StoreKind.allCases) func aRunIsCreatedWithItsFirstRecords(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      let status = StatusNote(word: "running", exitCode: nil, updated: 5)
      let head = try await journal.createRun(sampleHeader(), records: [sampleRecord(1)], status: status)
      #expect(head.seq == 1)
      #expect(try await journal.header(of: "r1") == sampleHeader())
      #expect(try await journal.runs() == [RunListing(header: sampleHeader(), status: status, headSeq: 1)])
      #expect(await journalError { try await journal.createRun(sampleHeader()) } == .runExists("r1"))
      #expect(try await journal.records(of: "r1").count == 1)
    }
  }

  @Test(arguments: StoreKind.allCases) func anAppendBehindAnotherIsOvertaken(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      _ = try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0)
      let late = await journalError { try await journal.append([sampleRecord(2)], to: "r1", expectedHead: 0) }
      #expect(late == .overtaken(run: "r1", expected: 0, actual: 1))
      let early = await journalError { try await journal.append([sampleRecord(2)], to: "r1", expectedHead: 7) }
      #expect(early == .overtaken(run: "r1", expected: 7, actual: 1))
      #expect(try await journal.records(of: "r1").count == 1)
    }
  }

  @Test(arguments: StoreKind.allCases) func ofManyAppendersExactlyOneWins(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      for round in 0..<10 as Range<Int64> {
        let wins = await withTaskGroup(of: Bool.self) { group in
          for contender in 0..<8 as Range<Int64> {
            group.addTask {
              await journalError { try await journal.append([sampleRecord(contender)], to: "r1", expectedHead: round) } == nil
            }
          }
          return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
        }
        #expect(wins == 1)
      }
      #expect(try await journal.head(of: "r1").seq == 10)
    }
  }

  @Test(arguments: StoreKind.allCases) func anEpochNeverDecreases(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader(), records: [sampleRecord(1, epoch: 3)], status: nil)
      let error = await journalError { try await journal.append([sampleRecord(2, epoch: 2)], to: "r1", expectedHead: 1) }
      #expect(error == .refused("a record of epoch 2 cannot follow one of epoch 3"))
      #expect(try await journal.head(of: "r1").seq == 1)
    }
  }

  @Test(arguments: StoreKind.allCases) func aRequestIsConsumedOnceWithItsEntry(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      for id in ["a", "b"] { try await journal.post(sampleRequest(id)) }
      #expect(await journalError { try await journal.post(sampleRequest("a")) } == .requestExists(id: "a"))
      #expect(await journalError { try await journal.post(sampleRequest("c", run: "other")) } == .unknownRun("other"))
      #expect(try await journal.pendingRequests(of: "r1") == [sampleRequest("a"), sampleRequest("b")])
      _ = try await journal.append([sampleRecord(1), sampleRecord(2)], to: "r1", expectedHead: 0, consuming: ["a"])
      #expect(try await journal.pendingRequests(of: "r1") == [sampleRequest("b")])
      #expect(try await journal.requests(of: "r1").map(\.consumedSeq) == [1, nil])
      // A request that is gone takes the whole append with it, the other request's consumption too.
      let again = await journalError { try await journal.append([sampleRecord(3)], to: "r1", expectedHead: 2, consuming: ["b", "a"]) }
      #expect(again == .requestGone(id: "a"))
      #expect(try await journal.pendingRequests(of: "r1").map(\.id) == ["b"])
      #expect(try await journal.head(of: "r1").seq == 2)
    }
  }

  @Test(arguments: StoreKind.allCases) func ofManyConsumersExactlyOneWins(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      _ = try await journal.createRun(sampleHeader("r2"))
      try await journal.post(sampleRequest("a"))
      let stranger = await journalError { try await journal.append([sampleRecord(1)], to: "r2", expectedHead: 0, consuming: ["a"]) }
      #expect(stranger == .requestGone(id: "a"))
      let wins = await withTaskGroup(of: Bool.self) { group in
        for head in 0..<6 as Range<Int64> {
          group.addTask {
            await journalError { try await journal.append([sampleRecord(head)], to: "r1", expectedHead: 0, consuming: ["a"]) } == nil
          }
        }
        return await group.reduce(0) { $0 + ($1 ? 1 : 0) }
      }
      #expect(wins == 1)
    }
  }

  @Test(arguments: StoreKind.allCases) func aPostChangesTheMark(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      let before = try await journal.changeMark()
      #expect(try await journal.changeMark() == before)
      try await journal.post(sampleRequest("a"))
      #expect(try await journal.changeMark() != before)
    }
  }

  @Test(arguments: StoreKind.allCases) func everyKindOfValueSurvives(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      let text = "z\u{0}\u{1}\u{7f}\"\\\n\r\t\u{2028}e\u{301} \u{1F469}\u{200D}\u{1F680} \u{10FFFF} ${{ x }}"
      let payload = Value.object([
        "": .null, text: .string(text), "@tag": .object(["@duration": 1]), "b": true, "i": .integer(.min), "j": .integer(.max),
        "d": .list([.double(0.1), .double(-0.0), .double(.infinity), .double(.leastNonzeroMagnitude), .double(1e300), .double(3)]),
        "dec": .decimal("1.50"), "at": .timestamp(-1), "for": .duration(.max), "list": [], "map": .emptyMap,
      ])
      _ = try await journal.createRun(sampleHeader(), records: [sampleRecord(1, payload: payload)], status: nil)
      let read = try #require(try await journal.records(of: "r1").first).payload
      #expect(read == payload)
      #expect(read.encodedJSON() == payload.encodedJSON())
      #expect(read.mapValue?.keys.map(Array.init) == payload.mapValue?.keys.map(Array.init))
    }
  }

  @Test(arguments: StoreKind.allCases) func bigPayloadsAndLongLogsSurvive(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      let big = Value.list((0..<20_000).map { .string("line \($0) " + String(repeating: "ü", count: 100)) })
      _ = try await journal.createRun(sampleHeader(), records: [sampleRecord(1, payload: big)], status: nil)
      let head = try await journal.append((2...1_203).map { sampleRecord($0) }, to: "r1", expectedHead: 1)
      var numbers: [Int64] = []
      try await journal.forEachRecord(of: "r1") { numbers.append($0.seq) }
      #expect(numbers == Array(1...1_203))
      #expect(try await journal.records(of: "r1", from: 1, limit: 1).first?.payload == big)
      #expect(try await journal.verifyChain(of: "r1") == .intact(head: head))
    }
  }

  @Test(arguments: StoreKind.allCases) func aPayloadThatCouldNotBeReadBackIsRefused(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      func nested(_ depth: Int) -> Value { (0..<depth).reduce(Value.null) { inner, _ in .object(["@k": inner]) } }
      _ = try await journal.createRun(sampleHeader())
      let error = await journalError { try await journal.append([sampleRecord(1, payload: nested(400))], to: "r1", expectedHead: 0) }
      guard case .refused = error else { throw JournalError.refused("not refused: \(String(describing: error))") }
      _ = try await journal.append([sampleRecord(1, payload: nested(95))], to: "r1", expectedHead: 0)
      #expect(try await journal.records(of: "r1").map(\.payload) == [nested(95)])
    }
  }

  @Test(arguments: StoreKind.allCases) func aListShowsTheLastStatusNewestRunFirst(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      for (run, created) in [("a", 10), ("b", 30), ("c", 20), ("d", 20)] as [(String, Int64)] {
        _ = try await journal.createRun(sampleHeader(run, created: created))
      }
      let paused = StatusNote(word: "paused", exitCode: 6, updated: 99)
      _ = try await journal.append([sampleRecord(1)], to: "c", expectedHead: 0, consuming: [], status: paused)
      _ = try await journal.append([sampleRecord(2)], to: "c", expectedHead: 1)
      let list = try await journal.runs()
      #expect(list.map(\.run) == ["b", "d", "c", "a"])
      #expect(list.map(\.status) == [nil, nil, paused, nil])
      #expect(list.map(\.headSeq) == [0, 0, 2, 0])
    }
  }

  @Test(arguments: StoreKind.allCases) func anUnknownRunIsSaidSo(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      let unknown = JournalError.unknownRun("nix")
      #expect(await journalError { try await journal.header(of: "nix") } == unknown)
      #expect(await journalError { try await journal.head(of: "nix") } == unknown)
      #expect(await journalError { try await journal.records(of: "nix") } == unknown)
      #expect(await journalError { try await journal.verifyChain(of: "nix") } == unknown)
      #expect(await journalError { try await journal.pendingRequests(of: "nix") } == unknown)
      #expect(await journalError { try await journal.progress(of: "nix") } == unknown)
      #expect(await journalError { try await journal.append([sampleRecord(1)], to: "nix", expectedHead: 0) } == unknown)
      let runs = try await journal.runs()
      #expect(runs.isEmpty)
      for id in ["", "-a", "A", "a/b", "..", String(repeating: "a", count: 21)] {
        #expect(await journalError { try await journal.createRun(sampleHeader(id)) } == .refused("'\(id)' cannot be the id of a run"))
      }
    }
  }

  // MARK: Notes

  @Test(arguments: StoreKind.allCases) func ofProgressTheLastWordIsKept(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      for number in 1...5 as ClosedRange<Int64> { journal.noteProgress(run: "r1", effect: "e", at: number, .integer(number)) }
      try await journal.flushNotes()
      journal.noteProgress(run: "r1", effect: "e", at: 6, .integer(6))
      journal.noteProgress(run: "r1", effect: "d", at: 7, .integer(7))
      journal.noteProgress(run: "unknown", effect: "d", at: 7, .integer(7))
      // Waiting notes go with the next append.
      _ = try await journal.append([sampleRecord(1)], to: "r1", expectedHead: 0)
      let expected = [ProgressRow(effect: "d", at: 7, payload: 7), ProgressRow(effect: "e", at: 6, payload: 6)]
      #expect(try await journal.progress(of: "r1") == expected)
    }
  }

  @Test(arguments: StoreKind.allCases) func equalWindowsAreCountedAndAllAreBounded(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      for (at, verdict) in ["pass", "pass", "fail", "pass"].enumerated() {
        journal.noteWindow(run: "r1", trigger: "t", at: Int64(at), verdict: verdict, .integer(Int64(at)))
        journal.noteWindow(run: "r1", trigger: "u", at: Int64(at), verdict: "pass", .null)
      }
      try await journal.flushNotes()
      #expect(
        try await journal.windows(of: "r1").filter { $0.trigger == "t" } == [
          WindowRow(trigger: "t", verdict: "pass", count: 2, firstAt: 0, lastAt: 1, payload: 1),
          WindowRow(trigger: "t", verdict: "fail", count: 1, firstAt: 2, lastAt: 2, payload: 2),
          WindowRow(trigger: "t", verdict: "pass", count: 1, firstAt: 3, lastAt: 3, payload: 3),
        ])
      for at in 0..<1_000 as Range<Int64> {
        journal.noteWindow(run: "r1", trigger: "t", at: at, verdict: at % 2 == 0 ? "fail" : "pass", .null)
      }
      try await journal.flushNotes()
      let kept = try await journal.windows(of: "r1")
      #expect(kept.count == NoteBounds.windows + 1)
      #expect(kept.last?.lastAt == 999)
      #expect(kept.first { $0.trigger == "u" }?.count == 4)
    }
  }

  @Test(arguments: StoreKind.allCases) func theNewestOutputIsKept(_ kind: StoreKind) async throws {
    try await withStore(kind) { journal in
      _ = try await journal.createRun(sampleHeader())
      for number in 0..<3_000 {
        journal.noteOutput(
          run: "r1", effect: "e", stream: "stdout", at: Int64(number), "line \(number) " + String(repeating: "ü", count: 30))
        if number % 700 == 0 { try await journal.flushNotes() }
      }
      journal.noteOutput(run: "r1", effect: "big", stream: "stderr", at: 1, String(repeating: "ü", count: 100_000) + "end")
      try await journal.flushNotes()
      let rows = try await journal.output(of: "r1", effect: "e")
      let total = rows.reduce(0) { $0 + $1.text.utf8.count }
      #expect(total <= NoteBounds.outputBytes && total > NoteBounds.outputBytes - 100)
      #expect(rows.last?.text.hasPrefix("line 2999 ") == true && rows.last?.stream == "stdout")
      let big = try await journal.output(of: "r1", effect: "big")
      #expect(big.count == 1 && big[0].text.utf8.count <= NoteBounds.outputBytes && big[0].text.hasSuffix("üend"))
      #expect(big[0].text.unicodeScalars.allSatisfy { $0 != "\u{FFFD}" })
    }
  }

  // MARK: Secrets

  @Test(arguments: StoreKind.allCases) func secretsAreTakenOutOfAllThatIsStored(_ kind: StoreKind) async throws {
    let secret = "p@ss/w\"örd"
    try await withStore(kind, secrets: [secret]) { journal in
      var header = sampleHeader()
      header.params = .object(["key": .string("x\(secret)y"), secret: 1])
      let payload = Value.object(["list": .list([.string(secret)]), secret: 1, "***": 2])
      _ = try await journal.createRun(header, records: [sampleRecord(1, payload: payload)], status: nil)
      #expect(try await journal.header(of: "r1").params == .object(["key": "x***y", "***": 1]))
      #expect(try await journal.records(of: "r1").first?.payload == .object(["list": ["***"], "***2": 1, "***": 2]))
      var request = sampleRequest("a")
      request.argument = .string("because \(secret)")
      try await journal.post(request)
      #expect(try await journal.pendingRequests(of: "r1").first?.argument == "because ***")
      journal.noteProgress(run: "r1", effect: "e", at: 1, .string(secret))
      journal.noteWindow(run: "r1", trigger: "t", at: 1, verdict: "pass", .string(secret))
      for piece in ["a p@s", "s/w\"ör", "d b"] { journal.noteOutput(run: "r1", effect: "e", stream: "stdout", at: 1, piece) }
      journal.endOutput(run: "r1", effect: "e", at: 2)
      try await journal.flushNotes()
      #expect(try await journal.progress(of: "r1").map(\.payload) == ["***"])
      #expect(try await journal.windows(of: "r1").map(\.payload) == ["***"])
      #expect(try await journal.output(of: "r1", effect: "e").map(\.text).joined() == "a *** b")
    }
  }

  /// A secret that happens to be a word of the program's must not make the record unreadable; anywhere else it is taken out.
  @Test(arguments: StoreKind.allCases) func wordsOfTheProgramAreSpared(_ kind: StoreKind) async throws {
    try await withStore(kind, secrets: ["done"]) { journal in
      var record = sampleRecord(1, payload: .object(["status": "done", "message": "done", "more": .object(["status": "done"])]))
      record.structuralKeys = ["status"]
      _ = try await journal.createRun(sampleHeader(), records: [record], status: nil)
      let expected = Value.object(["status": "done", "message": "***", "more": .object(["status": "***"])])
      #expect(try await journal.records(of: "r1").map(\.payload) == [expected])
    }
  }
}
