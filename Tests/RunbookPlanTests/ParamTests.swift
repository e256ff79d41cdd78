import RunbookPlan
import RunbookSyntax
import Testing

@Suite struct ParamTests {
  private func declarations() throws -> [ParamDeclaration] {
    try #require(PlanLoader.load(path: "x.yaml", text: Samples.plan).plan).params
  }

  private func bind(_ given: [(String, String)], _ file: String? = nil, requiresAll: Bool = true) throws -> BoundParams {
    bindParams(
      try declarations(), given: given.map { (name: $0.0, text: $0.1) }, file: file.map { SourceFile(path: "p.yaml", text: $0) },
      requiresAll: requiresAll)
  }

  @Test func theCommandLineWinsOverTheFileAndTheFileOverDefaults() throws {
    let bound = try bind([("count", "7"), ("name", "no")], "count: 6\nbar: 1s\nhosts: [x]\n")
    #expect(bound.isUsable)
    #expect(bound.values == ["day": "2025-01-18", "bar": .duration(1_000_000), "count": 7, "mode": "fast", "hosts": ["x"], "name": "no"])
    #expect(Array(bound.values.keys) == ["day", "bar", "count", "mode", "hosts", "name"])
  }

  @Test func listsAreGivenRepeatedlyOrInBrackets() throws {
    #expect(try bind([("name", "n"), ("hosts", "a,b"), ("hosts", "c")]).values["hosts"] == ["a,b", "c"])
    #expect(try bind([("name", "n"), ("hosts", "[a, b]")]).values["hosts"] == ["a", "b"])
    #expect(try !bind([("name", "n"), ("hosts", "[a, b")]).isUsable)
  }

  @Test func whatIsWrongIsSaid() throws {
    let bound = try bind([("cuont", "7"), ("count", "-1"), ("mode", "fast"), ("mode", "slow")])
    #expect(
      bound.mistakes.map(\.message) == [
        "the plan has no param 'cuont'", "param 'count': -1 is below 0", "param 'mode' is given 2 times", "param 'name' (text) is missing",
      ])
    #expect(
      bound.mistakes.map(\.help) == [
        "did you mean 'count'?", "write 0 or more", "give it once", "give it with --param name=VALUE, or in a --params-file",
      ])
    #expect(try bind([], requiresAll: false).isUsable)
  }

  @Test func mistakesInTheFileHaveTheirPlace() throws {
    let bound = try bind([("name", "n")], "cuont: 1\ncount: x\nday: \"${{ run.date }}\"\n")
    #expect(
      bound.diagnostics.rendered() == """
        error[RB1603]: the plan has no param 'cuont'
         --> p.yaml:1:1
          |
        1 | cuont: 1
          | ^^^^^
        help: did you mean 'count'?

        error[RB1008]: count: 'x' is no integer
         --> p.yaml:2:8
          |
        2 | count: x
          |        ^
        help: write a whole number, like 42

        error[RB1208]: a params file holds values, not references
         --> p.yaml:3:7
          |
        3 | day: "${{ run.date }}"
          |       ^^^^^^^^^^^^^^^


        """)
  }

  /// `min` and `max` hold for what is given, on the command line and in a params file, and for what the plan itself gives.
  @Test func boundsHoldWhereverAValueComesFrom() throws {
    let text = Samples.plan(
      "day: {",
      "room: { type: size, default: 1MiB, min: 1KiB, max: 1GiB }\n  twice: { type: size, value: \"${{ params.room }}\", max: 64MiB }\n  day: {"
    )
    let params = try #require(PlanLoader.load(path: "x.yaml", text: text).plan).params
    let given = bindParams(params, given: [("name", "n"), ("room", "2GiB")])
    #expect(given.mistakes.map(\.message) == ["param 'room': 2147483648 is above 1073741824"])
    let file = bindParams(params, given: [("name", "n")], file: SourceFile(path: "p.yaml", text: "room: 1B\n"))
    #expect(file.diagnostics.map(\.message) == ["room: 1 is below 1024"])
    let fixed = bindParams(params, given: [("name", "n"), ("room", "128MiB")])
    #expect(
      fixed.mistakes.map(\.message) == ["param 'twice', which the plan gives its value: 134217728 is above 67108864"])
    #expect(bindParams(params, given: [("name", "n")]).values["twice"] == 1_048_576)
    // Without the value that it refers to, a fixed param is not known yet; that is no mistake of its own.
    let unknown = Samples.plan("day: {", "who: { type: string }\n  other: { type: string, value: \"to ${{ params.who }}\" }\n  day: {")
    let declared = try #require(PlanLoader.load(path: "x.yaml", text: unknown).plan).params
    #expect(bindParams(declared, given: [("name", "n")], requiresAll: false).isUsable)
  }
}
