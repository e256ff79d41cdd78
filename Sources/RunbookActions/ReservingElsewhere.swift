import RunbookPlan

/// An action that may also change something in another target than the step's own.
public protocol ReservingElsewhere {
  /// What is changed there, as names of reservations, by the targets' names in the plan. Known before the run begins.
  func reservationsElsewhere(arguments: ValueMap) -> [String: [String]]
}
