import RunbookPlan
import RunbookSyntax

/// Finds what looks like a secret in the text of a plan.
struct SecretTexts {
  /// What it looks like.
  enum Kind {
    case passwordInURI, privateKey
    /// The value under a key that is called so.
    case named(String)
    /// Of a service, by the shape of its tokens.
    case token(of: String)
  }

  struct Found {
    var secret: SecretText
    var kind: Kind
    var subject: LintSubject
  }

  static func find(in facts: PlanFacts) -> [Found] {
    var search = SecretTexts(plan: facts.plan)
    for param in facts.plan.params { search.look(param) }
    for secret in facts.plan.secrets {
      guard case .command(let words) = secret.source else { continue }
      for word in words { search.look(word, in: secret.range, .secret(secret.name)) }
    }
    facts.eachTemplate { key, template, subject in
      search.isInDocument = documents.contains(key)
      search.look(key, template, subject)
    }
    return search.found
  }

  private let plan: Plan
  private var found: [Found] = []
  private var seen: Set<SourceRange> = []
  private var names: [String: Bool] = [:]
  /// Whether names are those of fields in a database, where `token: revoked` is no secret.
  private var isInDocument = false

  private init(plan: Plan) { self.plan = plan }

  private mutating func look(_ param: ParamDeclaration) {
    guard case .string(let text)? = param.defaultValue else { return }
    if Self.namesSecret(param.name), Self.mayBeSecret(text) {
      add(text, .named(param.name), param.nameRange, .param(param.name))
    } else {
      look(text, in: param.nameRange, .param(param.name))
    }
  }

  /// Arguments of actions that hold documents.
  private static let documents: Set<String> = [
    "filter", "guard", "select", "pipeline", "update", "let", "documents", "schema", "validator", "sort", "projection", "by",
    "partialFilterExpression", "ignoreFields", "fields", "expect", "value", "when",
  ]

  /// - Parameter key: the name that the value stands under.
  private mutating func look(_ key: String, _ template: Template, _ subject: LintSubject) {
    switch template.content {
    case .reference: return
    case .scalar(let scalar):
      if !isInDocument, isName(key), Self.mayBeSecret(scalar.text), !scalar.isPlain || !Self.isTyped(scalar.text) {
        add(scalar.text, .named(key), template.range, subject)
      } else {
        look(scalar.text, in: template.range, subject)
      }
    case .interpolation(let pieces):
      // `Bearer ${{ secrets.token }}` is fine under whatever name.
      for case .text(let text) in pieces { look(text, in: template.range, subject) }
    case .list(let items):
      var flag: String?
      for item in items {
        look(flag ?? "", item, subject)
        flag = item.scalar.flatMap { Self.flag($0.text) }
      }
    case .map(let entries):
      for entry in entries { look(entry.key, entry.value, subject) }
    }
  }

  /// The same few names stand in a plan many times.
  private mutating func isName(_ key: String) -> Bool {
    if let known = names[key] { return known }
    let isName = Self.namesSecret(key)
    names[key] = isName
    return isName
  }

  /// The name of `--password` in a list of arguments, where the value is the next one.
  private static func flag(_ text: String) -> String? {
    guard text.hasPrefix("--"), !text.contains("="), text.utf8.count > 4 else { return nil }
    return String(text.dropFirst(2))
  }

  private mutating func look(_ text: String, in range: SourceRange, _ subject: LintSubject) {
    guard text.utf8.count >= 8 else { return }
    let signs = Signs(text)
    if signs.hasAt, signs.hasColon, let password = Self.password(in: text) { add(password, .passwordInURI, range, subject) }
    if signs.hasEquals, let value = Self.assigned(in: text) { add(value.text, .named(value.name), range, subject) }
    if signs.hasDashes, text.utf8Range(of: "PRIVATE KEY-----") != nil { add(text, .privateKey, range, subject) }
    if let token = TokenShape.find(in: text) { add(token.text, .token(of: token.service), range, subject) }
  }

  private mutating func add(_ text: String, _ kind: Kind, _ range: SourceRange, _ subject: LintSubject) {
    // One value that an alias repeats is one finding.
    guard seen.insert(range).inserted else { return }
    found.append(Found(secret: SecretText(text: text, place: plan.place(of: range)), kind: kind, subject: subject))
  }

  // MARK: shapes

  /// What stands between `://user:` and `@`.
  private static func password(in text: String) -> String? {
    guard let scheme = text.utf8Range(of: "://") else { return nil }
    let rest = text[scheme.upperBound...]
    let authority = rest.prefix { $0 != "/" && $0 != "?" && $0 != "#" && !$0.isWhitespace }
    guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { return nil }
    let password = authority[authority.index(after: colon)..<at]
    return password.isEmpty || isPlaceholder(password) ? nil : String(password)
  }

  /// `--password=word`, `PASSWORD=word` in a script.
  private static func assigned(in text: String) -> (name: String, text: String)? {
    for line in text.split(whereSeparator: { $0.isWhitespace || $0 == ";" || $0 == "&" || $0 == "?" }) {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let name = line[..<equals].drop { $0 == "-" }
      let value = line[line.index(after: equals)...].filter { $0 != "\"" && $0 != "'" }
      guard namesSecret(String(name)), mayBeSecret(value) else { continue }
      return (String(name), value)
    }
    return nil
  }

  private static let words = [
    "password", "passwd", "passphrase", "secret", "token", "apikey", "privatekey", "accesskey", "authorization", "credential",
  ]

  /// Whether a name is that of a secret: `PGPASSWORD`, `api_key`, `Authorization`.
  static func namesSecret(_ name: String) -> Bool {
    guard name.utf8.count >= 3, name.utf8.count <= 60 else { return false }
    // A path into documents names a field there, and an operator none.
    guard !name.utf8.contains(UInt8(ascii: ".")), name.utf8.first != UInt8(ascii: "$") else { return false }
    let plain = name.utf8.compactMap { byte -> UInt8? in
      switch byte {
      case UInt8(ascii: "_"), UInt8(ascii: "-"): nil
      case 0x41...0x5A: byte + 0x20
      default: byte
      }
    }
    let text = String(decoding: plain, as: UTF8.self)
    return text == "pwd" || words.contains { text.hasSuffix($0) || text.hasSuffix($0 + "s") && $0 == "credential" }
  }

  /// Whether a value under such a name may be the secret itself, and not where it is found or that there is none.
  static func mayBeSecret(_ text: some StringProtocol) -> Bool {
    guard text.utf8.count >= 4, !isPlaceholder(text) else { return false }
    // A path, a variable of a shell, the name of an environment variable or of a field.
    guard let first = text.first, !"/.$%<{[~".contains(first) else { return false }
    if text.allSatisfy({ $0.isUppercase || $0 == "_" }) { return false }
    return !text.contains(" ") || text.hasPrefix("Bearer ") || text.hasPrefix("Basic ")
  }

  private static func isTyped(_ text: String) -> Bool { ["true", "false", "null"].contains(text) }

  private static func isPlaceholder(_ text: some StringProtocol) -> Bool {
    guard let first = text.first else { return true }
    if first == "<" || first == "$" || first == "{" || first == "%" { return true }
    return text.allSatisfy { $0 == "*" || $0 == "x" || $0 == "X" || $0 == "." }
  }
}

/// Signs that a text must have to hold a secret of some kind, found in one pass: nearly all text has none.
private struct Signs {
  var hasAt = false
  var hasColon = false
  var hasEquals = false
  var hasDashes = false

  init(_ text: String) {
    var last: UInt8 = 0
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "@"): hasAt = true
      case UInt8(ascii: ":"): hasColon = true
      case UInt8(ascii: "="): hasEquals = true
      case UInt8(ascii: "-"): if last == byte { hasDashes = true }
      default: break
      }
      last = byte
    }
  }
}

/// Tokens that services make in a shape of their own.
enum TokenShape {
  private static let shapes: [(prefix: String, service: String, length: Int)] = [
    ("ghp_", "GitHub", 40), ("gho_", "GitHub", 40), ("ghs_", "GitHub", 40), ("github_pat_", "GitHub", 40), ("glpat-", "GitLab", 26),
    ("AKIA", "AWS", 20), ("ASIA", "AWS", 20), ("AIza", "Google", 39), ("xoxb-", "Slack", 20), ("xoxp-", "Slack", 20),
    ("sk_live_", "Stripe", 24),
    ("npm_", "npm", 40), ("SG.", "SendGrid", 60), ("eyJ", "a JSON Web Token", 60),
  ]
  /// First bytes of the shapes, so that most text is passed over at once.
  private static let firsts: Set<UInt8> = Set(shapes.compactMap { $0.prefix.utf8.first })

  /// The first token in a text: it begins a word and has nothing but letters, digits, `_`, `-` and `.` in it, some of them digits.
  static func find(in text: String) -> (text: String, service: String)? {
    var text = text
    return text.withUTF8 { bytes in
      guard bytes.count >= 20 else { return nil }
      var isInWord = false
      for index in bytes.indices {
        defer { isInWord = isWord(bytes[index]) }
        guard !isInWord, firsts.contains(bytes[index]) else { continue }
        for shape in shapes where bytes[index...].starts(with: shape.prefix.utf8) {
          let word = bytes[index...].prefix { isWord($0) }
          guard word.count >= shape.length, word.contains(where: { (0x30...0x39).contains($0) }) else { continue }
          return (String(decoding: word, as: UTF8.self), shape.service)
        }
      }
      return nil
    }
  }

  private static func isWord(_ byte: UInt8) -> Bool {
    switch byte {
    case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."): true
    default: false
    }
  }
}

extension String {
  /// Where a text of ASCII first stands.
  func utf8Range(of wanted: String) -> Range<String.Index>? {
    let wanted = Array(wanted.utf8)
    var start = utf8.startIndex
    while let first = utf8[start...].firstIndex(of: wanted[0]) {
      if utf8[first...].starts(with: wanted) { return first..<utf8.index(first, offsetBy: wanted.count) }
      start = utf8.index(after: first)
    }
    return nil
  }
}
