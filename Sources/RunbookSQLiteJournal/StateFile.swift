import Glibc
import RunbookJournal

/// The database file before SQLite opens it: its directory, its mode, the file system it lies on.
///
/// A file that exists is never opened here: closing any descriptor of a file drops all the locks that SQLite holds on it in this process.
/// It is looked at by name only.
struct StateFile: Sendable {
  /// Absolute, so that a change of the working directory does not move it.
  let path: String
  let directory: String

  /// - Throws: `usage` where the working directory is gone.
  init(path: String) throws(JournalError) {
    var path = path
    if !path.hasPrefix("/") {
      var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
      guard getcwd(&buffer, buffer.count) != nil else { throw .usage("the working directory cannot be named: \(systemMessage(errno))") }
      path = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) + "/" + path
    }
    self.path = path
    let slash = path.lastIndex(of: "/") ?? path.startIndex
    directory = slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// Makes sure that there is a file fit for SQLite: made new, with its directory, or one that exists.
  /// - Throws: `noState` where there is none and none shall be made; `refused`; `notRecorded`.
  func prepare(create: Bool) throws(JournalError) {
    guard let mode = try mode(of: path) else {
      guard create else { throw .noState(path: path) }
      try makeDirectory(directory)
      try checkFileSystem()
      try syncDirectory(directory, wanted: true)
      try makeFile()
      return
    }
    guard mode & S_IFMT == S_IFREG else { throw .refused("\(path) is not a file") }
    try checkFileSystem()
    if create { try syncDirectory(directory, wanted: true) }
    // Others may read what secrets protect: taken back without a word. A file of somebody else's stays as it is.
    if mode & 0o077 != 0 { _ = chmod(path, 0o600) }
  }

  /// Device and number of the file that bears the name now; nil where there is none.
  func identity() -> FileIdentity? {
    var status = stat()
    return stat(path, &status) == 0 ? FileIdentity(device: UInt64(status.st_dev), number: UInt64(status.st_ino)) : nil
  }

  private func mode(of path: String) throws(JournalError) -> mode_t? {
    var status = stat()
    if stat(path, &status) == 0 { return status.st_mode }
    let number = errno
    if number == ENOENT { return nil }
    throw .notRecorded("\(path): \(systemMessage(number))")
  }

  private func makeDirectory(_ path: String) throws(JournalError) {
    if let mode = try mode(of: path) {
      guard mode & S_IFMT == S_IFDIR else { throw .refused("\(path) is not a directory") }
      return
    }
    let parent = path.lastIndex(of: "/").map { $0 == path.startIndex ? "/" : String(path[..<$0]) } ?? "."
    try makeDirectory(parent)
    if mkdir(path, 0o700) != 0, errno != EEXIST { throw .notRecorded("the directory \(path) cannot be made: \(systemMessage(errno))") }
    try syncDirectory(parent, wanted: false)
  }

  /// - Parameter wanted: whether a directory that cannot be synced is no place for the state. A parent that may not be read is none of ours.
  private func syncDirectory(_ path: String, wanted: Bool) throws(JournalError) {
    let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
    guard descriptor >= 0 else {
      if !wanted { return }
      throw .notRecorded("the directory \(path): \(systemMessage(errno))")
    }
    defer { close(descriptor) }
    guard fsync(descriptor) != 0, wanted else { return }
    throw .refused("the directory \(path) cannot be made durable (\(systemMessage(errno))); put the state on a local disk")
  }

  private func makeFile() throws(JournalError) {
    let descriptor = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else {
      if errno == EEXIST { return }  // another process was faster
      throw .notRecorded("\(path) cannot be made: \(systemMessage(errno))")
    }
    let result = fsync(descriptor)
    let number = errno
    close(descriptor)
    guard result == 0 else { throw .notRecorded("\(path): \(systemMessage(number))") }
    try syncDirectory(directory, wanted: true)
  }

  private func checkFileSystem() throws(JournalError) {
    guard let type = MountTable.current()?.type(of: MountTable.realPath(directory) ?? directory),
      let name = NetworkFileSystem.name(ofType: type)
    else { return }
    throw .refused("\(directory) lies on a network file system (\(name)), where locks and flushes cannot be relied on; use a local disk")
  }
}

struct FileIdentity: Sendable, Hashable {
  let device: UInt64
  let number: UInt64
}

/// What the system says about an error number.
func systemMessage(_ number: Int32) -> String { String(cString: strerror(number)) }
