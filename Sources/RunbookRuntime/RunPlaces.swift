import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookJournal
import RunbookPlan

/// Where a run works and what it reserves there, as its header keeps it: by target, the deployment's identity and the reservations.
struct RunPlaces: Sendable, Hashable {
  struct Place: Sendable, Hashable {
    var target: String
    /// Equal for equal deployments and databases.
    var identity: String
    var reservations: [String]
  }

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
    if places.isEmpty || other.places.isEmpty { return places.isEmpty && other.places.isEmpty }
    return !Set(places.map(\.identity)).isDisjoint(with: other.places.map(\.identity))
  }

  /// Something that both reserve.
  func shared(with other: RunPlaces) -> String? {
    for place in places {
      for there in other.places where there.identity == place.identity {
        if let name = place.reservations.first(where: there.reservations.contains) { return name }
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
    return RunPlaces(places: places)
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
      guard let name = own.shared(with: RunPlaces(later.targets)) else { continue }
      throw RunFailure(
        code: "RB2512", exitStatus: 8,
        message: "run \(later.run) of plan '\(later.planID)' changed '\(name)' after this run, and is \(later.status?.word ?? "pending")",
        standing: "run \(setting.run.id) stays as it is; nothing was sent for it",
        next: ["runbook rollback \(later.run)", "then: runbook rollback \(setting.run.id)"])
    }
  }

  private func runs() async throws(RunFailure) -> [RunListing] {
    do throws(JournalError) { return try await setting.journal.runs() } catch { throw RunFailure(recording: error, run: setting.run.id) }
  }
}
