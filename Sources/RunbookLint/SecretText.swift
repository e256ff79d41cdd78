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
    for secret in secrets where secret.place.file.path == file.path {
      let own = secret.place.range.start..<min(secret.place.range.end, bytes.count)
      guard !Self.cover(secret.text, in: own, of: &bytes) else { continue }
      // What is written otherwise than it reads, with escapes or folded, is covered as a whole.
      for index in own where bytes[index] > 0x20 { bytes[index] = UInt8(ascii: "*") }
    }
    // Whoever wrote it down once may have done so in a comment as well.
    for secret in secrets where Self.isTelling(secret.text) { Self.cover(secret.text, in: 0..<bytes.count, of: &bytes) }
    let copy = SourceFile(path: file.path, bytes: bytes)
    copies[file.path] = copy
    return copy
  }

  /// - Returns: whether it was there.
  @discardableResult
  private static func cover(_ text: String, in range: Range<Int>, of bytes: inout [UInt8]) -> Bool {
    let wanted = Array(text.utf8)
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
