import RunbookPlan

/// Fields that several actions have, so that they read the same everywhere.
extension FieldType.Field {
  static let filter = FieldType.Field("filter", .document(.data), default: "{}", "Which documents; all by default.")
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
