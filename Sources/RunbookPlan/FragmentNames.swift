import RunbookSyntax

/// The names of a fragment, and what becomes of them where it is included under a prefix.
struct FragmentNames {
  /// With the hyphen at its end; empty where there is none.
  let prefix: String
  /// Ids that get the prefix where something refers to them; all others are the including plan's.
  let own: Set<String>

  /// Where a value stands: outside arguments and matchers, `id:` is an id of the plan.
  enum Position { case structure, data }

  /// The keys below which there are values, not parts of the plan.
  private static let dataKeys: Set<String> = ["with", "outputsWhenSkipped", "expect", "when", "value"]
  /// Keys whose value names a step.
  private static let stepKeys: Set<String> = ["coveredBy", "startAfter", "stopBefore"]
  /// Arguments that take `{ backup: STEP }`.
  private static let backupKeys: Set<String> = ["left", "right", "sameAs"]

  static func position(under key: String, in position: Position) -> Position {
    position == .data || dataKeys.contains(key) ? .data : .structure
  }

  /// All ids that the parts of a fragment have.
  static func ids(in root: Node) -> Set<String> {
    var ids: Set<String> = []
    for (key, value) in root.entries where ["preconditions", "rollbackTriggers", "phases", "steps"].contains(key.text ?? "") {
      collect(value, into: &ids)
    }
    return ids
  }

  private static func collect(_ node: Node, into ids: inout Set<String>) {
    for element in node.elements { collect(element, into: &ids) }
    for (key, value) in node.entries {
      if key.hasText("id") {
        if let id = value.text { ids.insert(id) }
      } else if position(under: key.text ?? "", in: .structure) == .structure {
        collect(value, into: &ids)
      }
    }
  }

  /// The text of a scalar where it has to change; nil where it stays.
  /// - Parameters:
  ///   - key: what it stands under.
  ///   - outer: what the mapping that it is in stands under.
  func text(of node: Node, key: String, outer: String, _ position: Position) -> String? {
    guard !prefix.isEmpty, let text = node.text, !text.isEmpty else { return nil }
    switch position {
    case .structure:
      if key == "id" || key == "renamedFrom" { return prefix + text }
      if Self.stepKeys.contains(key) { return own.contains(text) ? prefix + text : nil }
    case .data:
      if key == "baseline", outer == "notWorseThan" { return own.contains(text) ? prefix + text : nil }
      if key == "backup", Self.backupKeys.contains(outer) { return own.contains(text) ? prefix + text : nil }
    }
    return renamed(text)
  }

  /// A text whose references name what they mean after the prefix; nil where none has to change.
  func renamed(_ text: String) -> String? {
    var text = text
    return text.withUTF8 { bytes -> String? in
      var result: [UInt8] = []
      var (copied, index) = (0, 0)
      while let start = TemplateText.next(in: bytes, from: index) {
        index = start + 3
        if TemplateText.isEscaped(bytes, start) { continue }
        guard let end = TemplateText.end(in: bytes, from: index) else { break }
        if let place = placeOfPrefix(bytes, index, end) {
          result += bytes[copied..<place]
          result += prefix.utf8
          copied = place
        }
        index = end + 2
      }
      if copied == 0 { return nil }
      result += bytes[copied...]
      return String(decoding: result, as: UTF8.self)
    }
  }

  /// Where in a reference the prefix belongs: in front of the name of a param, or of an id of the fragment's own.
  private func placeOfPrefix(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int? {
    var start = start
    while start < end, bytes[start] <= 0x20 { start += 1 }
    guard let dot = bytes[start..<end].firstIndex(of: UInt8(ascii: ".")) else { return nil }
    var name = dot + 1
    var stop = UInt8(ascii: ".")
    if name < end, bytes[name] == UInt8(ascii: "\"") { (name, stop) = (name + 1, UInt8(ascii: "\"")) }
    var last = name
    while last < end, bytes[last] != stop, bytes[last] > 0x20 { last += 1 }
    switch String(decoding: bytes[start..<dot], as: UTF8.self) {
    case "params": return name
    case "steps", "checks", "captured", "baselines", "phases", "triggers":
      return own.contains(String(decoding: bytes[name..<last], as: UTF8.self)) ? name : nil
    default: return nil
    }
  }
}
