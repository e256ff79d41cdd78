import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan
import RunbookRuntime
import RunbookSyntax
import RunbookTestSupport
import Testing

@testable import RunbookCommands
@testable import RunbookReport

/// The live view as data: what is told goes in, lines come out, for every width and height.
@Suite struct LiveViewModelTests {
  private static let source = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: shop, title: Shop }
    secrets: { uri: { fromEnv: MONGODB_URI } }
    targets: { main: { type: mongodb, uri: "${{ secrets.uri }}", database: shop } }
    defaults: { target: main, collection: items }
    preconditions:
      - { id: there, title: Items are there, action: mongodb.count, expect: { atLeast: 1 } }
    rollbackTriggers:
      - id: orphans
        title: Orphans
        action: mongodb.count
        every: 5s
        expect: { below: 10 }
        failures: { max: 1, of: 4 }
        onFail: rollback
        onNoData: warn
        onError: warn
    phases:
      - id: first
        title: The first phase
        steps:
          - { id: hello, action: note, with: { text: hi } }
          - id: change
            title: "Change \\e[31m them"
            action: mongodb.update
            with: { filter: { a: { $exists: false } }, pipeline: [ { $set: { a: 1 } } ] }
            verify:
              - { id: settled, title: It settled, action: mongodb.count, expect: { equals: 5 }, within: 30s, onFail: warn }
      - id: second
        steps:
          - id: ask
            action: manual.confirm
            with: { items: [ { id: fine, text: All is fine }, { id: seen, text: Somebody looked } ] }
    verify:
      - { id: outcome, title: The outcome, action: mongodb.count, expect: { atLeast: 1 } }

    """

  private static func view() throws -> LiveView {
    let plan = try #require(PlanLoader.load(SourceFile(path: "shop.yaml", bytes: Array(source.utf8))).plan)
    let bound = try #require(Wiring.catalog().bind(plan, params: [:], run: nil).bound)
    let header = RunHeader(
      run: "r20250118-aaaaaa", planID: "shop", planDigest: "", planBytes: [], planPath: "shop.yaml", params: .emptyMap, targets: .emptyMap,
      created: 0, toolVersion: "", initiator: "ana")
    return LiveView(bound: bound, outline: Outline(bound), header: header, stateOption: "sqlite:here.db", state: nil)
  }

  private static func effect(_ text: String) throws -> EffectID { try #require(EffectID(text)) }

  private func expect(
    _ view: LiveView, columns: Int = 80, height: Int = 14, now: Int64, _ golden: String, _ location: SourceLocation = #_sourceLocation
  ) {
    let text = view.lines(columns: columns, height: height, now: now).map { $0.rendered(colored: false) }.joined(separator: "\n")
    #expect(text == golden, "\n\(text)\n", sourceLocation: location)
  }

  @Test func aRunAsItGoes() throws {
    var view = try Self.view()
    view.take(Entry(at: 0, .runStarted(info: .emptyMap, until: nil)))
    let there = try Self.effect("check:there#1")
    view.take(Entry(at: 10, .effectRequested(there)))
    view.take(Entry(at: 900, .verdict(there, CheckResult(.pass, observed: .integer(7)), retryAt: nil)))
    let change = try Self.effect("step:change#1")
    view.take(Entry(at: 1_000, .effectRequested(change)))
    for (done, at) in [(0, 1_000), (400, 2_000), (800, 3_000)] as [(Int64, Int64)] {
      view.take(progress: LiveProgress(done: done, total: 2_000, unit: "documents", note: nil, at: at), of: change, at: at)
    }
    view.take(
      window: TriggerWindow(
        trigger: "orphans", verdict: .fail, message: "", observed: .integer(12), from: 0, to: 1_500, tally: TriggerTally(samples: 1)))
    expect(
      view, now: 3_000,
      """

      Run r20250118-aaaaaa of shop: Shop                                            3s
      on main (shop)
      ✓ Preconditions                                                      1 of 1 done
      → first: The first phase                                             0 of 2 done
        · hello
        → change: Change \\x1b[31m them                                              2s
          ████████░░░░░░░░░░░░  40%  800 of 2,000 documents, 400/s, about 3s left
      · second                                                             0 of 1 done
      · Outcome                                                            0 of 1 done
      ✗ trigger orphans  fail, observed 12, expected below 10, 1s ago, 1 failed windo…
      Ctrl-C pauses the run at the next batch border of 'change'
      """)
  }

  @Test func aPollAGateAndAWayBack() throws {
    var view = try Self.view()
    view.take(Entry(at: 0, .runStarted(info: .emptyMap, until: nil)))
    let settled = try Self.effect("check:settled#1")
    view.take(Entry(at: 1_000, .effectRequested(settled)))
    view.take(look: CheckResult(.fail, observed: .integer(3)), of: settled, at: 2_000)
    let polling = view.lines(columns: 80, height: 20, now: 4_000).map { $0.rendered(colored: false) }
    #expect(polling.contains("    → It settled  27s left, observed 3, expected equals 5"), "\(polling)")
    view.take(Entry(at: 5_000, .verdict(settled, CheckResult(.fail, observed: .integer(3)), retryAt: nil)))

    let ask = try Self.effect("step:ask#1")
    view.take(Entry(at: 6_000, .effectRequested(ask)))
    view.take(Entry(at: 7_000, .decision(.answer(Answer(subject: "ask", value: ["item": "fine", "yes": true], who: "ben")))))
    view.isStopping = true
    expect(
      view, columns: 70, height: 9, now: 8_000,
      """
      Run r20250118-aaaaaa of shop: Shop                       1 warning  8s
      on main (shop)
      → second                                                   0 of 1 done
        → ask                                                             2s
          ? seen: Somebody looked
          answered by: runbook confirm --state sqlite:here.db r20250118-aaa…
      … 1 more part to come
      · trigger orphans  no window yet, expected below 10
      Stopping; Ctrl-C again stops at once
      """)

    view.take(Entry(at: 9_000, .rollbackBegan(phase: nil, cause: "refused")))
    view.take(Entry(at: 9_000, .effectRequested(try Self.effect("undo:change#1"))))
    expect(
      view, columns: 60, height: 6, now: 9_500,
      """
      Rolling back r20250118-aaaaaa of shop: Shop    1 warning  9s
      ← first: The first phase                       0 of 1 undone
        ← change: Change \\x1b[31m them
      … 1 more part, all done
      · trigger orphans  no window yet, expected below 10
      Stopping at the next batch border of 'change'; Ctrl-C again…
      """)
  }

  /// Whatever is told: never more lines than there is room for, none wider, and the heading and the footer always there.
  @Test(arguments: 0..<8) func everySizeHolds(seed: UInt64) throws {
    var view = try Self.view()
    var chance = Chance(seed: seed)
    let subjects = ["there", "hello", "change", "settled", "ask", "outcome", "first", "nobody"]
    var at: Int64 = 0
    for _ in 0..<40 {
      at += Int64(chance.next(below: 2_000))
      let id = EffectID(
        verb: EffectID.Verb.allCases[chance.next(below: EffectID.Verb.allCases.count)],
        subject: subjects[chance.next(below: subjects.count)],
        serial: 1)
      let result = CheckResult(Verdict.allCases[chance.next(below: Verdict.allCases.count)], observed: .string("漢字\n\u{1B}[2J"))
      switch chance.next(below: 8) {
      case 0, 1: view.take(Entry(at: at, .effectRequested(id)))
      case 2: view.take(Entry(at: at, .verdict(id, result, retryAt: chance.next(below: 2) == 0 ? at + 5_000 : nil)))
      case 3: view.take(Entry(at: at, .effectFinished(id, .done(), retryAt: nil)))
      case 4: view.take(look: result, of: id, at: at)
      case 5:
        let total = chance.next(below: 2) == 0 ? nil : Int64(chance.next(below: 500))
        view.take(
          progress: LiveProgress(done: Int64(chance.next(below: 900)), total: total, unit: "documents", note: "a\tnote", at: at), of: id,
          at: at)
      case 6: view.take(Entry(at: at, .effectFinished(id, .failed(Failure(code: "RB1", message: "no")), retryAt: at + 100)))
      default: if chance.next(below: 6) == 0 { view.take(Entry(at: at, .rollbackBegan(phase: nil, cause: "\u{9B}why"))) }
      }
      for columns in [20, 31, 60, 119] {
        for height in [3, 4, 5, 6, 7, 8, 9, 10, 12, 18] {
          let lines = view.lines(columns: columns, height: height, now: at)
          let text = lines.map { $0.rendered(colored: false) }.joined(separator: "\n")
          let isPlain = text.unicodeScalars.allSatisfy { $0 == "\n" || $0.value >= 0x20 && !(0x7F..<0xA0).contains($0.value) }
          let fits = lines.count <= height && lines.allSatisfy { $0.width <= columns }
          #expect(fits && isPlain && text.contains("Ctrl-C"), "\(columns) columns, \(height) rows:\n\(text)")
        }
      }
    }
    #expect(view.lines(columns: 19, height: 24, now: at).isEmpty)
  }

  @Test func ratesAndTimesLeft() {
    var progress = LiveProgress(done: 100, total: 1_000, unit: "documents", note: nil, at: 0)
    #expect(progress.text(now: 0) == "100 of 1,000 documents")
    progress.advance(done: 150, total: 1_000, unit: "documents", note: nil, at: 1_000)
    #expect(progress.text(now: 1_500) == "150 of 1,000 documents, 50/s, about 17s left")
    #expect(progress.text(now: 12_000).hasSuffix(", nothing new for 11s"))
    progress.advance(done: 1_200, total: 1_000, unit: "documents", note: "pass 2", at: 13_000)
    #expect(progress.share == nil, "what arrives meanwhile is done, too")
    #expect(progress.text(now: 13_000).hasPrefix("1,200 documents, "))
    #expect(progress.text(now: 13_000).hasSuffix(", pass 2"))
    let time = LiveProgress(done: 75, total: 600, unit: "seconds", note: nil, at: 0)
    #expect(time.text(now: 0) == "1m15s of 10m00s, 8m45s left")
    #expect(
      [0, 59_999, 61_000, 3_700_000, 90_000_000].map { LiveTime.text(milliseconds: $0) } == ["0s", "59s", "1m01s", "1h01m", "1d01h"])
  }
}
