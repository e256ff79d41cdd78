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
}
