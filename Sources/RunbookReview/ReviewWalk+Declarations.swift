import OrderedCollections

/// What a plan declares: metadata, people, params, secrets, targets, locks; and its phases.
extension ReviewWalk {
  mutating func compareDeclarations() {
    for key in Set(old.root.keys).union(new.root.keys).sorted() where old.root[key] != new.root[key] {
      let (before, after) = (old.root[key] ?? .emptyMap, new.root[key] ?? .emptyMap)
      switch key {
      case "metadata": compareMetadata(before, after)
      case "people": compareNamed(before, after, noun: "person") { $0.comparePerson($1, $2, $3, $4) }
      case "params": compareNamed(before, after, noun: "param") { $0.compareParam($1, $2, $3, $4) }
      case "secrets": compareNamed(before, after, noun: "secret") { $0.tellPlainly("source", $3, $4, of: $1, subject: $2) }
      case "targets": compareNamed(before, after, noun: "target") { $0.compareTarget($1, $2, $3, $4) }
      case "locks": compareLocks(before.list, after.list)
      case "defaults": compareDefaults(before, after)
      case "apiVersion": tellPlainly(key, old.root[key], new.root[key], of: "the plan", subject: "plan")
      default: tellPlainly(key, old.root[key], new.root[key], of: "the plan", subject: "plan")
      }
    }
  }

  private mutating func compareMetadata(_ old: PlanPart, _ new: PlanPart) {
    let defaults = ["keepUndo": PlanPart.scalar(text: "7d", isPlain: false)]
    for key in Self.differingKeys(old, new, defaults: defaults) {
      let (before, after) = (old[key] ?? defaults[key], new[key] ?? defaults[key])
      switch key {
      case "title": add(.harmless, "title-changed", "plan", "the plan has another title")
      case "id":
        add(
          .changed, "plan-renamed", "plan",
          "the plan is called \(code(after)) instead of \(code(before)): it is another plan to runs and reservations")
      case "keepUndo":
        tellAmount(
          key, before, after, of: "a succeeded run", subject: "plan", up: .stronger, down: .weaker,
          ("can be rolled back for longer", "can be rolled back for less long"))
      default: tellPlainly(key, before, after, of: "the plan", subject: "plan")
      }
    }
  }

  /// Entries by their names; one that came or went is a change.
  private mutating func compareNamed(
    _ old: PlanPart, _ new: PlanPart, noun: String,
    _ compare: (inout ReviewWalk, _ name: String, _ subject: String, _ old: PlanPart, _ new: PlanPart) -> Void
  ) {
    for (name, part) in new.map {
      let subject = "\(noun) \(name)"
      guard let before = old[name] else {
        add(.changed, "\(noun)-added", subject, "\(noun) \(code(name)) was added: \(code(part))")
        continue
      }
      if before != part { compare(&self, "\(noun) \(code(name))", subject, before, part) }
    }
    for (name, part) in old.map where new[name] == nil {
      add(.changed, "\(noun)-removed", "\(noun) \(name)", "\(noun) \(code(name)) was removed: it was \(code(part))")
    }
  }

  private mutating func comparePerson(_ name: String, _ subject: String, _ old: PlanPart, _ new: PlanPart) {
    for key in Self.differingKeys(old, new, defaults: [:]) {
      let (before, after) = (Set(old["identities"]?.list ?? []), Set(new["identities"]?.list ?? []))
      if key == "identities", after.isEmpty, !before.isEmpty {
        add(.weaker, "identities-removed", subject, "anybody may answer for \(name)")
      } else if key == "identities", before.isEmpty {
        add(.stronger, "identities-added", subject, "only \(codes(after.map(\.shown).sorted())) may answer for \(name)")
      } else if key == "identities", after.isStrictSuperset(of: before) {
        add(.weaker, "identities-widened", subject, "\(codes(after.subtracting(before).map(\.shown).sorted())) may answer for \(name), too")
      } else {
        tellPlainly(key, old[key], new[key], of: name, subject: subject)
      }
    }
  }

  private mutating func compareParam(_ name: String, _ subject: String, _ old: PlanPart, _ new: PlanPart) {
    for key in Self.differingKeys(old, new, defaults: [:]) {
      switch (key, old[key], new[key]) {
      case ("description", _, _): add(.harmless, "description-changed", subject, "\(name) has another description")
      case ("default", let value?, nil):
        add(.changed, "param-default", subject, "\(name) has to be given; without that it was \(code(value))")
      case ("default", nil, let value?):
        add(.changed, "param-default", subject, "\(name) need no longer be given: it is \(code(value)) then")
      case ("default", let before, let after):
        add(.changed, "param-default", subject, "\(name) is \(code(after)) instead of \(code(before)) where it is not given")
      default: tellPlainly(key, old[key], new[key], of: name, subject: subject)
      }
    }
  }

  private mutating func compareTarget(_ name: String, _ subject: String, _ old: PlanPart, _ new: PlanPart) {
    for key in Self.differingKeys(old, new, defaults: [:]) {
      switch (key, old[key], new[key]) {
      case ("identity", let value?, nil): add(.weaker, "identity-removed", subject, "\(name) is no longer checked to be \(code(value))")
      case ("identity", nil, let value?): add(.stronger, "identity-added", subject, "\(name) is checked to be \(code(value))")
      case ("identity", let before, let after):
        add(.changed, "identity-changed", subject, "\(name) has to be \(code(after)) instead of \(code(before))")
      case ("type", _, _), ("uri", _, _), ("database", _, _), ("baseUrl", _, _):
        add(.changed, "target-changed", subject, "\(name) is another place: \(code(key)) was \(code(old[key])), is \(code(new[key]))")
      default: tellPlainly(key, old[key], new[key], of: name, subject: subject)
      }
    }
  }

  private mutating func compareLocks(_ old: [PlanPart], _ new: [PlanPart]) {
    let (before, after) = (Set(old.map(\.shown)), Set(new.map(\.shown)))
    let (gone, added) = (before.subtracting(after).sorted(), after.subtracting(before).sorted())
    if !gone.isEmpty {
      add(.weaker, "lock-removed", "locks", "\(codes(gone)) is no longer reserved: other runs with this lock may run beside it")
    }
    if !added.isEmpty { add(.stronger, "lock-added", "locks", "\(codes(added)) is reserved, too") }
    if gone.isEmpty, added.isEmpty { add(.harmless, "locks-reordered", "locks", "the locks are written in another order") }
  }

  private mutating func compareDefaults(_ old: PlanPart, _ new: PlanPart) {
    for key in Self.differingKeys(old, new, defaults: [:]) {
      let parts = self.new.steps.values.map(\.part) + self.new.checks.values.map(\.part) + self.new.triggers.values.map(\.part)
      let count = parts.count { $0[key] == nil && $0["with"]?[key] == nil && uses(key, $0["action"]?.text) }
      add(
        .changed, "default-changed", "defaults",
        "\(code("defaults.\(key)")) was \(code(old[key])), is \(code(new[key])): \(count) steps, checks and triggers name none of their own"
      )
    }
  }

  /// Whether an action takes a default for this key.
  private func uses(_ key: String, _ action: String?) -> Bool {
    guard let action, let known = descriptor(action) else { return action != nil }
    return key == "collection" ? known.needsCollection : key == "target" ? known.targetType != nil : true
  }

  // MARK: Phases

  mutating func comparePhases() {
    let scope = PlanPart.scalar(text: "plan", isPlain: false)
    for (id, part) in new.phases {
      guard let before = old.phases[id] else {
        add(.changed, "phase-added", id, "phase \(code(id)) was added")
        if part["rollbackScope"]?.text == "phase" {
          add(.weaker, "rollback-scope", id, "what fails in phase \(code(id)) unwinds this phase only, and leaves what stands before it")
        }
        continue
      }
      for key in Self.differingKeys(before, part, defaults: ["rollbackScope": scope]) {
        comparePhaseKey(key, before[key], part[key], "phase \(code(id))", id)
      }
    }
    for id in old.phases.keys where new.phases[id] == nil { add(.changed, "phase-removed", id, "phase \(code(id)) was removed") }
    for id in Self.moved(Array(old.phases.keys), Array(new.phases.keys)) {
      add(.changed, "phase-moved", id, "phase \(code(id)) has another place among the phases")
    }
  }

  private mutating func comparePhaseKey(_ key: String, _ old: PlanPart?, _ new: PlanPart?, _ name: String, _ id: String) {
    switch key {
    case "title": add(.harmless, "title-changed", id, "\(name) has another title")
    case "rollbackScope":
      let isPhase = new?.text == "phase"
      add(
        isPhase ? .weaker : .stronger, "rollback-scope", id,
        isPhase
          ? "what fails in \(name) unwinds this phase only, and leaves what stands before it"
          : "what fails in \(name) unwinds the whole plan")
    case "when": tellCondition(old, new, of: name, subject: id, isCheck: false)
    default: tellPlainly(key, old, new, of: name, subject: id)
    }
  }
}
