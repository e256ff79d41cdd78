/// A line of source made fit for a terminal: tabs become spaces, what would move the cursor or hide text becomes U+FFFD.
struct DisplayLine {
  private(set) var text = ""
  /// The display column (from 0) at which each scalar begins, and the width of the whole line at the end.
  private(set) var columns: [Int] = [0]

  /// Columns a tab takes. A fixed width keeps the caret right wherever the line begins.
  static let tabWidth = 4

  init(_ line: String) {
    var column = 0
    for scalar in line.unicodeScalars {
      switch scalar.properties.generalCategory {
      case _ where scalar == "\t":
        text += String(repeating: " ", count: Self.tabWidth)
        column += Self.tabWidth
      case .control, .lineSeparator, .paragraphSeparator, .surrogate, .unassigned:
        text.unicodeScalars.append("\u{FFFD}")
        column += 1
      // Joiners are part of emoji; every other format character may reorder or hide text.
      case .format where scalar != "\u{200D}" && scalar != "\u{200C}":
        text.unicodeScalars.append("\u{FFFD}")
        column += 1
      default:
        text.unicodeScalars.append(scalar)
        column += displayWidth(of: scalar)
      }
      columns.append(column)
    }
  }
}

/// Columns a scalar takes on a terminal: 0 for marks that combine, 2 for wide East Asian characters (the ranges that are W or F
/// in Unicode's EastAsianWidth.txt, joined where only unassigned ones lie between) and emoji, else 1.
public func displayWidth(of scalar: Unicode.Scalar) -> Int {
  if scalar.value < 0x300 { return 1 }
  switch scalar.properties.generalCategory {
  case .nonspacingMark, .enclosingMark, .format: return 0
  default: break
  }
  switch scalar.value {
  case 0x1160...0x11FF: return 0
  case 0x1100...0x115F, 0x2E80...0x303E, 0x3041...0x33FF, 0x3400...0x4DBF, 0x4E00...0x9FFF, 0xA000...0xA4CF, 0xA960...0xA97F,
    0xAC00...0xD7A3, 0xF900...0xFAFF, 0xFE10...0xFE19, 0xFE30...0xFE6F, 0xFF01...0xFF60, 0xFFE0...0xFFE6, 0x16FE0...0x18D08,
    0x1AFF0...0x1B2FB, 0x1F200...0x1F265, 0x20000...0x3FFFD:
    return 2
  default:
    return scalar.properties.isEmojiPresentation ? 2 : 1
  }
}

/// Text for one line of a message: control and format characters, which could forge output, become U+FFFD.
func singleLine(_ text: String) -> String {
  guard text.utf8.contains(where: { $0 < 0x20 || $0 >= 0x7F }) else { return text }
  return DisplayLine(text).text
}
