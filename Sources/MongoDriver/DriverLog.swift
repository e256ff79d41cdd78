import CLibMongoC
import Dispatch
import Glibc
import Logging

/// The counters that libmongoc keeps for each process in a file of shared memory, made as soon as the library is loaded.
public enum DriverCounters {
  /// Takes the file's name away; the counters themselves stay. A killed process would leave the file, and the next one that gets its number would
  /// complain of it on stderr before anybody can keep it from that.
  public static func dropFile() { unlink("/dev/shm/mongoc-\(getpid())") }
}

/// libmongoc's start and its log, both once a process.
enum Driver {
  /// What the thread that runs a client's commands knows about that client: libmongoc's log callback is one for the whole process.
  struct LogContext: Sendable {
    let logger: Logger
    let redactor: Redactor
  }

  static let logKey = DispatchSpecificKey<LogContext>()

  /// Starts libmongoc; a `static let` runs once, whoever comes first. `mongoc_cleanup` is never called: other threads may still be in the library.
  static let started: Void = {
    // Without a handler libmongoc writes to the console, and it has something to say as early as its start.
    mongoc_log_set_handler({ level, domain, message, _ in Driver.log(level, domain, message) }, nil)
    mongoc_init()
  }()

  private static func log(_ level: mongoc_log_level_t, _ domain: UnsafePointer<CChar>?, _ message: UnsafePointer<CChar>?) {
    let context = DispatchQueue.getSpecific(key: logKey)
    let logger = context?.logger ?? Logger(label: "runbook.mongodb")
    guard logger.logLevel <= .debug, let message else { return }
    let text = (context?.redactor ?? Redactor(secrets: [])).clean(String(cString: message))
    logger.debug("\(text)", metadata: domain.map { ["domain": "\(String(cString: $0))"] })
  }
}
