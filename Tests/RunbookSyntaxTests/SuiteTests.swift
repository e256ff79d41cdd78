import Foundation
import RunbookSyntax
import Testing

/// One case of the public YAML test suite, restated: `Tests/Fixtures/yaml-suite.txt` says how it is written down.
struct SuiteCase: Sendable {
  var id: String
  var input: String
  /// What the suite says: `tree …`, `error` or `documents N`.
  var suite = ""
  /// What is to come of it here: `tree …` or `error` with the codes.
  var here = ""
  /// Why the two differ, where they do.
  var reason: String?

  static func load() throws -> [SuiteCase] {
    let path = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent(
      "Fixtures/yaml-suite.txt")
    var cases: [SuiteCase] = []
    for line in try String(contentsOf: path, encoding: .utf8).split(separator: "\n") where !line.hasPrefix("#") {
      let (word, rest) = (line.prefix { $0 != " " }, String(line.drop { $0 != " " }.dropFirst()))
      switch word {
      case "case": cases.append(SuiteCase(id: rest, input: ""))
      case "in": cases[cases.count - 1].input = try JSONDecoder().decode(String.self, from: Data(rest.utf8))
      case "both": (cases[cases.count - 1].suite, cases[cases.count - 1].here) = (rest, rest)
      case "suite": cases[cases.count - 1].suite = rest
      case "here": cases[cases.count - 1].here = rest
      case "why": cases[cases.count - 1].reason = rest
      default: Issue.record("the line '\(line)' begins with no known word")
      }
    }
    return cases
  }
}

@Suite struct SuiteTests {
  /// How many cases differ from the suite, by reason: a new one has to be argued for.
  static let known = ["documents": 24, "tags": 17, "keys": 14, "anchors": 4, "items": 1, "refused": 47, "lenient": 10, "read": 4]

  @Test func everyCaseComesToWhatIsWrittenDown() throws {
    for example in try SuiteCase.load() {
      let parsed = NodeTree.parse(SourceFile(path: "p.yaml", text: example.input))
      let codes = parsed.diagnostics.filter { $0.severity == .error }.map(\.code)
      let result = codes.isEmpty ? parsed.tree.map { "tree " + notation($0.root) } ?? "nothing" : "error " + codes.joined(separator: " ")
      #expect(result == example.here, "\(example.id)")
    }
  }

  @Test func casesThatDifferFromTheSuiteAreCountedByReason() throws {
    let cases = try SuiteCase.load()
    #expect(cases.count == 406)
    #expect(Set(cases.map(\.id)).count == cases.count)
    var found: [String: Int] = [:]
    for example in cases {
      if let reason = example.reason { found[reason, default: 0] += 1 } else { #expect(example.suite == example.here) }
    }
    #expect(found == Self.known)
    #expect(found.values.reduce(0, +) * 2 < cases.count)
  }
}

/// A tree on one line, as in the fixture.
private func notation(_ node: Node) -> String {
  let tags: [CoreTag: String] = [
    .string: "!str ", .integer: "!int ", .float: "!float ", .boolean: "!bool ", .null: "!null ", .mapping: "!map ", .sequence: "!seq ",
  ]
  let prefix = (node.isAlias ? "*" : "") + (node.tag.flatMap { tags[$0] } ?? "")
  switch node.kind {
  case .mapping: return prefix + "{" + node.entries.map { notation($0.key) + ": " + notation($0.value) }.joined(separator: ", ") + "}"
  case .sequence: return prefix + "[" + node.elements.map(notation).joined(separator: ", ") + "]"
  case .scalar:
    let styles: [ScalarStyle: String] = [.singleQuoted: "s", .doubleQuoted: "d", .literal: "l", .folded: "f"]
    return prefix + (styles[node.style] ?? "") + escaped(node.text ?? "")
  }
}

private func escaped(_ text: String) -> String {
  let short: [Unicode.Scalar: String] = [
    "\"": "\\\"", "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\u{8}": "\\b", "\u{C}": "\\f",
  ]
  var result = "\""
  for scalar in text.unicodeScalars {
    if let escape = short[scalar] {
      result += escape
    } else if scalar.value < 0x20 {
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
