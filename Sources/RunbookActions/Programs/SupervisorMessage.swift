import CProcess
import Glibc

/// What this program and the supervisor of its programs say to each other: three numbers, with `start` four descriptors, with `hold` one.
struct SupervisorMessage: Sendable {
  enum Word: Int64, Sendable {
    /// To the supervisor: start what the first descriptor describes, with the three others as its streams.
    case start = 1
    /// End the program: TERM to it and all it started, then KILL.
    case stop = 2
    /// Keep the descriptor until everything has ended: it holds a name by which a successor knows that.
    case hold = 3
    /// From the supervisor: it runs; the value is its process id.
    case started = 11
    /// It could not be started; the value is the system's error number.
    case failed = 12
    /// It has ended; the value is its wait status.
    case ended = 13
  }

  var word: Word
  /// Which program is meant, in the numbering of the one who asked.
  var program: Int64
  var value: Int64 = 0

  /// - Returns: false where the other end is gone.
  func send(to socket: Int32, descriptors: [Int32] = []) -> Bool {
    let numbers = [word.rawValue, program, value]
    return numbers.withUnsafeBytes { cprocess_send(socket, $0.baseAddress, $0.count, descriptors, Int32(descriptors.count)) } > 0
  }

  /// Waits for the next message.
  /// - Returns: nil where the other end is gone.
  static func receive(from socket: Int32) -> (SupervisorMessage, descriptors: [Int32])? {
    var numbers: [Int64] = [0, 0, 0]
    var descriptors: [Int32] = [-1, -1, -1, -1]
    var count: Int32 = 0
    let size = MemoryLayout<Int64>.size * numbers.count
    let received = numbers.withUnsafeMutableBytes { cprocess_receive(socket, $0.baseAddress, $0.count, &descriptors, &count) }
    let came = Array(descriptors.prefix(Int(count)))
    guard received == size, let word = Word(rawValue: numbers[0]) else {
      came.forEach { close($0) }
      return nil
    }
    return (SupervisorMessage(word: word, program: numbers[1], value: numbers[2]), came)
  }
}

/// What is to be started, as it goes to the supervisor through a file in memory, so that neither its length nor its secrets matter.
struct ProgramImage: Sendable, Hashable {
  /// The file to execute, absolute or relative to `directory`.
  var path: String
  var directory: String
  var arguments: [String]
  /// `NAME=value`.
  var environment: [String]

  /// A file in memory that holds it; negative, with `errno`, where there can be none. No text in it holds a zero byte.
  func file() -> Int32 {
    memoryFile(holding: Array(([path, directory, String(arguments.count)] + arguments + environment).joined(separator: "\0").utf8))
  }

  init(path: String, directory: String, arguments: [String], environment: [String]) {
    self.path = path
    self.directory = directory
    self.arguments = arguments
    self.environment = environment
  }

  init?(file: Int32) {
    var bytes = [UInt8](repeating: 0, count: Int(lseek(file, 0, SEEK_END)))
    guard bytes.withUnsafeMutableBytes({ pread(file, $0.baseAddress, $0.count, 0) }) == bytes.count else { return nil }
    let texts = bytes.split(separator: 0, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    guard texts.count >= 3, let count = Int(texts[2]), texts.count >= 3 + count else { return nil }
    self.init(path: texts[0], directory: texts[1], arguments: Array(texts[3..<(3 + count)]), environment: Array(texts[(3 + count)...]))
  }

  /// Starts it in a session of its own.
  /// - Returns: its process id, or the system's error number.
  func start(streams: [Int32], diesWithThread: Bool) -> Result<Int32, SystemNumber> {
    var argv = arguments.map { strdup($0) } + [nil]
    var envp = environment.map { strdup($0) } + [nil]
    defer { (argv + envp).forEach { free($0) } }
    let pid = cprocess_start(path, &argv, &envp, directory, streams, diesWithThread ? 1 : 0)
    return pid > 0 ? .success(pid) : .failure(SystemNumber(errno))
  }
}

/// An error number of the system.
struct SystemNumber: Error, Sendable, Hashable {
  var number: Int32
  init(_ number: Int32) { self.number = number }
  var text: String { String(cString: strerror(number)) }
}

/// A file in memory with these bytes, to be read from its beginning; negative, with `errno`, where there can be none.
func memoryFile(holding bytes: [UInt8]) -> Int32 {
  let file = cprocess_memory_file()
  guard file >= 0 else { return file }
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes { write(file, $0.baseAddress?.advanced(by: written), $0.count - written) }
    if count < 0 && errno == EINTR { continue }
    guard count > 0 else {
      close(file)
      return -1
    }
    written += count
  }
  lseek(file, 0, SEEK_SET)
  return file
}
