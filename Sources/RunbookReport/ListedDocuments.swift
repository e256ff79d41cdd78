import RunbookEngine
import RunbookPlan

/// The documents that the undo of each step listed, for people: some of each kind, and how many there are.
struct ListedDocuments {
  let state: RunState
  /// The command that shows more of them.
  let command: String

  private static let shown = 5

  var lines: [String] {
    var lines: [String] = []
    for step in state.outline.phases.flatMap(\.steps) {
      guard let record = state.step(step.id) else { continue }
      lines += kind("Conflicts", step.id, record.conflicts, record.undoDetails["conflicts"])
      lines += kind("In doubt", step.id, record.inDoubt, record.undoDetails["inDoubt"])
    }
    if !lines.isEmpty { lines.append("                more of them: \(command)") }
    return lines
  }

  private func kind(_ title: String, _ step: String, _ count: Int, _ listed: Value?) -> [String] {
    guard count > 0 else { return [] }
    let label = "  \(title):" + String(repeating: " ", count: max(1, 13 - title.count))
    // What has no fields is no document but an index, a collection, a validator.
    let isStructure = listed?.listValue?.first.map { $0["fields"] == nil } ?? false
    var lines = [label + step + (isStructure ? "" : ": \(PeopleText.count(count, "document"))")]
    var groups: [(reason: String, ids: [String])] = []
    for entry in listed?.listValue ?? [] {
      let fields = (entry["fields"]?.listValue ?? []).compactMap(\.stringValue).joined(separator: ", ")
      let reason = (entry["reason"]?.stringValue ?? "listed") + (fields.isEmpty ? "" : " (\(fields))")
      let id = Self.text(of: entry["id"] ?? .null)
      if let at = groups.firstIndex(where: { $0.reason == reason }) { groups[at].ids.append(id) } else { groups.append((reason, [id])) }
    }
    for group in groups.prefix(Self.shown) {
      let ids = group.ids.prefix(Self.shown).joined(separator: ", ") + (group.ids.count > Self.shown ? ", …" : "")
      lines.append("                \(group.reason): \(ids)")
    }
    return lines
  }

  /// An object id as its digits, everything else as it is.
  static func text(of id: Value) -> String {
    if let map = id.mapValue, map.count == 1, let digits = map["$oid"]?.stringValue { return digits }
    return PeopleText.value(id, limit: 60)
  }
}
