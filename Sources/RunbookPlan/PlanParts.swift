import RunbookSyntax

/// Keeps the fields of a large value behind one reference: a plan has thousands of steps, which are handed on many times and hardly ever changed.
///
/// Unchecked, since nothing changes `fields` but the one owner of the only reference to it.
final class Shared<Fields: Sendable>: @unchecked Sendable {
  var fields: Fields

  init(_ fields: Fields) { self.fields = fields }
}

/// The use of an action: its name and what it is given. `defaults` are already applied to `target` and `collection`.
public struct ActionCall: Sendable {
  private struct Fields: Sendable {
    var name: String
    var nameRange: SourceRange
    var arguments: [TemplateEntry]
    var target: Template?
    var targetIsDefault: Bool
    var collection: Template?
    var collectionIsDefault: Bool
    var range: SourceRange
  }

  private var shared: Shared<Fields>

  public var name: String {
    get { shared.fields.name }
    set { own { $0.name = newValue } }
  }
  public var nameRange: SourceRange {
    get { shared.fields.nameRange }
    set { own { $0.nameRange = newValue } }
  }
  public var arguments: [TemplateEntry] {
    get { shared.fields.arguments }
    set { own { $0.arguments = newValue } }
  }
  public var target: Template? {
    get { shared.fields.target }
    set { own { $0.target = newValue } }
  }
  /// True where `target` came from `defaults`, which apply only to actions of the target's type.
  public var targetIsDefault: Bool {
    get { shared.fields.targetIsDefault }
    set { own { $0.targetIsDefault = newValue } }
  }
  public var collection: Template? {
    get { shared.fields.collection }
    set { own { $0.collection = newValue } }
  }
  public var collectionIsDefault: Bool {
    get { shared.fields.collectionIsDefault }
    set { own { $0.collectionIsDefault = newValue } }
  }
  public var range: SourceRange {
    get { shared.fields.range }
    set { own { $0.range = newValue } }
  }

  public init(
    name: String, nameRange: SourceRange, arguments: [TemplateEntry], target: Template?, targetIsDefault: Bool, collection: Template?,
    collectionIsDefault: Bool, range: SourceRange
  ) {
    shared = Shared(
      Fields(
        name: name, nameRange: nameRange, arguments: arguments, target: target, targetIsDefault: targetIsDefault, collection: collection,
        collectionIsDefault: collectionIsDefault, range: range))
  }

  /// Changes the fields, of this value alone.
  private mutating func own(_ change: (inout Fields) -> Void) {
    if !isKnownUniquelyReferenced(&shared) { shared = Shared(shared.fields) }
    change(&shared.fields)
  }
}

public struct Check: Sendable {
  public enum Source: Sendable {
    case action(ActionCall)
    case value(Template)
  }

  private struct Fields: Sendable {
    var id: String
    var idRange: SourceRange
    var title: String?
    var bar: String?
    var source: Source
    var expect: Matcher?
    var onFail: Policy
    var onError: Policy
    var onNoData: Policy
    var within: Template?
    var holdFor: Template?
    var timeout: Template?
    var retry: RetryDeclaration?
    var recheck: Bool
    var when: Condition?
    var range: SourceRange
  }

  private var shared: Shared<Fields>

  public var id: String {
    get { shared.fields.id }
    set { own { $0.id = newValue } }
  }
  public var idRange: SourceRange {
    get { shared.fields.idRange }
    set { own { $0.idRange = newValue } }
  }
  public var title: String? {
    get { shared.fields.title }
    set { own { $0.title = newValue } }
  }
  public var bar: String? {
    get { shared.fields.bar }
    set { own { $0.bar = newValue } }
  }
  public var source: Source {
    get { shared.fields.source }
    set { own { $0.source = newValue } }
  }
  /// Nil only for `manual.confirm`, where a no is a fail.
  public var expect: Matcher? {
    get { shared.fields.expect }
    set { own { $0.expect = newValue } }
  }
  public var onFail: Policy {
    get { shared.fields.onFail }
    set { own { $0.onFail = newValue } }
  }
  public var onError: Policy {
    get { shared.fields.onError }
    set { own { $0.onError = newValue } }
  }
  public var onNoData: Policy {
    get { shared.fields.onNoData }
    set { own { $0.onNoData = newValue } }
  }
  public var within: Template? {
    get { shared.fields.within }
    set { own { $0.within = newValue } }
  }
  public var holdFor: Template? {
    get { shared.fields.holdFor }
    set { own { $0.holdFor = newValue } }
  }
  public var timeout: Template? {
    get { shared.fields.timeout }
    set { own { $0.timeout = newValue } }
  }
  public var retry: RetryDeclaration? {
    get { shared.fields.retry }
    set { own { $0.retry = newValue } }
  }
  public var recheck: Bool {
    get { shared.fields.recheck }
    set { own { $0.recheck = newValue } }
  }
  public var when: Condition? {
    get { shared.fields.when }
    set { own { $0.when = newValue } }
  }
  public var range: SourceRange {
    get { shared.fields.range }
    set { own { $0.range = newValue } }
  }

  public init(id: String, idRange: SourceRange, source: Source, range: SourceRange) {
    shared = Shared(
      Fields(id: id, idRange: idRange, source: source, onFail: .rollback, onError: .halt, onNoData: .halt, recheck: false, range: range))
  }

  /// Changes the fields, of this value alone.
  private mutating func own(_ change: (inout Fields) -> Void) {
    if !isKnownUniquelyReferenced(&shared) { shared = Shared(shared.fields) }
    change(&shared.fields)
  }
}

public struct Step: Sendable {
  public enum FailurePolicy: String, Sendable, Hashable { case rollback, halt, `continue` }
  public enum InterruptRule: String, Sendable, Hashable { case halt, rerun, probe }

  private struct Fields: Sendable {
    var id: String
    var idRange: SourceRange
    var renamedFrom: String?
    var title: String?
    var action: ActionCall
    var when: Condition?
    var preconditions: [Check] = []
    var capture: [Check] = []
    var verify: [Check] = []
    var retry: RetryDeclaration?
    var timeout: Template?
    var stallTimeout: Template?
    var deadline: Template?
    var onFailure: FailurePolicy = .rollback
    var rollback: RollbackDeclaration?
    var probe: Check?
    var onInterrupt: InterruptRule?
    var outputsWhenSkipped: Template?
    var range: SourceRange
  }

  private var shared: Shared<Fields>

  public var id: String {
    get { shared.fields.id }
    set { own { $0.id = newValue } }
  }
  public var idRange: SourceRange {
    get { shared.fields.idRange }
    set { own { $0.idRange = newValue } }
  }
  public var renamedFrom: String? {
    get { shared.fields.renamedFrom }
    set { own { $0.renamedFrom = newValue } }
  }
  public var title: String? {
    get { shared.fields.title }
    set { own { $0.title = newValue } }
  }
  public var action: ActionCall {
    get { shared.fields.action }
    set { own { $0.action = newValue } }
  }
  public var when: Condition? {
    get { shared.fields.when }
    set { own { $0.when = newValue } }
  }
  public var preconditions: [Check] {
    get { shared.fields.preconditions }
    set { own { $0.preconditions = newValue } }
  }
  public var capture: [Check] {
    get { shared.fields.capture }
    set { own { $0.capture = newValue } }
  }
  public var verify: [Check] {
    get { shared.fields.verify }
    set { own { $0.verify = newValue } }
  }
  public var retry: RetryDeclaration? {
    get { shared.fields.retry }
    set { own { $0.retry = newValue } }
  }
  public var timeout: Template? {
    get { shared.fields.timeout }
    set { own { $0.timeout = newValue } }
  }
  public var stallTimeout: Template? {
    get { shared.fields.stallTimeout }
    set { own { $0.stallTimeout = newValue } }
  }
  public var deadline: Template? {
    get { shared.fields.deadline }
    set { own { $0.deadline = newValue } }
  }
  public var onFailure: FailurePolicy {
    get { shared.fields.onFailure }
    set { own { $0.onFailure = newValue } }
  }
  public var rollback: RollbackDeclaration? {
    get { shared.fields.rollback }
    set { own { $0.rollback = newValue } }
  }
  public var probe: Check? {
    get { shared.fields.probe }
    set { own { $0.probe = newValue } }
  }
  public var onInterrupt: InterruptRule? {
    get { shared.fields.onInterrupt }
    set { own { $0.onInterrupt = newValue } }
  }
  public var outputsWhenSkipped: Template? {
    get { shared.fields.outputsWhenSkipped }
    set { own { $0.outputsWhenSkipped = newValue } }
  }
  public var range: SourceRange {
    get { shared.fields.range }
    set { own { $0.range = newValue } }
  }

  public init(id: String, idRange: SourceRange, action: ActionCall, range: SourceRange) {
    shared = Shared(Fields(id: id, idRange: idRange, action: action, range: range))
  }

  /// Changes the fields, of this value alone.
  private mutating func own(_ change: (inout Fields) -> Void) {
    if !isKnownUniquelyReferenced(&shared) { shared = Shared(shared.fields) }
    change(&shared.fields)
  }
}
