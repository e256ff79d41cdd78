import RunbookActions
import RunbookPlan

/// What is known of the actions that change indexes, collections and validators, and are not built yet.
extension ActionDescriptor {
  static let mongoCreateIndex = ActionDescriptor(
    name: "mongodb.createIndex",
    summary: "Builds an index.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("keys", .document(.data), required: true, "Fields in their order: 1, -1, or a kind like `text`."),
      .init("name", .text, "Name of the index; made of the keys by default."),
      .init("unique", .boolean, default: "false", "Whether no two documents may have the same key."),
      .init("sparse", .boolean, default: "false", "Whether documents without the fields are left out."),
      .init("partialFilterExpression", .document(.data), "Which documents the index holds."),
      .init("collation", .document(.data), "How texts are compared."),
      .init("expireAfter", .duration, "Documents go this long after the time in the field."),
      .init("hidden", .boolean, default: "false", "Whether queries pass the index over."),
      .init(
        "build", .choice(["direct", "prepareUnique"]), default: "direct",
        "`prepareUnique` first forbids new duplicates, then lists ten of those there are and fails, dropping what it built."),
    ],
    outputs: [
      .init("name", .text, "Name of the index."), .init("created", .boolean, "False where the index was there before the step."),
    ],
    mainOutput: "name",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("drops the index, only where this run made it"),
    example: """
      - id: unique-index
        action: mongodb.createIndex
        deadline: 8h
        with: { name: email_unique, keys: { email: 1 }, unique: true, partialFilterExpression: { email: { $gt: "" } } }
      """)

  static let mongoDropIndex = ActionDescriptor(
    name: "mongodb.dropIndex",
    summary: "Drops an index and keeps its definition.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [.init("name", .text, required: true, "Name of the index.")],
    outputs: [
      .init("dropped", .boolean, "False where there was no such index."), .init("definition", .mapping(.any), "How it was defined."),
    ],
    mainOutput: "dropped",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("builds the index again"),
    example: """
      - id: drop-order-index
        action: mongodb.dropIndex
        with: { name: email_updated }
      """)

  static let mongoCreateCollection = ActionDescriptor(
    name: "mongodb.createCollection",
    summary: "Creates an empty collection.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("name", .text, required: true, "Name of the collection."),
      .init("validator", .document(.data), "What its documents must fulfil."),
      .init("collation", .document(.data), "How its texts are compared."),
      .init("options", .document(.data), "Further options of the server's `create` command."),
    ],
    outputs: [.init("created", .boolean, "False where the collection was there, with the same options.")],
    mainOutput: "created",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("drops the collection if it is still empty"),
    example: """
      - id: new-collection
        action: mongodb.createCollection
        with: { name: layers, validator: { title: { $type: string } } }
      """)

  static let mongoDropCollection = ActionDescriptor(
    name: "mongodb.dropCollection",
    summary: "Takes a collection away: it is renamed, and dropped only by `runbook finalize`.",
    isMutating: true,
    targetType: "mongodb",
    fields: [.init("name", .text, required: true, "Name of the collection.")],
    outputs: [
      .init("documents", .integer(min: 0), "How many documents it holds."), .init("keptAs", .text, "Its name until `finalize`."),
    ],
    mainOutput: "documents",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("renames the collection back"),
    example: """
      - id: old-collection
        action: mongodb.dropCollection
        with: { name: assets_2019 }
      """)

  static let mongoRenameCollection = ActionDescriptor(
    name: "mongodb.renameCollection",
    summary: "Renames a collection; the new name must be free.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("from", .text, required: true, "Its name."), .init("to", .text, required: true, "Its new name."),
    ],
    outputs: [.init("renamed", .boolean, "True where the collection has its new name.")],
    mainOutput: "renamed",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("renames the collection back, once indexes and options are seen to be the same"),
    example: """
      - id: archive
        action: mongodb.renameCollection
        with: { from: assets_next, to: assets_current }
      """)

  static let mongoSetValidator = ActionDescriptor(
    name: "mongodb.setValidator",
    summary: "Sets or removes the validator of a collection.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("validator", .oneOf([.document(.data), .any]), required: true, "What documents must fulfil; null removes the validator."),
      .init("level", .choice(["off", "strict", "moderate"]), default: "strict", "Which writes are looked at."),
      .init("action", .choice(["error", "warn"]), default: "error", "What the server does with a document that does not fit."),
      .init("allowExistingViolations", .boolean, default: "false", "Whether documents may be there that do not fit."),
    ],
    outputs: [
      .init("violations", .integer(min: 0), "Documents that do not fit."),
      .init("previous", .any, "The validator of before; null where there was none."),
    ],
    mainOutput: "violations",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("sets the previous validator"),
    example: """
      - id: names-required
        action: mongodb.setValidator
        with: { validator: { $jsonSchema: { required: [name] } }, level: moderate }
      """)

  static let mongoCommand = ActionDescriptor(
    name: "mongodb.command",
    summary: "Runs a command of the server that no other action has; what undoes it is written in the plan.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("command", .document(.data), required: true, "The command, its name first."),
      .init("expectOk", .boolean, default: "true", "Whether an answer that is not ok fails the step."),
    ],
    outputs: [.init("reply", .any, "The server's answer.")],
    mainOutput: "reply",
    effectClass: .opaque,
    interrupt: .await,
    inverse: .none,
    example: """
      - id: hide-index
        action: mongodb.command
        with: { command: { collMod: assets, index: { name: name_1, hidden: true } } }
        onInterrupt: rerun
        rollback:
          - id: show-index
            action: mongodb.command
            with: { command: { collMod: assets, index: { name: name_1, hidden: false } } }
            onInterrupt: rerun
      """)
}
