import RunbookPlan
import RunbookSyntax

extension Lint {
  /// A person who owns something or is asked, and whom nobody can reach.
  static let contactMissing = LintRule(
    code: "L124", name: "contact-missing", severity: .warning,
    summary: "Somebody owns a phase or is asked for an answer, and no contact is given.",
    reason: """
      A run that waits for a person waits until somebody finds out whom. The contact is shown where the run waits and in what is told when it fails.
      """,
    bad: [
      """
      people:
        dba: { name: Database administrator }
      """,
      """
      people:
        dba: { name: Database administrator, contact: "#db" }
        lead: { name: Lead }
      phases:
        - id: change
          title: The change
          owner: dba
          steps:
            - { id: agreed, title: The lead agrees, action: manual.approve, with: { by: [lead] } }
      """,
      """
      people:
        dba: { name: Database administrator, contact: "#db" }
        qa: { name: Quality }
      phases:
        - id: change
          title: The change
          owner: dba
          steps:
            - id: tried
              title: It was tried
              action: manual.confirm
              with: { items: [ { id: pages, by: qa, text: Pages work } ] }
      """,
    ],
    good: [
      """
      people:
        dba: { name: Database administrator, contact: "#db-oncall" }
      """,
      """
      # Nobody has to be reached who is not asked.
      people:
        dba: { name: Database administrator, contact: "#db-oncall" }
        author: { name: Who wrote this }
      """,
      """
      people:
        qa: { name: Quality, contact: "#qa" }
      phases:
        - id: change
          title: The change
          owner: qa
          steps:
            - { id: tried, title: It was tried, action: manual.confirm, with: { text: Pages work, by: qa } }
      """,
    ]
  ) { facts, report in
    var asked: [String: SourceRange] = [:]
    for phase in facts.plan.phases { if let owner = phase.owner, asked[owner] == nil { asked[owner] = phase.idRange } }
    facts.eachCall { call, _ in
      guard call.call.name.hasPrefix("manual.") else { return }
      let items = call.argument("items")?.items ?? []
      for by in [call.argument("by")] + items.map({ $0["by"] }) {
        guard let by else { continue }
        for name in by.items.isEmpty ? [by] : by.items { if let id = name.scalar?.text, asked[id] == nil { asked[id] = name.range } }
      }
    }
    for person in facts.plan.people where person.contact == nil {
      guard let place = asked[person.id] else { continue }
      report.add(
        .person(person.id), "'\(person.id)' (\(person.name)) is asked or owns a phase here, and has no contact", at: place,
        help: "add contact: where they are reached, under 'people'")
    }
  }
}
