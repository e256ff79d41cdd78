import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// A map whose first key begins with `$`, as one of the typed shapes of Extended JSON v2. Operators (`$set`, `$regex`, `$type` …) are none of them.
struct ExtendedShape {
  private let map: ValueMap
  private let path: String

  init(_ map: ValueMap, _ path: String) {
    self.map = map
    self.path = path
  }

  /// Nil where the map is an ordinary document.
  func bson(_ key: String) throws(ActionError) -> BSONValue? {
    guard let inner = map[key] else { return nil }
    if key == "$code" { return try code(inner) }
    guard let shape = try typed(key, inner) else { return nil }
    guard map.count == 1 else { throw bad(key, "stands alone in its map") }
    return shape
  }

  private func typed(_ key: String, _ inner: Value) throws(ActionError) -> BSONValue? {
    switch key {
    case "$oid":
      guard let id = inner.stringValue.flatMap(ObjectID.init(hex:)) else { throw bad(key, "takes 24 hexadecimal digits as text") }
      return .objectID(id)
    case "$date": return try date(inner)
    case "$numberInt":
      guard let number = inner.stringValue.flatMap(Int32.init) else { throw bad(key, "takes a whole number of 32 bits as text") }
      return .int32(number)
    case "$numberLong":
      guard let number = inner.stringValue.flatMap({ Int64($0) }) else { throw bad(key, "takes a whole number of 64 bits as text") }
      return .int64(number)
    case "$numberDouble": return try double(inner)
    case "$numberDecimal":
      guard let text = inner.stringValue else { throw bad(key, "takes a decimal as text") }
      return .decimal128(try MongoValues.decimal(text, path))
    case "$binary": return try binary(inner)
    case "$uuid":
      let digits = inner.stringValue.map { $0.utf8.filter { $0 != UInt8(ascii: "-") } } ?? []
      let bytes = stride(from: 0, to: digits.count, by: 2).compactMap {
        UInt8(String(decoding: digits[$0..<min($0 + 2, digits.count)], as: UTF8.self), radix: 16)
      }
      guard digits.count == 32, bytes.count == 16 else { throw bad(key, "takes a UUID as text") }
      return .binary(BSONBinary(subtype: 4, bytes: bytes))
    default: return try rare(key, inner)
    }
  }

  private func rare(_ key: String, _ inner: Value) throws(ActionError) -> BSONValue? {
    switch key {
    case "$regularExpression":
      guard let pattern = inner["pattern"]?.stringValue, let options = inner["options"]?.stringValue, inner.mapValue?.count == 2,
        BSONDocument.isValidKey(pattern), BSONDocument.isValidKey(options)
      else { throw bad(key, "takes { pattern, options }, both text") }
      return .regex(pattern: pattern, options: String(options.sorted()))
    case "$timestamp":
      guard let seconds = inner["t"]?.integerValue.flatMap(UInt32.init(exactly:)), inner.mapValue?.count == 2,
        let increment = inner["i"]?.integerValue.flatMap(UInt32.init(exactly:))
      else { throw bad(key, "takes { t, i }, whole numbers of 32 bits") }
      return .timestamp(BSONTimestamp(seconds: seconds, increment: increment))
    case "$symbol":
      guard let symbol = inner.stringValue else { throw bad(key, "takes text") }
      return .symbol(symbol)
    case "$dbPointer":
      guard let namespace = inner["$ref"]?.stringValue, let id = inner["$id"]?["$oid"]?.stringValue.flatMap(ObjectID.init(hex:)) else {
        throw bad(key, "takes { $ref: text, $id: { $oid: … } }")
      }
      return .dbPointer(namespace: namespace, id: id)
    case "$undefined": return inner == true ? .undefined : nil
    case "$minKey": return inner == 1 ? .minKey : nil
    case "$maxKey": return inner == 1 ? .maxKey : nil
    default: return nil
    }
  }

  private func date(_ inner: Value) throws(ActionError) -> BSONValue {
    switch inner {
    case .timestamp(let milliseconds), .integer(let milliseconds): return .datetime(milliseconds)
    case .string(let text):
      if let date = BSONValue.datetime(iso8601: text) { return date }
    case .map(let map):
      if map.count == 1, let number = map["$numberLong"]?.stringValue.flatMap({ Int64($0) }) { return .datetime(number) }
    default: break
    }
    throw bad("$date", "takes a moment with an offset as text: { $date: \"2025-01-18T00:00:00Z\" }")
  }

  private func double(_ inner: Value) throws(ActionError) -> BSONValue {
    switch inner.stringValue {
    case "NaN": return .double(.nan)
    case "Infinity": return .double(.infinity)
    case "-Infinity": return .double(-.infinity)
    case .some(let text):
      if let number = Double(text), number.isFinite { return .double(number) }
    case nil: break
    }
    throw bad("$numberDouble", "takes a number, NaN, Infinity or -Infinity as text")
  }

  private func binary(_ inner: Value) throws(ActionError) -> BSONValue {
    guard let bytes = inner["base64"]?.stringValue.flatMap(Base64.bytes), inner.mapValue?.count == 2,
      let kind = inner["subType"]?.stringValue.flatMap({ UInt8($0, radix: 16) })
    else { throw bad("$binary", "takes { base64: text, subType: two hexadecimal digits as text }") }
    return .binary(BSONBinary(subtype: kind, bytes: bytes))
  }

  private func code(_ inner: Value) throws(ActionError) -> BSONValue {
    guard let code = inner.stringValue, map.keys.allSatisfy({ $0 == "$code" || $0 == "$scope" }) else {
      throw bad("$code", "takes text, with $scope beside it or nothing")
    }
    guard let scope = map["$scope"] else { return .code(code) }
    return .codeWithScope(code, scope: try MongoValues.document(scope, at: "\(path).$scope"))
  }

  private func bad(_ key: String, _ message: String) -> ActionError { MongoValues.unfit(path, "\(key) \(message)") }
}
