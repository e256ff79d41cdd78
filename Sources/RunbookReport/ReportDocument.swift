/// A report before it has a form: headings, tables, lists. One reader of it makes plain text, another Markdown.
struct ReportDocument {
  enum Block {
    case paragraph(String)
    case list([String])
    /// Rows as wide as the head.
    case table(head: [String], rows: [[String]])
    /// Lines that are typed or were printed as they are.
    case code([String])
    /// Lines that begin with `+`, `-` or a blank.
    case diff([String])
  }

  struct Section {
    var title: String
    var blocks: [Block]
  }

  var title: String
  /// What stands under the title: name and value.
  var facts: [(String, String)]
  var sections: [Section]
}

// MARK: plain text

extension ReportDocument {
  var text: String {
    var lines = [TerminalText.escaped(title), String(repeating: "=", count: TerminalText.width(of: TerminalText.escaped(title))), ""]
    let width = facts.map { TerminalText.width(of: $0.0) }.max() ?? 0
    for (name, value) in facts { lines.append(Self.padded(name + ":", width + 1) + "  " + TerminalText.escaped(value)) }
    for section in sections {
      lines += ["", section.title, String(repeating: "-", count: section.title.count)]
      for (number, block) in section.blocks.enumerated() {
        if number > 0 { lines.append("") }
        lines += Self.text(of: block)
      }
    }
    return lines.map { Self.trimmed($0) }.joined(separator: "\n")
  }

  private static func text(of block: Block) -> [String] {
    switch block {
    case .paragraph(let text): return TerminalText.lines(of: text)
    case .list(let items): return items.map { "- " + TerminalText.escaped($0) }
    case .code(let lines), .diff(let lines): return lines.map { "  " + TerminalText.escaped($0) }
    case .table(let head, let rows):
      let all = ([head] + rows).map { $0.map(TerminalText.escaped) }
      let widths = head.indices.map { column in all.map { TerminalText.width(of: $0[column]) }.max() ?? 0 }
      return all.map { row in zip(row, widths).map { padded($0, $1) }.joined(separator: "  ") }
    }
  }

  private static func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - TerminalText.width(of: text)))
  }

  private static func trimmed(_ line: String) -> String {
    var line = line[...]
    while line.last == " " { line.removeLast() }
    return String(line)
  }
}

// MARK: Markdown

extension ReportDocument {
  /// CommonMark with tables, as tickets and wikis take it; nothing in it that came from outside is read as markup.
  var markdown: String {
    var lines = ["# \(Self.escaped(title))", ""]
    for (name, value) in facts { lines.append("- **\(name)**: \(Self.escaped(value))") }
    for section in sections {
      lines += ["", "## \(section.title)"]
      for block in section.blocks { lines += [""] + Self.markdown(of: block) }
    }
    return lines.joined(separator: "\n")
  }

  private static func markdown(of block: Block) -> [String] {
    switch block {
    case .paragraph(let text): return [TerminalText.lines(of: text).map(escaped).joined(separator: "\\\n")]
    case .list(let items): return items.map { "- " + escaped($0) }
    case .diff(let lines): return ["```diff"] + lines.map { TerminalText.escaped($0).replacing("```", with: "'''") } + ["```"]
    case .code(let lines): return ["```text"] + lines.map { TerminalText.escaped($0).replacing("```", with: "'''") } + ["```"]
    case .table(let head, let rows):
      return ["| " + head.joined(separator: " | ") + " |", "|" + head.map { _ in " --- |" }.joined()]
        + rows.map { row in "| " + row.map { $0.isEmpty ? "–" : escaped($0) }.joined(separator: " | ") + " |" }
    }
  }

  /// The text on one line, with whatever would be markup written out.
  static func escaped(_ text: String) -> String {
    var result = ""
    for character in TerminalText.escaped(text) {
      if "\\`*|<>[]#~".contains(character) { result.append("\\") }
      result.append(character)
    }
    return result
  }
}
