import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookEngine

@Suite("What is recorded of triggers")
struct TriggerRecordTests {
  @Test("Changes of verdict are recorded one by one, equal ones are counted")
  func changes() {
    var bench = Bench(TriggerTests.watched(trigger("t", onNoData: .warn)))
    bench.judge("t", .pass, .pass, .pass, .noData, .noData, .pass)
    #expect(bench.recorded.map(\.verdict) == [.pass, .noData, .pass])
    #expect(bench.recorded.map(\.equalBefore) == [0, 2, 1])
    #expect(bench.recorded.map(\.totals.samples) == [10, 40, 60])
    #expect(bench.state.trigger("t")?.windows == 6 && bench.state.trigger("t")?.last?.verdict == .pass)
  }

  @Test("A hundred thousand equal windows leave less than a hundred entries, and a crash loses at most an eighth of their counts")
  func bounded() {
    var bench = Bench(TriggerTests.watched(trigger("t", 1, of: 4)))
    bench.judge("t", .fail)
    for _ in 0..<100_000 { bench.judge("t", .pass) }
    #expect(bench.recorded.count < 100)
    let before = bench.state.trigger("t")
    #expect(before?.windows == 100_001 && before?.totals.samples == 1_000_010)
    bench.crash()
    let after = bench.state.trigger("t")
    #expect((after?.windows ?? 0) >= 100_001 * 7 / 8 && (after?.totals.samples ?? 0) >= 1_000_010 * 7 / 8)
    #expect(after?.totals.failures == 1 && after?.firstPassAt == before?.firstPassAt && after?.liveSince == before?.liveSince)
  }

  @Test("What a trigger does never depends on where a crash falls")
  func crashes() {
    var chance = SeededChance(seed: 42)
    for _ in 0..<400 {
      let of = Int.random(in: 1...5, using: &chance)
      let outline = TriggerTests.watched(
        trigger("t", Int.random(in: 0..<of, using: &chance), of: of, onFail: .warn, onError: .warn, onNoData: .warn))
      var (calm, crashed) = (Bench(outline), Bench(outline))
      var verdict = Verdict.pass
      for number in 0..<120 {
        if Int.random(in: 0..<10, using: &chance) < 4 { verdict = [.pass, .fail, .noData, .error].randomElement(using: &chance) ?? .pass }
        calm.judge("t", verdict)
        if Int.random(in: 0..<10, using: &chance) == 0 { crashed.crash() }
        crashed.judge("t", verdict)
        #expect(calm.events.map(\.verdict) == crashed.events.map(\.verdict), "of \(of), window \(number)")
        #expect(calm.state.trigger("t")?.firstPassAt == crashed.state.trigger("t")?.firstPassAt)
      }
    }
  }

  @Test("A window and what the trigger does because of it are one decision")
  func oneDecision() {
    var state = RunState(outline: TriggerTests.watched(trigger("t")))
    _ = state.take(Input(at: 1, .begin(info: .emptyMap, until: nil)))
    _ = state.take(Input(at: 2, .leaseTaken(epoch: 1, newProcess: true, holder: "h", request: nil)))
    let window = TriggerWindow(trigger: "t", verdict: .fail, from: 0, to: 3)
    #expect(decide(Input(at: 3, .window(window)), state).map(\.kindName) == ["triggerJudged", "triggerFired"])
    // A journal that was cut between them is healed by the next decision.
    state.evolve(Entry(at: 3, .triggerJudged(window)))
    #expect(!state.isSettled)
    #expect(state.take(Input(at: 4, .tick)).map(\.kindName) == ["triggerFired"])
    #expect(state.isSettled)
  }

  @Test("Facts for references: counts over all windows, and the last verdict")
  func facts() {
    var bench = Bench(TriggerTests.watched(trigger("t", 5, of: 6)))
    #expect(bench.state.triggerFacts("none") == nil)
    #expect(bench.state.triggerFacts("t") == ["samples": 0, "failures": 0])
    var durations = DurationHistogram()
    for length: Int64 in [10, 20, 30] { durations.add(microseconds: length) }
    for (verdict, gap) in [(Verdict.pass, Int64(700)), (.fail, 300)] {
      bench.send(
        .window(
          TriggerWindow(
            trigger: "t", verdict: verdict, from: 0, to: 1,
            tally: TriggerTally(samples: 100, failures: verdict == .fail ? 5 : 0, longestGap: gap, durations: durations))))
    }
    #expect(
      bench.state.triggerFacts("t") == [
        "samples": 200, "failures": 5, "errorRate": .double(0.025), "longestGap": .duration(700_000), "p50": .duration(20),
        "p95": .duration(30), "verdict": "fail",
      ])
  }

  @Test("A window is stored as it was when this version was made")
  func frozen() throws {
    var durations = DurationHistogram()
    for length: Int64 in [10, 20, 20, 5_000] { durations.add(microseconds: length) }
    var window = TriggerWindow(
      trigger: "errors", verdict: .fail, message: "too many", observed: .double(0.05), from: 1_000, to: 2_000,
      tally: TriggerTally(samples: 100, failures: 5, longestGap: 300, durations: durations))
    window.equalBefore = 3
    window.totals = TriggerTally(samples: 500, failures: 6)
    let entry = Entry(at: 7, .triggerJudged(window))
    #expect(entry.kindName == "triggerJudged" && entry.version == 1 && entry.commitsAtOnce && !entry.isTransient)
    #expect(entry.payload.encodedJSON() == Self.stored)
    #expect(try Entry(kind: "triggerJudged", version: 1, payload: Value(encodedJSON: Self.stored)) == entry)
    let least =
      #"{"at":7,"trigger":"t","verdict":"pass","from":1,"to":2,"tally":{"samples":0,"failures":0},"totals":{"samples":0,"failures":0}}"#
    #expect(try Entry(kind: "triggerJudged", version: 1, payload: Value(encodedJSON: least)).payload.encodedJSON() == least)
    for broken in [
      #"{"at":7,"trigger":"t","verdict":"pass","from":1,"to":2,"totals":{"samples":0,"failures":0}}"#,
      #"{"at":7,"trigger":"t","verdict":"maybe","from":1,"to":2,"tally":{"samples":0,"failures":0},"totals":{"samples":0,"failures":0}}"#,
      #"{"at":7,"trigger":"t","verdict":"pass","from":1,"to":2,"tally":{"samples":0,"failures":0,"durations":[1]},"totals":{"samples":0,"failures":0}}"#,
    ] {
      #expect(throws: EntryDecodingError.self) {
        try Entry(kind: "triggerJudged", version: 1, payload: Value(encodedJSON: broken))
      }
    }
  }

  static let stored =
    #"{"at":7,"trigger":"errors","verdict":"fail","message":"too many","observed":0.05,"from":1000,"to":2000,"tally":{"samples":100,"#
    + #""failures":5,"longestGap":300,"durations":[10,1,20,2,263,1]},"equalBefore":3,"totals":{"samples":500,"failures":6}}"#
}
