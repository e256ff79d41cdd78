import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import Synchronization

/// A database of a MongoDB deployment, with the run's lease in it. Connects when it is first asked for something.
///
/// Everything that it writes of its own stands in `RunbookCollections` and is written with `w: majority, j: true`.
public final class MongoTarget: CoordinatingTarget {
  public struct Options: Sendable {
    /// How long a lease lasts without renewal; it is renewed every third of it.
    public var leaseTTL: Duration = .seconds(30)
    /// How long after a lease's end another may begin: the longest run of a command (5 s) and 2 s for clocks that differ.
    public var grace: Duration = .seconds(7)
    /// Options of the connections; socket timeouts of reads that take longer are set by themselves.
    public var client = MongoClient.Options()

    public init() {}

    /// The options with what the environment says. `RUNBOOK_LEASE_TTL` and `RUNBOOK_LEASE_GRACE` (seconds, `2.5`) are for tests, which cannot
    /// wait half a minute for a take-over; a `RUNBOOK_LEASE_GRACE` below 7 gives up the safety that it names.
    public init(environment: [String: String]) {
      self.init()
      if let ttl = environment["RUNBOOK_LEASE_TTL"].flatMap(Double.init), ttl > 0 { leaseTTL = .seconds(ttl) }
      if let grace = environment["RUNBOOK_LEASE_GRACE"].flatMap(Double.init), grace >= 0 { self.grace = .seconds(grace) }
    }
  }

  public let name: String
  public var type: String { "mongodb" }
  /// The database that the plan names.
  public let database: String
  public let options: Options
  /// For commands that end within `shortTime`.
  public let client: MongoClient
  /// What a command sent by `client` may take at most, in milliseconds; beyond it use `client(forMilliseconds:)`.
  public static let shortTime: Int64 = 50_000

  let leaseClient: MongoClient
  let clock = ServerClock()
  let keeper = Mutex(LeaseKeeping())
  private let patientClients = Mutex<[Int64: MongoClient]>([:])
  private let facts = Mutex<ServerFacts?>(nil)
  /// By collection, whether the user may write past its validator.
  let validatorBypass = Mutex<[String: Bool]>([:])
  private let resolver: (any UndoResolver)?

  /// - Throws: `ActionError` of kind `mistake` where `uri` is no connection string.
  public init(name: String, uri: String, database: String, options: Options = Options(), resolver: (any UndoResolver)? = nil)
    throws(ActionError)
  {
    self.name = name
    self.database = database
    self.options = options
    self.resolver = resolver
    do throws(MongoError) {
      client = try MongoClient(uri: uri, options: options.client)
      var leaseOptions = options.client
      leaseOptions.width = 1
      // A renewal without answer must end in time for another before the lease is over.
      leaseOptions.socketTimeout = max(options.leaseTTL / 2, .milliseconds(500))
      leaseOptions.serverSelectionTimeout = max(options.leaseTTL / 4, .milliseconds(500))
      leaseClient = try client.sibling(options: leaseOptions)
    } catch {
      throw ActionError(error, target: name, doing: "reading its connection string")
    }
  }

  /// A client whose sockets wait for an answer as long as a command with this `maxTimeMS` may take.
  public func client(forMilliseconds limit: Int64) throws(ActionError) -> MongoClient {
    if limit <= Self.shortTime { return client }
    let minutes = limit / 60_000 + 1
    // Looked up first: a client has queues of its own, and to make one for each question would cost more than the question.
    if let known = patientClients.withLock({ $0[minutes] }) { return known }
    var options = options.client
    options.socketTimeout = .seconds(minutes * 60 + 30)
    let made: MongoClient
    do throws(MongoError) { made = try client.sibling(options: options) } catch { throw self.error(error, doing: "connecting") }
    return patientClients.withLock { clients in
      if let known = clients[minutes] { return known }
      clients[minutes] = made
      return made
    }
  }

  /// What the server said it is, asked once.
  public func serverFacts() async throws(ActionError) -> ServerFacts {
    if let known = facts.withLock({ $0 }) { return known }
    let sent = ContinuousClock.now
    let told: ServerFacts
    do throws(MongoError) { told = try await client.hello() } catch { throw self.error(error, doing: "asking the server what it is") }
    if let time = told.localTime { clock.learn(server: time, sent: sent) }
    facts.withLock { $0 = told }
    return told
  }

  /// The server's clock in milliseconds since 1970, as estimated from the last exchange (at most a third of the lease ago while one is held);
  /// never behind it. Asks the server where there was none yet.
  public func serverTimeNow() async throws(ActionError) -> Int64 {
    if let now = clock.now { return now }
    return try await askServerTime()
  }

  /// The same without asking; nil before the first exchange.
  public var estimatedServerTime: Int64? { clock.now }

  /// Asks the server for its clock.
  public func askServerTime() async throws(ActionError) -> Int64 {
    let sent = ContinuousClock.now
    let reply = try await run(["hello": 1], database: "admin", doing: "asking for the server's time")
    guard let time = reply["localTime"]?.datetime else {
      throw ActionError(code: MongoErrorCode.failed, message: "target '\(name)': the server does not tell its time", kind: .refused)
    }
    clock.learn(server: time, sent: sent)
    return clock.now ?? time
  }

  public func resolve(run: String) async throws(ActionError) {
    try await resolver?.resolve(run: run, target: self)
  }

  public func close() async {
    stopLeaseTasks()
    await leaseClient.close()
    await client.close()
    for client in patientClients.withLock({ Array($0.values) }) { await client.close() }
  }
}

extension MongoTarget {
  /// A driver's error in words that name this target.
  public func error(_ error: MongoError, collection: String? = nil, doing: String) -> ActionError {
    ActionError(error, target: name, collection: collection, doing: doing)
  }

  /// Sends a command that changes nothing.
  public func run(_ command: BSONDocument, database: String? = nil, collection: String? = nil, doing: String) async throws(ActionError)
    -> BSONDocument
  {
    do throws(MongoError) {
      return try await client.runCommand(command, database: database ?? self.database)
    } catch {
      throw self.error(error, collection: collection, doing: doing)
    }
  }

  public func identity() async throws(ActionError) -> TargetIdentity {
    let facts = try await serverFacts()
    var told: ValueMap = [:]
    if let set = facts.setName { told["replicaSet"] = .string(set) }
    let cluster = facts.isRouter ? try await clusterID() : nil
    if let cluster { told["clusterId"] = .string(cluster) }
    let hosts = (facts.hosts.isEmpty ? client.uri.hosts : facts.hosts).sorted()
    told["hosts"] = .list(hosts.map(Value.string))
    told["database"] = .string(database)
    let deployment = cluster.map { "cluster:\($0)" } ?? facts.setName.map { "set:\($0)@" + hosts.joined(separator: ",") }
    return TargetIdentity(facts: told, key: (deployment ?? "host:" + hosts.joined(separator: ",")) + "/" + database)
  }

  /// Nil where the user may not read it.
  private func clusterID() async throws(ActionError) -> String? {
    do throws(ActionError) {
      let version = try await run(
        ["find": "version", "limit": 1, "readConcern": ["level": "majority"]], database: "config", doing: "asking for the cluster's id")
      return version["cursor"]?.document?["firstBatch"]?.array?.first { _ in true }?.document?["clusterId"]?.objectID?.hex
    } catch {
      if error.kind == .refused { return nil }
      throw error
    }
  }
}

extension ServerFacts {
  /// `replicaSet`, `sharded` or `standalone`.
  public var topology: String { isRouter ? "sharded" : setName != nil ? "replicaSet" : "standalone" }
}
