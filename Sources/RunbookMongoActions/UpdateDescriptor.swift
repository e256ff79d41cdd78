import RunbookActions
import RunbookPlan

extension ActionDescriptor {
  /// What is known of `mongodb.update` without carrying it out.
  static let mongoUpdate = ActionDescriptor(
    name: "mongodb.update",
    summary: "Changes fields of many documents while the application goes on writing, and can take it back without losing its writes.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: updateFields,
    outputs: updateOutputs,
    mainOutput: "changed",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("puts each field back where our value still stands; what the application changed since is kept and listed"),
    example: """
      - id: add-fields
        action: mongodb.update
        with:
          filter: { albumArt: { $exists: false } }
          pipeline: [ { $set: { albumArt: null } } ]
      """)

  static let updateFields: [FieldType.Field] = [
    .init("pipeline", .documents(.pipeline), "Stages $set, $addFields, $unset, and $replaceWith by $setField; this or `update`."),
    .init("update", .document(.data), "The same in operator form: $set, $unset, $rename, $min, $max and $currentDate."),
    .init(
      "filter", .document(.data), default: "{}",
      "Which documents need the change. Where they still fit it afterwards, each is changed once."),
    .select, .guardCondition,
    .init("let", .document(.expression), "Variables of the pipeline's expressions (`$$name`), each a constant."),
    .collation,
    .init("fields", .list(.text), "The fields that change; found from the stages unless given."),
    .batch, .throttle,
    .init(
      "undo", .choice(["fields", "documents"]), default: "fields",
      "What is kept for the way back: the fields, or whole documents, which come back to the byte where nothing else changed."),
    .init(
      "inDoubt", .choice(["report", "restore"]), default: "report", "What a rollback does with documents whose outcome nobody can tell."),
    .init(
      "appWrites", .choice(["unknown", "never"]), default: "unknown", "`never`: nobody else writes these fields yet, so none is in doubt."),
    .init(
      "onNotConverged", .choice(["warn", "fail", "wait"]), default: "warn",
      "When documents keep arriving: end with a warning, fail, or go on until none needs the change."),
    .init(
      "onDocumentError",
      .oneOf([
        .choice(["stop", "rollback", "collect"]),
        .object([
          .init("collect", .object([.init("limit", .integer(min: 1), default: "100", "At most.")]), "Go on and list them.")
        ]),
      ]), default: "stop",
      "When the server refuses a document: stop and fail; take back what was written first and then fail; or leave it, go on and list it."
    ),
  ]

  static let updateOutputs: [ActionDescriptor.Output] = [
    .init("changed", .integer(min: 0), "Documents changed, over all attempts."),
    .init("matched", .integer(min: 0), "Documents that were captured to be changed, or had nothing to change."),
    .init("guarded", .integer(min: 0), "Statements that did nothing since their document had changed meanwhile; it was captured again."),
    .init("withheld", .integer(min: 0), "Documents that fit otherwise and that the `guard` kept."),
    .init("alreadyDone", .integer(min: 0), "Documents that fit the filter and were as the change makes them."),
    .init("conflicts", .integer(min: 0), "Always 0 on the way forward."),
    .init("inDoubt", .integer(min: 0), "Documents of which the server can no longer say whether we wrote them."),
    .init("failed", .integer(min: 0), "Documents left as they are since they cannot be changed."),
    .init("failures", .list(.any), "The documents left as they are: `{ id, reason }`; the first thousand."),
    .init("batches", .integer(min: 0), "Commands sent, over all attempts."),
    .init("sweeps", .integer(min: 0), "Passes over the collection in the last attempt."),
    .init("arrivingPerSecond", .number, "Documents that came to need the change meanwhile."),
    .init("throttled", .duration, "How long the throttle held back the last attempt."),
    .init("duration", .duration, "Time of the last attempt."),
  ]
}
