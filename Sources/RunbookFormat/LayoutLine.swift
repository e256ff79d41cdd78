import RunbookSyntax

/// What stands between blanks on a line.
struct LayoutPiece {
  enum Kind {
    case scalar, alias, property, open, close, comma, colon, dash, question, marker
  }

  var kind: Kind
  var text: String
  /// Blanks before it.
  var spaces: Int
  /// Whether its author put more than one blank before it, which begins a column.
  var isWide: Bool

  /// Columns it takes on a terminal.
  var width: Int { text.unicodeScalars.reduce(0) { $0 + displayWidth(of: $1) } }
}

/// One line of a formatted file.
struct LayoutLine {
  enum Kind {
    /// Begins a key, an item or a value.
    case ordinary
    /// Goes on with what an earlier line began: a bracket that is still open, a text of several lines.
    case continuation
    /// The content of a block scalar, or an empty line that means something.
    case verbatim
    case comment
  }

  var kind: Kind
  var indentation: Int
  var pieces: [LayoutPiece] = []
  /// Behind the pieces, or all there is.
  var comment: String?
  /// Blanks before the comment, where there are pieces.
  var commentSpaces = 2
  /// Where a comment behind pieces stood.
  var commentColumn = 0
  var isBlankBefore = false
  /// The mapping whose key stands on this line, and where its colon is among the pieces.
  var mapping: Int?
  var colon = 0
  /// The list whose dash stands last on this line.
  var list: Int?

  /// The column of a piece.
  func column(of index: Int) -> Int {
    var column = indentation
    for piece in pieces[..<index] { column += piece.spaces + piece.width }
    return column + pieces[index].spaces
  }

  /// The column behind the last piece.
  var endColumn: Int { pieces.reduce(indentation) { $0 + $1.spaces + $1.width } }

  func append(to bytes: inout [UInt8]) {
    if !pieces.isEmpty || comment != nil { bytes += repeatElement(0x20, count: indentation) }
    for piece in pieces {
      bytes += repeatElement(0x20, count: piece.spaces)
      bytes += piece.text.utf8
    }
    guard let comment else { return }
    if !pieces.isEmpty { bytes += repeatElement(0x20, count: commentSpaces) }
    bytes += comment.utf8
  }
}
