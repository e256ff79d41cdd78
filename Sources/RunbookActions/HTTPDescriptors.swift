import RunbookPlan

/// What is known of the actions that speak HTTP.
extension ActionDescriptor {
  static let httpRequest = ActionDescriptor(
    name: "http.request",
    summary: "Sends a request that changes something, and fails where the answer has another status than expected.",
    isMutating: true,
    targetType: "http",
    fields: [
      path,
      .init("method", .choice(["POST", "PUT", "PATCH", "DELETE", "GET", "HEAD"]), default: "POST", "The request's method."),
      .init("body", .any, "What is sent: a mapping or list as JSON, text as it is."),
      headers, query,
      .init("expectStatus", statuses, default: "[2xx]", "Statuses that count as success: numbers, or classes like `2xx`."),
      .init(
        "idempotencyKey", .text, default: "auto",
        "The `Idempotency-Key` header; `auto` is one key for each attempt of the step, the same when it is sent again."),
    ],
    outputs: answerOutputs,
    mainOutput: "status",
    effectClass: .opaque,
    interrupt: .await,
    inverse: .none,
    example: """
      - id: create-asset
        action: http.request
        target: api
        with:
          path: /assets
          expectStatus: [201]
          body: { name: S.TST.RUN.001, layer: S }
        onInterrupt: probe
        probe:
          id: asset-exists
          action: http.check
          target: api
          with: { path: /assets/S.TST.RUN.001 }
          expect: { equals: 200 }
        rollback:
          - id: remove-asset
            action: http.request
            target: api
            with: { method: DELETE, path: /assets/S.TST.RUN.001, expectStatus: [2xx, 404] }
            onInterrupt: rerun
      """)

  static let httpCheck = ActionDescriptor(
    name: "http.check",
    summary: "Sends a request that only reads, and shows the answer.",
    isMutating: false,
    targetType: "http",
    fields: [
      path, readingMethod, headers, query,
      .init("expectStatus", statuses, default: "any", "Statuses that are no error; any by default, since `expect` judges."),
    ],
    outputs: answerOutputs,
    mainOutput: "status",
    effectClass: .read,
    example: """
      - id: health
        action: http.check
        target: api
        with: { path: /health }
        expect: { allOf: [ { field: status, equals: 200 }, { field: body.version, equals: "2.1" } ] }
        within: 5m
      """)

  static let httpProbe = ActionDescriptor(
    name: "http.probe",
    summary: "Sends a request as a sample of a service: it is sent on schedule, and a refused connection or time-out is a failed sample.",
    isMutating: false,
    targetType: "http",
    fields: [
      path, readingMethod, headers, query,
      .init("expectStatus", statuses, default: "[2xx]", "Statuses that are no failure."),
      .init("slowerThan", .duration, "An answer that takes longer counts as a failure."),
    ],
    outputs: [
      .init("errorRate", .percentage, "Share of the requests that failed."),
      .init("samples", .integer(min: 0), "Requests sent."),
      .init("failures", .integer(min: 0), "Requests that failed."),
      .init("longestGap", .duration, "Longest time between two good answers."),
      .init("p50", .duration, "Half of the good answers came within this time."),
      .init("p95", .duration, "95 % of the good answers came within this time."),
    ],
    mainOutput: "errorRate",
    effectClass: .read,
    example: """
      - id: availability
        action: http.probe
        target: api
        with: { path: /health, slowerThan: 2s }
        every: 100ms
        window: 10s
        minSamples: 60
        confidence: 95%
        expect: { field: errorRate, atMost: 0.5% }
        onFail: rollback
        onNoData: pause
        onError: pause
      """,
    rate: .init(output: "errorRate", failures: "failures", samples: "samples"), operations: "samples")

  static let httpLatency = ActionDescriptor(
    name: "http.latency",
    summary: "Sends many requests and tells how long the answers took; a method that changes something must say how it is cleaned up.",
    isMutating: false,
    targetType: "http",
    fields: [
      path,
      .init("method", .choice(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"]), default: "GET", "The requests' method."),
      .init("body", .any, "What is sent; `${{ sample.n }}` is the number of the request, also in `path`."),
      headers, query,
    ] + samplingFields(required: false) + [
      .init(
        "cleanUp",
        .object([
          .init("method", .choice(["DELETE", "POST", "PUT", "PATCH"]), default: "DELETE", "Method of the request that cleans up."),
          .init("path", .text, required: true, "Its path; `${{ sample.body.F }}` is a field of the sample's answer."),
        ]), "How each sample is taken back; needed for methods that change something.")
    ],
    outputs: latencyOutputs,
    mainOutput: "p95",
    effectClass: .read,
    example: """
      - id: load-holds
        action: http.latency
        target: api
        with: { path: "/assets?search=HPM", samples: 2000, warmUp: 50, concurrency: 16 }
        expect: { allOf: [ { field: p95, below: 200ms }, { field: errors, equals: 0 } ] }
      """,
    rate: latencyRate, operations: "samples")

  static let metricPrometheus = ActionDescriptor(
    name: "metric.prometheus",
    summary: "Asks Prometheus for the value of an expression.",
    isMutating: false,
    targetType: "prometheus",
    fields: [
      .init("query", .text, required: true, "The expression in PromQL; it should give one series."),
      .init("range", .duration, "Asks for this time up to now in place of one moment; the value is then the last one."),
      .init("step", .duration, "Distance of two values of a range."),
    ],
    outputs: [
      .init("value", .number, "The value; no data where the expression gives no series, or NaN."),
      .init("series", .list(.any), "All series: `{ labels, values }`."),
    ],
    mainOutput: "value",
    effectClass: .read,
    example: """
      - id: error-ratio
        action: metric.prometheus
        target: metrics
        with: { query: "sum(rate(http_errors_total[2m])) / sum(rate(http_requests_total[2m]))" }
        expect: { below: 0.5% }
      """)

  private static let path = FieldType.Field(
    "path", .text, required: true, "Path below the target's `baseUrl`, with its query; what comes in by reference is percent-encoded.")
  private static let readingMethod = FieldType.Field("method", .choice(["GET", "HEAD"]), default: "GET", "The request's method.")
  private static let headers = FieldType.Field(
    "headers", .mapping(.text), "Headers beside the target's own; secrets may be referred to.")
  private static let query = FieldType.Field("query", .mapping(.text), "Parameters of the query, percent-encoded.")
  /// Numbers, classes like `2xx`, or the word `any`.
  private static let statuses = FieldType.oneOf([.list(.text), .text])

  private static let answerOutputs: [Output] = [
    .init("status", .integer(min: 100, max: 599), "The status."),
    .init("headers", .mapping(.text), "Headers by their names in lower case."),
    .init("body", .any, "The body: parsed where it is JSON, else text."),
    .init("duration", .duration, "Time from the request to the end of the answer."),
  ]
}

/// What all measurements of latency have in common.
extension ActionDescriptor {
  public static let latencyOutputs: [Output] = [
    .init("p95", .duration, "95 % of the answers came within this time."),
    .init("p50", .duration, "Half of them did."),
    .init("p99", .duration, "99 % of them did."),
    .init("max", .duration, "The slowest answer."),
    .init("mean", .duration, "The arithmetic mean."),
    .init("samples", .integer(min: 0), "Requests or operations that were measured, the failed ones included."),
    .init("errors", .integer(min: 0), "How many of them failed."),
    .init("errorRate", .percentage, "Share of them that failed."),
    .init("histogram", .list(.any), "How the times are distributed: `{ upTo, count }`."),
  ]

  public static let latencyRate = Rate(output: "errorRate", failures: "errors", samples: "samples")

  /// - Parameter required: whether the number of samples must be written.
  public static func samplingFields(required: Bool) -> [FieldType.Field] {
    [
      .init("samples", .integer(min: 1), required: required, default: required ? nil : "100", "How many are measured."),
      .init("warmUp", .integer(min: 0), default: "0", "How many are sent first and not measured."),
      .init("concurrency", .integer(min: 1), default: "1", "How many are under way at a time."),
      .init("rate", .number, "Most a second; as fast as they are answered by default."),
    ]
  }
}
