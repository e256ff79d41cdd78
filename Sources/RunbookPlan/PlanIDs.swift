import RunbookSyntax

/// The ids of phases, steps, checks and triggers: one name space. Each has a number, so that what is known of them later can lie in an array.
struct PlanIDs {
  enum Kind: String { case phase, step, check, trigger }

  struct Entry {
    var kind: Kind
    var range: SourceRange
    fileprivate var place: Int32
    /// From 0, in the order in which they were read.
    var number: Int { Int(place) }
  }

  private var entries: [String: Entry] = [:]
  /// Texts that stand where an id is due and are none. They are known too, so that one mistake does not draw others after it.
  private var others: [String: Int] = [:]
  /// How many numbers there are.
  private(set) var count = 0

  mutating func reserveCapacity(_ count: Int) { entries.reserveCapacity(count) }

  subscript(id: String) -> Entry? { entries[id] }

  func number(of text: String) -> Int? { entries[text]?.number ?? (others.isEmpty ? nil : others[text]) }

  /// All ids of a kind, sorted.
  func names(_ kind: Kind) -> [String] { entries.filter { $0.value.kind == kind }.map(\.key).sorted() }

  /// All texts that have a number which `isIncluded` takes, sorted.
  func names(where isIncluded: (Int) -> Bool) -> [String] {
    (entries.map { ($0.key, $0.value.number) } + others.map { ($0.key, $0.value) }).filter { isIncluded($0.1) }.map(\.0).sorted()
  }

  /// Adds an id; the first definition stays the one that counts.
  /// - Returns: its number, and the definition before this one.
  mutating func add(_ id: String, _ kind: Kind, at range: SourceRange) -> (number: Int, first: Entry?) {
    if let first = entries.updateValue(Entry(kind: kind, range: range, place: Int32(count)), forKey: id) {
      entries[id] = first
      return (first.number, first)
    }
    count += 1
    return (count - 1, nil)
  }

  mutating func addOther(_ text: String) -> Int {
    if let number = others[text] { return number }
    others[text] = count
    count += 1
    return count - 1
  }
}
