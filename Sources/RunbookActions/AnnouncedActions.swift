import RunbookPlan

/// Actions of format v1 that this version loads and checks by name but does not carry out yet. Their fields are known by name, so that a
/// misspelt one is still told; when an action is built its own descriptor takes the place of the entry here.
public enum AnnouncedActions {
  public static let all: [ActionDescriptor] = mongoChanging + mongoReading + programs + http + peopleAndEvidence

  private static let updateFields = [
    "filter", "select", "guard", "let", "collation", "fields", "batch", "throttle", "undo", "inDoubt", "appWrites", "onNotConverged",
    "onDocumentError",
  ]
  private static let programFields = ["env", "cwd", "stdin", "okExitCodes", "parse", "captureLimit"]
  private static let programOutputs = ["exitCode", "stdout", "stderr", "json", "lines", "duration"]
  private static let latencyOutputs = ["p95", "p50", "p99", "max", "mean", "samples", "errors", "errorRate", "histogram"]

  private static let mongoChanging = [
    changing("mongodb.transform", "program http projection", updateFields, outputs: "changed matched rejected conflicts inDoubt failed"),
    changing("mongodb.insert", "documents file select ifExists", outputs: "inserted ids"),
    changing(
      "mongodb.delete", "filter select guard batch throttle", outputs: "deleted matched guarded conflicts failed batches sweeps duration"),
    changing("mongodb.restore", "from to mode acceptWriteLoss", outputs: "restored wouldLose"),
    changing(
      "mongodb.createIndex", "keys name unique sparse partialFilterExpression collation expireAfter hidden build", outputs: "name created"),
    changing("mongodb.dropIndex", "name", outputs: "dropped definition"),
    changing("mongodb.createCollection", "name validator collation options", outputs: "created"),
    changing("mongodb.dropCollection", "name", outputs: "documents keptAs"),
    changing("mongodb.renameCollection", "from to", outputs: "renamed"),
    changing("mongodb.setValidator", "validator level action allowExistingViolations", outputs: "violations previous"),
    changing("mongodb.command", "command expectOk", outputs: "reply", inverse: .none),
  ]

  private static let mongoReading = [
    reading("mongodb.find", "filter projection sort limit", outputs: "count truncated documents first"),
    reading("mongodb.validate", "schema filter", outputs: "violations examples"),
    reading("mongodb.explain", "filter sort pipeline", outputs: "indexUsed indexes examined returned examinedPerReturned stage"),
    reading("mongodb.latency", "filter pipeline samples warmUp concurrency rate", outputs: latencyOutputs.joined(separator: " ")),
  ]

  private static let programs = [
    program("exec.run", "argv", isMutating: true),
    program("exec.check", "argv", isMutating: false),
    program("shell.run", "run shell", isMutating: true),
  ]

  private static let http = [
    announced(
      "http.request", fields("path method body headers query expectStatus idempotencyKey"), outputs: "status headers body duration",
      isMutating: true, target: "http", inverse: .none, interrupt: .await),
    announced("http.check", fields("path method headers query expectStatus"), outputs: "status headers body duration", target: "http"),
    announced(
      "http.probe", fields("path method expectStatus slowerThan"), outputs: "errorRate samples failures longestGap p50 p95", target: "http"),
    announced(
      "http.latency", fields("path method body samples warmUp concurrency rate cleanUp headers query"),
      outputs: latencyOutputs.joined(separator: " "), target: "http"),
    announced("metric.prometheus", fields("query range step"), outputs: "value series", target: "prometheus"),
  ]

  private static let peopleAndEvidence = [
    announced("manual.approve", fields("by minimum notInitiator expires onReject onExpiry"), outputs: "approved by at digest"),
    announced("wait.until", fields("at zone check within"), outputs: "waited"),
    announced("baseline.record", fields("measure maxAge"), outputs: latencyOutputs.joined(separator: " ")),
    announced("notify.webhook", fields("target format text"), outputs: "status"),
  ]

  private static func changing(
    _ name: String, _ names: String, _ more: [String] = [], outputs: String, inverse: Inverse = .automatic("its own inverse")
  ) -> ActionDescriptor {
    announced(
      name, fields(names) + more.map(field), outputs: outputs, isMutating: true, target: "mongodb",
      needsCollection: !name.hasSuffix("Collection") && name != "mongodb.command" && name != "mongodb.restore", inverse: inverse,
      interrupt: .await)
  }

  private static func reading(_ name: String, _ names: String, outputs: String) -> ActionDescriptor {
    announced(name, fields(names), outputs: outputs, target: "mongodb", needsCollection: true)
  }

  private static func program(_ name: String, _ names: String, isMutating: Bool) -> ActionDescriptor {
    announced(
      name, fields(names) + programFields.map(field), outputs: programOutputs.joined(separator: " "), isMutating: isMutating,
      target: "exec", inverse: isMutating ? .none : .notNeeded)
  }

  private static func announced(
    _ name: String, _ fields: [FieldType.Field], outputs: String, isMutating: Bool = false, target: String? = nil,
    needsCollection: Bool = false, inverse: Inverse = .notNeeded, interrupt: InterruptStyle = .abort
  ) -> ActionDescriptor {
    let names = outputs.split(separator: " ").map(String.init)
    return ActionDescriptor(
      name: name, summary: "Part of format v1; a later version carries it out.", isMutating: isMutating, targetType: target,
      needsCollection: needsCollection, fields: fields, outputs: names.map { .init($0, .any, "") }, mainOutput: names.first,
      effectClass: isMutating ? .opaque : .read, interrupt: interrupt, inverse: inverse, example: "", rate: rate(names),
      operations: names.contains("samples") ? "samples" : nil)
  }

  private static func rate(_ outputs: [String]) -> ActionDescriptor.Rate? {
    guard outputs.contains("errorRate") else { return nil }
    return .init(output: "errorRate", failures: outputs.contains("failures") ? "failures" : "errors", samples: "samples")
  }

  private static func fields(_ names: String) -> [FieldType.Field] { names.split(separator: " ").map { field(String($0)) } }
  private static func field(_ name: String) -> FieldType.Field { .init(name, .any, isBuilt: false, "") }
}
