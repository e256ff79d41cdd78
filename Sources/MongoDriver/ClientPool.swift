import Dispatch
import Synchronization

/// Hands work to a fixed number of single-threaded clients, each of which is used by its own queue and by one piece of work at a time.
///
/// Blocking calls run on these queues only, never on the threads of Swift's executor. Work that belongs to a session waits for the client that
/// has the session; other work goes to whichever client is free, in the order in which it came.
final class ClientPool: Sendable {
  typealias Work = @Sendable (inout NativeClient?) -> Void

  private struct State {
    var busy: [Bool]
    var bound: [Fifo]
    var unbound = Fifo()
    var sessions: [Int]
  }

  private struct Fifo {
    private var items: [Work] = []
    private var head = 0

    var isEmpty: Bool { head == items.count }

    mutating func append(_ work: @escaping Work) { items.append(work) }

    mutating func popFirst() -> Work? {
      guard head < items.count else { return nil }
      defer {
        head += 1
        if head == items.count {
          items.removeAll(keepingCapacity: true)
          head = 0
        }
      }
      return items[head]
    }
  }

  private let settings: NativeSettings
  private let queues: [DispatchQueue]
  /// The lock is never waited for: only the queue of the same index takes it.
  private let clients: [ClientBox]
  private let state: Mutex<State>

  init(width: Int, settings: NativeSettings, log: Driver.LogContext) {
    precondition(width > 0, "a pool needs at least one client")
    self.settings = settings
    queues = (0..<width).map { index in
      let queue = DispatchQueue(label: "runbook.mongodb.\(index)", qos: .userInitiated)
      queue.setSpecific(key: Driver.logKey, value: log)
      return queue
    }
    clients = (0..<width).map { _ in ClientBox() }
    state = Mutex(
      State(
        busy: Array(repeating: false, count: width), bound: Array(repeating: Fifo(), count: width),
        sessions: Array(repeating: 0, count: width)))
  }

  deinit {
    // Saying goodbye to the server may block, so it is done where blocking is allowed.
    for (queue, client) in zip(queues, clients) where client.isOpen { queue.async { client.close() } }
  }

  /// Runs `body` on client `index`, or on any that is free, and gives back what it returns.
  ///
  /// A cancelled task still waits: libmongoc cannot be interrupted, its timeouts end the call.
  func run<R: Sendable>(on index: Int? = nil, _ body: @escaping @Sendable (inout NativeClient) throws(NativeFailure) -> R) async
    -> Result<R, NativeFailure>
  {
    let settings = settings
    return await withCheckedContinuation { continuation in
      submit(to: index) { client in
        do throws(NativeFailure) {
          if client == nil { client = try NativeClient(settings) }
          guard var opened = client.take() else { preconditionFailure("a client vanished") }
          let result = Result { () throws(NativeFailure) in try body(&opened) }
          client = consume opened
          continuation.resume(returning: result)
        } catch {
          continuation.resume(returning: .failure(error))
        }
      }
    }
  }

  /// The client with the fewest sessions, counted as having one more.
  func reserveForSession() -> Int {
    state.withLock { state in
      let index = state.sessions.indices.min { state.sessions[$0] < state.sessions[$1] } ?? 0
      state.sessions[index] += 1
      return index
    }
  }

  func releaseFromSession(_ index: Int) {
    state.withLock { $0.sessions[index] -= 1 }
  }

  /// Ends session `id` of client `index` when the work before it is done; nobody waits for it.
  func endSession(_ id: Int, on index: Int) {
    submit(to: index) { client in client?.endSession(id) }
    releaseFromSession(index)
  }

  /// Closes all connections, after the work that has been submitted.
  func close() async {
    await withTaskGroup { group in
      for index in queues.indices {
        group.addTask {
          await withCheckedContinuation { continuation in
            self.submit(to: index) { client in
              client = nil
              continuation.resume()
            }
          }
        }
      }
    }
  }

  private func submit(to index: Int?, _ work: @escaping Work) {
    let start: (index: Int, work: Work)? = state.withLock { state in
      if let target = index ?? state.busy.firstIndex(of: false), !state.busy[target] {
        state.busy[target] = true
        return (target, work)
      }
      if let index { state.bound[index].append(work) } else { state.unbound.append(work) }
      return nil
    }
    if let start { execute(start.work, on: start.index) }
  }

  private func execute(_ work: @escaping Work, on index: Int) {
    let client = clients[index]
    queues[index].async {
      client.use(work)
      self.finish(index)
    }
  }

  /// Takes the next piece of work for a client that has become free.
  private func finish(_ index: Int) {
    let next: Work? = state.withLock { state in
      let next = state.bound[index].popFirst() ?? state.unbound.popFirst()
      if next == nil { state.busy[index] = false }
      return next
    }
    if let next { execute(next, on: index) }
  }
}

/// One client's place in the pool; empty until its first use.
private final class ClientBox: Sendable {
  private let client = Mutex<NativeClient?>(nil)

  func use(_ work: ClientPool.Work) {
    client.withLock { work(&$0) }
  }

  func close() {
    client.withLock { $0 = nil }
  }

  /// Whether it has been used since it was closed. Only for whoever knows that nobody uses it now.
  var isOpen: Bool { client.withLock { $0 != nil } }
}
