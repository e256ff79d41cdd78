import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

/// Rules of the format that allow something: each test is named after the rule, and the plan in it loads without a word.
@Suite struct FormatRuleTests {
  private func bind(_ text: String, params: ValueMap = [:]) throws -> BoundPlan {
    let result = try Bench.bind(text, params: params)
    let problems = result.diagnostics.rendered(colored: false)
    return try #require(result.bound, "\(problems)")
  }

  private func argv(_ bound: BoundPlan, _ step: String) throws -> Value? {
    let call = try #require(bound.steps[step]?.call)
    return try Resolver.resolve(
      arguments: call.call.arguments, fields: call.descriptor.fields, owner: step, opener: call.call.range,
      scope: DeclarationScope(params: bound.params, metadata: bound.plan.metadata, run: nil))["argv"]
  }

  @Test("Params may be lists (type: list, of: string), spliced whole into argv") func listsAreSpliced() throws {
    let bound = try bind(
      Bench.steps(
        """
        - { id: a, action: exec.run, with: { argv: [ run, "${{ params.hosts }}", "--", "${{ params.hosts }}" ] }, rollback: { notNeeded: t } }
        """, more: "params: { hosts: { type: list, of: string, default: [a, \"b c\"] } }"), params: ["hosts": ["a", "b c"]])
    #expect(try argv(bound, "a") == ["run", "a", "b c", "--", "a", "b c"])
  }

  @Test("retry is never inherited by exec.run, shell.run, http.request, mongodb.command") func someInheritNoRetry() throws {
    let text = Bench.steps(
      """
      - { id: a, action: exec.run, with: { argv: [x] }, rollback: { notNeeded: t } }
      - { id: b, action: shell.run, with: { run: x }, rollback: { notNeeded: t } }
      - { id: c, action: http.request, target: web, with: { path: /x }, rollback: { notNeeded: t } }
      - { id: e, action: fake.guarded, with: { cell: x } }
      - { id: f, action: exec.run, with: { argv: [x] }, retry: { attempts: 2 }, rollback: { notNeeded: t } }
      """
    ).replacing("collection: cells }", with: "collection: cells, retry: { attempts: 4 } }")
    let bound = try bind(text)
    #expect(["a", "b", "c", "e", "f"].map { bound.steps[$0]?.step.retry?.attempts } == [nil, nil, nil, 4, 2])
  }

  @Test("acknowledged may be left out after an approval") func approvalsAcknowledge() throws {
    let bound = try bind(
      Bench.steps(
        """
        - { id: agreed, action: manual.approve, with: { by: [dba] } }
        - { id: gone, action: fake.opaque, with: { cell: x }, rollback: { none: sent away } }
        """, more: "people: { dba: { name: D } }"))
    #expect(bound.steps["gone"]?.wayBack == .pointOfNoReturn(reason: "sent away"))
  }

  @Test("A default target applies only to actions of its type; exec.* and shell.run need none") func defaultsAreOfAType() throws {
    let bound = try bind(Bench.steps("- { id: a, action: exec.run, with: { argv: [x] }, rollback: { notNeeded: t } }"))
    #expect(bound.steps["a"] != nil)
  }

  @Test("when, preconditions and capture in steps of undo lists and of afterRollback") func theWayBackHasConditions() throws {
    let text =
      Bench.steps(
        """
        - id: a
          action: fake.opaque
          with: { cell: x }
          capture: [ { id: before, action: fake.look, with: { cell: x }, expect: { atLeast: 0 } } ]
          rollback:
            - id: back
              when: { value: "${{ captured.before.value }}", above: 0 }
              preconditions: [ { id: there, action: fake.look, with: { cell: x }, expect: { exists: true }, onFail: skip } ]
              capture: [ { id: then, action: fake.look, with: { cell: x }, expect: { atLeast: 0 } } ]
              action: fake.set
              with: { cell: x }
              verify: [ { id: less, value: "${{ captured.then.value }}", expect: { atLeast: "${{ captured.before.value }}" }, onFail: warn } ]
        """)
      + "\nafterRollback: [ { id: purge, when: { value: 1, equals: 1 }, action: fake.set, with: { cell: y } } ]\n"
      + "verifyRollback: [ { id: same, value: \"${{ steps.back.outputs.changed }}\", expect: { atLeast: 0 } } ]\n"
    let bound = try bind(text)
    #expect(bound.unbuilt.isEmpty)
    #expect(bound.steps["back"]?.step.when != nil && bound.steps["purge"]?.step.when != nil)
  }

  @Test("Keys beginning with x- are ignored, at every level") func extensionsAreIgnored() throws {
    let plain = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: p, X }
      people: { dba: { name: D, X }, X }
      params: { n: { type: integer, default: 1, X }, X }
      secrets: { s: { fromEnv: S, X }, X }
      targets: { db: { type: mongodb, uri: fake, identity: { replicaSet: r, X }, X }, X }
      defaults: { target: db, collection: cells, retry: { attempts: 2, X }, X }
      notify: [ { events: [halted], target: web, X } ]
      rollbackTriggers:
        - { id: t, action: fake.look, with: { cell: x, X }, every: 1s, failures: { max: 0, of: 1, X }, expect: { equals: 0, X },
            onFail: pause, onNoData: warn, onError: warn, X }
      phases:
        - id: one
          when: { value: 1, equals: 1, X }
          X:
          steps:
            - id: a
              when: { value: 1, allOf: [ { equals: 1, X } ], X }
              action: fake.opaque
              with: { cell: x, X }
              probe: { id: c, action: fake.look, with: { cell: x, X }, expect: { not: { equals: 0, X } }, X }
              rollback: [ { id: b, action: fake.set, with: { cell: x }, X } ]
              X:
      """.replacing("targets: {", with: "targets: { web: { type: http, baseUrl: \"http://x\" },")
    let keys = plain.replacing("X:\n", with: "x-note: { a: [1] }\n").replacing(", X", with: ", x-note: { a: [1] }").replacing(
      "X:", with: "x-note: 1")
    let result = try Bench.bind(keys)
    #expect(result.diagnostics.rendered(colored: false) == "")
    let bare = plain.split(separator: "\n").filter { !$0.hasSuffix("X:") }.joined(separator: "\n").replacing(", X", with: "")
    func digest(_ text: String) -> String? { PlanLoader.load(path: "p.yaml", text: text).normalised?.digest }
    #expect(digest(keys) != nil && digest(keys) == digest(bare))
  }

  @Test("target and collection beside action or inside with") func targetsStandInBothPlaces() throws {
    let bound = try bind(
      Bench.steps(
        """
        - { id: a, action: fake.guarded, with: { target: db, collection: one, cell: x } }
        - { id: b, action: fake.guarded, target: db, collection: one, with: { cell: x } }
        """))
    #expect(bound.reservations.map(\.names) == [["collection:one"]])
  }

  @Test("A param that the include or the plan fixes has its type in references") func fixedParamsHaveTypes() throws {
    let text = Bench.steps(
      "- { id: a, action: fake.guarded, with: { cell: x, by: \"${{ params.twice }}\" } }",
      more: "params: { once: { type: integer, default: 2 }, twice: { type: integer, value: \"${{ params.once }}\" } }")
    #expect(try bind(text, params: ["once": 2, "twice": 2]).steps["a"] != nil)
  }
}
