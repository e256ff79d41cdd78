import Foundation
import MongoDriver
import RunbookActions
import RunbookMongoActions
import RunbookTestSupport
import Synchronization
import Testing

/// On a server of its own, so that renewals do not wait behind the other tests' work; the lease is short, but never so short that a slow machine
/// loses it.
@Suite(.serialized) struct LeaseTests {
  private static let server = Task { try await TestServer.start() }

  private func withBench(grace: Duration = .seconds(60), _ body: (ActionBench) async throws -> Void) async throws {
    try await ActionBench.run(ttl: .milliseconds(2500), grace: grace, on: try await Self.server.value, body)
  }

  private func owner(_ label: String) -> LeaseOwner { OwnerProcess.current(label: label) }

  /// One on another machine: nothing is known of its process.
  private func stranger(_ label: String) -> LeaseOwner {
    LeaseOwner(id: label, host: "elsewhere", processID: 1, processStart: 1, label: label)
  }

  @Test("Of eight racers one wins")
  func race() async throws {
    try await withBench { bench in
      for round in 0..<3 {
        let targets = try (0..<8).map { _ in try bench.anotherTarget() }
        let won = await withTaskGroup(of: LeaseGrant?.self) { group in
          for (index, target) in targets.enumerated() {
            let owner = stranger("racer \(index)")
            group.addTask { try? await target.acquireLease(run: "run\(round)", owner: owner, onWaiting: { _ in }) }
          }
          var grants: [LeaseGrant] = []
          for await grant in group { if let grant { grants.append(grant) } }
          return grants
        }
        #expect(won.map(\.epoch) == [1])
        #expect(targets.filter(\.holdsLease).count == 1)
        for target in targets { await target.close() }
      }
    }
  }

  @Test("A lease is renewed while it is held, and can be taken at once when released, under the next epoch")
  func renewal() async throws {
    try await withBench { bench in
      let grant = try await bench.target.acquireLease(run: "run1", owner: owner("first"), onWaiting: { _ in })
      while let held = bench.target.lease, held.until == grant.until { try await Task.sleep(for: .milliseconds(20)) }
      #expect(bench.target.holdsLease)
      #expect((bench.target.lease?.until ?? 0) > grant.until)
      let other = try bench.anotherTarget()
      let error = await #expect(throws: ActionError.self) {
        try await other.acquireLease(run: "run1", owner: stranger("second"), onWaiting: { _ in })
      }
      #expect(error?.code == "RB3102")
      #expect(error?.message.contains("first") == true)
      try await bench.target.releaseLease()
      #expect(!bench.target.holdsLease)
      #expect(await bench.target.leaseIsLost() == false)
      let next = try await other.acquireLease(run: "run1", owner: stranger("second"), onWaiting: { _ in })
      #expect(next.epoch == 2)
      await other.close()
    }
  }

  @Test("A lease whose process says nothing any more is taken over when its time and the grace have passed, not before")
  func takeOver() async throws {
    try await withBench(grace: .milliseconds(600)) { bench in
      let silent = try bench.anotherTarget()
      let grant = try await silent.acquireLease(run: "run1", owner: stranger("silent"), onWaiting: { _ in })
      await silent.close()
      let news = Mutex<[String]>([])
      let next = try await bench.target.acquireLease(run: "run1", owner: owner("next")) { text in news.withLock { $0.append(text) } }
      #expect(next.epoch == 2)
      #expect(next.until - 2500 >= grant.until + 600)
      #expect(news.withLock { $0.first }?.contains("silent") == true)
    }
  }

  @Test("The lease of a process that is dead on this host is taken at once, that of a living one is not")
  func deadOwner() async throws {
    try await withBench { bench in
      let dead = try ChildProcess("/bin/true", [])
      await dead.ended()
      let here = owner("here")
      let gone = LeaseOwner(id: "gone", host: here.host, processID: Int64(dead.pid), processStart: 1, label: "gone")
      let first = try bench.anotherTarget()
      _ = try await first.acquireLease(run: "run1", owner: gone, onWaiting: { _ in })
      await first.close()
      let grant = try await bench.target.acquireLease(run: "run1", owner: here, onWaiting: { _ in Issue.record("it waits") })
      #expect(grant.epoch == 2)
      // The same process id with another start time is another process.
      let reused = LeaseOwner(
        id: "reused", host: here.host, processID: here.processID, processStart: here.processStart - 1, label: "reused")
      let second = try bench.anotherTarget()
      _ = try await second.acquireLease(run: "run2", owner: reused, onWaiting: { _ in })
      await second.close()
      try await bench.target.breakLease(run: "run2", by: "ana")
      let error = await #expect(throws: ActionError.self) { try await bench.target.breakLease(run: "run1", by: "ana") }
      #expect(error?.code == "RB3103")
    }
  }

  @Test("A process whose lease another has taken notices it, and sends nothing more")
  func lost() async throws {
    try await withBench { bench in
      try await bench.takeLease()
      try await bench.command(["update": "_runbook.runs", "updates": [["q": ["_id": "run1"], "u": ["$inc": ["epoch": 1]]]]])
      #expect(await bench.target.leaseIsLost())
      #expect(!bench.target.holdsLease)
      let error = #expect(throws: ActionError.self) { try bench.target.unfencedMilliseconds() }
      #expect(error?.kind == .leaseLost)
      let receipt = RunReceipt(
        run: "run1", plan: "p", planBytes: "", params: .null, status: "running", phase: nil, headSequence: 1, headHash: "")
      let refused = await #expect(throws: ActionError.self) { try await bench.target.writeReceipt(receipt, entries: []) }
      #expect(refused?.kind == .leaseLost)
    }
  }

  @Test("A lease that cannot be renewed is lost when its time is over")
  func unreachable() async throws {
    let server = try await TestServer.start()
    let target = try ActionBench.makeTarget(server, "gone", ttl: .milliseconds(2500))
    _ = try await target.acquireLease(run: "run1", owner: owner("me"), onWaiting: { _ in })
    await server.crash()
    #expect(await target.leaseIsLost())
    #expect(!target.holdsLease)
    await server.stop()
  }

  @Test("Reservations are taken all or none, and are one's own again")
  func reservations() async throws {
    try await withBench { bench in
      let target = bench.target
      #expect(try await target.reserve(run: "a", reservations: ["collection:x", "lock:l"], plan: "pa") == nil)
      #expect(try await target.reserve(run: "a", reservations: ["lock:l", "collection:x"], plan: "pa") == nil)
      let conflict = try await target.reserve(run: "b", reservations: ["collection:a", "lock:l", "collection:z"], plan: "pb")
      #expect(conflict == ReservationConflict(reservation: "lock:l", run: "a", plan: "pa"))
      #expect(try await bench.all("_runbook.reservations").compactMap { $0["_id"]?.string }.sorted() == ["collection:x", "lock:l"])
      try await target.releaseReservations(run: "a")
      #expect(try await target.reserve(run: "b", reservations: ["collection:a", "lock:l"], plan: "pb") == nil)
      #expect(try await target.reserve(run: "c", reservations: ["collection:b"], plan: "pc") == nil)
    }
  }

  @Test("Receipts come back as they were written; unfinished runs of a plan are found")
  func receipts() async throws {
    try await withBench { bench in
      try await bench.takeLease()
      var receipt = RunReceipt(
        run: "run1", plan: "p", planBytes: "kind: Runbook", params: .object(["a": .duration(5), "$b": "$set"]), status: "running",
        phase: "schema",
        headSequence: 2, headHash: "ff", details: ["undo": ["_runbook.undo.run1.s"]])
      let entries = [ReceiptEntry(sequence: 1, text: "{\"a\":1}"), ReceiptEntry(sequence: 12, text: "{}")]
      try await bench.target.writeReceipt(receipt, entries: entries)
      try await bench.target.writeReceipt(receipt, entries: entries)
      #expect(try await bench.target.readReceipt(run: "run1") == receipt)
      #expect(try await bench.target.readReceiptEntries(run: "run1") == entries)
      #expect(try await bench.target.unfinishedRuns(plan: "p") == [receipt])
      #expect(try await bench.target.unfinishedRuns(plan: "q") == [])
      let error = await #expect(throws: ActionError.self) {
        try await bench.target.writeReceipt(receipt, entries: [ReceiptEntry(sequence: 12, text: "other")])
      }
      #expect(error?.code == "RB3104")
      receipt.status = "rolledBack"
      receipt.phase = nil
      try await bench.target.writeReceipt(receipt, entries: [])
      #expect(try await bench.target.unfinishedRuns(plan: "p") == [])
      #expect(bench.target.holdsLease)
      #expect(try await bench.target.readReceipt(run: "none") == nil)
    }
  }

  @Test("An unreachable server is told with its host, a wrong uri by what is wrong with it")
  func errors() async throws {
    let port = try freePort()
    var options = MongoTarget.Options()
    options.client.serverSelectionTimeout = .milliseconds(300)
    let target = try MongoTarget(name: "registry", uri: "mongodb://user:sesame@127.0.0.1:\(port)/", database: "d", options: options)
    let error = await #expect(throws: ActionError.self) { try await target.identity() }
    #expect(error?.kind == .transient)
    #expect(error?.code == "RB3001")
    #expect(error?.message.contains("127.0.0.1:\(port)") == true)
    #expect(error?.message.contains("sesame") == false)
    let wrong = #expect(throws: ActionError.self) { try MongoTarget(name: "registry", uri: "mongo://x:sesame@y", database: "d") }
    #expect(wrong?.kind == .mistake)
    #expect(wrong?.message.contains("sesame") == false)
  }
}
