/// A connection string, taken apart as far as messages need it, and a form of it that may be shown.
///
/// The whole text is reachable only inside this module; everything public is free of credentials.
public struct MongoURI: Sendable, CustomStringConvertible {
  /// The text as it was given, with credentials.
  let text: String
  /// The same with `***` in place of the user, the password and every option that holds a secret.
  public let redacted: String
  /// The hosts as written, `host:port` (port 27017 where none is given; the name alone for `mongodb+srv`).
  public let hosts: [String]
  /// The database behind the slash, if there is one.
  public let database: String?
  /// Takes the secrets of this URI out of any text.
  let redactor: Redactor
  /// The names of the options given, in lower case.
  let optionNames: Set<String>
  /// Whether a password, or an option that is as secret as one, stands in it.
  public let holdsSecret: Bool

  /// Never fails: text that is no connection string has no hosts, and `MongoClient` says what is wrong with it.
  public init(_ text: String) {
    self.text = text
    var scheme = ""
    var rest = text[...]
    if let range = text.firstRange(of: "://") {
      scheme = String(text[..<range.upperBound])
      rest = text[range.upperBound...]
    }
    let query = rest.firstIndex(of: "?").map { rest[$0...].dropFirst() } ?? ""
    var authority = rest.firstIndex(of: "?").map { rest[..<$0] } ?? rest
    var secrets: [String] = []
    var userInfo = ""
    // The last "@", so that a password with a forgotten escape is hidden whole.
    if let at = authority.lastIndex(of: "@") {
      let info = authority[..<at]
      if let colon = info.firstIndex(of: ":") { secrets.append(String(info[colon...].dropFirst())) }
      authority = authority[at...].dropFirst()
      userInfo = "***@"
    }
    let slash = authority.firstIndex(of: "/")
    let path = slash.map { String(authority[$0...].dropFirst()) } ?? ""
    let port = scheme.hasPrefix("mongodb+srv") ? "" : ":27017"
    hosts = (slash.map { authority[..<$0] } ?? authority).split(separator: ",").map { host in
      host.contains(":") && !host.hasSuffix("]") ? String(host) : host + port
    }
    database = path.isEmpty ? nil : percentDecoded(path)
    var names: Set<String> = []
    let options = query.split(separator: "&").map { option in
      let name = option.prefix { $0 != "=" }
      names.insert(name.lowercased())
      guard Self.secretOptions.contains(name.lowercased()) else { return String(option) }
      secrets.append(String(option.dropFirst(name.count + 1)))
      return "\(name)=***"
    }
    optionNames = names
    redacted = scheme + userInfo + authority + (options.isEmpty ? "" : "?" + options.joined(separator: "&"))
    redactor = Redactor(secrets: secrets)
    holdsSecret = secrets.contains { !$0.isEmpty }
  }

  public var description: String { redacted }

  private static let secretOptions: Set<String> = [
    "authmechanismproperties", "tlscertificatekeyfilepassword", "sslclientcertificatekeypassword",
  ]
}

/// Takes secrets out of text that came from elsewhere.
struct Redactor: Sendable {
  private let secrets: [String]

  /// Each secret is looked for as written and percent-decoded. One or two characters are not looked for: they would be found everywhere.
  init(secrets: [String]) {
    let forms = secrets.flatMap { [$0, percentDecoded($0)] }.filter { $0.utf8.count >= 3 }
    self.secrets = Set(forms).sorted { $0.utf8.count > $1.utf8.count }
  }

  func clean(_ text: String) -> String {
    var text = text
    for secret in secrets where text.contains(secret) { text = text.replacing(secret, with: "***") }
    return Self.withoutUserInfo(text)
  }

  /// Hides `user:password@` behind a MongoDB scheme, whoever's it is.
  private static func withoutUserInfo(_ text: String) -> String {
    guard text.contains("mongodb") else { return text }
    var out = ""
    var rest = text[...]
    while let scheme = rest.firstRange(of: "mongodb://") ?? rest.firstRange(of: "mongodb+srv://") {
      out += rest[..<scheme.upperBound]
      rest = rest[scheme.upperBound...]
      let end = rest.firstIndex { $0.isWhitespace || $0 == "?" || $0 == "\"" || $0 == "'" } ?? rest.endIndex
      if let at = rest[..<end].lastIndex(of: "@") {
        out += "***"
        rest = rest[at...]
      }
    }
    return out + rest
  }
}

/// Replaces `%hh`; what is no escape stays as it is.
func percentDecoded(_ text: String) -> String {
  var out: [UInt8] = []
  var rest = Array(text.utf8)[...]
  while let byte = rest.first {
    let digits = rest.dropFirst().prefix(2).compactMap { Character(UnicodeScalar($0)).hexDigitValue }
    if byte == UInt8(ascii: "%"), digits.count == 2 {
      out.append(UInt8(digits[0] * 16 + digits[1]))
      rest = rest.dropFirst(3)
    } else {
      out.append(byte)
      rest = rest.dropFirst()
    }
  }
  return String(decoding: out, as: UTF8.self)
}
