import RunbookActions
import RunbookPlan

/// What is known of the actions that read and are not built yet.
extension ActionDescriptor {
  static let mongoFind = ActionDescriptor(
    name: "mongodb.find",
    summary: "Shows the first documents that fit a filter.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .filter,
      .init("projection", .document(.data), "Which fields are shown."),
      .init("sort", .document(.data), "In which order."),
      .init("limit", .integer(min: 1, max: 10_000), default: "20", "Most documents that are returned."),
    ],
    outputs: [
      .init("count", .integer(min: 0), "How many documents are returned."),
      .init("truncated", .boolean, "Whether there were more."),
      .init("documents", .list(.any), "The documents."),
      .init("first", .any, "The first document; missing where there is none."),
    ],
    mainOutput: "count",
    effectClass: .read,
    example: """
      - id: sample
        title: Ten of them, to look at
        action: mongodb.find
        with: { filter: { layer: G }, projection: { name: 1, description: 1 }, sort: { name: 1 }, limit: 10 }
      """)

  static let mongoValidate = ActionDescriptor(
    name: "mongodb.validate",
    summary: "Counts the documents that do not fit a schema.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("schema", .document(.data), "The body of `$jsonSchema`; the collection's own validator by default."), .filter,
    ],
    outputs: [
      .init("violations", .integer(min: 0), "Documents that do not fit."),
      .init("examples", .list(.any), "The `_id`s of at most ten of them."),
    ],
    mainOutput: "violations",
    effectClass: .read,
    example: """
      - id: well-formed
        action: mongodb.validate
        with: { schema: { required: [name], properties: { name: { bsonType: string } } } }
        expect: { equals: 0 }
      """)

  static let mongoExplain = ActionDescriptor(
    name: "mongodb.explain",
    summary: "Asks the server how it carries a query out: by which index, and how many documents it looks at.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("filter", .document(.data), default: "{}", "The query's filter; this or `pipeline`."),
      .init("sort", .document(.data), "The query's order."),
      .init("pipeline", .documents(.pipeline), "An aggregation in place of a query."),
    ],
    outputs: [
      .init("indexUsed", .boolean, "Whether no collection is scanned."),
      .init("indexes", .list(.text), "Names of the indexes that are used."),
      .init("examined", .integer(min: 0), "Documents that the server looked at."),
      .init("returned", .integer(min: 0), "Documents that fit."),
      .init("examinedPerReturned", .number, "The one divided by the other; no data where none fit."),
      .init("stage", .text, "Name of the plan's innermost stage."),
    ],
    mainOutput: "indexUsed",
    effectClass: .read,
    example: """
      - id: query-uses-index
        action: mongodb.explain
        with: { filter: { name: S.POP.HPM.001 } }
        expect: { allOf: [ { field: indexUsed, equals: true }, { field: examinedPerReturned, atMost: 2 } ] }
      """)

  static let mongoLatency = ActionDescriptor(
    name: "mongodb.latency",
    summary: "Sends a query many times and tells how long the answers took.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("filter", .document(.data), default: "{}", "The query's filter; this or `pipeline`."),
      .init("pipeline", .documents(.pipeline), "An aggregation that only reads, in place of a query."),
    ] + samplingFields(required: true),
    outputs: latencyOutputs,
    mainOutput: "p95",
    effectClass: .read,
    example: """
      - id: lookups
        title: Looking an address up stays fast
        action: mongodb.latency
        with: { filter: { email: nobody@example.org }, samples: 20 }
        every: 15s
        window: 2m
        minSamples: 100
        failures: { max: 1, of: 3 }
        expect: { field: p95, below: 50ms }
        onFail: pause
        onNoData: warn
        onError: warn
      """,
    rate: latencyRate, operations: "samples")
}
