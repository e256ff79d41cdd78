import RunbookActions
import RunbookPlan
import RunbookSyntax

extension Lint {
  /// An approval that needs more people than there are.
  static let unsatisfiableGate = LintRule(
    code: "L118", name: "unsatisfiable-gate", severity: .error,
    summary: "An approval needs more people than can give it, so the run waits until it expires.",
    reason: """
      Who may answer for a person is said by `identities`, and one identity approves once. Two people of the plan who are one and the same in life \
      are one approval. With `notInitiator`, the one who starts the run is not among those who count.
      """,
    bad: [
      """
      people:
        dba: { name: Database administrator, contact: "#db", identities: [dana] }
        lead: { name: Lead, contact: "#lead", identities: [dana] }
      phases:
        - id: change
          title: The change
          steps:
            - { id: agreed, title: Both agree, action: manual.approve, with: { by: [dba, lead], minimum: 2 } }
      """,
      """
      people:
        dba: { name: Database administrator, contact: "#db", identities: [dana, ben] }
        lead: { name: Lead, contact: "#lead", identities: [ben, dana] }
        owner: { name: Owner, contact: "#owner", identities: [ben] }
      phases:
        - id: change
          title: The change
          steps:
            - { id: agreed, title: All agree, action: manual.approve, with: { by: [dba, lead, owner], minimum: 3 } }
      """,
      """
      params:
        needed: { type: integer, default: 2 }
      people:
        dba: { name: Database administrator, contact: "#db", identities: [dana] }
      phases:
        - id: change
          title: The change
          steps:
            - { id: agreed, title: Two agree, action: manual.approve, with: { by: [dba], minimum: "${{ params.needed }}" } }
      """,
    ],
    good: [
      """
      people:
        dba: { name: Database administrator, contact: "#db", identities: [dana] }
        lead: { name: Lead, contact: "#lead", identities: [lena] }
      phases:
        - id: change
          title: The change
          steps:
            - { id: agreed, title: Both agree, action: manual.approve, with: { by: [dba, lead], minimum: 2 } }
      """,
      """
      # Without identities anybody may answer for a person.
      people:
        dba: { name: Database administrator, contact: "#db" }
        lead: { name: Lead, contact: "#lead", identities: [lena] }
      phases:
        - id: change
          title: The change
          steps:
            - { id: agreed, title: Both agree, action: manual.approve, with: { by: [dba, lead], minimum: 2 } }
      """,
      """
      people:
        dba: { name: Database administrator, contact: "#db", identities: [dana, ben] }
        lead: { name: Lead, contact: "#lead", identities: [dana] }
      phases:
        - id: change
          title: The change
          steps:
            - { id: agreed, title: Both agree, action: manual.approve, with: { by: [dba, lead], minimum: 2 } }
      """,
    ]
  ) { facts, report in
    for step in facts.steps where step.action == "manual.approve" {
      guard let by = step.argument("by") else { continue }
      let names = by.items.compactMap { $0.scalar?.text }
      guard names.count == by.items.count, !names.isEmpty else { continue }
      let minimum = step.argument("minimum")
      guard let needed = minimum.map({ facts.values.integer($0).map { Int($0) } }) ?? 1 else { continue }
      let people = names.compactMap { name in facts.plan.people.first { $0.id == name } }
      let possible = Approvers.most(people)
      guard possible < needed else { continue }
      report.add(
        .step(step.id),
        "step '\(step.id)' needs \(needed) approvals, and \(possible == 1 ? "one person" : "\(possible) people") can give them",
        at: minimum?.range ?? by.range, help: "lower 'minimum', name more people, or give them identities of their own")
    }
  }
}

/// How many people can answer, each with an identity of their own: a matching of people and identities, made greater one by one.
private enum Approvers {
  static func most(_ people: [Person]) -> Int {
    var holder: [String: Int] = [:]
    let limited = people.filter { !$0.identities.isEmpty }
    var count = people.count - limited.count
    func place(_ person: Int, _ tried: inout Set<String>) -> Bool {
      for identity in limited[person].identities where tried.insert(identity).inserted {
        if let other = holder[identity], !place(other, &tried) { continue }
        holder[identity] = person
        return true
      }
      return false
    }
    for person in limited.indices {
      var tried: Set<String> = []
      if place(person, &tried) { count += 1 }
    }
    return count
  }
}
