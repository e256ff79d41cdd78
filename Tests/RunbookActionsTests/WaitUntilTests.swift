import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookSyntax
import RunbookTestSupport
import Synchronization
import Testing

@Suite struct WaitUntilTests {
  /// Waits by a flowing clock.
  /// - Returns: when it went on, and what was seen.
  private func wait(_ at: String, zone: String? = nil, from: String, now: String? = nil) async throws -> (at: String, seen: Observation) {
    let began = try TypedText.timestamp(from)
    let clock = FakeClock(now: try now.map { try TypedText.timestamp($0) } ?? began)
    var arguments: ValueMap = ["at": .string(at)]
    if let zone { arguments["zone"] = .string(zone) }
    let seen = try await WaitUntil().read(Bench.context(arguments, clock: clock, requestedAt: began))
    return (TimestampText.format(milliseconds: clock.now()), seen)
  }

  @Test func waitsForWhatTheClockOfAZoneShows() async throws {
    let (winter, seen) = try await wait("2025-01-18T02:00", zone: "Europe/Berlin", from: "2025-01-18T00:59:58Z")
    #expect(winter == "2025-01-18T01:00:00Z")
    #expect(seen.outputs["waited"] == .duration(2_000_000))
    #expect(seen.warnings.isEmpty)
    let (summer, _) = try await wait("2025-07-18 02:00:05", zone: "Europe/Berlin", from: "2025-07-18T00:00:00Z")
    #expect(summer == "2025-07-18T00:00:05Z")
    let (offset, _) = try await wait("2025-07-18T02:00:05+07:00", from: "2025-07-17T19:00:00Z")
    #expect(offset == "2025-07-17T19:00:05Z")
  }

  @Test func aTimeWithoutADayIsTheNextOne() async throws {
    // Half past midnight in Berlin, where the day is already another.
    #expect(try await wait("00:30:02", zone: "Europe/Berlin", from: "2025-01-17T23:30:00Z").at == "2025-01-17T23:30:02Z")
    // At the moment itself nothing is left to wait for; a moment later it is a day.
    #expect(try await wait("02:00", zone: "Europe/Berlin", from: "2025-01-18T01:00:00Z").at == "2025-01-18T01:00:00Z")
    let next = try await wait("02:00", zone: "Europe/Berlin", from: "2025-01-18T01:00:01Z", now: "2025-01-19T00:59:59Z")
    #expect(next.at == "2025-01-19T01:00:00Z")
    #expect(next.seen.warnings.isEmpty)
  }

  @Test func aResumeWaitsForTheMomentThatWasMeantFirst() async throws {
    // The process was gone for two days. The next 02:00 after the step began has passed, and another is not waited for.
    let late = try await wait("02:00", zone: "Europe/Berlin", from: "2025-01-18T00:00:00Z", now: "2025-01-20T00:00:00Z")
    #expect(late.at == "2025-01-20T00:00:00Z")
    #expect(late.seen.outputs["waited"] == .duration(172_800_000_000))
    #expect(late.seen.warnings.isEmpty)
  }

  @Test func timesThatTheClockSkipsOrShowsTwiceAreTold() async throws {
    let skipped = try await wait("2026-03-29T02:30", zone: "Europe/Berlin", from: "2026-03-29T01:29:59Z")
    #expect(skipped.at == "2026-03-29T01:30:00Z")
    #expect(
      skipped.seen.warnings == [
        "on that day the clocks of Europe/Berlin skip 2026-03-29T02:30:00; 2026-03-29T03:30:00 is taken, which is the same time after the change"
      ])
    let twice = try await wait("2026-10-25T02:30", zone: "Europe/Berlin", from: "2026-10-25T00:29:59Z")
    #expect(twice.at == "2026-10-25T00:30:00Z")
    #expect(
      twice.seen.warnings == ["on that day the clocks of Europe/Berlin show 2026-10-25T02:30:00 twice; the first time is taken"])
    // Between the two a time without a day is that of tomorrow.
    let between = try await wait("02:30", zone: "Europe/Berlin", from: "2026-10-25T01:00:00Z", now: "2026-10-26T01:29:59Z")
    #expect(between.at == "2026-10-26T01:30:00Z")
    // A change of half an hour, on the other side of the world.
    let half = try await wait("2025-10-05T02:15", zone: "Australia/Lord_Howe", from: "2025-10-04T15:44:59Z")
    #expect(half.at == "2025-10-04T15:45:00Z")
    #expect(half.seen.warnings.count == 1)
  }

  @Test func aMomentThatHasPassedIsTold() async throws {
    let past = try await wait("2025-01-18T02:00", zone: "Europe/Berlin", from: "2025-01-18T01:00:01Z")
    #expect(past.at == "2025-01-18T01:00:01Z")
    #expect(
      past.seen.warnings == [
        "2025-01-18T02:00:00 in Europe/Berlin (2025-01-18T01:00:00Z) had passed when the step began, so nothing was waited for"
      ])
  }

  @Test func saysWhatItWaitsFor() async throws {
    let clock = FakeClock(now: try TypedText.timestamp("2025-01-18T00:59:50Z"))
    let stop = FakeStop()
    let words = Mutex<[Progress]>([])
    await #expect(throws: ActionError(code: "RB4001", message: "the wait was stopped 6s before its end", kind: .stopped)) {
      _ = try await WaitUntil().read(
        Bench.context(["at": "02:00", "zone": "Europe/Berlin"], clock: clock, stop: stop) { word in
          words.withLock { $0.append(word) }
          if word.done == 4 { stop.request() }
        })
    }
    #expect(
      words.withLock { $0.last }
        == Progress(done: 4, total: 10, unit: "seconds", note: "until 2025-01-18T02:00:00 in Europe/Berlin (2025-01-18T01:00:00Z)"))
  }

  // MARK: a check

  private func context(_ clock: FakeClock, requestedAt: Int64 = 0, _ ask: @escaping @Sendable () -> AwaitedCheck.Answer) -> ActionContext {
    var context = Bench.context(["within": .duration(60_000_000)], clock: clock, requestedAt: requestedAt)
    context.awaited = AwaitedCheck { ask() }
    return context
  }

  @Test func asksUntilTheCheckHolds() async throws {
    let clock = FakeClock(now: 0)
    let asked = Mutex<[Int64]>([])
    let seen = try await WaitUntil().read(
      context(clock) {
        asked.withLock { $0.append(clock.now()) }
        return AwaitedCheck.Answer(holds: clock.now() >= 3_000, words: "count is 1, expected 0")
      })
    #expect(asked.withLock { $0 } == [0, 1_000, 2_000, 3_000])
    #expect(seen.outputs["waited"] == .duration(3_000_000))
  }

  @Test func failsWhenTheTimeIsOver() async throws {
    let clock = FakeClock(now: 0)
    await #expect(
      throws: ActionError(code: "RB4003", message: "it did not hold within 1m; last: count is 1, expected 0", kind: .refused)
    ) {
      _ = try await WaitUntil().read(context(clock) { AwaitedCheck.Answer(holds: false, words: "count is 1, expected 0") })
    }
    #expect(clock.now() == 60_000)
  }

  /// The time is not given anew after a crash, and what came true meanwhile counts.
  @Test func theTimeCountsFromWhenItWasAskedFirst() async throws {
    let clock = FakeClock(now: 55_000)
    await #expect(throws: ActionError.self) {
      _ = try await WaitUntil().read(context(clock) { AwaitedCheck.Answer(holds: false, words: "no") })
    }
    #expect(clock.now() == 60_000)
    let late = FakeClock(now: 500_000, flows: false)
    let seen = try await WaitUntil().read(context(late) { AwaitedCheck.Answer(holds: true, words: "yes") })
    #expect(seen.outputs["waited"] == .duration(500_000_000))
  }
}
