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
        group.addTask {
          schedule.interval == nil
            ? await Self.sampleAtOnce(command, by: client, of: call, in: collection, recorder)
            : await Self.sample(command, by: client, of: call, in: collection, recorder)
        }
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

  /// The same as `sample` where none is waited for: one after the other by the connection's own thread, so that neither the waking of threads is measured nor
  /// what else this process does on them.
  private static func sampleAtOnce(
    _ command: BSONDocument, by client: MongoClient, of call: MongoCall, in collection: String, _ recorder: LatencyRecorder
  ) async -> ActionError? {
    let sent: Result<ActionError?, MongoError> = await withTaskCancellationHandler {
      do throws(MongoError) {
        return .success(
          try await client.sendRepeatedly(command, database: call.target.database) { sending in
            send(of: call, in: collection, recorder, by: sending)
          })
      } catch {
        return .failure(error)
      }
    } onCancel: {
      recorder.end()
    }
    switch sent {
    case .success(let failure?): return failure
    case .success(nil):
      // The connection's thread does not know that this task was cancelled.
      do throws(ActionError) { try call.checkStop("the measurement") } catch { return error }
      return nil
    case .failure(let error):
      recorder.end()
      return call.target.error(error, collection: collection, doing: "measuring")
    }
  }

  private static func send(
    of call: MongoCall, in collection: String, _ recorder: LatencyRecorder, by send: () throws(MongoError) -> BSONDocument
  ) -> ActionError? {
    while let turn = recorder.next() {
      do throws(ActionError) { try call.checkStop("the measurement") } catch {
        recorder.end()
        return error
      }
      let begin = ContinuousClock.now
      var failure: ActionError?
      do throws(MongoError) { _ = try send() } catch {
        failure = call.target.error(error, collection: collection, doing: "measuring")
      }
      if let end = judged(turn, since: begin, failure, of: call, recorder) { return end }
    }
    return nil
  }

  /// Notes what came of an operation.
  /// - Returns: why no more are to be sent; nil where they are.
  private static func judged(
    _ turn: LatencyRecorder.Turn, since begin: ContinuousClock.Instant, _ failure: ActionError?, of call: MongoCall,
    _ recorder: LatencyRecorder
  ) -> ActionError? {
    let isUseless = recorder.record(turn, since: begin, failed: failure != nil)
    if let failure, isUseless || failure.kind == .mistake || failure.kind == .refused {
      recorder.end()
      return failure
    }
    call.context.progress(recorder.progress)
    return nil
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
      if let end = judged(turn, since: begin, failure, of: call, recorder) { return end }
    }
    return nil
  }
}
