import MongoDriver
import RunbookActions
import RunbookPlan
import Synchronization

/// What a throttle goes by. A protocol, so that a test can be a slow server or a secondary that is behind.
protocol ThrottleSignal: Sendable {
  /// What it is called in the reason of a pause, as `latency`.
  var name: String { get }
  /// - Throws: `refused` or `mistake` where it cannot be read at all, by this user or of this deployment.
  func read() async throws(ActionError) -> ThrottleReading
}

enum ThrottleReading: Sendable, Hashable {
  case free
  /// Why no batch goes out now, in words.
  case busy(String)
}

/// A check of the plan's own: batches go out while it holds. One that fails, shows nothing or cannot be read does not hold.
final class CheckSignal: ThrottleSignal {
  private let check: AwaitedCheck
  private let clock: any RunClock
  /// When it last held.
  private let heldAt = Mutex<Int64?>(nil)

  /// For how long it is not asked again once it holds, in milliseconds.
  private static let interval: Int64 = 1_000

  var name: String { "the plan's check" }

  init(_ check: AwaitedCheck, clock: any RunClock) {
    self.check = check
    self.clock = clock
  }

  func read() async throws(ActionError) -> ThrottleReading {
    if let at = heldAt.withLock({ $0 }), clock.now() - at < Self.interval { return .free }
    let answer = await check.ask()
    heldAt.withLock { $0 = answer.holds ? clock.now() : nil }
    return answer.holds ? .free : .busy("it does not hold: \(answer.words)")
  }
}

/// How long the server takes to read one document of the collection.
struct LatencySignal: ThrottleSignal {
  let target: MongoTarget
  let collection: String
  /// Milliseconds.
  let limit: Int64

  var name: String { "latency" }

  func read() async throws(ActionError) -> ThrottleReading {
    // One slow answer is chance; two in a row are not.
    var slowest: Int64 = 0
    for _ in 0..<2 {
      let took = try await probe()
      guard took > limit else { return .free }
      slowest = max(slowest, took)
    }
    return .busy("a read takes \(words(slowest)), at most \(words(limit)) are allowed")
  }

  private func probe() async throws(ActionError) -> Int64 {
    let command: BSONDocument = [
      "find": .string(collection), "limit": 1, "projection": ["_id": 1], "readConcern": ["level": "local"], "maxTimeMS": 10_000,
    ]
    let start = ContinuousClock.now
    do throws(MongoError) {
      _ = try await target.client.documents(command, database: target.database)
    } catch {
      // The server's own limit is an answer: it is that slow.
      if error.code == 50 { return max(10_000, limit + 1) }
      throw target.error(error, collection: collection, doing: "measuring how long a read takes")
    }
    return wholeMilliseconds(ContinuousClock.now - start)
  }
}

/// How far the slowest secondary is behind the primary.
///
/// Secondaries that are behind by design (`secondaryDelaySecs`) do not count, arbiters have nothing to be behind with. One that does not replicate
/// counts as behind: nobody knows how far.
struct ReplicationLagSignal: ThrottleSignal {
  let target: MongoTarget
  /// Milliseconds.
  let limit: Int64
  /// Ids of members that are delayed on purpose.
  let delayed: Set<Int64>

  var name: String { "replication lag" }

  /// - Throws: `refused` where the deployment is sharded: a router does not know.
  init(target: MongoTarget, limit: Int64) async throws(ActionError) {
    self.target = target
    self.limit = limit
    if try await target.serverFacts().isRouter {
      throw ActionError(
        code: UpdateErrorCode.unreadableSignal,
        message: "target '\(target.name)' is a router, which does not know how far secondaries are behind",
        kind: .refused, help: "leave 'maxReplicationLag' out, and let 'throttle.while' ask your monitoring")
    }
    delayed = try await Self.delayedMembers(target)
  }

  private static func delayedMembers(_ target: MongoTarget) async throws(ActionError) -> Set<Int64> {
    let reply: BSONDocument
    do throws(ActionError) {
      reply = try await target.run(["replSetGetConfig": 1], database: "admin", doing: "asking which secondaries are delayed on purpose")
    } catch {
      // Without the configuration every secondary counts.
      if error.kind == .refused || error.kind == .mistake { return [] }
      throw error
    }
    let members = reply["config"]?.document?["members"]?.array?.compactMap(\.document) ?? []
    return Set(
      members.filter { ($0["secondaryDelaySecs"]?.integer ?? $0["slaveDelay"]?.integer ?? 0) > 0 }.compactMap { $0["_id"]?.integer })
  }

  func read() async throws(ActionError) -> ThrottleReading {
    let reply: BSONDocument
    do throws(MongoError) {
      reply = try await target.client.runCommand(["replSetGetStatus": 1, "maxTimeMS": 10_000], database: "admin")
    } catch {
      // No set, no secondaries.
      if error.code == 76 { return .free }
      throw target.error(error, doing: "asking how far the secondaries are behind")
    }
    return Self.judge(reply, limit: limit, delayed: delayed)
  }

  /// What `replSetGetStatus` says of it.
  static func judge(_ status: BSONDocument, limit: Int64, delayed: Set<Int64>) -> ThrottleReading {
    let members = status["members"]?.array?.compactMap(\.document) ?? []
    guard let newest = members.first(where: { $0["state"]?.integer == 1 })?["optimeDate"]?.datetime else {
      return .busy("the set has no primary")
    }
    var worst: (lag: Int64, name: String)?
    for member in members {
      let name = member["name"]?.string ?? "?"
      if member["_id"]?.integer.map(delayed.contains) ?? false { continue }
      switch member["state"]?.integer {
      case 1, 7: continue
      case 2:
        guard let at = member["optimeDate"]?.datetime else { return .busy("the secondary \(name) does not tell how far it is") }
        if newest - at > worst?.lag ?? -1 { worst = (newest - at, name) }
      default: return .busy("the member \(name) does not replicate: \(member["stateStr"]?.string ?? "its state is unknown")")
      }
    }
    guard let worst, worst.lag > limit else { return .free }
    return .busy("the secondary \(worst.name) is \(words(worst.lag)) behind, at most \(words(limit)) are allowed")
  }
}

private func words(_ milliseconds: Int64) -> String { DurationText.format(microseconds: milliseconds * 1000) }
