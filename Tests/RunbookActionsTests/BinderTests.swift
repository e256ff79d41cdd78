import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookSyntax
import RunbookTestSupport
import Testing

/// A plan, and everything that binding it says.
struct GoldenPlan: Sendable, CustomTestStringConvertible {
  var name: String
  var text: String
  var rendered = ""
  var unbuilt: [String] = []

  var testDescription: String { name }

  static let all = calls + rules + format1 + format2 + triggers + comparisons
}

@Suite struct BinderTests {
  @Test(arguments: GoldenPlan.all) func says(_ golden: GoldenPlan) throws {
    let result = try Bench.bind(golden.text)
    #expect(result.diagnostics.rendered(colored: false).trimmed == golden.rendered)
    #expect((result.bound == nil) == !golden.rendered.isEmpty)
    #expect((result.bound?.unbuilt ?? []).map(\.what) == golden.unbuilt)
  }

  @Test func everyCodeHasAGoldenMessage() {
    let said = GoldenPlan.all.map(\.rendered).joined()
    for code in BindingCode.allCases where code != .notBuilt && code != .passwordInAddress {
      #expect(said.contains("error[\(code.rawValue)]"), "\(code)")
    }
    for code in BindingCode.allCases { #expect(!code.explanation.cause.isEmpty && !code.explanation.remedy.isEmpty) }
  }

  /// What this version does not carry out loads, and is told by name and place where somebody wants to run it.
  @Test func unbuiltPartsHaveTheirPlace() throws {
    let text = Bench.steps(
      """
      - { id: a, action: http.check, target: web, with: { path: /x } }
      - { id: b, action: fake.guarded, with: { cell: x, bad: later } }
      """, more: "notify: []")
    let bound = try #require(try Bench.bind(text).bound)
    let rendered = bound.unbuilt.map {
      Diagnostic(BindingCode.notBuilt, "\($0.what) is not built in this version", at: bound.plan.place(of: $0.range))
    }.inOrderOfPlace().rendered(colored: false)
    #expect(
      rendered.trimmed == """
        error[RB2011]: the key 'notify' is not built in this version
         --> p.yaml:6:1
          |
        6 | notify: []
          | ^^^^^^

        error[RB2011]: the action http.check is not built in this version
         --> p.yaml:10:26
           |
        10 |       - { id: a, action: http.check, target: web, with: { path: /x } }
           |                          ^^^^^^^^^^

        error[RB2011]: fake.guarded: 'bad' is 'later' is not built in this version
         --> p.yaml:11:57
           |
        11 |       - { id: b, action: fake.guarded, with: { cell: x, bad: later } }
           |                                                         ^^^
        """)
  }

  @Test func reservesWhatIsChangedEverywhere() throws {
    let text =
      Bench.steps(
        """
        - { id: a, action: fake.guarded, collection: "${{ params.name }}", with: { cell: x } }
        - id: b
          action: fake.opaque
          with: { cell: x }
          rollback: [ { id: c, action: fake.opaque, collection: undone, with: { cell: x } } ]
        - { id: l, action: fake.look, with: { cell: x } }
        """, more: "locks: [service]\nparams: { name: { type: string } }")
      + "\nafterRollback: [ { id: d, action: fake.set, collection: cache, with: { cell: x } } ]\n"
    let bound = try #require(try Bench.bind(text, params: ["name": "assets"]).bound)
    #expect(
      bound.reservations == [
        TargetReservations(
          target: "db", names: ["collection:assets", "collection:cache", "collection:cells", "collection:undone", "lock:service"])
      ])
    // Without the params a plan can be checked all the same.
    let unknown = try #require(try Bench.bind(text).bound)
    #expect(unknown.reservations.first?.names.contains("collection:assets") == false)
  }

  @Test func waysBackAreWhatIsWrittenOrTheActionsOwn() throws {
    let text = Bench.steps(
      """
      - { id: a, action: fake.guarded, with: { cell: x } }
      - { id: b, action: fake.guarded, with: { cell: x }, rollback: auto }
      - { id: c, action: fake.guarded, with: { cell: x }, rollback: { coveredBy: a } }
      - { id: d, action: fake.guarded, with: { cell: x }, rollback: { notNeeded: a cache } }
      - { id: e, action: fake.opaque, with: { cell: x }, rollback: { none: sent, acknowledged: true } }
      - { id: f, action: fake.guarded, with: { cell: x }, rollback: [ { id: g, action: note, with: { text: t } }, auto ] }
      - { id: h, action: fake.look, with: { cell: x }, rollback: { notNeeded: it reads } }
      """)
    let bound = try #require(try Bench.bind(text).bound)
    let ways = ["a", "b", "c", "d", "e", "f", "g", "h"].map { bound.steps[$0]?.wayBack }
    #expect(
      ways == [
        .automatic, .automatic, .coveredBy("a"), .notNeeded(reason: "a cache"), .pointOfNoReturn(reason: "sent"), .steps(["g", nil]),
        .nothing, .nothing,
      ])
    #expect(bound.steps["g"]?.role == .undo(of: "f"))
  }
}

extension String {
  fileprivate var trimmed: String {
    var text = self[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }
}
