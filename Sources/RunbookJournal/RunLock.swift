import Glibc
import RunbookPlan

/// The claim of one process on one machine to lead a run: a lock file beside the state, `RUN.lock`.
///
/// It tells two starters on one machine apart at once and lets others see who leads; what keeps machines apart is the lease in the target.
/// The lock belongs to the open file (an "open file description lock" of Linux), so the kernel gives it back however the process ends.
/// The file stays behind: removing it would let two processes each lock a file of that name.
public final class RunLock: Sendable {
  public let run: String
  public let owner: ProcessIdentity
  private let descriptor: Int32

  private init(run: String, owner: ProcessIdentity, descriptor: Int32) {
    self.run = run
    self.owner = owner
    self.descriptor = descriptor
  }

  deinit { close(descriptor) }

  /// Takes the lock and writes into the file who holds it; it is held until the object goes.
  /// - Parameter directory: that of the state; it exists.
  /// - Throws: `locked` with the owner, `notRecorded`, `refused` for an id that cannot be a run's.
  public static func acquire(run: String, directory: String) throws(JournalError) -> RunLock {
    let path = try lockPath(run, directory)
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { throw .notRecorded("the lock file \(path): \(systemMessage(errno))") }
    var request = wholeFile(F_WRLCK)
    guard fcntl(descriptor, setLock, &request) == 0 else {
      let number = errno
      close(descriptor)
      if number == EAGAIN || number == EACCES { throw .locked(run: run, owner: readOwner(path)) }
      throw .notRecorded("locking \(path): \(systemMessage(number))")
    }
    let owner = ProcessIdentity.current()
    let bytes = Array(owner.value.encodedJSON().utf8)
    let written = bytes.withUnsafeBytes { ftruncate(descriptor, 0) == 0 ? pwrite(descriptor, $0.baseAddress, $0.count, 0) : -1 }
    guard written == bytes.count else {
      let number = errno
      close(descriptor)
      throw .notRecorded("writing \(path): \(written < 0 ? systemMessage(number) : "the disk is full")")
    }
    return RunLock(run: run, owner: owner, descriptor: descriptor)
  }

  /// Who holds a run's lock, asked without taking it.
  public static func holder(run: String, directory: String) throws(JournalError) -> RunLockHolder {
    let path = try lockPath(run, directory)
    let descriptor = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW)
    guard descriptor >= 0 else {
      if errno == ENOENT { return .nobody(last: nil) }
      throw .notRecorded("the lock file \(path): \(systemMessage(errno))")
    }
    defer { close(descriptor) }
    var request = wholeFile(F_WRLCK)
    guard fcntl(descriptor, getLock, &request) == 0 else { throw .notRecorded("asking for \(path): \(systemMessage(errno))") }
    return request.l_type == Int16(F_UNLCK) ? .nobody(last: readOwner(path)) : .held(by: readOwner(path))
  }

  private static func wholeFile(_ type: Int32) -> flock {
    var request = flock()
    request.l_type = Int16(type)
    request.l_whence = Int16(SEEK_SET)
    return request
  }

  private static func lockPath(_ run: String, _ directory: String) throws(JournalError) -> String {
    guard RunID.isValid(run) else { throw .refused("'\(run)' cannot be the id of a run") }
    return "\(directory)/\(run).lock"
  }

  private static func readOwner(_ path: String) -> ProcessIdentity? {
    guard let bytes = readSmallFile(path), let value = try? Value(encodedJSON: bytes) else { return nil }
    return ProcessIdentity(value: value)
  }

  // F_OFD_GETLK and F_OFD_SETLK of <linux/fcntl.h>, the same on all architectures; glibc shows them to C only under _GNU_SOURCE.
  private static let getLock: Int32 = 36
  private static let setLock: Int32 = 37
}

public enum RunLockHolder: Sendable, Hashable {
  /// A process leads the run; nil where it has not yet written who it is.
  case held(by: ProcessIdentity?)
  /// Nobody does; `last` is who did before, nil where nobody ever did on this machine.
  case nobody(last: ProcessIdentity?)
}

/// What a run may be called: fit for the name of a file, of a collection and for a URL.
public enum RunID {
  /// `[a-z0-9-]`, at most 20 characters, not beginning with a hyphen.
  public static func isValid(_ text: String) -> Bool {
    (1...20).contains(text.utf8.count) && !text.hasPrefix("-") && text.utf8.allSatisfy(isAllowed)
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
    default: false
    }
  }
}
