extension Diagnostic {
  /// The diagnostic as one JSON object without line ends, with the same facts as ``rendered(colored:)``. Lines and columns begin
  /// at 1, columns count Unicode scalars, `endColumn` is the one after the last; `offset` and `length` are bytes.
  public var json: String { json(with: []) }

  /// The same with more fields behind its own, each a pair of a name and JSON.
  public func json(with more: [(name: String, json: String)]) -> String {
    var fields = ["\"code\":" + jsonString(code)]
    if let rule { fields.append("\"rule\":" + jsonString(rule)) }
    fields += [
      "\"severity\":" + jsonString(severity.rawValue), "\"message\":" + jsonString(message),
      jsonFields(of: place),
    ]
    let notes = notes.map { "{\"message\":" + jsonString($0.message) + "," + jsonFields(of: $0.place) + "}" }
    fields.append("\"notes\":[" + notes.joined(separator: ",") + "]")
    fields.append("\"help\":" + (help.map(jsonString) ?? "null"))
    fields.append("\"fixedLine\":" + (fixedLine.map(jsonString) ?? "null"))
    fields += more.map { jsonString($0.name) + ":" + $0.json }
    return "{" + fields.joined(separator: ",") + "}"
  }

  private func jsonFields(of place: SourcePlace) -> String {
    let (start, end) = (place.start, place.end)
    return "\"path\":\(jsonString(place.file.path)),\"line\":\(start.line),\"column\":\(start.column),\"endLine\":\(end.line),"
      + "\"endColumn\":\(end.column),\"offset\":\(place.range.start),\"length\":\(place.range.count)"
  }
}

extension Sequence where Element == Diagnostic {
  /// All of them in order of place as a JSON array, one object a line.
  public var json: String {
    let objects = Array(self).inOrderOfPlace().map(\.json)
    return objects.isEmpty ? "[]" : "[\n" + objects.joined(separator: ",\n") + "\n]"
  }
}

/// A JSON string literal (RFC 8259), quotes included; everything but the characters that must be escaped stays as it is.
public func jsonString(_ text: String) -> String {
  var output = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": output += "\\\""
    case "\\": output += "\\\\"
    case "\n": output += "\\n"
    case "\r": output += "\\r"
    case "\t": output += "\\t"
    case "\u{0}"..."\u{1F}", "\u{7F}", "\u{2028}", "\u{2029}":
      let digits = String(scalar.value, radix: 16)
      output += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: output.unicodeScalars.append(scalar)
    }
  }
  return output + "\""
}
