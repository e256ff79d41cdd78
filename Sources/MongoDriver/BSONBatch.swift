/// The documents of one answer of a cursor, where they lie in its bytes: no memory is taken for each.
///
/// The answer stays in memory as long as the batch or one of its documents does; `detached()` copies.
public struct BSONBatch: Sendable, RandomAccessCollection {
  /// The array, as the document that it is in raw BSON; it has been checked.
  private let array: BSONDocument
  private let places: [BSONPlace]

  package init(_ array: BSONArray) {
    self.array = array.document
    places = array.document.places.filter { $0.type == .document }
  }

  public var startIndex: Int { 0 }
  public var endIndex: Int { places.count }

  public subscript(position: Int) -> BSONDocument {
    let place = places[position]
    let base = array.slice.startIndex
    return BSONDocument(unchecked: array.slice[(base + place.start)..<(base + place.end)])
  }

  /// Lends the bytes of all documents and the places of some of them there, those at `range`.
  package func withBytes<R>(of range: Range<Int>, _ body: (UnsafeRawBufferPointer, ArraySlice<BSONPlace>) -> R) -> R {
    array.slice.withUnsafeRaw { body($0, places[range]) }
  }
}
