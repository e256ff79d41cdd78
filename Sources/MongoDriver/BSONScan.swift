/// Walks raw BSON. All functions check every length against `end`, so malformed bytes give nil or an error, never a trap.
enum BSONScan {
  /// Nesting beyond this is refused; the server itself stops at 200 (180 for stored documents).
  static let maxDepth = 250

  @inline(__always)
  static func int32(_ b: UnsafeRawBufferPointer, at offset: Int) -> Int {
    Int(Int32(littleEndian: b.loadUnaligned(fromByteOffset: offset, as: Int32.self)))
  }

  /// The offset of the NUL that ends the C string at `offset`.
  @inline(__always)
  static func cStringEnd(_ b: UnsafeRawBufferPointer, from offset: Int, end: Int) -> Int? {
    var i = offset
    while i < end {
      if b[i] == 0 { return i }
      i += 1
    }
    return nil
  }

  /// How many bytes the value of `type` at `offset` takes; nil if it does not fit before `end` or its length is impossible.
  static func valueSize(_ type: BSONType, _ b: UnsafeRawBufferPointer, at offset: Int, end: Int) -> Int? {
    let size: Int
    switch type {
    case .null, .undefined, .minKey, .maxKey: return 0
    case .bool: size = 1
    case .int32: size = 4
    case .double, .datetime, .timestamp, .int64: size = 8
    case .objectID: size = 12
    case .decimal128: size = 16
    case .string, .code, .symbol, .dbPointer:
      guard offset + 5 <= end else { return nil }
      let length = int32(b, at: offset)
      guard length >= 1, length <= end - offset - 4, b[offset + 4 + length - 1] == 0 else { return nil }
      size = 4 + length + (type == .dbPointer ? 12 : 0)
    case .document, .array:
      guard offset + 5 <= end else { return nil }
      size = int32(b, at: offset)
      guard size >= 5, size <= end - offset, b[offset + size - 1] == 0 else { return nil }
    case .codeWithScope:
      guard offset + 14 <= end else { return nil }
      size = int32(b, at: offset)
      guard size >= 14 else { return nil }
    case .binary:
      guard offset + 5 <= end else { return nil }
      let length = int32(b, at: offset)
      guard length >= 0 else { return nil }
      size = 5 + length
    case .regex:
      guard let pattern = cStringEnd(b, from: offset, end: end), let options = cStringEnd(b, from: pattern + 1, end: end) else {
        return nil
      }
      size = options + 1 - offset
    }
    return size <= end - offset ? size : nil
  }

  /// Checks the document that fills `start ..< end` and everything in it.
  static func validate(_ b: UnsafeRawBufferPointer, start: Int, end: Int, depth: Int = 0) throws(BSONError) {
    guard depth <= maxDepth else { throw BSONError(message: "documents are nested more than \(maxDepth) deep", offset: start) }
    guard end - start >= 5, int32(b, at: start) == end - start, b[end - 1] == 0 else {
      throw BSONError(message: "a document's length does not fit its bytes", offset: start)
    }
    var position = start + 4
    let last = end - 1
    while position < last {
      guard let type = BSONType(rawValue: b[position]) else {
        throw BSONError(message: "unknown BSON type \(b[position])", offset: position)
      }
      guard let keyEnd = cStringEnd(b, from: position + 1, end: last) else {
        throw BSONError(message: "a field name does not end", offset: position)
      }
      let value = keyEnd + 1
      guard let size = valueSize(type, b, at: value, end: last) else {
        throw BSONError(message: "a value's length does not fit its document", offset: value)
      }
      try validateValue(type, b, at: value, size: size, depth: depth)
      position = value + size
    }
    guard position == last else { throw BSONError(message: "a document does not end where it says", offset: position) }
  }

  /// Checks what a value contains; its size has already been found to fit.
  static func validateValue(_ type: BSONType, _ b: UnsafeRawBufferPointer, at offset: Int, size: Int, depth: Int) throws(BSONError) {
    switch type {
    case .document, .array: try validate(b, start: offset, end: offset + size, depth: depth + 1)
    case .codeWithScope:
      guard let code = valueSize(.string, b, at: offset + 4, end: offset + size) else {
        throw BSONError(message: "a code's length does not fit", offset: offset)
      }
      try validate(b, start: offset + 4 + code, end: offset + size, depth: depth + 1)
    case .bool:
      guard b[offset] <= 1 else { throw BSONError(message: "a boolean is neither 0 nor 1", offset: offset) }
    default: break
    }
  }
}
