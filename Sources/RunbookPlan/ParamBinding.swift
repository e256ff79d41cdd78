import RunbookSyntax

/// The values of a plan's params for one run.
public struct BoundParams: Sendable {
  /// In the order of their declarations, defaults included.
  public var values: ValueMap
  /// What is wrong in the params file, or with it.
  public var diagnostics: [Diagnostic]
  /// What is wrong with what was given on the command line, or not given at all.
  public var mistakes: [ParamMistake]

  public var isUsable: Bool { mistakes.isEmpty && !diagnostics.contains { $0.severity == .error } }
}

/// A mistake that has no place in a file.
public struct ParamMistake: Error, Sendable, Hashable {
  public var code: String
  /// One sentence without a full stop.
  public var message: String
  public var help: String?
}

/// Reads params by their declarations: the command line wins over the params file, which wins over defaults.
/// - Parameters:
///   - given: names and texts of `--param name=value`; only lists may be given more than once, and each time adds an element.
///   - file: the params file, a mapping from names to values.
///   - requiresAll: whether a param without default that is not given is a mistake.
public func bindParams(
  _ declarations: [ParamDeclaration], given: [(name: String, text: String)], file: SourceFile? = nil, requiresAll: Bool = true
) -> BoundParams {
  var binder = ParamBinder(declarations: declarations)
  if let file { binder.read(file) }
  binder.read(given)
  return binder.result(requiresAll: requiresAll)
}

private struct ParamBinder {
  let declarations: [ParamDeclaration]
  var found: [String: Value] = [:]
  /// Names that were given, even where their value could not be read.
  var named: Set<String> = []
  var diagnostics: [Diagnostic] = []
  var mistakes: [ParamMistake] = []

  init(declarations: [ParamDeclaration]) { self.declarations = declarations }

  private func declaration(_ name: String) -> ParamDeclaration? { declarations.first { $0.name == name } }

  private func unknownHelp(_ name: String) -> String? {
    let names = declarations.map(\.name)
    return nearest(to: name, among: names).map { "did you mean '\($0)'?" }
      ?? (names.isEmpty ? "the plan has no params" : "params are \(names.joined(separator: ", "))")
  }

  mutating func read(_ file: SourceFile) {
    let parsed = NodeTree.parse(file)
    diagnostics += parsed.diagnostics
    parsed.tree?.root.borrowed { read($0, of: file) }
  }

  private mutating func read(_ root: BorrowedNode, of file: SourceFile) {
    var reader = PlanReader(file: file)
    guard reader.isMapping(root, "a params file", like: "name: value") else {
      diagnostics += reader.diagnostics.all
      return
    }
    for (key, value) in root.entries {
      let name = key.text ?? ""
      if name.hasPrefix("x-") { continue }
      guard let declaration = declaration(name) else {
        reader.report(.unknownParam, "the plan has no param '\(name)'", at: key.range, help: unknownHelp(name))
        continue
      }
      if declaration.fixedValue != nil {
        reader.report(.fixedParam, "param '\(name)' has its value from the plan", at: key.range, help: "remove it here")
        continue
      }
      named.insert(name)
      let template = reader.template(value)
      if let reference = template.references.first {
        reader.report(.referenceNotHere, "a params file holds values, not references", at: reference.range)
        continue
      }
      let checked = Resolver.check(template, as: declaration.type, types: NoReferences(), in: file)
      for var diagnostic in checked.diagnostics {
        diagnostic.message = "\(name): " + diagnostic.message
        reader.diagnostics.add(diagnostic)
      }
      guard let result = checked.value else { continue }
      if let mistake = declaration.bounds.mistake(result) {
        reader.report(SyntaxCode.wrongValue, "\(name): \(mistake.problem)", at: value.range, help: mistake.help)
      } else {
        found[name] = result
      }
    }
    diagnostics += reader.diagnostics.all
    diagnostics = diagnostics.inOrderOfPlace()
  }

  mutating func read(_ given: [(name: String, text: String)]) {
    var texts: [(name: String, texts: [String])] = []
    for (name, text) in given {
      if let index = texts.firstIndex(where: { $0.name == name }) { texts[index].texts.append(text) } else { texts.append((name, [text])) }
    }
    for (name, texts) in texts {
      guard let declaration = declaration(name) else {
        mistakes.append(
          ParamMistake(code: PlanCode.unknownParam.rawValue, message: "the plan has no param '\(name)'", help: unknownHelp(name)))
        continue
      }
      if declaration.fixedValue != nil {
        mistakes.append(
          ParamMistake(
            code: PlanCode.fixedParam.rawValue, message: "param '\(name)' has its value from the plan", help: "leave out --param \(name)"))
        continue
      }
      named.insert(name)
      do {
        found[name] = try read(texts, declaration)
      } catch {
        mistakes.append(error)
      }
    }
  }

  private func read(_ texts: [String], _ declaration: ParamDeclaration) throws(ParamMistake) -> Value {
    if case .list(let element) = declaration.type {
      if texts.count == 1, texts[0].hasPrefix("[") { return try readList(texts[0], declaration) }
      var values: [Value] = []
      for text in texts { values.append(try parse(text, element, declaration)) }
      return .list(values)
    }
    if texts.count > 1 {
      let message = "param '\(declaration.name)' is given \(texts.count) times"
      throw ParamMistake(code: PlanCode.paramGivenTwice.rawValue, message: message, help: "give it once")
    }
    return try parse(texts[0], declaration.type, declaration)
  }

  private func parse(_ text: String, _ type: FieldType, _ declaration: ParamDeclaration) throws(ParamMistake) -> Value {
    do throws(TextMistake) {
      let value = try TemplateReader.parse(text, as: type)
      if let mistake = declaration.bounds.mistake(value) { throw mistake }
      return value
    } catch {
      throw ParamMistake(code: PlanCode.paramValue.rawValue, message: "param '\(declaration.name)': \(error.problem)", help: error.help)
    }
  }

  /// `[a, b]`, as it would stand in a file.
  private func readList(_ text: String, _ declaration: ParamDeclaration) throws(ParamMistake) -> Value {
    let file = SourceFile(path: "--param \(declaration.name)", text: text)
    let parsed = NodeTree.parse(file)
    var message = parsed.diagnostics.first?.message
    if message == nil, let root = parsed.tree?.root {
      var reader = PlanReader(file: file)
      let checked = Resolver.check(root.borrowed { reader.template($0) }, as: declaration.type, types: NoReferences(), in: file)
      if let value = checked.value { return value }
      message = checked.diagnostics.first?.message
    }
    throw ParamMistake(
      code: PlanCode.paramValue.rawValue, message: "param '\(declaration.name)': \(message ?? "no list")", help: "write it like '[a, b]'")
  }

  func result(requiresAll: Bool) -> BoundParams {
    var values = ValueMap(minimumCapacity: declarations.count)
    var mistakes = mistakes
    for declaration in declarations {
      if let template = declaration.fixedValue {
        do { values[declaration.name] = try fixed(template, declaration, values) } catch { mistakes.append(error) }
      } else if let value = found[declaration.name] ?? (named.contains(declaration.name) ? nil : declaration.defaultValue) {
        values[declaration.name] = value
      } else if requiresAll, !named.contains(declaration.name) {
        let message = "param '\(declaration.name)' (\(declaration.type.words)) is missing"
        let help = "give it with --param \(declaration.name)=VALUE, or in a --params-file"
        mistakes.append(ParamMistake(code: PlanCode.missingParam.rawValue, message: message, help: help))
      }
    }
    return BoundParams(values: values, diagnostics: diagnostics, mistakes: mistakes)
  }

  /// What the plan gives the param; nil where it refers to a param that has no value yet.
  private func fixed(_ template: Template, _ declaration: ParamDeclaration, _ values: ValueMap) throws(ParamMistake) -> Value? {
    let mistake: TextMistake
    do {
      let value = try Resolver.resolve(template, as: declaration.type, scope: ParamScope(values: values))
      guard let found = declaration.bounds.mistake(value) else { return value }
      mistake = found
    } catch {
      if error.isMissing { return nil }
      mistake = TextMistake(error.message, help: error.help)
    }
    throw ParamMistake(
      code: PlanCode.paramValue.rawValue, message: "param '\(declaration.name)', which the plan gives its value: \(mistake.problem)",
      help: mistake.help)
  }
}

/// The params that have a value so far.
private struct ParamScope: ReferenceScope {
  let values: ValueMap

  func value(of reference: Reference) -> Value? {
    reference.root == .params ? reference.path.first.flatMap { values[$0] } : nil
  }
}
