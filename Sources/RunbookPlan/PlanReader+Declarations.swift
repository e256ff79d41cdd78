import RunbookSyntax

extension PlanReader {
  mutating func readPeople(_ node: Node) -> [Person] {
    guard isMapping(node, "'people'", like: "dba: { name: Database administrator }") else { return [] }
    var people: [Person] = []
    for (key, value) in node.entries {
      guard let name = name(key, of: "person"), isMapping(value, "'\(name)'", like: "\(name): { name: Database administrator }") else {
        continue
      }
      var person = Person(id: name, name: name, contact: nil, identities: [])
      for (key, value) in value.entries {
        switch PersonKey.table.find(key) {
        case .name: person.name = text(value, "name") ?? name
        case .contact: person.contact = text(value, "contact")
        case .identities: person.identities = texts(value, "identities")
        case nil: unknownKey(key, in: "person '\(name)'", known: PersonKey.table.names)
        }
      }
      people.append(person)
    }
    return people
  }

  mutating func readSecrets(_ node: Node) -> [SecretDeclaration] {
    guard isMapping(node, "'secrets'", like: "token: { fromEnv: TOKEN }") else { return [] }
    var secrets: [SecretDeclaration] = []
    for (key, value) in node.entries {
      guard let name = name(key, of: "secret") else { continue }
      guard value.isMapping else {
        report(
          SyntaxCode.wrongValue, "secret '\(name)' must say where it comes from; a plan never holds a secret itself", at: value.range,
          help: "write \(name): { fromEnv: VARIABLE }")
        continue
      }
      if let source = secretSource(value, name, key) { secrets.append(SecretDeclaration(name: name, source: source, range: key.range)) }
    }
    return secrets
  }

  private mutating func secretSource(_ node: Node, _ name: String, _ opener: Node) -> SecretDeclaration.Source? {
    var source: SecretDeclaration.Source?
    var found: [Node] = []
    var isMisspelt = false
    for (key, value) in node.entries {
      guard let kind = SecretKey.table.find(key) else {
        unknownKey(key, in: "secret '\(name)'", known: SecretKey.table.names)
        isMisspelt = isMisspelt || key.text?.hasPrefix("x-") == false
        continue
      }
      found.append(key)
      switch kind {
      case .fromEnv: source = text(value, "fromEnv").map { .environment($0) }
      case .fromFile: source = text(value, "fromFile").map { .file($0) }
      case .fromCommand:
        let argv = texts(value, "fromCommand")
        if value.isSequence, argv.isEmpty { report(PlanCode.emptyList, "'fromCommand' names no program", at: value.range) }
        source = argv.isEmpty ? nil : .command(argv)
      }
    }
    if found.count > 1 {
      report(
        PlanCode.exclusiveKeys, "secret '\(name)' has more than one source", at: found[1].range,
        notes: [DiagnosticNote("the first one is here", at: place(found[0].range))])
    }
    if found.isEmpty, !isMisspelt {
      missingKey("fromEnv", in: "secret '\(name)'", opener: opener.range, help: "or fromFile, or fromCommand")
    }
    return source
  }

  /// Keys of the targets of each type; `type` and, for mongodb, `identity` beside them.
  static let targetKeys: [(type: String, keys: [String], required: String?)] = [
    ("mongodb", ["uri", "database"], "uri"), ("http", ["baseUrl", "headers", "tls"], "baseUrl"),
    ("prometheus", ["baseUrl", "headers", "tls"], "baseUrl"), ("exec", ["cwd", "env", "via"], nil),
  ]

  mutating func readTargets(_ node: Node) -> [TargetDeclaration] {
    guard isMapping(node, "'targets'", like: "main: { type: mongodb, uri: … }") else { return [] }
    var targets: [TargetDeclaration] = []
    for (key, value) in node.entries {
      guard let name = name(key, of: "target"), isMapping(value, "target '\(name)'", like: "\(name): { type: mongodb, uri: … }") else {
        continue
      }
      guard let target = readTarget(value, name, key) else { continue }
      targetTypes[name] = target.type
      targets.append(target)
    }
    return targets
  }

  private mutating func readTarget(_ node: Node, _ name: String, _ opener: Node) -> TargetDeclaration? {
    guard let typeNode = node["type"] else {
      missingKey("type", in: "target '\(name)'", opener: opener.range, help: "one of mongodb, http, prometheus, exec")
      return nil
    }
    guard let type = word(typeNode, "type", among: Self.targetKeys.map(\.type)),
      let known = Self.targetKeys.first(where: { $0.type == type })
    else { return nil }
    var target = TargetDeclaration(name: name, nameRange: opener.range, type: type, fields: [], identity: nil, range: node.range)
    for (key, value) in node.entries {
      guard let text = key.text, text != "type", !text.hasPrefix("x-") else { continue }
      if text == "identity", type == "mongodb" {
        if isMapping(value, "'identity'", like: "identity: { replicaSet: NAME }") { target.identity = identity(value, opener: key) }
      } else if known.keys.contains(text) {
        let field = TemplateEntry(key: text, keyRange: key.range, value: template(value, .target))
        check(field, as: Self.type(ofTargetField: text))
        target.fields.append(field)
      } else {
        unknownKey(key, in: "target '\(name)' of type \(type)", known: ["type"] + known.keys + (type == "mongodb" ? ["identity"] : []))
      }
    }
    if let required = known.required, !target.fields.contains(where: { $0.key == required }) {
      missingKey(required, in: "target '\(name)'", opener: opener.range)
    }
    return target
  }

  private static func type(ofTargetField name: String) -> FieldType {
    switch name {
    case "headers", "env": .mapping(.text)
    case "via", "hosts": .list(.text)
    case "tls": .mapping(.any)
    default: .text
    }
  }

  private mutating func check(_ field: TemplateEntry, as type: FieldType) {
    let checked = Resolver.check(field.value, as: type, types: DeclaredParams(types: params), in: file)
    for var diagnostic in checked.diagnostics {
      diagnostic.message = "\(field.key): " + diagnostic.message
      diagnostics.add(diagnostic)
    }
  }

  private mutating func identity(_ node: Node, opener: Node) -> Template {
    let known = ["replicaSet", "clusterId", "hosts"]
    for (key, value) in node.entries {
      let name = key.text ?? ""
      if known.contains(name) {
        check(TemplateEntry(key: name, keyRange: key.range, value: template(value, .target)), as: Self.type(ofTargetField: name))
      } else {
        unknownKey(key, in: "'identity'", known: known)
      }
    }
    if node.count == 0 { missingKey("replicaSet", in: "'identity'", opener: opener.range, help: "or clusterId, or hosts") }
    return template(node, .target)
  }

  mutating func readDefaults(_ node: Node) {
    guard isMapping(node, "'defaults'", like: "{ target: main, collection: assets }") else { return }
    for (key, value) in node.entries {
      switch DefaultsKey.table.find(key) {
      case .target: defaultTarget = target(value)
      case .collection: defaultCollection = textTemplate(value, "collection")
      case .retry: defaultRetry = retry(value, opener: key)
      case nil: unknownKey(key, in: "'defaults'", known: DefaultsKey.table.names)
      }
    }
  }

  /// The name of a target; a written one must be declared.
  mutating func target(_ node: Node) -> Template? {
    guard let template = textTemplate(node, "target") else { return nil }
    if case .scalar(let scalar) = template.content, !isFragment, !targets.contains(scalar.text) {
      let meant = nearest(to: scalar.text, among: targets)
      report(
        .unknownTarget, "no target is called '\(scalar.text)'", at: node.range,
        help: meant.map { "did you mean '\($0)'?" }
          ?? (targets.isEmpty ? "declare it under 'targets'" : "targets are \(targets.joined(separator: ", "))"))
    }
    return template
  }

  /// A scalar that may hold references.
  mutating func textTemplate(_ node: Node, _ name: String) -> Template? {
    guard node.isScalar, !isNull(node) else {
      report(SyntaxCode.wrongValue, "'\(name)' must be text, not \(kindName(node))", at: node.range)
      return nil
    }
    return template(node)
  }

  /// A duration that may be a reference.
  mutating func durationTemplate(_ node: Node, _ name: String) -> Template? {
    guard let template = textTemplate(node, name) else { return nil }
    let checked = Resolver.check(template, as: .duration, types: DeclaredParams(types: params), in: file)
    for var diagnostic in checked.diagnostics {
      diagnostic.message = "\(name): " + diagnostic.message
      diagnostics.add(diagnostic)
    }
    if checked.value == .duration(0), ["timeout", "within", "holdFor", "stallTimeout", "deadline"].contains(name) {
      report(SyntaxCode.wrongValue, "'\(name)' must be above zero", at: node.range, help: "write a time, like 30s, or remove the key")
    }
    return template
  }

  mutating func retry(_ node: Node, opener: Node) -> RetryDeclaration? {
    guard isMapping(node, "'retry'", like: "retry: { attempts: 3, backoff: 1s..30s }") else { return nil }
    var retry = RetryDeclaration(attempts: 0)
    var hasAttempts = false
    for (key, value) in node.entries {
      switch RetryKey.table.find(key) {
      case .attempts:
        hasAttempts = true
        guard let number = integer(value, "attempts") else { continue }
        if (1...1000).contains(number) {
          retry.attempts = Int(number)
        } else {
          report(SyntaxCode.wrongValue, "attempts: \(number) is not between 1 and 1000", at: value.range)
        }
      case .backoff: readBackoff(value, into: &retry)
      case nil: unknownKey(key, in: "'retry'", known: RetryKey.table.names)
      }
    }
    if !hasAttempts { missingKey("attempts", in: "'retry'", opener: opener.range) }
    return retry.attempts > 0 ? retry : nil
  }

  private mutating func readBackoff(_ node: Node, into retry: inout RetryDeclaration) {
    guard let text = text(node, "backoff") else { return }
    var bounds: [String] = [text]
    if let dots = text.firstRange(of: "..") { bounds = [String(text[..<dots.lowerBound]), String(text[dots.upperBound...])] }
    do {
      let times = try bounds.map { (text) throws(TextMistake) in try ScalarText.microseconds(text) }
      guard times[0] <= times[times.count - 1] else {
        report(
          SyntaxCode.wrongValue, "backoff: '\(text)' ends before it begins", at: node.range,
          help: "write the shorter time first, like 1s..30s")
        return
      }
      (retry.backoffMin, retry.backoffMax) = (times[0], times[times.count - 1])
    } catch {
      report(SyntaxCode.wrongValue, "backoff: \(error.problem)", at: node.range, help: "write two durations, like 1s..30s")
    }
  }
}

/// What is known of references while a file is still being read.
struct DeclaredParams: ReferenceTypes {
  let types: [String: FieldType]

  func type(of reference: Reference) -> FieldType? {
    guard reference.root == .params, let type = reference.path.first.flatMap({ types[$0] }), type != .any else { return nil }
    return type
  }
}
