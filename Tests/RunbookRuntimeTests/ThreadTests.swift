import Foundation
import RunbookActions
import RunbookEngine
import RunbookRuntime
import RunbookSQLiteJournal
import RunbookTestSupport
import Synchronization
import Testing

@Suite struct ThreadTests {
  /// Notes on which thread each commit was told.
  private final class ThreadObserver: RunObserver {
    let threads = Mutex<[(kinds: [String], thread: pthread_t)]>([])

    func observe(_ event: RunEvent) {
      guard case .recorded(let entries) = event else { return }
      threads.withLock { $0.append((entries.map(\.kindName), pthread_self())) }
    }
  }

  @Test func theLoopAndWhatReachesNoTargetStayOnTheJournalsThread() async throws {
    let rig = try Rig(
      """
      phases:
        - id: one
          steps:
            - { id: a, action: note, with: { text: One } }
            - { id: b, action: wait.for, with: { duration: 1ms } }
            - { id: c, action: note, with: { text: Three }, when: { value: 1, equals: 1 } }
          verify:
            - { id: equal, value: 1, expect: { equals: 1 } }
      """)
    let directory = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-thread-\(UUID().uuidString)").path
    defer { try? FileManager.default.removeItem(atPath: directory) }
    let journal = try await SQLiteJournal.open(path: "\(directory)/state.db", redactor: rig.redactor)
    let home = await Task.detached(executorPreference: journal.executor) { pthread_self() }.value
    let observer = ThreadObserver()
    let ending = try await rig.execute(Rig.Process(journal: journal, observer: observer))
    #expect(ending.state.status == .succeeded)
    let told = observer.threads.withLock { $0 }
    #expect(told.last?.kinds.last == "runEnded")
    #expect(told.allSatisfy { pthread_equal($0.thread, home) != 0 }, "\(told)")
    try await journal.close()
  }
}
