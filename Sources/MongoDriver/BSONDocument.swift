import Glibc

/// A BSON document: its raw bytes, checked once, read lazily.
///
/// The bytes may be a part of a larger buffer (a server's reply), which stays in memory as long as the document does; `detached()` copies.
/// Two documents are equal when their bytes are: key order, number types and the sign of zero all count.
public struct BSONDocument: Sendable {
  /// The raw bytes, length first, NUL last. The slice's indices are those of the buffer that it is a part of.
  public let slice: ArraySlice<UInt8>

  /// The empty document.
  public init() { slice = [5, 0, 0, 0, 0] }

  /// Checks `bytes` deeply, then takes them as they are.
  /// - Throws: `BSONError` if they are not exactly one well-formed document. Whether strings are UTF-8 is not checked.
  public init(bytes: [UInt8]) throws(BSONError) {
    try self.init(slice: bytes[...])
  }

  /// Like `init(bytes:)`, for a part of a larger buffer.
  public init(slice: ArraySlice<UInt8>) throws(BSONError) {
    try slice.withUnsafeRaw { (b) throws(BSONError) in try BSONScan.validate(b, start: 0, end: b.count) }
    self.slice = slice
  }

  /// For bytes that this module has made or already checked.
  init(unchecked slice: ArraySlice<UInt8>) { self.slice = slice }

  /// Builds a document field by field.
  public init(_ build: (inout BSONWriter) throws -> Void) rethrows {
    var writer = BSONWriter()
    try build(&writer)
    self = writer.finish()
  }

  /// A copy of the raw bytes (no copy is made when the document owns its whole buffer).
  public var bytes: [UInt8] { Array(slice) }

  /// The length in bytes.
  public var byteCount: Int { slice.count }

  public var isEmpty: Bool { slice.count == 5 }

  /// The same document in a buffer of its own.
  public func detached() -> BSONDocument { BSONDocument(unchecked: Array(slice)[...]) }

  /// The value of the first field named `key`; nil if there is none. Costs one walk over the fields before it.
  public subscript(key: String) -> RawBSONValue? {
    var key = key
    let found: (type: BSONType, start: Int, size: Int)? = key.withUTF8 { name in
      slice.withUnsafeRaw { b in
        var position = 4
        let last = b.count - 1
        while position < last {
          guard let type = BSONType(rawValue: b[position]),
            let keyEnd = BSONScan.cStringEnd(b, from: position + 1, end: last),
            let size = BSONScan.valueSize(type, b, at: keyEnd + 1, end: last)
          else { return nil }
          let length = keyEnd - position - 1
          if length == name.count, sameBytes(UnsafeRawBufferPointer(rebasing: b[(position + 1)..<keyEnd]), UnsafeRawBufferPointer(name)) {
            return (type, keyEnd + 1, size)
          }
          position = keyEnd + 1 + size
        }
        return nil
      }
    }
    guard let found else { return nil }
    let start = slice.startIndex + found.start
    return RawBSONValue(unchecked: found.type, slice[start..<(start + found.size)])
  }

  /// The value at a path of field names, one name a level (a name may hold dots); array elements by their index.
  public func value(at path: [String]) -> RawBSONValue? {
    guard let first = path.first else { return nil }
    var value = self[first]
    for name in path.dropFirst() {
      value = value?.document?[name] ?? value?.array?.document[name]
    }
    return value
  }

  /// The names of the fields, in order.
  public var keys: [String] { map(\.key) }

  /// Whether `key` can be the name of a BSON field: it must not hold the NUL character.
  public static func isValidKey(_ key: String) -> Bool { !key.utf8.contains(0) }
}

extension BSONDocument: Hashable {
  public static func == (a: BSONDocument, b: BSONDocument) -> Bool { sameBytes(a.slice, b.slice) }
  public func hash(into hasher: inout Hasher) { slice.withUnsafeRaw { hasher.combine(bytes: $0) } }
}

/// One field of a document.
public struct BSONElement: Sendable {
  private let document: ArraySlice<UInt8>
  private let keyStart: Int
  private let valueStart: Int
  private let valueEnd: Int
  public let type: BSONType

  fileprivate init(document: ArraySlice<UInt8>, type: BSONType, keyStart: Int, valueStart: Int, valueEnd: Int) {
    self.document = document
    self.type = type
    self.keyStart = keyStart
    self.valueStart = valueStart
    self.valueEnd = valueEnd
  }

  public var key: String { String(decoding: keyBytes, as: UTF8.self) }

  /// The UTF-8 bytes of the key, without the NUL.
  public var keyBytes: ArraySlice<UInt8> { document[keyStart..<(valueStart - 1)] }

  /// The value, exactly as it stands in the document.
  public var value: RawBSONValue { RawBSONValue(unchecked: type, document[valueStart..<valueEnd]) }

  /// Compares the key without making a string of it.
  public func hasKey(_ name: String) -> Bool { keyBytes.elementsEqual(name.utf8) }
}

extension BSONDocument: Sequence {
  /// Walks the fields in order, without decoding them.
  public struct Iterator: IteratorProtocol {
    private let document: ArraySlice<UInt8>
    private var position = 4

    fileprivate init(_ document: ArraySlice<UInt8>) { self.document = document }

    public mutating func next() -> BSONElement? {
      let at = position
      let found: (type: BSONType, value: Int, size: Int)? = document.withUnsafeRaw { b in
        let last = b.count - 1
        guard at < last, let type = BSONType(rawValue: b[at]),
          let keyEnd = BSONScan.cStringEnd(b, from: at + 1, end: last),
          let size = BSONScan.valueSize(type, b, at: keyEnd + 1, end: last)
        else { return nil }
        return (type, keyEnd + 1, size)
      }
      guard let found else { return nil }
      position = found.value + found.size
      let base = document.startIndex
      return BSONElement(
        document: document, type: found.type, keyStart: base + at + 1, valueStart: base + found.value,
        valueEnd: base + found.value + found.size)
    }
  }

  public func makeIterator() -> Iterator { Iterator(slice) }
}

/// A BSON array: the values of a document whose names are "0", "1", ….
public struct BSONArray: Sendable, Hashable, Sequence {
  /// The array as the document that it is in raw BSON.
  public let document: BSONDocument

  /// The values of `document`, in order, whatever their names.
  public init(document: BSONDocument) { self.document = document }

  public init(_ values: some Sequence<BSONValue>) {
    var writer = BSONArrayWriter(buffer: [0, 0, 0, 0], start: 0)
    for value in values { writer.append(value) }
    document = BSONDocument(unchecked: writer.close()[...])
  }

  public struct Iterator: IteratorProtocol {
    private var elements: BSONDocument.Iterator
    fileprivate init(_ document: BSONDocument) { elements = document.makeIterator() }
    public mutating func next() -> RawBSONValue? { elements.next()?.value }
  }

  public func makeIterator() -> Iterator { Iterator(document) }
}

extension ArraySlice<UInt8> {
  /// The bytes as a raw buffer whose offset 0 is the slice's first byte.
  @inline(__always)
  func withUnsafeRaw<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try withUnsafeBufferPointer { (b) throws(E) in try body(UnsafeRawBufferPointer(b)) }
  }
}

/// Equality of two byte strings.
func sameBytes(_ a: ArraySlice<UInt8>, _ b: ArraySlice<UInt8>) -> Bool {
  guard a.count == b.count else { return false }
  return a.withUnsafeRaw { x in b.withUnsafeRaw { y in sameBytes(x, y) } }
}

/// Equality of two buffers of the same length.
@inline(__always)
func sameBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) -> Bool {
  guard let x = a.baseAddress, let y = b.baseAddress else { return true }
  return memcmp(x, y, a.count) == 0
}
