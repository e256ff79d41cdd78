import RunbookActions
import RunbookPlan
import Testing

@testable import RunbookMongoActions

@Suite("How operations are handed out and their times kept")
struct LatencyRecorderTests {
  private func schedule(samples: Int, warmUp: Int = 0, interval: Duration? = nil) -> LatencySchedule {
    LatencySchedule(samples: samples, warmUp: warmUp, concurrency: 1, interval: interval)
  }

  @Test("The warm-up is sent first and not counted; then as many as were asked for")
  func warmUp() {
    let recorder = LatencyRecorder(schedule(samples: 3, warmUp: 2))
    var sent = 0
    while let turn = recorder.next() {
      // What fails while warming up is no sample either.
      _ = recorder.record(turn, since: .now - .milliseconds(5), failed: sent < 2)
      sent += 1
    }
    #expect(sent == 5)
    #expect((recorder.outputs["samples"], recorder.outputs["errors"]) == (3, 0))
  }

  @Test("An operation that was due while all were busy counts from when it was due, one that is on time from when it is sent")
  func coordinatedOmission() async throws {
    let recorder = LatencyRecorder(schedule(samples: 3, interval: .milliseconds(10)))
    let begun = ContinuousClock.now
    let first = try #require(recorder.next())
    _ = await first.begin()
    // The server stands still for ten intervals: what should have been sent meanwhile waited, and its time says so.
    try await Task.sleep(for: .milliseconds(100))
    _ = recorder.record(first, since: begun, failed: false)
    for _ in 0..<2 {
      let late = try #require(recorder.next())
      _ = recorder.record(late, since: await late.begin(), failed: false)
    }
    #expect(recorder.next() == nil)
    let times = try #require(MeasuredTimes(outputs: recorder.outputs))
    #expect(times.count == 3)
    #expect(times.values.allSatisfy { $0 >= 79_000 }, "\(times.values)")
    let onTime = LatencyRecorder(schedule(samples: 2, interval: .milliseconds(20)))
    _ = onTime.next()
    let turn = try #require(onTime.next())
    let asked = ContinuousClock.now
    #expect(await turn.begin() > asked)
  }

  @Test("Failures are counted and have no time; without an answer there are no quantiles")
  func failures() throws {
    let recorder = LatencyRecorder(schedule(samples: 4))
    for failed in [true, false, true, false] {
      let turn = try #require(recorder.next())
      _ = recorder.record(turn, since: .now - .milliseconds(20), failed: failed)
    }
    #expect((recorder.outputs["samples"], recorder.outputs["errors"], recorder.outputs["errorRate"]) == (4, 2, .double(0.5)))
    let times = try #require(MeasuredTimes(outputs: recorder.outputs))
    #expect((times.answered, times.failures) == (2, 2))
    let none = LatencyRecorder(schedule(samples: 1))
    _ = none.record(try #require(none.next()), since: .now, failed: true)
    #expect(none.outputs["p95"] == nil)
    #expect((none.outputs["errorRate"], none.outputs["histogram"]) == (.double(1), []))
  }

  @Test("Twenty failures in a row end the measurement; one answer between them begins the count anew")
  func givesUp() throws {
    let recorder = LatencyRecorder(schedule(samples: 100))
    func record(failed: Bool) throws -> Bool { recorder.record(try #require(recorder.next()), since: .now, failed: failed) }
    for _ in 0..<19 { #expect(try !record(failed: true)) }
    #expect(try !record(failed: false))
    for _ in 0..<19 { #expect(try !record(failed: true)) }
    #expect(try record(failed: true))
    recorder.end()
    #expect(recorder.next() == nil)
  }

  @Test("The histogram holds three digits of each time, and every one of them")
  func histogram() throws {
    let recorder = LatencyRecorder(schedule(samples: 200))
    for n in 1...200 {
      let turn = try #require(recorder.next())
      _ = recorder.record(turn, since: .now - .milliseconds(n), failed: false)
    }
    let times = try #require(MeasuredTimes(outputs: recorder.outputs))
    #expect(times.count == 200)
    #expect(times.values.last == recorder.outputs["max"]?.durationValue)
    let median = try #require(recorder.outputs["p50"]?.durationValue)
    #expect(median >= 100_000 && median < 200_000)
  }
}
