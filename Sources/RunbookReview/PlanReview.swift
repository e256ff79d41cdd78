import RunbookActions
import RunbookPlan
import RunbookSyntax

/// What a change of a plan does to its safety.
public enum ReviewEffect: String, Sendable, Hashable, CaseIterable {
  /// It takes away something that would have noticed, stopped or taken back a mistake.
  case weaker
  /// Something else than before is done or decided. Whatever is not known to be one of the others is this.
  case changed
  /// It adds something that notices, stops or takes back.
  case stronger
  /// Only what people read.
  case harmless
}

/// One thing that differs between two versions of a plan.
public struct ReviewChange: Sendable, Hashable {
  public var effect: ReviewEffect
  /// What kind of difference it is, in words that do not change: `check-removed`.
  public var kind: String
  /// The id, or the name with what it names: `param expected`.
  public var subject: String
  /// One sentence without a full stop. What comes from the plan stands between backquotes.
  public var sentence: String

  public init(_ effect: ReviewEffect, _ kind: String, _ subject: String, _ sentence: String) {
    self.effect = effect
    self.kind = kind
    self.subject = subject
    self.sentence = sentence
  }

  /// For a terminal and for programs.
  public var plainSentence: String { sentence.replacing("`", with: "'") }
}

/// The differences between two versions of a plan, by id and not by line, and what they come to.
public struct PlanReview: Sendable {
  /// The weakening ones first; within one effect in the order of the newer plan.
  public let changes: [ReviewChange]
  /// The effect of all together: the worst, but changes that only add something beside those that say nothing are an addition.
  public let verdict: ReviewEffect
  /// Nil where the plan is new.
  public let baseDigest: String?
  public let digest: String

  /// - Parameters:
  ///   - old: the base; nil where the plan is new.
  ///   - descriptor: what is known of an action by its name.
  public init(old: NormalisedPlan?, new: NormalisedPlan, descriptor: @escaping (String) -> ActionDescriptor?) {
    digest = new.digest
    baseDigest = old?.digest
    guard let old, old.digest != new.digest else {
      changes = []
      verdict = .harmless
      return
    }
    var walk = ReviewWalk(old: PlanInventory(PlanPart(old)), new: PlanInventory(PlanPart(new)), descriptor: descriptor)
    walk.run()
    var found = walk.changes
    if found.isEmpty {
      // The digests differ, so something does: it is never passed over because nobody has thought of it.
      found = [ReviewChange(.changed, "other", "plan", "something differs for which there are no words yet; compare the files")]
    }
    changes = ReviewEffect.allCases.flatMap { effect in found.filter { $0.effect == effect } }
    verdict = ReviewEffect.allCases.first { effect in found.contains { $0.effect == effect } } ?? .harmless
  }

  public func count(_ effect: ReviewEffect) -> Int { changes.count { $0.effect == effect } }

  /// Ids of steps, checks and triggers that differ, with the worst that is said of each.
  public var effects: [String: ReviewEffect] {
    var effects: [String: ReviewEffect] = [:]
    for change in changes.reversed() { effects[change.subject] = change.effect }
    return effects
  }
}

/// Text of the plan inside a sentence: short, on one line, and read as markup by nobody.
func code(_ text: String) -> String {
  let text = hidingPasswords(text) { _ in "***" }
  var shown = ""
  for scalar in text.unicodeScalars {
    if shown.count >= 100 {
      shown += "…"
      break
    }
    switch scalar {
    case "`": shown += "'"
    case "\n", "\r", "\t": shown += " "
    default:
      let category = scalar.properties.generalCategory
      if category == .control || category == .format || category == .lineSeparator || category == .paragraphSeparator { continue }
      shown.unicodeScalars.append(scalar)
    }
  }
  return "`\(shown.isEmpty ? " " : shown)`"
}

func code(_ part: PlanPart?) -> String { part.map { code($0.shown) } ?? "nothing" }

/// Several names: `a`, `b` and `c`.
func codes(_ names: some Collection<String>) -> String {
  let shown = names.prefix(6).map { code($0) }
  if names.count > 6 { return shown.joined(separator: ", ") + " and \(names.count - 6) more" }
  return shown.count < 2 ? shown.joined() : shown.dropLast().joined(separator: ", ") + " and " + shown[shown.count - 1]
}
