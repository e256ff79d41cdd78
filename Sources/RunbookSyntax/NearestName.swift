/// The candidate that `name` was most likely meant to be; nil when none is close.
///
/// Distance: insertions, deletions, substitutions and swaps of neighbours, each 1 (optimal string alignment, the restricted
/// form of Damerau 1964), on ASCII-lowercased text, so that a difference in case alone counts nothing. A third of the longer name's length may
/// differ, at least 1. Of two as close the first wins.
public func nearest(to name: String, among candidates: [String]) -> String? {
  let wanted = lowercased(name)
  guard !wanted.isEmpty, wanted.count <= 100 else { return nil }
  var best: (distance: Int, candidate: String)?
  for candidate in candidates where candidate != name {
    let other = lowercased(candidate)
    let limit = min((best?.distance ?? .max) - 1, max(1, max(wanted.count, other.count) / 3))
    guard limit >= 0, abs(wanted.count - other.count) <= limit else { continue }
    // One letter for another one-letter name is no misspelling.
    guard let distance = editDistance(wanted, other, limit: limit), distance < max(wanted.count, other.count) else { continue }
    best = (distance, candidate)
  }
  return best?.candidate
}

private func lowercased(_ text: String) -> [Unicode.Scalar] {
  text.unicodeScalars.map { ("A"..."Z").contains($0) ? Unicode.Scalar(UInt8($0.value) + 32) : $0 }
}

/// The distance, or nil when it is above `limit`.
private func editDistance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar], limit: Int) -> Int? {
  var beforeLast = [Int](repeating: 0, count: right.count + 1)
  var last = Array(0...right.count)
  for row in left.indices {
    var current = [row + 1]
    current.reserveCapacity(right.count + 1)
    for column in right.indices {
      var value = min(last[column + 1] + 1, current[column] + 1, last[column] + (left[row] == right[column] ? 0 : 1))
      if row > 0, column > 0, left[row] == right[column - 1], left[row - 1] == right[column] {
        value = min(value, beforeLast[column - 1] + 1)
      }
      current.append(value)
    }
    // A swap reaches over one row, so only two rows above the limit end the search.
    if min(current.min() ?? 0, last.min() ?? 0) > limit { return nil }
    (beforeLast, last) = (last, current)
  }
  return last[right.count] <= limit ? last[right.count] : nil
}
