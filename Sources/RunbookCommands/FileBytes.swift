import Glibc

/// The bytes of a file, pipes included, read straight into the array that is handed on.
/// - Returns: nil where it cannot be opened or read.
func readFile(_ path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var facts = stat()
  let expected = fstat(descriptor, &facts) == 0 ? Int(facts.st_size) : 0
  guard var bytes = readPiece(descriptor, capacity: max(expected, 4_096) + 1) else { return nil }
  // The size was only what the file had when it was asked, and a pipe has none.
  guard bytes.count > expected || expected == 0 else { return bytes }
  while true {
    guard let piece = readPiece(descriptor, capacity: 64 << 10) else { return nil }
    if piece.isEmpty { return bytes }
    bytes += piece
  }
}

/// Reads until the capacity is used up or the file ends.
private func readPiece(_ descriptor: Int32, capacity: Int) -> [UInt8]? {
  var hasFailed = false
  let bytes = [UInt8](unsafeUninitializedCapacity: capacity) { buffer, count in
    while count < capacity {
      let got = read(descriptor, buffer.baseAddress! + count, capacity - count)
      if got < 0, errno == EINTR { continue }
      if got <= 0 {
        hasFailed = got < 0
        return
      }
      count += got
    }
  }
  return hasFailed ? nil : bytes
}
