import OrderedCollections
import RunbookActions
import RunbookLint
import RunbookPlan
import RunbookSyntax

/// What the program can say about itself: codes of errors, actions, keys of the format, rules of lint.
struct Explanation {
  let catalog: ActionCatalog

  /// What a topic is; a word may be several things.
  enum Subject {
    case code(String, page: String)
    case action(ActionDescriptor)
    /// A kind of mapping with all its keys.
    case mapping(FormatMapping)
    /// A key in one kind of mapping.
    case key(FormatKeyDescription, in: FormatMapping)
    case field(FieldType.Field, of: ActionDescriptor)
    case rule(LintRule)
  }

  /// All that has the name; empty where nothing has.
  func subjects(of topic: String) -> [Subject] {
    // A code as it stands in a message, `error[RB2001]`, is one as well.
    let code = topic.uppercased().firstMatch(of: #/(?:^|\[)(RB[0-9]{4})(?:$|\])/#).map { String($0.1) }
    if let code, let page = ErrorPages.all[code] { return [.code(code, page: page)] }
    var subjects: [Subject] = []
    // As it stands in a message too: `warning[L102 unfiltered-update]`.
    let named = topic.firstMatch(of: #/\[(L[0-9]{3})(?: |\])/#).map { String($0.1) } ?? topic
    if let rule = Lint.rule(named: named) { subjects.append(.rule(rule)) }
    if let descriptor = catalog.descriptor(named: topic) { subjects.append(.action(descriptor)) }
    for mapping in FormatDescription.mappings {
      if let key = mapping.key(topic) { subjects.append(.key(key, in: mapping)) }
    }
    for mapping in FormatDescription.mappings where mapping.name == topic || mapping.name.hasPrefix(topic + "-") {
      subjects.append(.mapping(mapping))
    }
    if subjects.isEmpty {
      for descriptor in descriptors {
        for flat in descriptor.flatFields where flat.field.name == topic { subjects.append(.field(flat.field, of: descriptor)) }
      }
    }
    return subjects
  }

  /// The topic that was most likely meant.
  func nearestTopic(to topic: String) -> String? {
    if topic.count == 6, topic.uppercased().hasPrefix("RB") { return nil }
    let ends = catalog.names.filter { $0.split(separator: ".").last.map(String.init) == topic }
    return ends.first ?? nearest(to: topic, among: catalog.names + keys + fieldNames + Lint.rules.map(\.name))
  }

  private var descriptors: [ActionDescriptor] { catalog.names.compactMap { catalog.descriptor(named: $0) } }

  /// Keys and kinds of mappings, sorted.
  var keys: [String] {
    let kinds = FormatDescription.mappings.map { String($0.name.prefix { $0 != "-" }) }
    return Set(FormatDescription.mappings.flatMap { $0.keys.map(\.name) } + kinds).sorted()
  }

  private var fieldNames: [String] { descriptors.flatMap { $0.flatFields.map(\.field.name) } }

  var codes: [(code: String, title: String)] {
    ErrorPages.all.sorted { $0.key < $1.key }.map { code, page in
      (code, String(page.prefix { $0 != "\n" }.dropFirst("# \(code): ".count)))
    }
  }

  func isBuilt(_ descriptor: ActionDescriptor) -> Bool { catalog.action(named: descriptor.name) != nil }

  // MARK: text

  func text(_ subjects: [Subject]) -> String {
    var parts: [String] = []
    var keyLines: [String] = []
    var fieldLines: [[String]] = []
    for subject in subjects {
      switch subject {
      case .code(_, let page): parts.append(plain(page.replacing(#/(?m)^#+ /#, with: "")))
      case .action(let descriptor): parts.append(text(descriptor))
      case .key(let key, let mapping): keyLines.append(text(key, mapping))
      case .mapping(let mapping): parts.append(text(mapping))
      case .rule(let rule): parts.append(text(rule))
      case .field(let field, let descriptor): fieldLines.append([descriptor.name, plain(field.summary)])
      }
    }
    if !keyLines.isEmpty { parts.insert(keyLines.joined(separator: "\n\n"), at: 0) }
    if !fieldLines.isEmpty { parts.append((["A field of:"] + indented(Table.lines(fieldLines))).joined(separator: "\n")) }
    return parts.joined(separator: "\n\n")
  }

  private func text(_ descriptor: ActionDescriptor) -> String {
    var facts = [
      ["works on", descriptor.placeText + (descriptor.isMutating ? ", and changes it" : "; it only reads")],
      ["stopping", descriptor.interruptText], ["after a crash", descriptor.resumeText],
    ]
    if descriptor.isMutating { facts.append(["way back", descriptor.inverseText]) }
    if let sampling = descriptor.samplingText { facts.append(["in a trigger", sampling]) }
    if !isBuilt(descriptor) { facts.append(["not built", "a plan with it loads and is checked; running the plan is refused"]) }
    var lines = ["\(descriptor.name): \(plain(descriptor.summary))", ""] + indented(Table.lines(facts).map(plain))
    if !descriptor.fields.isEmpty {
      let rows = descriptor.flatFields.map { flat -> [String] in
        let note =
          flat.field.isRequired
          ? "required" : flat.field.defaultText.map { "default \($0)" } ?? ""
        let unbuilt = isBuilt(descriptor) && !flat.field.isBuilt ? " Not built yet." : ""
        return [flat.path, flat.field.type.tableText, note, plain(flat.field.summary) + unbuilt]
      }
      lines += ["", "Fields (with:)"] + indented(Table.lines(rows))
    }
    if !descriptor.outputs.isEmpty {
      let rows = descriptor.outputs.map { output in
        [output.name, output.type.tableText, (output.name == descriptor.mainOutput ? "The main output. " : "") + plain(output.summary)]
      }
      lines += ["", "Outputs"] + indented(Table.lines(rows))
    }
    lines += ["", "Example"] + indented(descriptor.example.split(separator: "\n", omittingEmptySubsequences: false).map(String.init))
    return lines.joined(separator: "\n")
  }

  private func text(_ rule: LintRule) -> String {
    func shown(_ examples: [LintExample]) -> [String] {
      examples.flatMap { [""] + indented($0.text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)) }
    }
    let lines = [
      "\(rule.name) (\(rule.code), \(rule.severity.rawValue)): \(plain(rule.summary))", "", plain(rule.reason), "", "Not like this",
    ]
    return (lines + shown(rule.bad) + ["", "Like this"] + shown(rule.good)).joined(separator: "\n")
  }

  private func text(_ key: FormatKeyDescription, _ mapping: FormatMapping) -> String {
    var lines = ["'\(key.name)' in \(mapping.words): \(plain(key.summary))", "  takes    \(key.shape.words)"]
    if key.isRequired { lines.append("  required") }
    if let fallback = key.defaultText { lines.append("  default  \(fallback)") }
    return lines.joined(separator: "\n")
  }

  private func text(_ mapping: FormatMapping) -> String {
    let rows = mapping.keys.map { key in
      [key.name, key.isRequired ? "required" : key.defaultText.map { "default \($0)" } ?? "", plain(key.summary)]
    }
    let words = mapping.words.first?.isLetter == true ? mapping.words.prefix(1).uppercased() + mapping.words.dropFirst() : mapping.words
    return (["\(words) has the keys"] + indented(Table.lines(rows))).joined(separator: "\n")
  }

  private func indented(_ lines: [String]) -> [String] { lines.map { $0.isEmpty ? $0 : "  " + $0 } }

  /// Without Markdown's marks of code, which mean nothing on a terminal.
  private func plain(_ text: String) -> String { text.replacing("`", with: "") }
}
