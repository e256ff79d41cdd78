import RunbookSyntax

/// A text in a plan that nobody should read there.
struct SecretText {
  let text: String
  /// Where the value that has it is written.
  let place: SourcePlace
}

/// Takes secrets out of what is shown: the diagnostics then point into copies of the files in which each byte of a secret is a `*`, so that places
/// stay what they are.
struct Mask {
  private let secrets: [SecretText]
  private var copies: [String: SourceFile] = [:]

  init(_ secrets: [SecretText]) {
    // A longer one first, since a shorter one may be a part of it.
    self.secrets = secrets.sorted { $0.text.utf8.count > $1.text.utf8.count }
  }

  mutating func cover(_ diagnostic: inout Diagnostic) {
    diagnostic.place = covered(diagnostic.place)
    diagnostic.message = covered(diagnostic.message)
    diagnostic.help = diagnostic.help.map(covered)
    diagnostic.fixedLine = diagnostic.fixedLine.map(covered)
    diagnostic.notes = diagnostic.notes.map { DiagnosticNote(covered($0.message), at: covered($0.place)) }
  }

  private mutating func covered(_ place: SourcePlace) -> SourcePlace {
    SourcePlace(file: copy(of: place.file), range: place.range)
  }

  private func covered(_ text: String) -> String {
    secrets.reduce(text) { Self.isTelling($1.text) ? $0.replacing($1.text, with: Self.stars($1.text)) : $0 }
  }

  private mutating func copy(of file: SourceFile) -> SourceFile {
    if let copy = copies[file.path] { return copy }
    var bytes = file.bytes
    for secret in secrets {
      let wanted = Array(secret.text.utf8)
      let own = secret.place.file.path == file.path ? secret.place.range : nil
      var isCovered = Self.isTelling(secret.text) && Self.cover(wanted, in: 0..<bytes.count, of: &bytes) && own == nil
      if let own {
        // What is written otherwise than it reads, with escapes or folded, is covered as a whole.
        isCovered = Self.cover(wanted, in: own.start..<min(own.end, bytes.count), of: &bytes) || Self.isCovered(own, bytes)
        if !isCovered { for index in own.start..<min(own.end, bytes.count) where bytes[index] > 0x20 { bytes[index] = UInt8(ascii: "*") } }
      }
    }
    let copy = SourceFile(path: file.path, bytes: bytes)
    copies[file.path] = copy
    return copy
  }

  /// Whether a search for the secret alone already found it in its place.
  private static func isCovered(_ range: SourceRange, _ bytes: [UInt8]) -> Bool {
    bytes[range.start..<min(range.end, bytes.count)].contains(UInt8(ascii: "*"))
  }

  private static func cover(_ wanted: [UInt8], in range: Range<Int>, of bytes: inout [UInt8]) -> Bool {
    guard !wanted.isEmpty else { return false }
    var isFound = false
    var index = range.lowerBound
    while index + wanted.count <= range.upperBound {
      if bytes[index] == wanted[0], bytes[index..<index + wanted.count].elementsEqual(wanted) {
        for covered in index..<index + wanted.count where bytes[covered] != 0x0A && bytes[covered] != 0x0D {
          bytes[covered] = UInt8(ascii: "*")
        }
        index += wanted.count
        isFound = true
      } else {
        index += 1
      }
    }
    return isFound
  }

  /// A short secret is a word that may stand elsewhere for something else, where covering it would tell more than it hides.
  private static func isTelling(_ text: String) -> Bool { text.utf8.count >= 6 }

  private static func stars(_ text: String) -> String { String(repeating: "*", count: text.unicodeScalars.count) }
}
