import Foundation
import RunbookJournal
import RunbookPlan
import Testing

@Suite struct RedactorTests {
  static let secret = "S3cr\"t/p@ss w$rd'é"

  /// Spellings made by encoders that are not ours.
  static func spellings() throws -> [String] {
    let bytes = Data(secret.utf8)
    var result = [secret, bytes.base64EncodedString(), bytes.map { String(format: "%02x", $0) }.joined()]
    for set in [CharacterSet.urlQueryAllowed, .urlPathAllowed, .urlPasswordAllowed, .alphanumerics] {
      // Of these sets only the characters of ASCII stay unescaped.
      let encoded = try #require(secret.addingPercentEncoding(withAllowedCharacters: set))
      if encoded.utf8.allSatisfy({ $0 < 0x80 }) { result.append(encoded) }
    }
    for prefix in ["", "u", "us", "use", "user:"] {
      for suffix in ["", "@", "@host"] { result.append(Data((prefix + secret + suffix).utf8).base64EncodedString()) }
    }
    result.append(String(decoding: try JSONSerialization.data(withJSONObject: [secret]), as: UTF8.self))
    result.append(
      String(decoding: try JSONEncoder().encode([String(decoding: try JSONEncoder().encode(secret), as: UTF8.self)]), as: UTF8.self))
    result.append("'" + secret.replacingOccurrences(of: "'", with: "'\\''") + "'")
    result.append("S3cr\\\"t/p@ss\\ w\\$rd\\'é")
    return result
  }

  @Test func everySpellingIsFound() throws {
    let redactor = Redactor(secrets: [Self.secret])
    let spellings = try Self.spellings()
    #expect(spellings.count >= 20)
    for spelling in spellings {
      let text = "before \(spelling) after"
      let redacted = redactor.redact(text)
      #expect(redacted.hasPrefix("before ") && redacted.hasSuffix(" after") && redacted.contains("***"), "\(spelling) became \(redacted)")
      #expect(redactor.contains(text))
      // What is left of a base64 text are the characters of its neighbours.
      #expect(redacted.utf8.count <= text.utf8.count - 12, "\(spelling) became \(redacted)")
    }
  }

  @Test func otherTextStays() {
    let redactor = Redactor(secrets: [Self.secret])
    for text in ["", "a", "abc", "S3cr", "S3cr\"t/p@ss w$rd", "***", String(repeating: "aé", count: 500)] {
      #expect(redactor.redact(text) == text)
      #expect(!redactor.contains(text))
    }
    #expect(Redactor().redact("anything") == "anything")
  }

  @Test func shortTextsAreNoSecrets() {
    let redactor = Redactor()
    #expect(!redactor.learn("abc") && !redactor.learn("") && !redactor.learn(" ab\n"))
    #expect(redactor.redact("abc  ab\n YWJj") == "abc  ab\n YWJj")
    #expect(redactor.learn("abcd"))
    #expect(redactor.redact("abcde") == "***e")
  }

  @Test func overlappingSecretsLeaveNothing() {
    let redactor = Redactor(secrets: ["abcdef", "defghi", "abcd"])
    #expect(redactor.redact("xabcdefghix") == "x***x")
    #expect(redactor.redact("xabcdefx") == "x***x")
    #expect(redactor.redact("xabcdabcdx") == "x***x")
  }

  @Test func thePasswordInsideAURIIsASecretOfItsOwn() {
    let redactor = Redactor(secrets: ["mongodb://app:pa%40ss%2Fword@h1:27017,h2/db?authSource=admin"])
    #expect(redactor.redact("auth of app with pa@ss/word failed") == "auth of app with *** failed")
    #expect(redactor.redact("mongodb://app:pa%40ss%2Fword@other/") == "mongodb://app:***@other/")
    #expect(redactor.redact("h1:27017 is unreachable") == "h1:27017 is unreachable")
  }

  @Test func aSecretFromAFileIsFoundWithoutItsLineEnd() {
    let redactor = Redactor(secrets: ["hunter22\n", "-----BEGIN KEY-----\nMIIBVgIBADANBgkqhkiG\nshort\n"])
    #expect(redactor.redact("hunter22.") == "***.")
    #expect(redactor.redact("line MIIBVgIBADANBgkqhkiG") == "line ***")
    #expect(redactor.redact("short") == "short")
  }

  @Test func valuesAreSearchedThroughAndThrough() {
    let redactor = Redactor(secrets: ["hunter22"])
    let value = Value.object(["a": .list([1, .object(["x": "my hunter22!"])]), "hunter22": .null, "xhunter22": 2, "other": true])
    #expect(redactor.contains(value))
    let redacted = redactor.redact(value)
    #expect(redacted == .object(["a": .list([1, .object(["x": "my ***!"])]), "***": .null, "x***": 2, "other": true]))
    #expect(!redactor.contains(redacted))
    #expect(redactor.redact(.object(["hunter22": 1, "hunter22hunter22": 2])) == .object(["***": 1, "***2": 2]))
  }

  @Test func pieceByPieceIsAsInOnePiece() {
    var random = SeededGenerator(state: 7)
    let secrets = ["hunter22", "22abca", "äöüß-secret", "aaaa"]
    let redactor = Redactor(secrets: secrets)
    let parts = secrets + ["hunter", "22", "a", "ä", "\u{1F680}", "äö", "x", " ", "aHVudGVyMjI=", "e\u{301}"]
    for _ in 0..<2_000 {
      let text = (0..<Int.random(in: 0...12, using: &random)).map { _ in parts.randomElement(using: &random) ?? "" }.joined()
      let bytes = Array(text.utf8)
      var stream = StreamRedactor(redactor)
      var result = ""
      var index = 0
      while index < bytes.count {
        let end = min(bytes.count, index + Int.random(in: 1...9, using: &random))
        result += stream.feed(Array(bytes[index..<end]))
        index = end
      }
      result += stream.finish()
      #expect(Array(result.utf8) == Array(redactor.redact(text).utf8), "\(text)")
    }
  }

  @Test func withoutSecretsNothingIsHeldBackButHalfACharacter() {
    var stream = StreamRedactor(Redactor())
    #expect(stream.feed("abc") == "abc")
    #expect(stream.feed([0xC3]) == "")
    #expect(stream.feed([0xA4, 0x62]) == "äb")
    #expect(stream.finish() == "")
  }
}
