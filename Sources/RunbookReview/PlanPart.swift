import OrderedCollections
import RunbookPlan
import RunbookSyntax

/// A part of a plan's normal form. Two parts are equal where the plan's digest says that they are: the order of keys counts in MongoDB documents only.
indirect enum PlanPart: Sendable, Hashable {
  case scalar(text: String, isPlain: Bool)
  case list([PlanPart])
  case map(OrderedDictionary<String, PlanPart>)

  static let emptyMap = PlanPart.map([:])

  /// The whole of a plan.
  init(_ plan: NormalisedPlan) {
    guard let tree = NodeTree.parse(SourceFile(path: "plan", bytes: plan.bytes)).tree else {
      preconditionFailure("a normal form is read back as it was written")
    }
    self.init(tree.root, inArguments: false, keepsOrder: false)
  }

  private init(_ node: Node, inArguments: Bool, keepsOrder: Bool) {
    switch node.kind {
    case .scalar: self = .scalar(text: node.text ?? "", isPlain: node.style == .plain)
    case .sequence: self = .list(node.elements.map { PlanPart($0, inArguments: inArguments, keepsOrder: keepsOrder) })
    case .mapping:
      var map: OrderedDictionary<String, PlanPart> = [:]
      for (key, value) in node.entries {
        let name = key.text ?? ""
        let isDocument = inArguments && NormalisedPlan.documentKeys.contains(name)
        map[name] = PlanPart(value, inArguments: inArguments || name == "with", keepsOrder: keepsOrder || isDocument)
      }
      if !keepsOrder { map.sort { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) } }
      self = .map(map)
    }
  }

  var map: OrderedDictionary<String, PlanPart> { if case .map(let map) = self { map } else { [:] } }
  var list: [PlanPart] { if case .list(let list) = self { list } else { [] } }
  /// The text of a scalar.
  var text: String? { if case .scalar(let text, _) = self { text } else { nil } }

  subscript(key: String) -> PlanPart? { map[key] }

  /// On one line, as a person might write it.
  var shown: String {
    switch self {
    case .scalar(let text, let isPlain): isPlain ? text : text.isEmpty ? "\"\"" : text
    case .list(let list): list.isEmpty ? "[]" : "[ \(list.map(\.shown).joined(separator: ", ")) ]"
    case .map(let map): map.isEmpty ? "{}" : "{ \(map.map { "\($0.key): \($0.value.shown)" }.joined(separator: ", ")) }"
    }
  }

  /// With every scalar replaced by what `change` makes of it; `key` is the key that it stands under.
  func replacing(under key: String = "", _ change: (_ key: String, _ text: String) -> String?) -> PlanPart {
    switch self {
    case .scalar(let text, let isPlain): .scalar(text: change(key, text) ?? text, isPlain: isPlain)
    case .list(let list): .list(list.map { $0.replacing(under: key, change) })
    case .map(let map):
      .map(OrderedDictionary(uniqueKeysWithValues: map.map { ($0.key, $0.value.replacing(under: $0.key, change)) }))
    }
  }

  /// The places at which two parts differ, outermost first, as dotted paths with what stands there.
  static func differences(_ old: PlanPart, _ new: PlanPart, path: String = "") -> [(path: String, old: PlanPart?, new: PlanPart?)] {
    if old == new { return [] }
    guard case .map(let before) = old, case .map(let after) = new, before.keys.count > 0, after.keys.count > 0 else {
      if case .list(let before) = old, case .list(let after) = new, before.count == after.count {
        return zip(before, after).enumerated().flatMap { differences($1.0, $1.1, path: "\(path)[\($0)]") }
      }
      return [(path, old, new)]
    }
    var found: [(path: String, old: PlanPart?, new: PlanPart?)] = []
    for (key, value) in before {
      let inner = path.isEmpty ? key : "\(path).\(key)"
      if let other = after[key] { found += differences(value, other, path: inner) } else { found.append((inner, value, nil)) }
    }
    for (key, value) in after where before[key] == nil { found.append((path.isEmpty ? key : "\(path).\(key)", nil, value)) }
    // The same entries in another order, which means something in a document.
    return found.isEmpty ? [(path, old, new)] : found
  }
}
