import RunbookActions

/// The MongoDB actions that this version carries out.
public enum MongoActions {
  public static func all() -> [any Action] {
    [
      MongoPing(), MongoCount(), MongoDistribution(), MongoFieldShares(), MongoAggregate(), MongoCompare(), MongoIndexes(), MongoBackup(),
    ]
  }
}
