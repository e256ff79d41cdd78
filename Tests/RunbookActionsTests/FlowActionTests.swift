import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Synchronization
import Testing

@Suite struct FlowActionTests {
  // MARK: manual.confirm

  private static let items: Value = [
    .object(["id": "browse", "text": "Browsing works", "by": "qa"]),
    .object(["id": "search", "text": "Search works", "by": ["qa", "dev"], "evidence": "required"]),
  ]

  private func answer(_ item: String, yes: Bool = true, evidence: String? = nil) -> GateAnswer {
    GateAnswer(item: item, isYes: yes, by: "ana", at: 5, evidence: evidence)
  }

  @Test func gateHasItemsAndDeadline() async throws {
    let clock = FakeClock(now: 1_000)
    let people = Answering([answer("browse"), answer("search", evidence: "looked")])
    let arguments: ValueMap = ["items": Self.items, "expires": .duration(60_000_000)]
    let seen = try await ManualConfirm().read(Bench.context(arguments, clock: clock, people: people))
    #expect(
      people.asked
        == Gate(
          subject: "s", title: nil,
          items: [
            .init(id: "browse", text: "Browsing works", by: ["qa"], evidenceIsRequired: false),
            .init(id: "search", text: "Search works", by: ["qa", "dev"], evidenceIsRequired: true),
          ], expiresAt: 61_000))
    #expect(seen.outputs["confirmed"] == true)
    #expect(seen.outputs["by"] == .object(["browse": "ana", "search": "ana"]))
    #expect(seen.outputs["at"] == .object(["browse": .timestamp(5), "search": .timestamp(5)]))
    #expect(seen.outputs["notes"] == .object(["search": "looked"]))
    #expect(seen.refusal == nil)
  }

  @Test func textBecomesOneItemNamedLikeItsStep() async throws {
    let people = Answering([answer("s")])
    let seen = try await ManualConfirm().read(Bench.context(["text": "go on", "by": "dba"], clock: FakeClock(), people: people))
    #expect(people.asked?.items == [.init(id: "s", text: "go on", by: ["dba"], evidenceIsRequired: false)])
    #expect(people.asked?.expiresAt == nil)
    #expect(seen.outputs["confirmed"] == true)
  }

  @Test func noAndSilenceAreToldApart() async throws {
    let refused = try await ManualConfirm().read(
      Bench.context(["items": Self.items], clock: FakeClock(), people: Answering([answer("browse", yes: false)])))
    #expect(refused.outputs["confirmed"] == false)
    #expect(refused.outputs["refused"] == ["browse"])
    #expect(refused.refusal == "'s' was refused: browse by ana")
    let late = try await ManualConfirm().read(
      Bench.context(["items": Self.items], clock: FakeClock(), people: Answering([answer("browse")])))
    #expect(late.outputs["confirmed"] == false)
    #expect(late.refusal == "'s' was not confirmed in time: search")
  }

  @Test func waitsForPeopleWhereNobodyIsThere() async throws {
    await #expect(throws: ActionError(code: "TEST", message: "nobody", kind: .awaitingPeople)) {
      _ = try await ManualConfirm().read(Bench.context(["text": "go on"], clock: FakeClock()))
    }
  }

  // MARK: wait.for

  @Test func waitsFromWhenItWasAskedFirst() async throws {
    let clock = FakeClock(now: 100_000)
    let seen = try await WaitFor().read(Bench.context(["duration": .duration(10_000_000)], clock: clock))
    #expect(clock.now() == 110_000)
    #expect(seen.outputs["waited"] == .duration(10_000_000))
    // A process that takes over after six of ten seconds waits for the other four.
    let later = FakeClock(now: 100_000)
    _ = try await WaitFor().read(Bench.context(["duration": .duration(10_000_000)], clock: later, requestedAt: 94_000))
    #expect(later.now() == 104_000)
    // After all of them it does not wait at all.
    let over = FakeClock(now: 100_000, flows: false)
    _ = try await WaitFor().read(Bench.context(["duration": .duration(10_000_000)], clock: over, requestedAt: 90_000))
    #expect(over.now() == 100_000)
  }

  @Test func stopsWhereItIsAndSaysWhatWasLeft() async throws {
    let clock = FakeClock(now: 0)
    let stop = FakeStop()
    let progress = Mutex<[Progress]>([])
    await #expect(throws: ActionError(code: "RB4001", message: "the wait was stopped 7s before its end", kind: .stopped)) {
      _ = try await WaitFor().read(
        Bench.context(["duration": .duration(10_000_000)], clock: clock, stop: stop) { word in
          progress.withLock { $0.append(word) }
          if word.done == 3 { stop.request() }
        })
    }
    #expect(progress.withLock { $0.last } == Progress(done: 3, total: 10, unit: "seconds"))
  }

  /// Somebody gave the wait up; it must not go round and round until its time is over.
  @Test func endsWithItsTask() async throws {
    let clock = FakeClock(now: 0, flows: false)
    let task = Task { try await WaitFor().read(Bench.context(["duration": .duration(3_600_000_000)], clock: clock)) }
    task.cancel()
    let result = await task.result
    #expect(throws: ActionError.self) { try result.get() }
  }

  // MARK: note

  @Test func noteSaysItsText() async throws {
    let seen = try await Note().read(Bench.context(["text": "cache cleared"], clock: FakeClock()))
    #expect(seen.outputs == ["text": "cache cleared"])
  }
}
