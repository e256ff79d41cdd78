import RunbookPlan

/// The spellings in which a secret may turn up in what programs and servers print.
enum SecretForms {
  /// The text itself and its percent-encoded, base64, hexadecimal, JSON-, shell- and XML-escaped spellings, without repetition.
  static func all(of secret: [UInt8]) -> Set<[UInt8]> {
    var forms: Set<[UInt8]> = [secret, hexadecimal(secret, upper: false), hexadecimal(secret, upper: true)]
    for kept in percentKept {
      for upper in [true, false] { forms.insert(percentEncoded(secret, kept: kept, upper: upper)) }
    }
    forms.insert(percentEncoded(secret, kept: "*-._", upper: true, spaceIsPlus: true))
    forms.insert(percentEncoded(secret, kept: "*-._", upper: false, spaceIsPlus: true))
    for alphabet in [standardAlphabet, urlAlphabet] {
      for shift in 0..<3 { forms.insert(base64Core(secret, shift: shift, alphabet: alphabet)) }
      forms.insert(base64(secret, alphabet: alphabet))
    }
    forms.formUnion(jsonEscaped(secret))
    forms.formUnion(shellEscaped(secret))
    forms.insert(replacing(secret, ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&quot;", "'": "&#39;"]))
    forms.insert(replacing(secret, ["&": "&amp;", "<": "&lt;", ">": "&gt;", "\"": "&#34;", "'": "&apos;"]))
    forms.insert(replacing(secret, ["&": "&amp;", "<": "&lt;", ">": "&gt;"]))
    return forms
  }

  // MARK: Percent-encoding

  /// What different encoders leave as it is, beside letters and digits: unreserved; encodeURIComponent; path; user information; encodeURI.
  private static let percentKept = ["-._~", "-._~!'()*", "-._~/", "-._~!$&'()*+,;=", "-._~!$&'()*+,;=:@/", "-._~!'()*;/?:@&=+$,#"]

  private static func percentEncoded(_ secret: [UInt8], kept: String, upper: Bool, spaceIsPlus: Bool = false) -> [UInt8] {
    let kept = Set(kept.utf8)
    var bytes: [UInt8] = []
    for byte in secret {
      if isAlphanumeric(byte) || kept.contains(byte) {
        bytes.append(byte)
      } else if spaceIsPlus && byte == 0x20 {
        bytes.append(UInt8(ascii: "+"))
      } else {
        bytes.append(UInt8(ascii: "%"))
        bytes.append(contentsOf: hexadecimal([byte], upper: upper))
      }
    }
    return bytes
  }

  /// A percent-encoded text as it was before; what is no valid escape stays.
  static func percentDecoded(_ text: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = []
    var index = 0
    while index < text.count {
      if text[index] == UInt8(ascii: "%"), index + 2 < text.count,
        let byte = UInt8(String(decoding: text[(index + 1)...(index + 2)], as: UTF8.self), radix: 16)
      {
        bytes.append(byte)
        index += 3
      } else {
        bytes.append(text[index])
        index += 1
      }
    }
    return bytes
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
    default: false
    }
  }

  // MARK: Base64 and hexadecimal

  private static let standardAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/".utf8)
  private static let urlAlphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

  /// The characters that depend on the secret alone, where it stands behind `shift` (modulo 3) other bytes in a longer text.
  private static func base64Core(_ secret: [UInt8], shift: Int, alphabet: [UInt8]) -> [UInt8] {
    let padded = [UInt8](repeating: 0, count: shift) + secret
    let first = (shift * 8 + 5) / 6
    let end = padded.count * 8 / 6
    return (first..<end).map { alphabet[sixBits(padded, at: $0 * 6)] }
  }

  /// The encoding of the secret alone, with padding.
  private static func base64(_ secret: [UInt8], alphabet: [UInt8]) -> [UInt8] {
    let count = (secret.count * 8 + 5) / 6
    let padding = [UInt8](repeating: UInt8(ascii: "="), count: (4 - count % 4) % 4)
    return (0..<count).map { alphabet[sixBits(secret, at: $0 * 6)] } + padding
  }

  private static func sixBits(_ bytes: [UInt8], at bit: Int) -> Int {
    let high = Int(bytes[bit / 8]) << 8
    let low = bit / 8 + 1 < bytes.count ? Int(bytes[bit / 8 + 1]) : 0
    return (high | low) >> (10 - bit % 8) & 63
  }

  private static func hexadecimal(_ bytes: [UInt8], upper: Bool) -> [UInt8] {
    let digits = Array((upper ? "0123456789ABCDEF" : "0123456789abcdef").utf8)
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }

  // MARK: Escapes

  private static func jsonEscaped(_ secret: [UInt8]) -> [[UInt8]] {
    let text = String(decoding: secret, as: UTF8.self)
    func quoted(_ text: String) -> [UInt8] {
      var bytes: [UInt8] = []
      Value.appendQuoted(text, to: &bytes)
      return Array(bytes.dropFirst().dropLast())
    }
    let writers: [(String) -> [UInt8]] = [
      quoted, { replacing(quoted($0), ["/": "\\/"]) }, { replacing(quoted($0), ["<": "\\u003c", ">": "\\u003e", "&": "\\u0026"]) },
      { asciiOnly(quoted($0), upper: false) }, { asciiOnly(quoted($0), upper: true) },
    ]
    // Once, and as JSON inside the text of JSON.
    return writers.flatMap { write in
      let once = write(text)
      return [once, write(String(decoding: once, as: UTF8.self))]
    }
  }

  /// JSON text with everything beyond ASCII as `\uXXXX`.
  private static func asciiOnly(_ json: [UInt8], upper: Bool) -> [UInt8] {
    var bytes: [UInt8] = []
    for unit in String(decoding: json, as: UTF8.self).utf16 {
      if unit < 0x80 {
        bytes.append(UInt8(unit))
      } else {
        bytes.append(contentsOf: "\\u".utf8)
        bytes.append(contentsOf: hexadecimal([UInt8(unit >> 8), UInt8(unit & 255)], upper: upper))
      }
    }
    return bytes
  }

  private static func shellEscaped(_ secret: [UInt8]) -> [[UInt8]] {
    let safe = Set("@%+=:,./-_".utf8)
    var backslashed: [UInt8] = []
    for byte in secret {
      if !isAlphanumeric(byte) && !safe.contains(byte) && byte < 0x80 { backslashed.append(UInt8(ascii: "\\")) }
      backslashed.append(byte)
    }
    return [
      replacing(secret, ["'": "'\\''"]), replacing(secret, ["'": "'\"'\"'"]), backslashed,
      replacing(secret, ["\\": "\\\\", "\"": "\\\"", "$": "\\$", "`": "\\`"]),
    ]
  }

  private static func replacing(_ bytes: [UInt8], _ escapes: [Character: String]) -> [UInt8] {
    var table: [UInt8: String] = [:]
    for (character, escape) in escapes { if let byte = character.asciiValue { table[byte] = escape } }
    return bytes.flatMap { byte in table[byte].map { Array($0.utf8) } ?? [byte] }
  }
}
