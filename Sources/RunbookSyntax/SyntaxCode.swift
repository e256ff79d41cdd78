/// The codes of this room, RB10xx. RB11xx to RB19xx belong to the loading of plans.
public enum SyntaxCode: String, Sendable, CaseIterable {
  /// The text is not valid YAML, and no better guess can be made at what was meant.
  case malformed = "RB1001"
  /// A key stands twice in one mapping.
  case duplicateKey = "RB1002"
  /// A merge key `<<`, which plans do not have.
  case mergeKey = "RB1003"
  /// A key that means nothing where it stands; reported by whoever knows the keys.
  case unknownKey = "RB1004"
  /// The file is too large, too deep or has too many nodes.
  case limit = "RB1005"
  /// An alias without its anchor, inside its own anchor, expanding too far, or an anchor defined twice.
  case alias = "RB1006"
  /// Bytes that are no UTF-8, a NUL or another control character, a byte order mark.
  case encoding = "RB1007"
  /// A value of the wrong type, or one that cannot be read as its type.
  case wrongValue = "RB1008"
  /// A key that must be there is missing; points at the key that opens its parent.
  case missingKey = "RB1009"
  /// A `${{ }}` reference that is malformed or names nothing.
  case badReference = "RB1010"
  /// A tag other than the core ones.
  case tag = "RB1011"
  /// The file holds no document, or more than one.
  case documentCount = "RB1012"
  /// A tab where YAML wants spaces.
  case tab = "RB1013"
  /// A quote or a bracket that is never closed.
  case unclosed = "RB1014"
  /// A line that stands further in or out than its neighbours allow.
  case indentation = "RB1015"
  /// `key:value` without the space after the colon, or a key without its colon.
  case colon = "RB1016"
  /// `${{ }}` without quotes inside `{ }` or `[ ]`.
  case unquotedReference = "RB1017"
  /// Text that needs quotes because YAML would read it as something else.
  case unquotedText = "RB1018"
  /// A key that is not text (a list or a mapping).
  case keyNotText = "RB1019"
  /// Plain text that was cut by ` #`.
  case cutByComment = "RB1020"
}
