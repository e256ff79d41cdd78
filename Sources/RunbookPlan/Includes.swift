import RunbookSyntax

/// Why a file that a plan includes could not be read: completes "the file x.yaml cannot be read: …".
public struct IncludeFailure: Error, Sendable, Hashable {
  public var reason: String

  public init(_ reason: String) { self.reason = reason }
}

/// Reads the files that plans include, by paths that begin where the path of the including file begins. Whoever may open files gives it.
public typealias IncludeReader = (_ path: String) throws(IncludeFailure) -> [UInt8]

/// A file that is part of a plan by `include`.
public struct IncludedFile: Sendable, Hashable {
  public var file: SourceFile
  /// Where it is named, in the file that includes it.
  public var place: SourcePlace
  /// What its ids and params begin with, nested prefixes joined; empty where there is none.
  public var prefix: String
}

extension [IncludedFile] {
  /// Diagnostics in included files, with notes that say where these are included.
  public func noted(_ diagnostics: [Diagnostic]) -> [Diagnostic] {
    if isEmpty { return diagnostics }
    return diagnostics.map { diagnostic in
      var diagnostic = diagnostic
      var file = diagnostic.place.file
      while let include = first(where: { $0.file === file }) {
        let note = DiagnosticNote("included here" + (include.prefix.isEmpty ? "" : " as '\(include.prefix)'"), at: include.place)
        if diagnostic.notes.contains(note) { break }
        diagnostic.notes.append(note)
        file = include.place.file
      }
      return diagnostic
    }
  }
}

/// Reads what a plan includes, and what that includes, and checks how it is included.
struct IncludeReading {
  /// A file with what is known of how it is used. The first one is the plan's own.
  struct Part {
    var file: SourceFile
    var tree: NodeTree
    /// Of the file in the joined one.
    var offset: Int
    /// Of ids and params, with the hyphen at its end; empty where there is none.
    var prefix: String
    /// Ids of its own and of what it includes, as its references name them.
    var names: Set<String> = []
    /// Where it stands in the tree of files, and how it is included.
    var parent: Int?
    var children: [Int] = []
    var with: Node?
    /// The place of the include: the prefix where there is one, else the path.
    var range: SourceRange
    var root: Node { tree.root }
  }

  /// Files inside one another.
  static let depth = 10
  /// Files in one plan.
  static let count = 100
  /// Bytes of all of them.
  static let size = 32 << 20

  let reader: IncludeReader?
  var parts: [Part]
  var diagnostics: [Diagnostic] = []
  var included: [IncludedFile] = []
  private var end: Int
  /// Where each param of the whole plan is declared.
  private var params: [String: SourcePlace] = [:]

  init(_ tree: NodeTree, reader: IncludeReader?) {
    self.reader = reader
    parts = [Part(file: tree.file, tree: tree, offset: 0, prefix: "", range: SourceRange(0, 0))]
    end = tree.file.bytes.count + 1
    for entry in tree.root["params"].map({ Array($0.entries) }) ?? [] {
      if let name = entry.key.text { params[name] = entry.key.place }
    }
  }

  /// Reads what the part at `index` includes. `path` are the files that led there, by their paths.
  mutating func readAll(of index: Int, path: [String]) {
    guard let list = parts[index].root["include"] else { return }
    var reader = PlanReader(file: parts[index].file)
    let isList = list.borrowed { reader.isList($0, "'include'") }
    diagnostics += reader.diagnostics.all
    guard isList else { return }
    for element in list.elements { read(element, in: index, path) }
  }

  private mutating func read(_ node: Node, in index: Int, _ path: [String]) {
    var reader = PlanReader(file: parts[index].file)
    defer { diagnostics += reader.diagnostics.all }
    guard let include = node.borrowed({ reader.include($0) }) else { return }
    let name = PathText.join(parts[index].file.path, include.file)
    func refuse(_ message: String, help: String?) { reader.report(.include, message, at: include.range, help: help) }
    if path.contains(name) {
      let help = "the way is " + (path.drop { $0 != name } + [name]).joined(separator: ", ")
      return refuse(path.last == name ? "\(name) includes itself" : "\(name) is included by what it includes", help: help)
    }
    guard path.count <= Self.depth else {
      return refuse("files are included at most \(Self.depth) deep", help: "include it from further out")
    }
    guard parts.count < Self.count else { return refuse("a plan includes at most \(Self.count) files", help: "join some of them") }
    let bytes: [UInt8]
    do {
      guard let read = self.reader else { throw IncludeFailure("only a plan that is a file may include others") }
      bytes = try read(name)
    } catch let failure as IncludeFailure {
      return refuse("the file \(name) cannot be read: \(failure.reason)", help: "paths are relative to the file that includes")
    } catch { return }
    guard end + bytes.count <= Self.size else {
      return refuse("the files of a plan have at most \(Self.size >> 20) MiB together", help: "keep data out of plans")
    }
    take(SourceFile(path: name, bytes: bytes), include, in: index, path + [name])
  }

  private mutating func take(_ file: SourceFile, _ include: PlanReader.Include, in index: Int, _ path: [String]) {
    let prefix = parts[index].prefix + (include.prefix.map { $0 + "-" } ?? "")
    included.append(
      IncludedFile(file: file, place: SourcePlace(file: parts[index].file, range: include.range), prefix: String(prefix.dropLast())))
    let parsed = NodeTree.parse(file)
    diagnostics += parsed.diagnostics
    guard let tree = parsed.tree else { return }
    var reader = PlanReader(file: file)
    let isFragment = tree.root.borrowed { reader.isFragment($0, hasPrefix: include.prefix != nil) }
    diagnostics += reader.diagnostics.all
    guard isFragment else { return }
    let number = parts.count
    parts.append(
      Part(
        file: file, tree: tree, offset: end, prefix: prefix, names: FragmentNames.ids(in: tree.root), parent: index, with: include.with,
        range: include.prefixRange ?? include.range))
    if let own = include.prefix, tree.root["steps"] != nil { parts[index].names.insert(own) }
    end += file.bytes.count + 1
    parts[index].children.append(number)
    readAll(of: number, path: path)
    let inner = include.prefix.map { $0 + "-" } ?? ""
    for name in parts[number].names { parts[index].names.insert(inner + name) }
    checkParams(of: number, include)
  }

  /// Each param of the fragment must be given or have a default, and nothing else may be given.
  private mutating func checkParams(of number: Int, _ include: PlanReader.Include) {
    let part = parts[number]
    let parent = parts[part.parent ?? 0].file
    let declared = part.root["params"]?.entries.compactMap { $0.key.text } ?? []
    for entry in part.with.map({ Array($0.entries) }) ?? [] {
      let name = entry.key.text ?? ""
      if name.hasPrefix("x-") || declared.contains(name) { continue }
      let help = nearest(to: name, among: declared).map { "did you mean '\($0)'?" }
      diagnostics.append(
        Diagnostic(
          PlanCode.unknownParam, "\(part.file.path) has no param '\(name)'", at: SourcePlace(file: parent, range: entry.key.range),
          help: help ?? (declared.isEmpty ? "it has no params" : "its params are \(declared.joined(separator: ", "))")))
    }
    for entry in part.root["params"].map({ Array($0.entries) }) ?? [] {
      guard let name = entry.key.text, !name.hasPrefix("x-") else { continue }
      checkName(part.prefix + name, at: entry.key.place)
      guard entry.value["default"] == nil, entry.value["value"] == nil,
        part.with?[name] == nil
      else { continue }
      diagnostics.append(
        Diagnostic(
          PlanCode.missingParam, "the include gives param '\(name)' of \(part.file.path) no value",
          at: SourcePlace(file: parent, range: include.range),
          notes: [DiagnosticNote("it is declared here", at: SourcePlace(file: part.file, range: entry.key.range))],
          help: "add with: { \(name): … }"))
    }
  }
}

extension IncludeReading {
  /// Without a prefix the params of a fragment are those of the plan.
  private mutating func checkName(_ name: String, at place: SourcePlace) {
    guard let first = params.updateValue(place, forKey: name) else { return }
    params[name] = first
    diagnostics.append(
      Diagnostic(
        PlanCode.include, "the plan has a param '\(name)' already", at: place, notes: [DiagnosticNote("it is declared here", at: first)],
        help: "include the file 'as: NAME', and its params become NAME-…"))
  }
}

extension PathText {
  /// A path that is relative to a file, from where that file's own path begins.
  static func join(_ file: String, _ relative: String) -> String {
    var parts = file.split(separator: "/", omittingEmptySubsequences: false).dropLast().map(String.init)
    for part in relative.split(separator: "/") where part != "." {
      if part == "..", let last = parts.last, last != "..", !last.isEmpty, last != "." {
        parts.removeLast()
      } else {
        parts.append(String(part))
      }
    }
    return parts.joined(separator: "/")
  }
}
