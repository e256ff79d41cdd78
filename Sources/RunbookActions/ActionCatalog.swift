import RunbookPlan

/// The actions that there are: what is known of each, and, where it is built, the action itself. A value, made once where the program is
/// wired together.
public struct ActionCatalog: Sendable {
  private let descriptors: [String: ActionDescriptor]
  private let actions: [String: any Action]

  /// - Parameters:
  ///   - actions: what can be carried out.
  ///   - announced: what the format has and a later version will carry out; plans that use it load, running them is refused by name.
  public init(actions: [any Action], announced: [ActionDescriptor] = AnnouncedActions.all) {
    var descriptors: [String: ActionDescriptor] = [:]
    for descriptor in announced { descriptors[descriptor.name] = descriptor }
    var built: [String: any Action] = [:]
    for action in actions {
      precondition(built[action.descriptor.name] == nil, "two actions are named \(action.descriptor.name)")
      built[action.descriptor.name] = action
      descriptors[action.descriptor.name] = action.descriptor
    }
    self.descriptors = descriptors
    self.actions = built
  }

  public func descriptor(named name: String) -> ActionDescriptor? { descriptors[name] }
  public func action(named name: String) -> (any Action)? { actions[name] }
  /// All names, sorted.
  public var names: [String] { descriptors.keys.sorted() }
  /// Names of what can be carried out, sorted.
  public var builtNames: [String] { actions.keys.sorted() }
}

/// The actions of this room: people, flow, evidence.
public enum FlowActions {
  public static func all() -> [any Action] { [ManualConfirm(), WaitFor(), Note(), BaselineRecord()] }
}
