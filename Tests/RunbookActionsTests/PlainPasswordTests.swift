import RunbookActions
import RunbookPlan
import RunbookSyntax
import RunbookTestSupport
import Testing

/// Plans and params are stored with the run; a secret is not, whole or as a part.
@Suite struct PlainPasswordTests {
  private func said(_ uri: String, _ params: ValueMap = [:]) throws -> [Diagnostic] {
    let text = Bench.steps(
      "- { id: a, action: fake.look, with: { cell: x } }",
      more: "params: { place: { type: string }, word: { type: string } }\nsecrets: { key: { fromEnv: KEY } }")
    return try Bench.load(text.replacing("uri: fake", with: "uri: \"\(uri)\"")).plainPasswords(params: params, run: nil)
  }

  @Test func onesThatAreWrittenOut() throws {
    #expect(
      try said("mongodb://app:pa55word@h1,h2/").rendered(colored: false) == """
        error[RB2016]: 'uri' of target 'db' holds a password
         --> p.yaml:4:38
          |
        4 | targets: { db: { type: mongodb, uri: "mongodb://app:********@h1,h2/" }, web: { type: http, baseUrl: "http://x" } }
          |                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: plans and params are stored with each run: declare the address under 'secrets', and write "${{ secrets.NAME }}" here


        """)
  }

  @Test(arguments: [
    ("${{ params.place }}", "place", "mongodb://app:hunter2@h/"), ("mongodb://app:${{ params.word }}@h/", "word", "hunter2"),
  ])
  func onesThatParamsBring(uri: String, param: String, value: String) throws {
    #expect(try said(uri, [param: .string(value)]).map(\.message) == ["'uri' of target 'db' holds a password, given by a param"])
    #expect(try said(uri).isEmpty)
  }

  @Test(arguments: [
    "mongodb://app:${{ secrets.key }}@h/", "${{ secrets.key }}", "mongodb://app@h/", "mongodb://h:27017/db", "${{ params.place }}",
  ])
  func noneInAddresses(without uri: String) throws {
    #expect(try said(uri, ["place": "mongodb://h:27017/db?replicaSet=rs"]).isEmpty)
  }
}
