import RunbookSyntax

/// A value as the plan's author wrote it, references included, with the place of every part.
public struct Template: Sendable {
  public var content: Content
  public var range: SourceRange

  public enum Content: Sendable {
    /// Text without a reference.
    case scalar(Scalar)
    /// A string that is one reference as a whole: it keeps the type of what it names.
    indirect case reference(Reference)
    /// Text with references in it: always text.
    case interpolation([Piece])
    case list([Template])
    case map([TemplateEntry])
  }

  public init(_ content: Content, range: SourceRange) {
    self.content = content
    self.range = range
  }
}

/// The text of a scalar. A field's type reads the text; only MongoDB documents and matchers ask whether it stood without quotes.
public struct Scalar: Sendable, Hashable {
  public var text: String
  /// True where it was written without quotes, so that `5` may be a number.
  public var isPlain: Bool

  public init(text: String, isPlain: Bool) {
    self.text = text
    self.isPlain = isPlain
  }
}

public struct TemplateEntry: Sendable {
  public var key: String
  public var keyRange: SourceRange
  public var value: Template

  public init(key: String, keyRange: SourceRange, value: Template) {
    self.key = key
    self.keyRange = keyRange
    self.value = value
  }
}

/// One part of a text with references.
public enum Piece: Sendable {
  case text(String)
  case reference(Reference)
}

/// What stands between `${{` and `}}`, taken apart.
public struct Reference: Sendable, Hashable {
  public enum Root: String, Sendable, Hashable, CaseIterable {
    case params, secrets, metadata, run, steps, checks, triggers, phases, captured, baselines
    /// One request of `http.latency`: only inside its arguments.
    case sample
  }

  public var root: Root
  /// The parts behind the root: `steps.backup.outputs.documents` has `backup`, `outputs`, `documents`; a quoted part is one part.
  public var path: [String]
  /// The text between the braces, without the blanks around it.
  public var text: String
  public var range: SourceRange

  public init(root: Root, path: [String], text: String, range: SourceRange) {
    self.root = root
    self.path = path
    self.text = text
    self.range = range
  }
}

extension Template {
  /// The entry of a map by its key.
  public subscript(key: String) -> Template? {
    guard case .map(let entries) = content else { return nil }
    return entries.first { $0.key == key }?.value
  }

  /// Whether it is exactly this text.
  func isText(_ text: String) -> Bool { if case .scalar(let scalar) = content { scalar.text == text } else { false } }

  /// All references in this value, in the order of the text.
  public var references: [Reference] {
    var found: [Reference] = []
    collectReferences(into: &found)
    return found
  }

  private func collectReferences(into found: inout [Reference]) {
    switch content {
    case .scalar: break
    case .reference(let reference): found.append(reference)
    case .interpolation(let pieces): for case .reference(let reference) in pieces { found.append(reference) }
    case .list(let items): for item in items { item.collectReferences(into: &found) }
    case .map(let entries): for entry in entries { entry.value.collectReferences(into: &found) }
    }
  }
}
