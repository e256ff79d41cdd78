import RunbookPlan

/// The actions that there are: what is known of each, and, where it is built, the action itself. A value, made once where the program is
/// wired together.
public struct ActionCatalog: Sendable {
  private let entries: [String: (descriptor: ActionDescriptor, action: (any Action)?)]

  /// - Parameters:
  ///   - actions: what can be carried out.
  ///   - announced: what the format has and a later version will carry out; plans that use it load, running them is refused by name.
  public init(actions: [any Action], announced: [ActionDescriptor] = AnnouncedActions.all) {
    var entries: [String: (descriptor: ActionDescriptor, action: (any Action)?)] = [:]
    for descriptor in announced { entries[descriptor.name] = (descriptor, nil) }
    for action in actions {
      precondition(entries[action.descriptor.name]?.action == nil, "two actions are named \(action.descriptor.name)")
      entries[action.descriptor.name] = (action.descriptor, action)
    }
    self.entries = entries
  }

  public func descriptor(named name: String) -> ActionDescriptor? { entries[name]?.descriptor }
  public func action(named name: String) -> (any Action)? { entries[name]?.action }
  /// What is known of an action, with the action where it is built.
  func find(_ name: String) -> (descriptor: ActionDescriptor, action: (any Action)?)? { entries[name] }
  /// All names, sorted.
  public var names: [String] { entries.keys.sorted() }
  /// Names of what can be carried out, sorted.
  public var builtNames: [String] { entries.filter { $0.value.action != nil }.keys.sorted() }
}

/// The actions of this room: people, flow, evidence.
public enum FlowActions {
  public static func all() -> [any Action] { [ManualConfirm(), WaitFor(), WaitUntil(), Note(), BaselineRecord()] }
}
