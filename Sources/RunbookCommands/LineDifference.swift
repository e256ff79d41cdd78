/// Two texts, line by line, as `diff -u` shows them.
struct LineDifference {
  private enum Line {
    case same(String)
    case removed(String)
    case added(String)
  }

  private var lines: [Line] = []
  private static let context = 3

  init(old: [UInt8], new: [UInt8]) {
    let (old, new) = (Self.split(old), Self.split(new))
    var (removed, added) = (Set<Int>(), Set<Int>())
    for change in new.difference(from: old) {
      switch change {
      case .remove(let offset, _, _): removed.insert(offset)
      case .insert(let offset, _, _): added.insert(offset)
      }
    }
    var (before, after) = (0, 0)
    while before < old.count || after < new.count {
      if removed.contains(before) {
        lines.append(.removed(old[before]))
        before += 1
      } else if added.contains(after) {
        lines.append(.added(new[after]))
        after += 1
      } else {
        lines.append(.same(old[before]))
        (before, after) = (before + 1, after + 1)
      }
    }
  }

  private static func split(_ bytes: [UInt8]) -> [String] {
    var lines = bytes.split(separator: 0x0A, omittingEmptySubsequences: false).map { String(decoding: $0, as: UTF8.self) }
    if lines.last == "" { lines.removeLast() } else if let last = lines.popLast() { lines.append(last + "\n\\ No newline at end of file") }
    return lines
  }

  /// The hunks under a head with both names; empty where nothing differs.
  func text(oldName: String, newName: String) -> String {
    let changed = lines.indices.filter { if case .same = lines[$0] { false } else { true } }
    guard !changed.isEmpty else { return "" }
    var hunks: [ClosedRange<Int>] = []
    for index in changed {
      let around = max(0, index - Self.context)...min(lines.count - 1, index + Self.context)
      if let last = hunks.last, around.lowerBound <= last.upperBound + 1 {
        hunks[hunks.count - 1] = last.lowerBound...around.upperBound
      } else {
        hunks.append(around)
      }
    }
    return (["--- \(oldName)", "+++ \(newName)"] + hunks.flatMap(hunk)).joined(separator: "\n")
  }

  private func hunk(_ range: ClosedRange<Int>) -> [String] {
    var (before, after) = (1, 1)
    for line in lines[..<range.lowerBound] {
      switch line {
      case .same: (before, after) = (before + 1, after + 1)
      case .removed: before += 1
      case .added: after += 1
      }
    }
    var (old, new) = (0, 0)
    var shown: [String] = []
    for line in lines[range] {
      switch line {
      case .same(let text):
        shown.append(" " + text)
        (old, new) = (old + 1, new + 1)
      case .removed(let text):
        shown.append("-" + text)
        old += 1
      case .added(let text):
        shown.append("+" + text)
        new += 1
      }
    }
    return ["@@ -\(old == 0 ? before - 1 : before),\(old) +\(new == 0 ? after - 1 : after),\(new) @@"] + shown
  }
}
