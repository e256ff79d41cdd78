import CLibMongoC

/// libbson's opinion of a document: a second reader and writer for what this module does itself, asked by its tests.
package enum LibbsonJudge {
  /// Whether libbson can walk all of it.
  package static func isValid(_ document: BSONDocument) -> Bool {
    withBSON(document) { bson_validate($0, BSON_VALIDATE_NONE, nil) } ?? false
  }

  package static func canonicalText(_ document: BSONDocument) -> String? {
    withBSON(document) { text(bson_as_canonical_extended_json($0, nil)) } ?? nil
  }

  package static func relaxedText(_ document: BSONDocument) -> String? {
    withBSON(document) { text(bson_as_relaxed_extended_json($0, nil)) } ?? nil
  }

  package static func read(_ text: String) -> BSONDocument? {
    guard let document = bson_new_from_json(text, text.utf8.count, nil) else { return nil }
    defer { bson_destroy(document) }
    return try? BSONDocument(bytes: copyOfBSON(document))
  }

  private static func withBSON<R>(_ document: BSONDocument, _ body: (OpaquePointer) -> R) -> R? {
    let bytes = document.bytes
    guard let copy = bson_new_from_data(bytes, bytes.count) else { return nil }
    defer { bson_destroy(copy) }
    return body(copy)
  }

  private static func text(_ characters: UnsafeMutablePointer<CChar>?) -> String? {
    guard let characters else { return nil }
    defer { bson_free(characters) }
    return String(cString: characters)
  }
}
