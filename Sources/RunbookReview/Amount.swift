import RunbookPlan
import RunbookSyntax

/// A written amount that can be compared with another of its kind.
struct Amount: Sendable, Hashable {
  enum Kind: Sendable, Hashable { case number, duration, percentage, size }

  var kind: Kind
  var value: Double

  /// Nil for what is no constant amount: text, references, lists.
  init?(_ part: PlanPart?) {
    guard let text = part?.text, !text.contains("${{") else { return nil }
    if let number = Double(text), number.isFinite {
      (kind, value) = (.number, number)
    } else if text.hasSuffix("%"), let share = Double(text.dropLast()), share.isFinite {
      (kind, value) = (.percentage, share)
    } else if let milliseconds = try? TypedText.milliseconds(text) {
      (kind, value) = (.duration, Double(milliseconds))
    } else if let bytes = try? TypedText.bytes(text) {
      (kind, value) = (.size, Double(bytes))
    } else {
      return nil
    }
  }

  /// Nil where the two are of different kinds.
  static func compare(_ old: PlanPart?, _ new: PlanPart?) -> Shift? {
    guard let old = Amount(old), let new = Amount(new), old.kind == new.kind else { return nil }
    return new.value > old.value ? .up : new.value < old.value ? .down : .same
  }
}

enum Shift: Sendable { case up, down, same }

/// What became of something that has to hold.
enum Strictness: Sendable, Hashable {
  case same, tighter, looser
  /// Neither holds whenever the other does, or nobody can tell.
  case other

  func joined(with next: Strictness) -> Strictness {
    switch (self, next) {
    case (.same, let other), (let other, .same): other
    case (.tighter, .tighter): .tighter
    case (.looser, .looser), (.looser, .tighter), (.tighter, .looser): .looser
    case (.looser, .other), (.other, .looser): .looser
    default: .other
    }
  }

  var inverted: Strictness {
    switch self {
    case .tighter: .looser
    case .looser: .tighter
    case .same, .other: self
    }
  }
}
