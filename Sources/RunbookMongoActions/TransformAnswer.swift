import MongoDriver
import RunbookPlan

/// A document that a program is asked about: its row, and where in it is what.
struct TransformRow: Sendable {
  let row: BSONDocument
  let key: RawBSONValue
  /// The touched fields as they are.
  let before: BSONDocument
  /// What the program is given.
  let sent: BSONDocument

  /// nil where it is no row.
  init?(_ row: BSONDocument) {
    guard let key = row["_id"], let sent = (row["s"] ?? row["w"])?.document else { return nil }
    self.row = row
    self.key = key
    self.sent = sent
    before = row["p"]?.document ?? BSONDocument()
  }

  /// The row of the change: with the touched fields as they are to be, in the form that `BlockBuilder` reads.
  func changed(_ after: BSONDocument) -> BSONDocument {
    BSONDocument { out in
      out.append("_id", raw: key)
      out.append("p", before)
      if let inputs = row["r"] { out.append("r", raw: inputs) }
      if let whole = row["w"] { out.append("w", raw: whole) }
      out.append("q", after)
    }
  }
}

/// What a program answered about one document.
enum TransformAnswer: Sendable {
  /// The touched fields as they are to be.
  case after(BSONDocument)
  /// It says that it cannot; its words.
  case failed(String)
  /// Its answer cannot be used; why.
  case rejected(String)

  /// Reads a line of Extended JSON that is about the document of `row`.
  ///
  /// What it says of `fields` counts; what it says of other fields must be what it was given. A field that it was given and does not answer is taken
  /// away; one that it was not given and does not answer stays. A value that differs from what it was given in nothing but the types of numbers
  /// stays as it is: many languages know only one.
  init(_ line: [UInt8], about row: TransformRow, fields: [String]) {
    guard let text = String(validating: line, as: UTF8.self) else {
      self = .rejected("is not UTF-8")
      return
    }
    let answer: BSONDocument
    do throws(BSONError) { answer = try BSONDocument(extendedJSON: text) } catch {
      self = .rejected(
        "is no document in Extended JSON\(error.offset.map { ", byte \($0 + 1)" } ?? ""): \(error.message); it begins \(Self.start(text))")
      return
    }
    let keys = Array(answer.keys)
    guard let key = answer["_id"] else {
      self = .rejected("has no '_id'")
      return
    }
    guard Self.areSame(key, row.key) else {
      self = .rejected("is about \(MongoValues.text(key)), whose turn it was not")
      return
    }
    if let error = answer["$error"] {
      self = .failed(error.string ?? MongoValues.text(error))
      return
    }
    if Set(keys).count < keys.count {
      self = .rejected("names a field twice")
      return
    }
    let echo = Echo(row.sent)
    for element in answer where element.key != "_id" && !fields.contains(element.key) {
      if element.key.hasPrefix("$") {
        self = .rejected("has '\(element.key)', which means nothing; '$error' says that a document cannot be changed")
        return
      }
      if let given = row.sent[element.key], echo.isSame(element.value, given, element.key) { continue }
      self = .rejected("changes '\(element.key)', which 'fields' does not name")
      return
    }
    self = .after(
      BSONDocument { after in
        for field in fields {
          let given = row.before[field]
          guard let value = answer[field] else {
            if row.sent[field] == nil, let given { after.append(field, raw: given) }
            continue
          }
          if let given, echo.isSame(value, given, field) { after.append(field, raw: given) } else { after.append(field, raw: value) }
        }
      })
  }

  private static func start(_ text: String) -> String {
    let first = text.prefix(60)
    return "'" + first + (first.count < text.count ? "…'" : "'")
  }

  /// What a program that only hands values on gives back.
  private struct Echo {
    let sent: BSONDocument
    init(_ sent: BSONDocument) { self.sent = sent }

    /// Whether a value of an answer is the one that is stored.
    func isSame(_ value: RawBSONValue, _ stored: RawBSONValue, _ field: String) -> Bool {
      if TransformAnswer.areSame(value, stored) { return true }
      // Text that is no UTF-8 cannot be said in JSON; as it was said, it is the same.
      guard let said = try? BSONDocument(extendedJSON: sent.extendedJSON(canonical: true))[field] else { return false }
      return TransformAnswer.areSame(value, said) && sent[field] == stored
    }
  }

  /// Whether two values are the same but for the types of the numbers in them.
  static func areSame(_ a: RawBSONValue, _ b: RawBSONValue) -> Bool {
    if a == b { return true }
    switch (a.type, b.type) {
    case (.document, .document): return areSame(a.document, b.document)
    case (.array, .array): return areSame(a.array?.document, b.array?.document)
    default: break
    }
    if let one = a.integer, let other = b.integer { return one == other }
    guard let one = a.number, let other = b.number else { return false }
    // Beyond 2⁵³ a double may be another number than the whole one that it is rounded from.
    return a.type == b.type && (one == other || one.isNaN && other.isNaN)
  }

  private static func areSame(_ a: BSONDocument?, _ b: BSONDocument?) -> Bool {
    guard let a, let b else { return false }
    var others = b.makeIterator()
    for element in a {
      guard let other = others.next(), other.key == element.key, areSame(element.value, other.value) else { return false }
    }
    return others.next() == nil
  }
}
