import RunbookSyntax

/// Goes through the nodes of a file once and makes a plan of them. What is wrong is collected; reading goes on wherever it can.
struct PlanReader {
  /// Whoever has a plan read keeps its tree until it is read.
  typealias Node = BorrowedNode

  let file: SourceFile
  var diagnostics = DiagnosticCollector()
  var ids = PlanIDs()
  var triggerIDs: Set<String> = []
  var params: [String: FieldType] = [:]
  /// Params that were read so far: those that the value of the next one may refer to.
  var declaredParams: Set<String> = []
  var secrets: [String] = []
  /// References that were taken apart before, by their text: the same few stand in a plan many times.
  var parsedReferences: [String: Reference] = [:]
  /// Whether something refers to steps, checks, captures, phases or triggers, so that the order has to be looked at.
  var dependsOnOrder = false
  /// How many references to what happens while the plan runs were read.
  var eventReferences = 0
  var unbuilt: [UnbuiltKey] = []
  /// Regular expressions that were found right.
  var expressions: Set<String> = []
  var people: [String] = []
  var targets: [String] = []
  /// Types of the targets that are declared without a mistake.
  var targetTypes: [String: String] = [:]
  /// Whether the plan has a title that references can name.
  var hasTitle = true
  /// Former ids of steps, where they are given.
  var formerIDs: [String: SourceRange] = [:]
  /// A fragment by itself: what it uses of the runbook that includes it is not known.
  var isFragment = false
  var defaultTarget: Template? { didSet { defaultLocation = nil } }
  var defaultCollection: Template? { didSet { defaultLocation = nil } }
  /// Both, for the calls that name neither: made for the first of them.
  var defaultLocation: Apart<ActionCall.Location>?
  var defaultRetry: RetryDeclaration?

  init(file: SourceFile) { self.file = file }

  func place(_ range: SourceRange) -> SourcePlace { SourcePlace(file: file, range: range) }

  mutating func report(_ code: PlanCode, _ message: String, at range: SourceRange, notes: [DiagnosticNote] = [], help: String? = nil) {
    diagnostics.add(Diagnostic(code, message, at: place(range), notes: notes, help: help))
  }

  mutating func report(_ code: SyntaxCode, _ message: String, at range: SourceRange, help: String? = nil) {
    diagnostics.add(Diagnostic(code, message, at: place(range), help: help))
  }

  // MARK: Mappings and lists

  /// True for a mapping; else says what was expected instead.
  mutating func isMapping(_ node: Node, _ what: String, like example: String? = nil) -> Bool {
    if node.isMapping { return true }
    report(
      SyntaxCode.wrongValue, "\(what) must be a mapping, not \(kindName(node))", at: node.range, help: example.map { "write it like \($0)" }
    )
    return false
  }

  mutating func isList(_ node: Node, _ what: String) -> Bool {
    if node.isSequence { return true }
    report(SyntaxCode.wrongValue, "\(what) must be a list, not \(kindName(node))", at: node.range, help: listHelp(node))
    return false
  }

  private func listHelp(_ node: Node) -> String? {
    if node.isMapping { return "begin each element with '- '" }
    guard let text = node.text, !text.isEmpty, text.utf8.count < 40, !isNull(node) else { return nil }
    return "write [\(text)]"
  }

  func kindName(_ node: Node) -> String {
    switch node.kind {
    case .mapping: "a mapping"
    case .sequence: "a list"
    case .scalar: isNull(node) ? "null" : "text"
    }
  }

  /// Whether a scalar is null by YAML's rules: `null`, `~` or nothing at all.
  func isNull(_ node: Node) -> Bool {
    node.withText { Self.isNull(node, $0) } ?? false
  }

  private static func isNull(_ node: Node, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let isNull =
      switch bytes.count {
      case 0: true
      case 1: bytes[0] == UInt8(ascii: "~")
      case 4: bytes[0] | 0x20 == UInt8(ascii: "n") && bytes[1] | 0x20 == UInt8(ascii: "u") && ScalarClass.core(bytes) == .null
      default: false
      }
    return isNull && node.style == .plain && (node.tag == nil || node.tag == .null)
  }

  mutating func unknownKey(_ key: Node, in what: String, known: [String]) {
    let name = key.text ?? ""
    if name.hasPrefix("x-") { return }
    let meant = nearest(to: name, among: known)
    report(
      SyntaxCode.unknownKey, "unknown key '\(name)' in \(what)", at: key.range,
      help: meant.map { "did you mean '\($0)'?" } ?? "known keys are \(known.joined(separator: ", "))")
  }

  mutating func missingKey(_ name: String, in what: String, opener: SourceRange, help: String? = nil) {
    report(SyntaxCode.missingKey, "\(what) needs the key '\(name)'", at: opener, help: help)
  }

  /// What opens an element of a list: its first key, so that the place is the element's own.
  func opener(of node: Node) -> SourceRange {
    var entries = node.entries
    return entries.next()?.key.range ?? node.range
  }

  // MARK: Scalars

  /// Text without references: titles, ids, words.
  mutating func text(_ node: Node, _ name: String) -> String? {
    let read = node.withText {
      (text: String(decoding: $0, as: UTF8.self), hasReference: TemplateText.hasReference($0), isNull: Self.isNull(node, $0))
    }
    guard let (text, hasReference, isNull) = read else {
      report(SyntaxCode.wrongValue, "'\(name)' must be text, not \(kindName(node))", at: node.range)
      return nil
    }
    if isNull {
      report(
        SyntaxCode.wrongValue, "'\(name)' is null where text is due", at: node.range, help: "remove the key, or put the text in quotes")
      return nil
    }
    if hasReference {
      report(PlanCode.referenceNotHere, "'\(name)' takes no reference", at: node.range, help: "write the text out")
      return nil
    }
    return text
  }

  mutating func word<Word: RawRepresentable<String> & CaseIterable>(_ node: Node, _ name: String, of type: Word.Type) -> Word? {
    word(node, name, among: Word.allCases.map(\.rawValue)).flatMap { Word(rawValue: $0) }
  }

  mutating func word(_ node: Node, _ name: String, among words: [String]) -> String? {
    guard let text = text(node, name) else { return nil }
    if words.contains(text) { return text }
    let meant = nearest(to: text, among: words)
    report(
      PlanCode.notOneOf, "'\(text)' is no value of '\(name)'", at: node.range,
      help: meant.map { "did you mean '\($0)'?" } ?? "write one of \(words.joined(separator: ", "))")
    return nil
  }

  mutating func parsed<Result>(_ node: Node, _ name: String, _ parse: (String) throws(TextMistake) -> Result) -> Result? {
    guard let text = text(node, name) else { return nil }
    do { return try parse(text) } catch {
      report(SyntaxCode.wrongValue, "\(name): \(error.problem)", at: node.range, help: error.help)
      return nil
    }
  }

  mutating func boolean(_ node: Node, _ name: String) -> Bool? {
    parsed(node, name) { (text) throws(TextMistake) in try TypedText.boolean(text) }
  }

  mutating func integer(_ node: Node, _ name: String) -> Int64? {
    parsed(node, name) { (text) throws(TextMistake) in try TypedText.integer(text) }
  }

  /// Microseconds.
  mutating func duration(_ node: Node, _ name: String) -> Int64? {
    parsed(node, name) { (text) throws(TextMistake) in try ScalarText.microseconds(text) }
  }

  mutating func texts(_ node: Node, _ name: String) -> [String] {
    guard isList(node, "'\(name)'") else { return [] }
    return node.elements.compactMap { text($0, name) }
  }

  // MARK: Names and ids

  /// An id of the one name space, with its number.
  mutating func id(_ node: Node, _ kind: PlanIDs.Kind) -> (text: String, number: Int)? {
    guard let text = text(node, "id") else { return nil }
    guard isID(text, at: node.range, "id") else { return (text, ids.addOther(text)) }
    let (number, first) = ids.add(text, kind, at: node.range)
    if let first {
      report(
        .duplicateID, "the id '\(text)' is taken", at: node.range,
        notes: [DiagnosticNote("first defined here, as a \(first.kind.rawValue)", at: place(first.range))],
        help: "ids of phases, steps, checks and triggers share one name space")
    }
    return (text, number)
  }

  /// What stands for an id that is missing.
  mutating func noID() -> (text: String, number: Int) { ("", ids.addOther("")) }

  mutating func isID(_ text: String, at range: SourceRange, _ name: String) -> Bool {
    let isRight =
      text.utf8.first.map { (0x61...0x7A).contains($0) } ?? false
      && text.utf8.allSatisfy { (0x61...0x7A).contains($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    if isRight, text.utf8.count <= 60 { return true }
    if isRight {
      report(.badID, "the \(name) has \(text.utf8.count) characters; at most 60 are allowed", at: range)
    } else {
      report(.badID, "'\(text)' is no \(name)", at: range, help: idHelp(text) ?? "use a-z, 0-9 and '-', beginning with a letter")
    }
    return false
  }

  private func idHelp(_ text: String) -> String? {
    var result = ""
    var lastWasLower = false
    for character in text.unicodeScalars {
      switch character {
      case "a"..."z", "0"..."9":
        result.unicodeScalars.append(character)
        lastWasLower = true
      case "A"..."Z":
        if lastWasLower { result += "-" }
        result += String(character).lowercased()
        lastWasLower = false
      case "_", " ", "-", ".", "/":
        if result.last != "-" { result += "-" }
        lastWasLower = false
      default: return nil
      }
    }
    guard let first = result.first, ("a"..."z").contains(first), result.last != "-", result.utf8.count <= 60 else { return nil }
    return "write '\(result)'"
  }

  /// A name of a param, person, target or secret.
  mutating func name(_ key: Node, of what: String) -> String? {
    guard let text = key.text else { return nil }
    let isLetter = { (byte: UInt8) in (0x61...0x7A).contains(byte | 0x20) }
    let isRight =
      text.utf8.first.map(isLetter) ?? false
      && text.utf8.allSatisfy { isLetter($0) || (0x30...0x39).contains($0) || $0 == UInt8(ascii: "-") }
    if text.hasPrefix("x-") { return nil }
    if isRight, text.utf8.count <= 60 { return text }
    report(
      .badName, isRight ? "the name of a \(what) has at most 60 characters" : "'\(text)' is no name for a \(what)", at: key.range,
      help: "use letters, digits and '-', beginning with a letter")
    return nil
  }

  mutating func person(_ node: Node, _ name: String) -> String? {
    guard let text = text(node, name) else { return nil }
    if people.contains(text) || isFragment { return text }
    let meant = nearest(to: text, among: people)
    report(
      .unknownPerson, "nobody called '\(text)' is declared under 'people'", at: node.range,
      help: meant.map { "did you mean '\($0)'?" }
        ?? (people.isEmpty ? "write people: { \(text): { name: … } }" : "people are \(people.joined(separator: ", "))"))
    return text
  }

  mutating func noteUnbuilt(_ key: Node) {
    unbuilt.append(UnbuiltKey(key: key.text ?? "", range: key.range))
  }
}
