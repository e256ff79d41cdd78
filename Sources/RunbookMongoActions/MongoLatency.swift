import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.latency`: how long the answers to a query take.
public struct MongoLatency: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.latency",
    summary: "Sends a query many times and tells how long the answers took: of each the first 101 documents.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("filter", .document(.data), default: "{}", "The query's filter; this or `pipeline`."),
      .init("sort", .document(.data), "The query's order."),
      .init("pipeline", .documents(.pipeline), "An aggregation that only reads, in place of a query."),
    ] + ActionDescriptor.samplingFields(required: true),
    outputs: ActionDescriptor.latencyOutputs,
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
    rate: ActionDescriptor.latencyRate, operations: "samples")

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    SampledQuery.review(arguments) + LatencySchedule.review(arguments)
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let collection = try call.collection()
    let command = try SampledQuery(call).sampled(collection, limit: call.limit)
    let schedule = try LatencySchedule(call)
    let connections = try await Self.connect(call, count: schedule.concurrency)
    let recorder = LatencyRecorder(schedule)
    let failure = await withTaskGroup(of: ActionError?.self) { group in
      for client in connections {
        group.addTask { await Self.sample(command, by: client, of: call, in: collection, recorder) }
      }
      var first: ActionError?
      for await error in group where first == nil { first = error }
      return first
    }
    for client in connections { await client.close() }
    if let failure { throw failure }
    return Observation(outputs: recorder.outputs)
  }

  /// One connection for each operation that is under way at a time, so that none waits for another; opened before anything is measured.
  private static func connect(_ call: MongoCall, count: Int) async throws(ActionError) -> [MongoClient] {
    var options = try call.target.client(forMilliseconds: call.limit).options
    options.width = 1
    var clients: [MongoClient] = []
    do throws(MongoError) {
      for _ in 0..<count {
        let client = try call.target.client.sibling(options: options)
        clients.append(client)
        _ = try await client.runCommand(["ping": 1], database: call.target.database)
      }
    } catch {
      for client in clients { await client.close() }
      throw call.target.error(error, doing: "connecting to measure")
    }
    return clients
  }

  /// Sends operations until there are no more.
  /// - Returns: why the measurement makes no sense or was stopped; nil where all went out.
  private static func sample(
    _ command: BSONDocument, by client: MongoClient, of call: MongoCall, in collection: String, _ recorder: LatencyRecorder
  ) async -> ActionError? {
    while let turn = recorder.next() {
      do throws(ActionError) { try call.checkStop("the measurement") } catch {
        recorder.end()
        return error
      }
      let begin = await turn.begin()
      var failure: ActionError?
      do throws(MongoError) {
        _ = try await client.runCommand(command, database: call.target.database)
      } catch {
        failure = call.target.error(error, collection: collection, doing: "measuring")
      }
      let isUseless = recorder.record(turn, since: begin, failed: failure != nil)
      if let failure, isUseless || failure.kind == .mistake || failure.kind == .refused {
        recorder.end()
        return failure
      }
      call.context.progress(recorder.progress)
    }
    return nil
  }
}
