/// The part of a list that is shown around one of its items; what is left out costs a line that counts it.
struct Window: Sendable, Hashable {
  private(set) var range: Range<Int>
  private(set) var showsBefore = false
  private(set) var showsAfter = false

  init(count: Int, around index: Int, rows: Int) {
    guard rows > 0, count > 0 else {
      range = index..<index
      return
    }
    if count <= rows {
      range = 0..<count
      return
    }
    var lower = index
    var upper = index + 1
    func cost(_ lower: Int, _ upper: Int) -> Int { upper - lower + (lower > 0 ? 1 : 0) + (upper < count ? 1 : 0) }
    if cost(lower, upper) > rows {
      // No room for both counts: what is to come says more.
      range = lower..<upper
      showsAfter = rows > 1 && upper < count
      showsBefore = rows > 1 && upper == count && lower > 0
      return
    }
    while true {
      if upper < count, cost(lower, upper + 1) <= rows {
        upper += 1
      } else if lower > 0, cost(lower - 1, upper) <= rows {
        lower -= 1
      } else {
        break
      }
      if lower > 0, cost(lower - 1, upper) <= rows { lower -= 1 }
    }
    range = lower..<upper
    showsBefore = lower > 0
    showsAfter = upper < count
  }
}
