/// The type of a field, param or output. It reads the *text* of a scalar, so that `no`, `12:30` and `0123` are fine where text is due.
public indirect enum FieldType: Sendable, Hashable {
  case text
  case integer(min: Int64? = nil, max: Int64? = nil)
  case number
  case boolean
  case duration
  /// Bytes: `64MiB`. As a value: an integer.
  case size
  /// A share: `0.1%`. As a value: a double between 0 and 1.
  case percentage
  /// `2025-01-18`, a day without a zone. As a value: text.
  case date
  /// A moment with an offset.
  case timestamp
  case choice([String])
  case list(FieldType)
  /// A map with keys of the user's choice.
  case mapping(FieldType)
  /// A map with the fields given.
  case object([Field])
  /// A MongoDB document: Extended JSON written as YAML, order kept. `expression` says where text that came in by reference is wrapped in
  /// `$literal`.
  case document(DocumentUse)
  /// A list of MongoDB documents.
  case documents(DocumentUse)
  /// Any plain value: what a matcher compares with.
  case any
  /// A check: `mongodb.update`'s `throttle.while`.
  case check
  /// `{ action, target, collection, with }`, read-only.
  case measurement
  /// The first type that fits the node's kind.
  case oneOf([FieldType])

  public struct Field: Sendable, Hashable {
    public var name: String
    public var type: FieldType
    public var isRequired: Bool
    /// The default as the documentation shows it.
    public var defaultText: String?
    public var summary: String
    /// False for a field of the format that this version does not carry out yet: the plan loads, running it is refused by name.
    public var isBuilt: Bool

    public init(
      _ name: String, _ type: FieldType, required: Bool = false, default defaultText: String? = nil, isBuilt: Bool = true, _ summary: String
    ) {
      self.name = name
      self.type = type
      self.isRequired = required
      self.defaultText = defaultText
      self.summary = summary
      self.isBuilt = isBuilt
    }
  }

  /// What a MongoDB document is for: it decides where text from a reference needs `$literal`.
  public enum DocumentUse: Sendable, Hashable {
    /// A filter, a document to insert, a sort, keys: values are data, except below `$expr`.
    case data
    /// The body of an aggregation: values are expressions, where `$` in front of a text names a field.
    case pipeline
    case expression
  }
}
