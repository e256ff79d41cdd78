/// Where a value lies in bytes that somebody else keeps: a reading of many values without memory for each.
package struct BSONPlace: Sendable, Hashable {
  package let type: BSONType
  /// Offsets from the first byte of the document or buffer that was walked.
  package let start: Int
  package let end: Int

  package init(type: BSONType, start: Int, end: Int) {
    self.type = type
    self.start = start
    self.end = end
  }

  package var count: Int { end - start }

  /// A whole number from int32, int64, or a double that is one.
  package func integer(of bytes: UnsafeRawBufferPointer) -> Int? {
    switch type {
    case .int32: Int(BSONScan.int32(bytes, at: start))
    case .int64: Int(Int64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: Int64.self)))
    case .double:
      Int(exactly: Double(bitPattern: UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: start, as: UInt64.self))))
    default: nil
    }
  }

  /// Whether both values are of one type and the same bytes.
  package func hasSameValue(as other: BSONPlace, of bytes: UnsafeRawBufferPointer) -> Bool {
    type == other.type && count == other.count
      && sameBytes(UnsafeRawBufferPointer(rebasing: bytes[start..<end]), UnsafeRawBufferPointer(rebasing: bytes[other.start..<other.end]))
  }
}

/// Walks the fields of a document inside bytes that have been checked, as `BSONDocument`'s own iterator does, and keeps no hold of them.
package struct BSONWalk {
  private let bytes: UnsafeRawBufferPointer
  private let last: Int
  /// The field that `next` went to: where its name begins, and its value.
  private var name: Int
  package private(set) var value: BSONPlace

  /// - Parameter start: where the document's length stands.
  package init(_ bytes: UnsafeRawBufferPointer, from start: Int) {
    self.bytes = bytes
    last = start + BSONScan.int32(bytes, at: start) - 1
    name = start
    value = BSONPlace(type: .document, start: start, end: start + 4)
  }

  /// Goes to the next field; false where there is none.
  package mutating func next() -> Bool {
    let at = value.end
    guard at < last, let type = BSONType(rawValue: bytes[at]), let nameEnd = BSONScan.cStringEnd(bytes, from: at + 1, end: last),
      let size = BSONScan.valueSize(type, bytes, at: nameEnd + 1, end: last)
    else { return false }
    name = at + 1
    value = BSONPlace(type: type, start: nameEnd + 1, end: nameEnd + 1 + size)
    return true
  }

  /// The first byte of the name; NUL where it is empty.
  package var initial: UInt8 { bytes[name] }

  package var fieldName: String { String(decoding: bytes[name..<(value.start - 1)], as: UTF8.self) }

  /// Whether the name, with the NUL that ends it, is this.
  package func isNamed(_ terminated: [UInt8]) -> Bool {
    let count = value.start - name
    guard count == terminated.count else { return false }
    return terminated.withUnsafeBytes { sameBytes($0, UnsafeRawBufferPointer(rebasing: bytes[name..<(name + count)])) }
  }
}

extension BSONDocument {
  /// The value at a place of this document's bytes.
  package func value(at place: BSONPlace) -> RawBSONValue {
    let base = slice.startIndex
    return RawBSONValue(unchecked: place.type, slice[(base + place.start)..<(base + place.end)])
  }

  /// Lends the bytes; offsets count from the document's first.
  package func withBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    try slice.withUnsafeBufferPointer { (bytes) throws(E) in try body(UnsafeRawBufferPointer(bytes)) }
  }

  /// The places of an array's values, or of a document's.
  package var places: [BSONPlace] {
    slice.withUnsafeRaw { bytes in
      var places: [BSONPlace] = []
      var walk = BSONWalk(bytes, from: 0)
      while walk.next() { places.append(walk.value) }
      return places
    }
  }
}

extension BSONArray {
  /// Those of the values that are documents.
  package var documents: [BSONDocument] {
    let base = document.slice.startIndex
    return document.places.compactMap { place in
      place.type == .document ? BSONDocument(unchecked: document.slice[(base + place.start)..<(base + place.end)]) : nil
    }
  }
}

/// Writes BSON where speed counts: like `BSONWriter`, but documents are opened and closed by hand, and ready-made bytes can be put in.
///
/// What is written must be well-formed; a build with assertions checks the whole at the end. Names hold no NUL.
package struct BSONBuffer: ~Copyable {
  private var memory: UnsafeMutableRawPointer
  private var capacity: Int
  package private(set) var count = 0

  package init(capacity: Int) {
    self.capacity = max(capacity, 64)
    memory = .allocate(byteCount: self.capacity, alignment: 8)
  }

  deinit { memory.deallocate() }

  /// Room for so many bytes more, and where they go.
  @inline(__always)
  private mutating func grow(by size: Int) -> UnsafeMutableRawPointer {
    if count + size > capacity { move(to: max(capacity * 2, count + size)) }
    let place = memory + count
    count += size
    return place
  }

  @inline(never)
  private mutating func move(to capacity: Int) {
    let larger = UnsafeMutableRawPointer.allocate(byteCount: capacity, alignment: 8)
    larger.copyMemory(from: memory, byteCount: count)
    memory.deallocate()
    memory = larger
    self.capacity = capacity
  }

  @inline(__always)
  private mutating func put(_ bytes: UnsafeRawBufferPointer) {
    guard let base = bytes.baseAddress else { return }
    grow(by: bytes.count).copyMemory(from: base, byteCount: bytes.count)
  }

  @inline(__always)
  private mutating func header(_ type: BSONType, _ name: StaticString) {
    let place = grow(by: name.utf8CodeUnitCount + 2)
    place.storeBytes(of: type.rawValue, as: UInt8.self)
    (place + 1).copyMemory(from: name.utf8Start, byteCount: name.utf8CodeUnitCount)
    (place + name.utf8CodeUnitCount + 1).storeBytes(of: 0, as: UInt8.self)
  }

  /// The header of a value of an array.
  @inline(__always)
  private mutating func header(_ type: BSONType, index: Int) {
    if index < 10 {
      let place = grow(by: 3)
      place.storeBytes(of: type.rawValue, as: UInt8.self)
      (place + 1).storeBytes(of: UInt8(0x30 + index), as: UInt8.self)
      (place + 2).storeBytes(of: 0, as: UInt8.self)
      return
    }
    var divisor = 1
    var digits = 1
    while index / divisor >= 10 {
      divisor *= 10
      digits += 1
    }
    let place = grow(by: digits + 2)
    place.storeBytes(of: type.rawValue, as: UInt8.self)
    for digit in 1...digits {
      (place + digit).storeBytes(of: UInt8(0x30 + index / divisor % 10), as: UInt8.self)
      divisor /= 10
    }
    (place + digits + 1).storeBytes(of: 0, as: UInt8.self)
  }

  @inline(__always)
  private mutating func header(_ type: BSONType, terminated name: [UInt8]) {
    grow(by: 1).storeBytes(of: type.rawValue, as: UInt8.self)
    name.withUnsafeBytes { put($0) }
  }

  @inline(__always)
  private mutating func begin() -> Int {
    _ = grow(by: 4)
    return count - 4
  }

  /// Begins a document of its own.
  /// - Returns: what `close` has to be told.
  package mutating func open() -> Int { begin() }

  /// Begins a nested document or array.
  package mutating func open(_ type: BSONType, _ name: StaticString) -> Int {
    header(type, name)
    return begin()
  }

  package mutating func open(_ type: BSONType, index: Int) -> Int {
    header(type, index: index)
    return begin()
  }

  /// - Parameter name: with the NUL that ends it.
  package mutating func open(_ type: BSONType, terminated name: [UInt8]) -> Int {
    header(type, terminated: name)
    return begin()
  }

  /// Ends the document, nested document or array that began at `start`.
  package mutating func close(_ start: Int) {
    grow(by: 1).storeBytes(of: 0, as: UInt8.self)
    (memory + start).storeBytes(of: Int32(count - start).littleEndian, as: Int32.self)
  }

  /// A value as it stands in `bytes`.
  package mutating func append(_ place: BSONPlace, of bytes: UnsafeRawBufferPointer, _ name: StaticString) {
    header(place.type, name)
    put(UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.end]))
  }

  /// - Parameter name: with the NUL that ends it.
  package mutating func append(_ place: BSONPlace, of bytes: UnsafeRawBufferPointer, terminated name: [UInt8]) {
    header(place.type, terminated: name)
    put(UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.end]))
  }

  package mutating func append(_ place: BSONPlace, of bytes: UnsafeRawBufferPointer, index: Int) {
    header(place.type, index: index)
    put(UnsafeRawBufferPointer(rebasing: bytes[place.start..<place.end]))
  }

  /// - Parameter text: with the NUL that ends it.
  package mutating func append(text: [UInt8], index: Int) {
    header(.string, index: index)
    grow(by: 4).storeBytes(of: Int32(text.count).littleEndian, as: Int32.self)
    text.withUnsafeBytes { put($0) }
  }

  package mutating func append(_ document: BSONDocument, index: Int) {
    header(.document, index: index)
    document.slice.withUnsafeRaw { put($0) }
  }

  package mutating func append(_ name: StaticString, binary bytes: [UInt8]) {
    header(.binary, name)
    grow(by: 4).storeBytes(of: Int32(bytes.count).littleEndian, as: Int32.self)
    grow(by: 1).storeBytes(of: 0, as: UInt8.self)
    bytes.withUnsafeBytes { put($0) }
  }

  /// All fields of `document`, in order.
  package mutating func append(fieldsOf document: BSONDocument) {
    document.slice.withUnsafeRaw { put(UnsafeRawBufferPointer(rebasing: $0[4..<($0.count - 1)])) }
  }

  /// The document that was begun first and has been closed; the buffer is empty afterwards and can be used again.
  package mutating func take() -> BSONDocument {
    let bytes = [UInt8](UnsafeRawBufferPointer(start: memory, count: count))
    count = 0
    assert((try? BSONDocument(bytes: bytes)) != nil, "a buffer holds no document")
    return BSONDocument(unchecked: bytes[...])
  }
}
