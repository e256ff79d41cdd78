import RunbookPlan
import RunbookSyntax

/// JSON for people to read: two spaces a level, what is short on one line.
enum IndentedJSON {
  static func text(_ value: Value, indent: Int = 0, width: Int = 120) -> String {
    let line = value.encodedJSON()
    if line.count + indent <= width { return line }
    let inner = String(repeating: " ", count: indent + 2)
    let end = "\n" + String(repeating: " ", count: indent)
    switch value {
    case .list(let items):
      return "[\n" + items.map { inner + text($0, indent: indent + 2, width: width) }.joined(separator: ",\n") + end + "]"
    case .map(let map):
      let entries = map.map { inner + jsonString($0.key) + ": " + text($0.value, indent: indent + 2, width: width) }
      return "{\n" + entries.joined(separator: ",\n") + end + "}"
    default: return line
    }
  }
}
