import RunbookPlan

/// Fields that several actions have, so that they read the same everywhere.
extension FieldType.Field {
  static let filter = FieldType.Field("filter", .document(.data), default: "{}", "Which documents; all by default.")
  static let select = FieldType.Field(
    "select", .object([.init("pipeline", .documents(.pipeline), required: true, "Stages over the collection that yield `_id`.")]),
    "A pipeline that finds them; a `guard` should say what must still hold of each.")
  static let guardCondition = FieldType.Field(
    "guard", .document(.data), "What must hold of a document besides, at the moment of its change; others stay as they are.")
  static let collation = FieldType.Field(
    "collation", .document(.data), "How texts compare while documents are found and computed; as the collection has it by default.")
  static let batch = FieldType.Field(
    "batch",
    .object([
      .init("size", .integer(min: 1, max: 500), default: "500", "Documents a command."),
      .init("workers", .integer(min: 1), default: "1", "Commands at a time (`mongodb.update`: at most 8; elsewhere not built yet)."),
      .init("targetLatency", .duration, default: "500ms", "What a command is meant to take; the size follows it."),
    ]), "How many at a time.")
  static let throttle = FieldType.Field(
    "throttle",
    .object([
      .init("maxLatency", .duration, "Pause while the server takes longer to read one document."),
      .init("maxReplicationLag", .duration, "Pause while a secondary is further behind, or does not tell."),
      .init("pauseBetween", .duration, "Pause between two batches, also while they are taken back."),
      .init(
        "while", .check,
        "Batches go out only while this check holds, asked at most once a second; one that fails, shows nothing or cannot be read holds them back."
      ),
    ]), "When to go slower; what cannot be read counts as over its limit. A rollback keeps `pauseBetween` alone.")
}

extension FieldType {
  /// A collection, the backup of a step, or a collection of another target.
  static let collectionPlace = FieldType.oneOf([.text, placeObject])

  /// The same, or a list of them.
  static let collectionPlaces = FieldType.oneOf([.text, placeObject, .list(collectionPlace)])

  private static let placeObject = FieldType.object([
    .init("backup", .text, "Id of a `mongodb.backup` step."),
    .init("target", .text, "Another target of the plan."),
    .init("collection", .text, "Collection in that target."),
  ])
}
