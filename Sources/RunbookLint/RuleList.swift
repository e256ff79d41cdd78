extension Lint {
  /// All rules in order of their codes.
  public static let rules: [LintRule] = [
    inlineIgnore, writeWithoutBackup, unfilteredUpdate, writeWithoutCheck, backupNotProven, noWayBack, rollbackLosesWrites,
    checkAfterPointOfNoReturn, updateNotIdempotent, nullCompared, distributionTotal, unboundedStep, commandOutlastsLease, secretInText,
    environmentMismatch, continueHidesFailure, thresholdUndecidable, noBaseline, unsatisfiableGate, unusedParam, unusedTarget, unusedSecret,
    stepWithoutTitle, contactMissing, equalityOnLiveCount, selectWithoutGuard, compareCountsLiveWrites, triggerNeverActs,
    backupExpiresEarly, fixedBackupName, javaScriptInQuery,
  ]
}
