import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Where a run works and what it reserves there, as its header keeps it: by target, the deployment's identity and the reservations. The
/// state itself is a place too, for the plan's `locks`.
struct RunPlaces: Sendable, Hashable {
  struct Place: Sendable, Hashable {
    var target: String
    /// Equal for equal deployments and databases.
    var identity: String
    var reservations: [String]
  }

  /// What the state is called among the targets, and its identity: the same for all runs in it. No target can have this name.
  static let state = "@state"

  var places: [Place]

  init(places: [Place]) {
    self.places = places
  }

  init(_ value: Value) {
    places = (value.mapValue ?? [:]).map { target, place in
      Place(
        target: target, identity: place["identity"]?.stringValue ?? "",
        reservations: place["reserved"]?.listValue?.compactMap(\.stringValue) ?? [])
    }
  }

  var value: Value {
    var map = ValueMap()
    for place in places {
      map[place.target] = .object(["identity": .string(place.identity), "reserved": .list(place.reservations.map(Value.string))])
    }
    return .map(map)
  }

  /// Whether both work in the same database, or both nowhere.
  func overlaps(_ other: RunPlaces) -> Bool {
    let (own, others) = (identities, other.identities)
    return own.isEmpty || others.isEmpty ? own.isEmpty && others.isEmpty : !own.isDisjoint(with: others)
  }

  private var identities: Set<String> { Set(places.filter { $0.target != Self.state }.map(\.identity)) }

  /// A collection that both change.
  func sharedCollection(with other: RunPlaces) -> String? { shared(with: other) { $0.hasPrefix("collection:") } }

  /// A lock of the state that both take.
  func sharedLock(with other: RunPlaces) -> String? {
    let own = RunPlaces(places: places.filter { $0.target == Self.state })
    return own.shared(with: other) { _ in true }
  }

  private func shared(with other: RunPlaces, _ counts: (String) -> Bool) -> String? {
    for place in places {
      for there in other.places where there.identity == place.identity {
        if let name = place.reservations.first(where: { counts($0) && there.reservations.contains($0) }) { return name }
      }
    }
    return nil
  }
}

extension RunListing {
  /// Whether the run stands in the way of another one of its plan.
  public var isUnfinished: Bool { status.flatMap { RunStatus(rawValue: $0.word) }.map { !$0.isEnd } ?? true }

  /// Whether changes of the run may stand.
  fileprivate var mayStand: Bool {
    status?.word != RunStatus.failed.rawValue && status?.word != RunStatus.rolledBack.rawValue && headSeq > 0
  }
}

extension RunLauncher {
  /// Where this run works. Asks the targets for their identities.
  func placesOfRun() async throws(ActionError) -> RunPlaces {
    var places: [RunPlaces.Place] = []
    for name in setting.bound.targetsUsed {
      let identity = try await targets.target(named: name).identity()
      let reserved = setting.bound.reservations.first { $0.target == name }?.names ?? []
      places.append(RunPlaces.Place(target: name, identity: identity.key, reservations: reserved))
    }
    let locks = setting.bound.plan.locks
    if !locks.isEmpty {
      places.append(RunPlaces.Place(target: RunPlaces.state, identity: RunPlaces.state, reservations: locks.map { "lock:\($0)" }.sorted()))
    }
    return RunPlaces(places: places)
  }

  /// A lock is held in the state by the run that was recorded first. Asked after this run was recorded, so that of two that begin at once
  /// exactly one goes on.
  func conflictOfLocks(in places: RunPlaces) async throws(RunFailure) -> ReservationConflict? {
    for other in try await runs() where other.run != setting.run.id && other.isUnfinished {
      guard (other.created, other.run) < (setting.header.created, setting.run.id) else { continue }
      guard let lock = places.sharedLock(with: RunPlaces(other.targets)) else { continue }
      return ReservationConflict(reservation: lock, run: other.run, plan: other.planID)
    }
    return nil
  }

  /// A plan has one run at a time in a database: another one of it that has not ended is named.
  func refuseSecondRun(in places: RunPlaces) async throws(RunFailure) {
    let other = try await runs().first {
      $0.planID == setting.run.planID && $0.run != setting.run.id && $0.isUnfinished
        // What crashed before it knew where it works is taken to work here.
        && ($0.headSeq == 0 || RunPlaces($0.targets).overlaps(places))
    }
    guard let other else { return }
    throw RunFailure(
      code: "RB2509", exitStatus: 7,
      message: "the plan '\(setting.run.planID)' has an unfinished run: \(other.run) (\(other.status?.word ?? "pending"))",
      standing: "nothing was changed by this command",
      next: ["runbook status \(other.run)", "runbook resume \(other.run)", "runbook rollback \(other.run)"])
  }

  /// What a later run built on, or changed, is not taken away from under it.
  func refuseWhereLaterRunStands() async throws(RunFailure) {
    let own = RunPlaces(setting.header.targets)
    for later in try await runs() where later.created > setting.header.created && later.run != setting.run.id && later.mayStand {
      guard let name = own.sharedCollection(with: RunPlaces(later.targets)) else { continue }
      throw RunFailure(
        code: "RB2512", exitStatus: 8,
        message: "run \(later.run) of plan '\(later.planID)' changed '\(name)' after this run, and is \(later.status?.word ?? "pending")",
        standing: "run \(setting.run.id) stays as it is; nothing was sent for it",
        next: try await isFinal(later)
          ? [
            "what run \(later.run) changed stands for good: take back by a plan of its own what has to be taken back",
            "runbook report \(later.run)",
          ]
          : ["runbook rollback \(later.run)", "then: runbook rollback \(setting.run.id)"])
    }
  }

  /// Whether nothing takes the changes of an ended run back any more: it was closed, or finalized.
  private func isFinal(_ run: RunListing) async throws(RunFailure) -> Bool {
    if run.status?.word == RunStatus.closed.rawValue || run.status?.word == RunStatus.rolledBackWithConflicts.rawValue { return true }
    do throws(JournalError) {
      // What is decided after the end stands among the last records.
      return try await setting.journal.records(of: run.run, from: max(1, run.headSeq - 16), limit: .max).contains { $0.kind == "finalized" }
    } catch {
      throw RunFailure(recording: error, run: run.run)
    }
  }

  func runs() async throws(RunFailure) -> [RunListing] {
    do throws(JournalError) { return try await setting.journal.runs() } catch { throw RunFailure(recording: error, run: setting.run.id) }
  }
}
