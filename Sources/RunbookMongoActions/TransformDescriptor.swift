import RunbookActions
import RunbookPlan

extension ActionDescriptor {
  /// What is known of `mongodb.transform` without carrying it out.
  static let mongoTransform = ActionDescriptor(
    name: "mongodb.transform",
    summary: "Lets a program compute the change of each document, batch by batch, and writes it like `mongodb.update` does.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init(
        "program",
        .object([
          .init("argv", .list(.text), required: true, "The program and its arguments; it runs in the plan's directory."),
          .init("env", .mapping(.text), "Variables beside PATH, HOME, LANG and TZ; secrets may be referred to."),
        ]),
        "A program that reads documents in canonical Extended JSON, one a line, and answers each at once with a line, in order: the same `_id` and the "
          + "fields as they are to be, or `$error` and why not; this or `http`."),
      .init(
        "http",
        .object([
          .init("target", .text, required: true, "A target of type http."), .init("path", .text, required: true, "Path of the service."),
        ]), isBuilt: false, "The same by a request for each batch."),
      .init("projection", .document(.data), "Which fields the program is given, in the sense of `$project`; all by default."),
      .init("fields", .list(.text), "The top-level fields that the program may change; has to be given."),
    ] + transformBatch
      + updateFields.filter {
        !["pipeline", "update", "let", "fields", "batch", "onDocumentError", "undo", "onNotConverged"].contains($0.name)
      }
      + transformChoices,
    outputs: updateOutputs.filter { !["failed", "failures"].contains($0.name) } + transformOutputs,
    mainOutput: "changed",
    effectClass: .guarded,
    interrupt: .batch,
    inverse: .automatic("puts each field back where our value still stands, as `mongodb.update` does; the program is not run"),
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

  private static let transformBatch: [FieldType.Field] = [
    .init(
      "batch",
      .object([
        .init("size", .integer(min: 1, max: 500), default: "500", "Documents that the program is asked about at once."),
        .init("workers", .integer(min: 1), default: "1", "How many of the program run side by side, at most 16."),
        .init("targetLatency", .duration, default: "500ms", "What a command is meant to take; what is written at once follows it."),
      ]), "How many at a time. `timeout` beside `action` bounds the answer to one batch: 10m by default.")
  ]

  private static let transformChoices: [FieldType.Field] = [
    .init("undo", .choice(["fields", "documents"]), default: "fields", "What is kept for the way back (`documents` is not built here)."),
    .init(
      "onNotConverged", .choice(["warn", "fail", "wait"]), default: "warn", "When documents keep arriving (`wait` is not built here)."),
    .init(
      "onDocumentError",
      .oneOf([
        .choice(["stop", "rollback", "collect"]),
        .object([
          .init("collect", .object([.init("limit", .integer(min: 1), default: "100", "At most.")]), "Go on and list them.")
        ]),
      ]), default: "stop",
      "When the program cannot say how a document is to be, or its answer cannot be used: stop and fail; take back what was written first and then "
        + "fail; or leave the document, go on and list it."),
  ]

  private static let transformOutputs: [Output] = [
    .init("failed", .integer(min: 0), "Documents left as they are on account of an error, in the last attempt."),
    .init("rejected", .integer(min: 0), "Those of them for which the program's answer could not be used."),
    .init("failures", .list(.any), "The documents left as they are: `{ id, reason }`; the first thousand."),
    .init("asked", .integer(min: 0), "Documents that the program was asked about, in the last attempt."),
  ]
}
