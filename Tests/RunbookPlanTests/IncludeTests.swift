import RunbookPlan
import RunbookSyntax
import Testing

/// What becomes of a plan that includes others: one plan, as if it had been written in one file.
@Suite struct IncludeTests {
  private static let main = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: main }
    params: { database: { type: string, default: assets }, hosts: { type: list, of: string, default: [a, b] } }
    targets: { db: { type: mongodb, uri: fake }, api: { type: http, baseUrl: "http://x" } }
    defaults: { target: db, collection: assets }
    include:
      - { file: ../common/preflight.yaml, as: pre, with: { name: "${{ params.database }}", hosts: "${{ params.hosts }}" } }
      - { file: ../common/release.yaml, as: go }
    preconditions:
      - { id: own, action: mongodb.ping, expect: { field: writable, equals: true } }
    phases:
      - id: last
        steps:
          - { id: said, action: note, with: { text: "${{ steps.pre-backup.outputs.documents }} of ${{ steps.go-first.status }}" } }

    """

  private static let preflight = """
    apiVersion: runbook/v1
    kind: Fragment
    params:
      name: { type: string }
      hosts: { type: list, of: string }
      limit: { type: integer, default: 5, min: 1 }
    preconditions:
      - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
    rollbackTriggers:
      - id: slow
        action: mongodb.latency
        with: { samples: 20 }
        every: 10s
        startAfter: backup
        expect: { notWorseThan: { baseline: base, field: p95, tolerance: 10% } }
        onFail: pause
        onNoData: warn
        onError: warn
    phases:
      - id: look
        when: { value: "${{ params.name }}", equals: assets }
        steps:
          - id: base
            action: baseline.record
            with: { measure: { action: mongodb.latency, with: { samples: 20 } } }
          - id: backup
            renamedFrom: copy
            action: mongodb.backup
            with: { to: "${{ params.name }}_copy", filter: { id: backup } }
            outputsWhenSkipped: { documents: 0 }
          - id: change
            action: exec.run
            with: { argv: [ ./do, "${{ params.hosts }}", "${{ captured.before.stdout }}", "$${{ steps.backup.status }}" ] }
            capture: [ { id: before, action: exec.check, with: { argv: [ ./ask ] }, expect: { equals: 0 } } ]
            onInterrupt: rerun
            rollback: [ { id: restore, action: exec.run, with: { argv: [ ./undo, "${{ captured.before.stdout }}" ] } } ]
          - { id: again, action: exec.run, with: { argv: [ ./do ] }, onInterrupt: rerun, rollback: { coveredBy: change } }
        verify:
          - { id: same, action: mongodb.compare, with: { left: { backup: backup }, right: assets }, expect: { equals: 0 } }
          - { id: few, value: "${{ steps.backup.outputs.documents }}", expect: { atMost: "${{ params.limit }}" } }

    """

  private static let release = """
    apiVersion: runbook/v1
    kind: Fragment
    metadata: { title: Release }
    include: [ { file: ./said.yaml, as: before } ]
    steps:
      - { id: first, action: note, with: { text: "${{ phases.before.status }} ${{ steps.before-said.outputs.text }}" } }

    """

  private static let said = """
    apiVersion: runbook/v1
    kind: Fragment
    params: { word: { type: string, default: hello } }
    steps:
      - { id: said, action: note, with: { text: "${{ params.word }}" } }

    """

  private static let files = ["common/preflight.yaml": preflight, "common/release.yaml": release, "common/said.yaml": said]

  private func load(_ text: String, _ files: [String: String]) -> LoadedPlan {
    PlanLoader.load(path: "plans/main.yaml", text: text, includes: Samples.files(files))
  }

  private func loaded() throws -> (plan: Plan, normalised: NormalisedPlan) {
    let loaded = load(Self.main, Self.files)
    #expect(loaded.diagnostics.rendered() == "")
    return (try #require(loaded.plan), try #require(loaded.normalised))
  }

  @Test func whatIsIncludedComesFirstAndHasItsPrefix() throws {
    let plan = try loaded().plan
    #expect(plan.preconditions.map(\.id) == ["pre-up", "own"])
    #expect(plan.phases.map(\.id) == ["pre-look", "go-before", "go", "last"])
    #expect(plan.phases.map(\.title) == [nil, nil, "Release", nil])
    #expect(plan.phases[0].steps.map(\.id) == ["pre-base", "pre-backup", "pre-change", "pre-again"])
    #expect(plan.phases[1].steps.map(\.id) == ["go-before-said"])
    #expect(plan.rollbackTriggers.map(\.id) == ["pre-slow"])
    #expect(plan.params.map(\.name) == ["database", "hosts", "pre-name", "pre-hosts", "pre-limit", "go-before-word"])
  }

  /// References, `coveredBy`, `startAfter`, `baseline`, `backup` and `renamedFrom` follow; documents, literals and what is the plan's do not.
  @Test func whatRefersToAnIDFollowsIt() throws {
    let (plan, normalised) = try loaded()
    #expect(plan.rollbackTriggers[0].startAfter?.id == "pre-backup")
    #expect(plan.phases[0].steps[1].renamedFrom == "pre-copy")
    guard case .coveredBy(let cover, _) = plan.phases[0].steps[3].rollback else {
      Issue.record("no cover")
      return
    }
    #expect(cover == "pre-change")
    for part in [
      #""left":{"backup":"pre-backup"}"#, #""baseline":"pre-base""#, #""filter":{"id":"backup"}"#, "${{ captured.pre-before.stdout }}",
      "$${{ steps.backup.status }}", "${{ phases.go-before.status }} ${{ steps.go-before-said.outputs.text }}", "${{ params.pre-limit }}",
      #""pre-name":{"type":"string","value":"${{ params.database }}"}"#, #""pre-limit":{"type":"integer","value":5,"min":1}"#,
    ] {
      #expect(normalised.text.contains(part), "\(part) is not in \(normalised.text)")
    }
    #expect(!normalised.text.contains("include"))
  }

  /// A run stores the plan with everything in it, and goes on with that.
  @Test func theStoredPlanNeedsNoOtherFile() throws {
    let first = try loaded().normalised
    let stored = PlanLoader.load(path: "stored", text: first.text)
    #expect(stored.diagnostics.rendered() == "")
    #expect(stored.normalised == first)
    #expect(stored.plan?.phases.map(\.id) == ["pre-look", "go-before", "go", "last"])
  }

  @Test func theDigestCoversWhatIsIncluded() throws {
    let first = try loaded().normalised
    var files = Self.files
    files["common/said.yaml"] = Self.said.replacing("hello", with: "good day")
    #expect(load(Self.main, files).normalised?.digest != first.digest)
    files["common/said.yaml"] = "# a comment\n" + Self.said.replacing("said, action", with: "said, x-note: 1, action")
    #expect(load(Self.main, files).normalised?.digest == first.digest)
  }

  @Test func theSameFragmentMayBeIncludedTwice() throws {
    let text = Self.main.replacing("../common/release.yaml, as: go", with: "../common/said.yaml, as: go").replacing(
      "${{ steps.go-first.status }}", with: "x"
    ).replacing(
      "  - { file: ../common/said.yaml, as: go }",
      with: "  - { file: ../common/said.yaml, as: go }\n  - { file: ../common/said.yaml, as: on, with: { word: bye } }")
    let loaded = load(text, Self.files)
    #expect(loaded.diagnostics.rendered() == "")
    #expect(loaded.plan?.phases.map(\.id) == ["pre-look", "go", "on", "last"])
  }

  /// `with` gives the params of a fragment their values; nobody else does.
  @Test func paramsOfFragmentsAreFixed() throws {
    let params = try loaded().plan.params
    let bound = bindParams(params, given: [("database", "users"), ("hosts", "c")])
    #expect(bound.isUsable)
    #expect(bound.values["pre-name"] == "users" && bound.values["pre-hosts"] == ["c"] && bound.values["pre-limit"] == 5)
    let mistakes = bindParams(params, given: [("pre-limit", "7")]).mistakes
    #expect(mistakes.map(\.message) == ["param 'pre-limit' has its value from the plan"])
    #expect(mistakes.map(\.code) == ["RB1606"])
  }

  /// A fragment by itself can be checked: what it uses of the runbook around it is left open, its own mistakes are told.
  @Test func aFragmentCanBeCheckedAlone() throws {
    let loaded = PlanLoader.load(path: "common/preflight.yaml", text: Self.preflight)
    #expect(loaded.diagnostics.rendered() == "")
    #expect(loaded.plan?.isFragment == true)
    let wrong = PlanLoader.load(path: "f.yaml", text: Self.said.replacing("params.word", with: "params.wrod") + "people: {}\n")
    #expect(wrong.diagnostics.map(\.code) == ["RB1201", "RB1110"])
  }

  @Test func depthAndCountAreBounded() {
    func fragment(_ next: String) -> String { "apiVersion: runbook/v1\nkind: Fragment\ninclude: [ { file: \(next) } ]\n" }
    let deep = Dictionary(uniqueKeysWithValues: (0...12).map { ("f\($0).yaml", fragment("./f\($0 + 1).yaml")) })
    let plan = "apiVersion: runbook/v1\nkind: Runbook\nmetadata: { id: a }\nphases: [ { id: p, steps: [ { id: s, action: note } ] } ]\n"
    let tooDeep = PlanLoader.load(path: "a.yaml", text: plan + "include: [ { file: f0.yaml } ]\n", includes: Samples.files(deep))
    #expect(tooDeep.diagnostics.map(\.message) == ["files are included at most 10 deep"])
    let many = (0...120).map { "{ file: f\($0).yaml }" }.joined(separator: ", ")
    let leaf = "apiVersion: runbook/v1\nkind: Fragment\n"
    let files = Dictionary(uniqueKeysWithValues: (0...120).map { ("f\($0).yaml", leaf) })
    let tooMany = PlanLoader.load(path: "a.yaml", text: plan + "include: [ \(many) ]\n", includes: Samples.files(files))
    #expect(Set(tooMany.diagnostics.map(\.message)) == ["a plan includes at most 100 files"])
  }

  /// Aliases of an included file become what they stand for.
  @Test func aliasesWorkInsideOneFile() throws {
    let said =
      Self.said.replacing("with: { text: \"${{ params.word }}\" }", with: "with: &a { text: \"${{ params.word }}\" }").replacing(
        "steps:\n", with: "x-b: &b { type: string }\nsteps:\n") + "  - { id: more, action: note, with: *a }\n"
    let loaded = load(Self.main, Self.files.merging(["common/said.yaml": said]) { $1 })
    #expect(loaded.diagnostics.rendered() == "")
    #expect(
      loaded.normalised?.text.contains(#""id":"go-before-more","action":"note","with":{"text":"${{ params.go-before-word }}"}"#) == true)
  }
}
