/// A diagnostic with what only SARIF and lint say of it.
public struct DiagnosticReport: Sendable {
  public var diagnostic: Diagnostic
  /// Stays the same while lines move; viewers know by it whether they have seen the result before.
  public var identity: String?
  /// Why it is not to be reported; nil where it is.
  public var justification: String?

  public init(_ diagnostic: Diagnostic, identity: String? = nil, justification: String? = nil) {
    self.diagnostic = diagnostic
    self.identity = identity
    self.justification = justification
  }
}

/// What is said once about all diagnostics of one code.
public struct DiagnosticRule: Sendable {
  public var code: String
  /// What people call it; nil where that is the code.
  public var name: String?
  /// One sentence.
  public var summary: String
  /// Markdown.
  public var explanation: String
  public var severity: Severity

  public init(code: String, name: String? = nil, summary: String, explanation: String, severity: Severity) {
    self.code = code
    self.name = name
    self.summary = summary
    self.explanation = explanation
    self.severity = severity
  }
}

/// SARIF 2.1.0 (OASIS Standard, 27 March 2020): the form in which code hosts take findings.
public enum SARIF {
  /// One log with one run.
  /// - Parameters:
  ///   - version: of the program.
  ///   - rules: only those that a report names are written.
  /// - Returns: JSON with its line end.
  public static func log(_ reports: [DiagnosticReport], rules: [DiagnosticRule], version: String) -> String {
    let named = Set(reports.map(\.diagnostic.code))
    let rules = rules.filter { named.contains($0.code) }
    let order = Dictionary(rules.enumerated().map { ($1.code, $0) }, uniquingKeysWith: { first, _ in first })
    let driver = object([
      ("name", jsonString("runbook")), ("version", jsonString(version)), ("rules", list(rules.map { rule($0) }, indent: "        ")),
    ])
    let results = reports.map { result($0, ruleIndex: order[$0.diagnostic.code]) }
    return """
      {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [
          {
            "tool": { "driver": \(driver) },
            "columnKind": "unicodeCodePoints",
            "results": \(list(results, indent: "      "))
          }
        ]
      }

      """
  }

  private static func rule(_ rule: DiagnosticRule) -> String {
    var fields = [("id", jsonString(rule.code))]
    if let name = rule.name { fields.append(("name", jsonString(name))) }
    fields += [
      ("shortDescription", object([("text", jsonString(rule.summary))])),
      ("help", object([("text", jsonString(rule.explanation)), ("markdown", jsonString(rule.explanation))])),
      ("defaultConfiguration", object([("level", jsonString(rule.severity.rawValue))])),
    ]
    return object(fields)
  }

  private static func result(_ report: DiagnosticReport, ruleIndex: Int?) -> String {
    let diagnostic = report.diagnostic
    var fields = [("ruleId", jsonString(diagnostic.code))]
    if let ruleIndex { fields.append(("ruleIndex", String(ruleIndex))) }
    // Viewers show the message alone, so what to do is part of it.
    let message = ([diagnostic.message] + [diagnostic.help, diagnostic.fixedLine].compactMap { $0 }).joined(separator: "\n")
    fields += [
      ("level", jsonString(diagnostic.severity.rawValue)), ("message", object([("text", jsonString(message))])),
      ("locations", "[" + location(diagnostic.place) + "]"),
    ]
    if !diagnostic.notes.isEmpty {
      let notes = diagnostic.notes.enumerated().map { location($1.place, id: $0 + 1, message: $1.message) }
      fields.append(("relatedLocations", "[" + notes.joined(separator: ", ") + "]"))
    }
    if let identity = report.identity { fields.append(("partialFingerprints", object([("subject/v1", jsonString(identity))]))) }
    if let justification = report.justification {
      fields.append(
        ("suppressions", "[" + object([("kind", jsonString("inSource")), ("justification", jsonString(justification))]) + "]"))
    }
    return object(fields)
  }

  private static func location(_ place: SourcePlace, id: Int? = nil, message: String? = nil) -> String {
    let (start, end) = (place.start, place.end)
    let region = object([
      ("startLine", String(start.line)), ("startColumn", String(start.column)), ("endLine", String(end.line)),
      ("endColumn", String(end.column)), ("byteOffset", String(place.range.start)), ("byteLength", String(place.range.count)),
    ])
    let physical = object([("artifactLocation", object([("uri", jsonString(uri(place.file.path)))])), ("region", region)])
    var fields = id.map { [("id", String($0))] } ?? []
    fields.append(("physicalLocation", physical))
    if let message { fields.append(("message", object([("text", jsonString(message))]))) }
    return object(fields)
  }

  /// A path as a URI: relative as it was written, or of the scheme `file` where it begins at the root.
  static func uri(_ path: String) -> String {
    var path = Substring(path)
    while path.hasPrefix("./") { path = path.dropFirst(2) }
    var uri = path.hasPrefix("/") ? "file://" : ""
    let digits = Array("0123456789ABCDEF".unicodeScalars)
    for byte in path.utf8 {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "~"),
        UInt8(ascii: "/"):
        uri.unicodeScalars.append(Unicode.Scalar(byte))
      default:
        uri += "%"
        uri.unicodeScalars.append(digits[Int(byte >> 4)])
        uri.unicodeScalars.append(digits[Int(byte & 15)])
      }
    }
    return uri
  }

  private static func object(_ fields: [(String, String)]) -> String {
    "{ " + fields.map { jsonString($0.0) + ": " + $0.1 }.joined(separator: ", ") + " }"
  }

  private static func list(_ items: [String], indent: String) -> String {
    items.isEmpty ? "[]" : "[\n" + items.map { indent + $0 }.joined(separator: ",\n") + "\n" + indent.dropLast(2) + "]"
  }
}
