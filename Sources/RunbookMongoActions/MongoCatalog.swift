import RunbookActions

/// The MongoDB actions.
public enum MongoActions {
  /// What format v1 has and this version does not carry out yet: plans that use it load and are checked, running them is refused by name.
  public static let announced: [ActionDescriptor] = []

  /// What this version carries out.
  /// - Parameters:
  ///   - timing: how long the commands of an online change may act.
  ///   - crashPoints: where a test lets an online change die.
  ///   - running: starts the programs that compute changes.
  public static func all(
    timing: OnlineChangeTiming = OnlineChangeTiming(), crashPoints: CrashPoints = CrashPoints(),
    running: ProgramRunning = ProgramRunning(programs: Programs())
  ) -> [any Action] {
    [
      MongoPing(), MongoCount(), MongoDistribution(), MongoFieldShares(), MongoAggregate(), MongoCompare(), MongoIndexes(), MongoFind(),
      MongoValidate(), MongoExplain(), MongoLatency(), MongoBackup(crashPoints: crashPoints),
      MongoUpdate(timing: timing, crashPoints: crashPoints),
      MongoTransform(running: running, timing: timing, crashPoints: crashPoints), MongoInsert(timing: timing, crashPoints: crashPoints),
      MongoDelete(timing: timing, crashPoints: crashPoints), MongoRestore(timing: timing, crashPoints: crashPoints),
      MongoCreateIndex(), MongoDropIndex(), MongoCreateCollection(), MongoDropCollection(), MongoRenameCollection(), MongoSetValidator(),
      MongoCommand(),
    ]
  }
}
