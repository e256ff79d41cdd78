import MongoDriver

/// Which fields of a document a filter or an expression can look at, as far as that can be told without running it.
///
/// A set too large does no harm, a set too small would.
struct UpdateReads: Hashable {
  /// Paths, in the order in which they were met.
  private(set) var paths: [ChangedPath] = []
  /// True where the fields cannot be listed: any of them may count.
  private(set) var wholeDocument = false
  /// Whether the document as a whole is named in an expression (`$$ROOT`, `$$CURRENT`).
  private(set) var namesRoot = false
  /// Whether an expression has another value each time: the time, chance, or a function of the plan's own.
  private(set) var isVolatile = false

  /// Names of the top-level fields: `$owner.name` reads `owner`.
  var fields: [String] {
    var names: [String] = []
    for path in paths where !names.contains(path.names[0]) { names.append(path.names[0]) }
    return names
  }

  /// The top-level fields that have to be guarded besides those that a change touches. What lies in a touched field is guarded with it: on the way to
  /// it there are documents alone, so that a path means one value.
  func inputs(beside touched: [ChangedPath]) -> [ChangedPath] {
    var inputs: [ChangedPath] = []
    for path in paths where !touched.contains(where: path.isInside) {
      let top = ChangedPath(name: path.names[0])
      if path.names[0] != "_id", !path.names[0].isEmpty, !inputs.contains(top) { inputs.append(top) }
    }
    return inputs
  }

  private mutating func add(_ path: ChangedPath) {
    if !paths.contains(path) { paths.append(path) }
  }

  private mutating func add(path: String) { add(ChangedPath(path: path)) }

  /// A top-level field by its name, which may be one that no path can say.
  private mutating func add(name: String) {
    if name == ChangeDefinition.root { wholeDocument = true } else { add(ChangedPath(name: name)) }
  }

  /// Takes in a filter in the query language.
  mutating func add(filter: BSONDocument) {
    for element in filter {
      let key = element.key
      switch key {
      case "$and", "$or", "$nor":
        for part in element.value.array ?? BSONArray([]) {
          if let part = part.document { add(filter: part) }
        }
      case "$expr": add(expression: element.value)
      case "$comment", "$alwaysTrue", "$alwaysFalse": break
      default:
        // `$jsonSchema`, `$text`, `$where` and whatever else may come: the fields stand inside in ways of their own.
        if key.hasPrefix("$") { wholeDocument = true } else { add(path: key) }
      }
    }
  }

  /// Takes in the constants that variables stand for.
  mutating func add(variables: BSONDocument) {
    for element in variables { add(expression: element.value) }
  }

  /// Takes in an aggregation expression.
  mutating func add(expression value: RawBSONValue) {
    switch value.type {
    case .string: add(text: value.string ?? "")
    case .array: for item in value.array ?? BSONArray([]) { add(expression: item) }
    case .document: for element in value.document ?? BSONDocument() { add(operator: element.key, element.value) }
    default: break
    }
  }

  private mutating func add(text: String) {
    guard text.hasPrefix("$") else { return }
    guard text.hasPrefix("$$") else { return add(path: String(text.dropFirst())) }
    let parts = text.dropFirst(2).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    // Other variables are bound to expressions, which are met by themselves.
    if parts[0] == "NOW" || parts[0] == "CLUSTER_TIME" { isVolatile = true }
    guard parts[0] == "ROOT" || parts[0] == "CURRENT" else { return }
    if parts.count > 1 {
      add(path: String(parts[1]))
    } else {
      wholeDocument = true
      namesRoot = true
    }
  }

  private mutating func add(operator name: String, _ argument: RawBSONValue) {
    switch name {
    case "$literal": break
    case "$getField": addGetField(argument)
    case "$rand", "$sampleRate":
      isVolatile = true
      add(expression: argument)
    case "$meta", "$function", "$accumulator":
      wholeDocument = true
      isVolatile = true
      add(expression: argument)
    default: add(expression: argument)
    }
  }

  /// `{$getField: "f"}`, or `{field, input}`, where `input` is the document unless given.
  private mutating func addGetField(_ argument: RawBSONValue) {
    let field = argument.document?["field"] ?? argument
    let text = field.string.flatMap { $0.hasPrefix("$") ? nil : $0 }
    let name = text ?? field.document?["$literal"]?.string
    if name == nil { add(expression: field) }
    if let input = argument.document?["input"], input.string != "$$ROOT", input.string != "$$CURRENT" { return add(expression: input) }
    if let name { add(name: name) } else { wholeDocument = true }
  }
}
