import Glibc

/// The first 4 KiB of a file, nil where it cannot be read. Never used on a database: see `SQLiteJournal`.
func readSmallFile(_ path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var buffer = [UInt8](repeating: 0, count: 4_096)
  let count = buffer.withUnsafeMutableBytes { read(descriptor, $0.baseAddress, $0.count) }
  return count >= 0 ? Array(buffer.prefix(count)) : nil
}

/// What the system says about an error number.
func systemMessage(_ number: Int32) -> String { String(cString: strerror(number)) }
