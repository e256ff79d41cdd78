import RunbookActions

/// The MongoDB actions that this version carries out.
public enum MongoActions {
  /// - Parameters:
  ///   - timing: how long the commands of an online change may act.
  ///   - crashPoints: where a test lets an online change die.
  public static func all(timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints()) -> [any Action] {
    [
      MongoPing(), MongoCount(), MongoDistribution(), MongoFieldShares(), MongoAggregate(), MongoCompare(), MongoIndexes(), MongoBackup(),
      MongoUpdate(timing: timing, crashPoints: crashPoints),
    ]
  }
}
