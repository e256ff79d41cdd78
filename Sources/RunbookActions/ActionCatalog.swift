import RunbookPlan

/// The actions that there are: what is known of each, and, where it is built, the action itself. A value, made once where the program is
/// wired together.
public struct ActionCatalog: Sendable {
  private let entries: [String: Entry]

  /// What is known of an action, with the action where it is built. A class, since every bound call holds one.
  final class Entry: Sendable {
    let descriptor: ActionDescriptor
    let action: (any Action)?

    init(_ descriptor: ActionDescriptor, _ action: (any Action)?) {
      self.descriptor = descriptor
      self.action = action
    }
  }

  /// - Parameters:
  ///   - actions: what can be carried out.
  ///   - announced: what the format has and a later version will carry out; plans that use it load, running them is refused by name.
  public init(actions: [any Action], announced: [ActionDescriptor] = AnnouncedActions.all) {
    var entries: [String: Entry] = [:]
    for descriptor in announced { entries[descriptor.name] = Entry(descriptor, nil) }
    for action in actions {
      precondition(entries[action.descriptor.name]?.action == nil, "two actions are named \(action.descriptor.name)")
      entries[action.descriptor.name] = Entry(action.descriptor, action)
    }
    self.entries = entries
  }

  public func descriptor(named name: String) -> ActionDescriptor? { entries[name]?.descriptor }
  public func action(named name: String) -> (any Action)? { entries[name]?.action }
  func entry(named name: String) -> Entry? { entries[name] }
  /// All names, sorted.
  public var names: [String] { entries.keys.sorted() }
  /// Names of what can be carried out, sorted.
  public var builtNames: [String] { entries.filter { $0.value.action != nil }.keys.sorted() }
}

/// The actions of this room: people, flow, evidence.
public enum FlowActions {
  public static func all() -> [any Action] { [ManualConfirm(), WaitFor(), WaitUntil(), Note(), BaselineRecord()] }
}
