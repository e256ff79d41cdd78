import RunbookLint
import RunbookSyntax
import Testing

/// What a comment covers, and what is wrong with comments.
@Suite struct InlineIgnoreTests {
  private static let base = """
    kind: Runbook
    secrets: { uri: { fromEnv: MONGODB_URI } }
    targets: { shop: { type: mongodb, uri: "${{ secrets.uri }}", database: shop } }
    defaults: { target: shop, collection: orders }
    """

  /// The rules and subjects that are reported of a plan with these phases.
  private static func told(head: String = "", metadata: String = "metadata: { id: example, title: An example }", _ steps: String) throws
    -> [String]
  {
    let plan =
      head + "apiVersion: runbook/v1\n" + metadata + "\n" + base + "\nphases:\n  - id: change\n    title: The change\n    steps:\n"
      + steps.split(separator: "\n", omittingEmptySubsequences: false).map { "      \($0)\n" }.joined()
    return try LintBench.findings(plan).filter { $0.ignored == nil }.map(\.key)
  }

  private static let update = """
    - id: mark
      title: Mark every order
      action: mongodb.update
      with: { pipeline: [ { $set: { migrated: true } } ] }
    """

  @Test func withoutACommentItIsTold() throws {
    #expect(
      try Self.told(Self.update) == ["write-without-backup step:mark", "unfiltered-update step:mark", "write-without-check step:mark"])
  }

  @Test func aCommentBeforeAnElementCoversAllOfIt() throws {
    #expect(
      try Self.told("# runbook-lint: ignore write-without-backup, L102, L103: it is a mark\n" + Self.update) == [])
  }

  @Test func theNextElementIsNotCovered() throws {
    let second = Self.update.replacing("id: mark", with: "id: mark-again").replacing("migrated", with: "again")
    let told = try Self.told("# runbook-lint: ignore L101, L102, L103: it is a mark\n" + Self.update + "\n" + second)
    #expect(told.allSatisfy { $0.hasSuffix("step:mark-again") } && told.count == 3, "\(told)")
  }

  @Test func aCommentAtTheEndOfALineCoversWhatBeginsThere() throws {
    // The findings stand at the id, which the line of the action does not cover.
    let late = Self.update.replacing("action: mongodb.update", with: "action: mongodb.update     # runbook-lint: ignore L102: it is a mark")
    #expect(try Self.told(late).contains("inline-ignore ignore:unfiltered-update"))
    let early = Self.update.replacing("- id: mark", with: "- id: mark     # runbook-lint: ignore L101, L102, L103: it is a mark")
    #expect(try Self.told(early) == [])
  }

  @Test func severalCommentsBeforeOneLine() throws {
    let comments = """
      # runbook-lint: ignore L101: it is a mark
      # which nobody reads

      # runbook-lint: ignore L102, L103: every order is meant
      """
    #expect(try Self.told(comments + "\n" + Self.update) == [])
  }

  @Test func textIsNoComment() throws {
    let note = """
      - id: said
        title: Say so
        action: note
        with:
          text: |
            # runbook-lint: ignore nothing: this is text
      - { id: quoted, title: Say it again, action: note, with: { text: "a # runbook-lint: ignore L101: b" } }
      """
    #expect(try Self.told(note).filter { $0.hasPrefix("inline-ignore") } == [])
  }

  @Test func mistakesInCommentsAreFindings() throws {
    func first(_ comment: String) throws -> Finding? {
      let plan = LintExample(stringLiteral: comment + "\n" + Self.update).plan
      return try LintBench.findings(plan).first { $0.rule.name == "inline-ignore" }
    }
    let unreasoned = try #require(try first("# runbook-lint: ignore unfiltered-update"))
    #expect(unreasoned.diagnostic.message == "this does not say why unfiltered-update is meant, so nothing is ignored")
    let unknown = try #require(try first("# runbook-lint: ignore unfilterd-update: every order is meant"))
    #expect(unknown.diagnostic.message == "there is no rule 'unfilterd-update'")
    #expect(unknown.diagnostic.help == "did you mean 'unfiltered-update'?")
    let idle = try #require(try first("# runbook-lint: ignore secret-in-text: there is none"))
    #expect(idle.diagnostic.message == "'secret-in-text' finds nothing here that this could ignore")
    #expect(try first("# runbook-lint: disable L101: why not")?.diagnostic.message == "lint knows 'ignore' and not 'disable'")
    #expect(try first("# runbook-lint: ignore: why not")?.diagnostic.message == "this names no rule")
  }

  @Test func anIgnoreOfARuleThatDidNotRunIsNotIdle() throws {
    let plan = LintExample(stringLiteral: "# runbook-lint: ignore L101, L102, L103: it is a mark\n" + Self.update).plan
    let chosen = Lint.rules.filter { ["L100", "L102"].contains($0.code) }
    let findings = try LintBench.findings(plan, rules: chosen)
    #expect(findings.map(\.key) == ["unfiltered-update step:mark"])
    #expect(findings.first?.ignored == "it is a mark")
  }

  @Test func theReasonIsKept() throws {
    let plan = LintExample(stringLiteral: "# runbook-lint: ignore L102:   every order: all of them  \n" + Self.update).plan
    let finding = try #require(try LintBench.findings(plan).first { $0.rule.code == "L102" })
    #expect(finding.ignored == "every order: all of them")
  }
}
