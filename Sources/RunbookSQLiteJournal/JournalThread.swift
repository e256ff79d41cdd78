import Glibc

/// One thread on which a journal does its blocking work, and on which whoever leads a run with it can run too, so that a commit needs no
/// other thread to be woken. Jobs run one after the other in the order in which they came.
///
/// The thread ends when nobody holds this object any more and what was enqueued has run.
final class JournalThread: TaskExecutor {
  private let queue = JobQueue()

  init() {
    let queue = Unmanaged.passRetained(queue)
    var thread = pthread_t()
    let status = pthread_create(
      &thread, nil,
      { argument in
        guard let argument else { preconditionFailure("the thread was given its queue") }
        Unmanaged<JobQueue>.fromOpaque(argument).takeRetainedValue().run()
        return nil
      }, queue.toOpaque())
    precondition(status == 0, "no thread can be started for the journal: \(systemMessage(status))")
    pthread_detach(thread)
  }

  deinit { queue.close() }

  func enqueue(_ job: consuming ExecutorJob) { queue.add(UnownedJob(job), asUnownedTaskExecutor()) }

  /// Whether the caller runs on this thread.
  var isCurrent: Bool { queue.isCurrent }
}

/// What waits for the thread. Apart from the executor, which must not be kept alive by its own thread.
///
/// Sendable by its lock: `waiting`, `thread` and `isClosed` are touched only while it is held.
private final class JobQueue: @unchecked Sendable {
  private typealias Item = (job: UnownedJob, executor: UnownedTaskExecutor)

  private let lock = UnsafeMutablePointer<pthread_mutex_t>.allocate(capacity: 1)
  private let arrival = UnsafeMutablePointer<pthread_cond_t>.allocate(capacity: 1)
  private var waiting: [Item] = []
  private var thread: pthread_t?
  private var isClosed = false

  init() {
    lock.initialize(to: pthread_mutex_t())
    arrival.initialize(to: pthread_cond_t())
    pthread_mutex_init(lock, nil)
    pthread_cond_init(arrival, nil)
  }

  deinit {
    pthread_cond_destroy(arrival)
    pthread_mutex_destroy(lock)
    arrival.deallocate()
    lock.deallocate()
  }

  var isCurrent: Bool {
    locked { thread.map { pthread_equal($0, pthread_self()) != 0 } ?? false }
  }

  func add(_ job: UnownedJob, _ executor: UnownedTaskExecutor) {
    locked {
      waiting.append((job, executor))
      pthread_cond_signal(arrival)
    }
  }

  func close() {
    locked {
      isClosed = true
      pthread_cond_signal(arrival)
    }
  }

  func run() {
    locked { thread = pthread_self() }
    var batch: [Item] = []
    while true {
      let isOver = locked {
        while waiting.isEmpty, !isClosed { pthread_cond_wait(arrival, lock) }
        swap(&batch, &waiting)
        return batch.isEmpty
      }
      if isOver { return }
      for item in batch { item.job.runSynchronously(on: item.executor) }
      batch.removeAll(keepingCapacity: true)
    }
  }

  private func locked<T>(_ body: () -> T) -> T {
    pthread_mutex_lock(lock)
    defer { pthread_mutex_unlock(lock) }
    return body()
  }
}
