/// Writes a document's bytes straight into one buffer, field by field.
///
/// Field names must not hold the NUL character (`BSONDocument.isValidKey`); one that does is a defect of the caller and traps, since it would
/// end the name early and change the meaning of what follows. The same goes for a regular expression's pattern and options.
public struct BSONWriter {
  private var buffer: [UInt8]
  private let start: Int

  /// - Parameter capacity: bytes to reserve for the whole document.
  public init(capacity: Int = 256) {
    buffer = []
    buffer.reserveCapacity(capacity)
    buffer.append(contentsOf: [0, 0, 0, 0])
    start = 0
  }

  fileprivate init(buffer: [UInt8], start: Int) {
    self.buffer = buffer
    self.start = start
  }

  /// How many bytes have been written so far, for keeping a command below a limit.
  public var byteCount: Int { buffer.count }

  /// Ends the document.
  public consuming func finish() -> BSONDocument {
    BSONDocument(unchecked: close()[...])
  }

  fileprivate consuming func close() -> [UInt8] {
    var bytes = buffer
    buffer = []
    closeDocument(&bytes, at: start)
    return bytes
  }

  @inline(__always)
  private mutating func header(_ type: BSONType, _ key: String) {
    buffer.append(type.rawValue)
    appendCString(key, to: &buffer)
  }

  public mutating func append(_ key: String, _ value: String) {
    header(.string, key)
    appendString(value, to: &buffer)
  }

  public mutating func append(_ key: String, _ value: Int32) {
    header(.int32, key)
    appendInteger(value, to: &buffer)
  }

  public mutating func append(_ key: String, _ value: Int64) {
    header(.int64, key)
    appendInteger(value, to: &buffer)
  }

  public mutating func append(_ key: String, _ value: Double) {
    header(.double, key)
    appendInteger(value.bitPattern, to: &buffer)
  }

  public mutating func append(_ key: String, _ value: Bool) {
    header(.bool, key)
    buffer.append(value ? 1 : 0)
  }

  public mutating func append(_ key: String, _ value: BSONDocument) {
    header(.document, key)
    buffer.append(contentsOf: value.slice)
  }

  public mutating func append(_ key: String, _ value: BSONArray) {
    header(.array, key)
    buffer.append(contentsOf: value.document.slice)
  }

  public mutating func append(_ key: String, _ value: BSONValue) {
    header(value.type, key)
    value.appendBytes(to: &buffer)
  }

  /// Puts a value in exactly as it stood elsewhere.
  public mutating func append(_ key: String, raw value: RawBSONValue) {
    header(value.type, key)
    buffer.append(contentsOf: value.bytes)
  }

  /// Puts a field in exactly as it stood in another document.
  public mutating func append(_ element: BSONElement) {
    buffer.append(element.type.rawValue)
    buffer.append(contentsOf: element.keyBytes)
    buffer.append(0)
    buffer.append(contentsOf: element.value.bytes)
  }

  /// Puts in all fields of `document`, in order.
  public mutating func append(fieldsOf document: BSONDocument) {
    buffer.append(contentsOf: document.slice.dropFirst(4).dropLast())
  }

  /// A nested document, written into the same buffer.
  public mutating func document<E: Error>(_ key: String, _ build: (inout BSONWriter) throws(E) -> Void) throws(E) {
    header(.document, key)
    try nested(&buffer, build)
  }

  /// A nested array, written into the same buffer.
  public mutating func array<E: Error>(_ key: String, _ build: (inout BSONArrayWriter) throws(E) -> Void) throws(E) {
    header(.array, key)
    try nestedArray(&buffer, build)
  }
}

/// Writes the values of an array; the names "0", "1", … are its own affair.
public struct BSONArrayWriter {
  private var buffer: [UInt8]
  private let start: Int
  /// How many values have been written.
  public private(set) var count = 0

  init(buffer: [UInt8], start: Int) {
    self.buffer = buffer
    self.start = start
  }

  /// How many bytes the whole buffer holds so far.
  public var byteCount: Int { buffer.count }

  consuming func close() -> [UInt8] {
    var bytes = buffer
    buffer = []
    closeDocument(&bytes, at: start)
    return bytes
  }

  private mutating func header(_ type: BSONType) {
    buffer.append(type.rawValue)
    appendDecimal(count, to: &buffer)
    buffer.append(0)
    count += 1
  }

  public mutating func append(_ value: BSONValue) {
    header(value.type)
    value.appendBytes(to: &buffer)
  }

  public mutating func append(_ value: BSONDocument) {
    header(.document)
    buffer.append(contentsOf: value.slice)
  }

  public mutating func append(_ value: String) {
    header(.string)
    appendString(value, to: &buffer)
  }

  /// Puts a value in exactly as it stood elsewhere.
  public mutating func append(raw value: RawBSONValue) {
    header(value.type)
    buffer.append(contentsOf: value.bytes)
  }

  public mutating func document<E: Error>(_ build: (inout BSONWriter) throws(E) -> Void) throws(E) {
    header(.document)
    try nested(&buffer, build)
  }

  public mutating func array<E: Error>(_ build: (inout BSONArrayWriter) throws(E) -> Void) throws(E) {
    header(.array)
    try nestedArray(&buffer, build)
  }
}

/// Lends `buffer` to a nested writer and takes it back, also when `build` throws (what was begun is closed and stays well-formed).
private func nested<E: Error>(_ buffer: inout [UInt8], _ build: (inout BSONWriter) throws(E) -> Void) throws(E) {
  let start = buffer.count
  buffer.append(contentsOf: [0, 0, 0, 0])
  var inner = BSONWriter(buffer: buffer, start: start)
  buffer = []
  do {
    try build(&inner)
    buffer = inner.close()
  } catch {
    buffer = inner.close()
    throw error
  }
}

private func nestedArray<E: Error>(_ buffer: inout [UInt8], _ build: (inout BSONArrayWriter) throws(E) -> Void) throws(E) {
  let start = buffer.count
  buffer.append(contentsOf: [0, 0, 0, 0])
  var inner = BSONArrayWriter(buffer: buffer, start: start)
  buffer = []
  do {
    try build(&inner)
    buffer = inner.close()
  } catch {
    buffer = inner.close()
    throw error
  }
}

private func closeDocument(_ bytes: inout [UInt8], at start: Int) {
  bytes.append(0)
  let length = Int32(bytes.count - start).littleEndian
  bytes.withUnsafeMutableBytes { $0.storeBytes(of: length, toByteOffset: start, as: Int32.self) }
}

@inline(__always)
func appendInteger(_ value: some FixedWidthInteger, to bytes: inout [UInt8]) {
  withUnsafeBytes(of: value.littleEndian) { bytes.append(contentsOf: $0) }
}

/// Text, then NUL.
@inline(__always)
func appendCString(_ text: String, to bytes: inout [UInt8]) {
  let start = bytes.count
  bytes.append(contentsOf: text.utf8)
  precondition(!bytes[start...].contains(0), "a BSON field name holds NUL")
  bytes.append(0)
}

/// Length, text, NUL.
func appendString(_ text: String, to bytes: inout [UInt8]) {
  appendInteger(Int32(text.utf8.count + 1), to: &bytes)
  bytes.append(contentsOf: text.utf8)
  bytes.append(0)
}

/// The decimal digits of an array index.
private func appendDecimal(_ value: Int, to bytes: inout [UInt8]) {
  if value >= 10 { appendDecimal(value / 10, to: &bytes) }
  bytes.append(UInt8(0x30 + value % 10))
}

extension BSONValue {
  func appendBytes(to bytes: inout [UInt8]) {
    switch self {
    case .double(let value): appendInteger(value.bitPattern, to: &bytes)
    case .string(let text), .code(let text), .symbol(let text): appendString(text, to: &bytes)
    case .document(let document): bytes.append(contentsOf: document.slice)
    case .array(let array): bytes.append(contentsOf: array.document.slice)
    case .binary(let binary):
      appendInteger(Int32(binary.bytes.count), to: &bytes)
      bytes.append(binary.subtype)
      bytes.append(contentsOf: binary.bytes)
    case .undefined, .null, .minKey, .maxKey: break
    case .objectID(let id): bytes.append(contentsOf: id.bytes)
    case .bool(let value): bytes.append(value ? 1 : 0)
    case .datetime(let value), .int64(let value): appendInteger(value, to: &bytes)
    case .regex(let pattern, let options):
      appendCString(pattern, to: &bytes)
      appendCString(options, to: &bytes)
    case .dbPointer(let namespace, let id):
      appendString(namespace, to: &bytes)
      bytes.append(contentsOf: id.bytes)
    case .codeWithScope(let code, let scope):
      appendInteger(Int32(4 + 4 + code.utf8.count + 1 + scope.byteCount), to: &bytes)
      appendString(code, to: &bytes)
      bytes.append(contentsOf: scope.slice)
    case .int32(let value): appendInteger(value, to: &bytes)
    case .timestamp(let value): appendInteger(value.rawValue, to: &bytes)
    case .decimal128(let value):
      appendInteger(value.low, to: &bytes)
      appendInteger(value.high, to: &bytes)
    }
  }
}
