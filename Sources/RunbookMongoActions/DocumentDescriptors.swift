import RunbookActions
import RunbookPlan

/// What is known of the actions that change documents and are not built yet.
extension ActionDescriptor {
  static let mongoTransform = ActionDescriptor(
    name: "mongodb.transform",
    summary: "Lets a program or service compute the change of each document, batch by batch, and writes it like `mongodb.update` does.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init(
        "program",
        .object([
          .init("argv", .list(.text), required: true, "The program and its arguments."),
          .init("env", .mapping(.text), "Its variables; secrets may be referred to."),
        ]), "A program that reads and writes Extended JSON, one document a line, `_id` kept; this or `http`."),
      .init(
        "http",
        .object([
          .init("target", .text, required: true, "A target of type http."), .init("path", .text, required: true, "Path of the service."),
        ]), "The same by a request for each batch."),
      .init("projection", .document(.data), "Which fields the program is given; all by default."),
    ] + updateFields.filter { !["pipeline", "update", "let"].contains($0.name) },
    outputs: updateOutputs + [.init("rejected", .integer(min: 0), "Answers of the program that could not be used.")],
    mainOutput: "changed",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("puts each field back where our value still stands, as `mongodb.update` does"),
    example: """
      - id: describe
        action: mongodb.transform
        with:
          program: { argv: [ ./ops/enrich, --model, small ], env: { AI_TOKEN: "${{ secrets.apiToken }}" } }
          filter: { aiMetadata: { $exists: false } }
          projection: { name: 1, description: 1 }
          fields: [aiMetadata]
          batch: { size: 50 }
          onDocumentError: collect
      """)

  static let mongoInsert = ActionDescriptor(
    name: "mongodb.insert",
    summary: "Inserts documents: written in the plan, from a file, or read from another collection.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("documents", .documents(.data), "The documents; this, `file` or `select`."),
      .init("file", .text, "A file of Extended JSON, one document a line, beside the plan."),
      .init(
        "select",
        .object([
          .init("collection", .text, required: true, "Collection that is read."),
          .init("pipeline", .documents(.pipeline), default: "[]", "Stages that make the documents."),
        ]), "An aggregation over another collection of the target."),
      .init(
        "ifExists", .choice(["refuse", "skip"]), default: "refuse", "What to do where a document of the same `_id` is there."),
    ],
    outputs: [
      .init("inserted", .integer(min: 0), "Documents inserted."), .init("ids", .list(.any), "Their `_id`s; the first thousand."),
    ],
    mainOutput: "inserted",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("deletes what is unchanged; changed documents stay and are listed"),
    example: """
      - id: add-layers
        action: mongodb.insert
        collection: layers
        with:
          documents:
            - { _id: S, title: Songs }
            - { _id: L, title: Looks }
          ifExists: skip
      """)

  static let mongoDelete = ActionDescriptor(
    name: "mongodb.delete",
    summary: "Deletes documents in batches and keeps each one for the way back.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("filter", .document(.data), "Which documents; this or `select`."), .select, .guardCondition, .batch, .throttle,
    ],
    outputs: [.init("deleted", .integer(min: 0), "Documents deleted, over all attempts.")]
      + updateOutputs.filter { ["matched", "guarded", "conflicts", "failed", "batches", "sweeps", "duration"].contains($0.name) },
    mainOutput: "deleted",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("puts back what is still absent; where the application has inserted anew, its document stays and is listed"),
    example: """
      - id: delete-surplus
        action: mongodb.delete
        with:
          filter: { surplusSince: { $exists: true } }
          guard: { $expr: { $eq: [ $updatedAt, $surplusSince ] } }
          batch: { size: 200 }
      """)

  static let mongoRestore = ActionDescriptor(
    name: "mongodb.restore",
    summary: "Brings documents of a backup back; writes made since the backup are lost only where the plan accepts it.",
    isMutating: true,
    targetType: "mongodb",
    fields: [
      .init("from", .collectionPlace, required: true, "The backup: a collection, or `{ backup: STEP }`."),
      .init("to", .text, required: true, "Collection that is restored."),
      .init(
        "mode", .choice(["missingOnly", "documents", "swap"]), default: "missingOnly",
        "`missingOnly` inserts what is absent; `documents` also replaces what differs; `swap` puts the whole collection in place."),
      .init("acceptWriteLoss", .boolean, default: "false", "Needed for `documents` and `swap`, which overwrite what was written since."),
    ],
    outputs: [
      .init("restored", .integer(min: 0), "Documents written."),
      .init("wouldLose", .integer(min: 0), "Documents whose writes since the backup are lost, or would be."),
    ],
    mainOutput: "restored",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("puts back from its own undo entries what it replaced, and deletes what it inserted"),
    example: """
      - id: bring-back
        action: mongodb.restore
        with: { from: { backup: backup }, to: assets, mode: missingOnly }
      """)
}
