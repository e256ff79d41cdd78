extension Diagnostic {
  /// The diagnostic as a workflow command of GitHub Actions, which shows it beside the line: `::error file=…,line=…,col=…,title=…::…`.
  public var gitHubCommand: String {
    let (start, end) = (place.start, place.end)
    let command =
      switch severity {
      case .error: "error"
      case .warning: "warning"
      case .note: "notice"
      }
    var properties = [
      ("file", place.file.path), ("line", String(start.line)), ("endLine", String(end.line)), ("col", String(start.column)),
    ]
    // Columns at the end of another line would be taken for ones of the first.
    if start.line == end.line { properties.append(("endColumn", String(end.column))) }
    properties.append(("title", code + (rule.map { " " + $0 } ?? "")))
    let parts = [message] + [help.map { "help: " + $0 }, fixedLine].compactMap { $0 }
    let data = (parts + notes.map { "note: \($0.message) (\($0.place.file.path):\($0.place.start.line))" }).joined(separator: "\n")
    return "::\(command) " + properties.map { $0.0 + "=" + Self.escaped($0.1, isProperty: true) }.joined(separator: ",") + "::"
      + Self.escaped(data, isProperty: false)
  }

  /// What the runner would read as the end of a property or of the command is escaped the way it undoes.
  private static func escaped(_ text: String, isProperty: Bool) -> String {
    var output = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "%": output += "%25"
      case "\r": output += "%0D"
      case "\n": output += "%0A"
      case ":" where isProperty: output += "%3A"
      case "," where isProperty: output += "%2C"
      default: output.unicodeScalars.append(scalar)
      }
    }
    return output
  }
}

extension Sequence where Element == Diagnostic {
  /// All of them in order of place, one command a line.
  public var gitHubCommands: String { Array(self).inOrderOfPlace().map { $0.gitHubCommand + "\n" }.joined() }
}
