/// Whether a finding keeps a plan from being used.
public enum Severity: String, Sendable, Hashable {
  case error
  case warning
  /// Worth knowing, and no more.
  case note
}

/// A second place that explains a diagnostic ("first defined here").
public struct DiagnosticNote: Sendable, Hashable {
  public let message: String
  public let place: SourcePlace

  public init(_ message: String, at place: SourcePlace) {
    self.message = hidingPasswords(message)
    self.place = place
  }
}

/// One thing that is wrong with what the author wrote, where it stands and what to do about it: a value, never thrown. Passwords in addresses are
/// hidden in its texts.
public struct Diagnostic: Sendable, Hashable {
  /// `RBnnnn`, the page of `docs/errors` that explains it.
  public var code: String
  /// The name of the lint rule that found it, which an inline ignore takes; nil for all else.
  public var rule: String?
  public var severity: Severity
  /// One sentence without a full stop.
  public var message: String
  /// What the caret stands under.
  public var place: SourcePlace
  public var notes: [DiagnosticNote]
  /// What to do, as one sentence.
  public var help: String?
  /// The line as it should be written, with its indentation; shown under the help.
  public var fixedLine: String?

  public init(
    code: String, severity: Severity = .error, message: String, place: SourcePlace, notes: [DiagnosticNote] = [],
    help: String? = nil, fixedLine: String? = nil
  ) {
    self.code = code
    self.severity = severity
    self.message = hidingPasswords(message)
    self.place = place
    self.notes = notes
    self.help = help.map { hidingPasswords($0) }
    self.fixedLine = fixedLine.map { hidingPasswords($0) }
  }

  /// The same with a code out of a room's own list of codes.
  public init<Code: RawRepresentable>(
    _ code: Code, severity: Severity = .error, _ message: String, at place: SourcePlace, notes: [DiagnosticNote] = [],
    help: String? = nil, fixedLine: String? = nil
  ) where Code.RawValue == String {
    self.init(
      code: code.rawValue, severity: severity, message: message, place: place, notes: notes, help: help, fixedLine: fixedLine)
  }

  /// The path as the user wrote it.
  public var path: String { place.file.path }
  public var range: SourceRange { place.range }
}

/// Gathers diagnostics while a file is read on, so that all of them are told at once.
public struct DiagnosticCollector: Sendable {
  /// In the order in which they were found.
  public private(set) var all: [Diagnostic] = []
  /// Whether an error, not only warnings, was found.
  public private(set) var hasErrors = false
  private var seen: Set<Diagnostic> = []

  public init() {}

  /// Adds one; the same diagnostic (found again through an alias, say) is kept once.
  public mutating func add(_ diagnostic: Diagnostic) {
    guard seen.insert(diagnostic).inserted else { return }
    all.append(diagnostic)
    if diagnostic.severity == .error { hasErrors = true }
  }

  public mutating func add(contentsOf diagnostics: some Sequence<Diagnostic>) {
    for diagnostic in diagnostics { add(diagnostic) }
  }

  /// All of them in order of place: see ``Swift/Array/inOrderOfPlace()``.
  public var sorted: [Diagnostic] { all.inOrderOfPlace() }
}

extension Array where Element == Diagnostic {
  /// Files in the order in which they first appear, inside a file by place; those at one place keep their order.
  public func inOrderOfPlace() -> [Diagnostic] {
    var fileOrder: [String: Int] = [:]
    for diagnostic in self where fileOrder[diagnostic.path] == nil { fileOrder[diagnostic.path] = fileOrder.count }
    return enumerated().map { (file: fileOrder[$0.element.path] ?? 0, range: $0.element.range, number: $0.offset, value: $0.element) }
      .sorted { ($0.file, $0.range, $0.number) < ($1.file, $1.range, $1.number) }
      .map(\.value)
  }
}
