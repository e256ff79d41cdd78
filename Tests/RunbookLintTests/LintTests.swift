import Foundation
import RunbookActions
import RunbookLint
import RunbookPlan
import RunbookSyntax
import Testing

/// Whole messages, what is never shown, and the plans of the project.
@Suite struct LintTests {
  @Test func messagesAsPeopleReadThem() throws {
    let plan = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: example, title: An example }
      secrets: { uri: { fromEnv: MONGODB_URI } }
      targets: { shop: { type: mongodb, uri: "${{ secrets.uri }}", database: shop } }
      defaults: { target: shop, collection: orders }
      phases:
        - id: change
          title: The change
          steps:
            - id: backup
              title: Back carts up
              action: mongodb.backup
              with: { to: "carts_${{ run.id }}", filter: { state: cart } }
            - id: archive
              title: Archive what is done
              action: mongodb.update
              with: { filter: { state: done, paid: null }, pipeline: [ { $set: { state: archived } } ] }
              verify:
                - { id: few, title: Not too many, value: "${{ steps.archive.outputs.changed }}", expect: { atMost: 100 } }

      """
    #expect(
      try LintBench.told(plan) == """
        warning[L104 backup-not-proven]: nobody checks that what 'backup' copies is what it should be, and 'archive' relies on it
         --> plan.yaml:11:13
           |
        11 |       - id: backup
           |             ^^^^^^
        note: it is relied on here
         --> plan.yaml:15:13
           |
        15 |       - id: archive
           |             ^^^^^^^
        help: check orders before, or the step's outputs, or the copy

        warning[L104 backup-not-proven]: 'backup' copies only what fits its filter, and 'archive' changes other documents as well
         --> plan.yaml:18:17
           |
        18 |         with: { filter: { state: done, paid: null }, pipeline: [ { $set: { state: archived } } ] }
           |                 ^^^^^^
        note: this is copied
         --> plan.yaml:14:44
           |
        14 |         with: { to: "carts_${{ run.id }}", filter: { state: cart } }
           |                                            ^^^^^^
        help: copy what the step's own filter finds, or the whole collection

        warning[L109 null-compared]: this compares 'paid' with null, and documents without it count as null here
         --> plan.yaml:18:46
           |
        18 |         with: { filter: { state: done, paid: null }, pipeline: [ { $set: { state: archived } } ] }
           |                                              ^^^^
        help: write { $exists: false } for documents without it, { $type: "null" } for those where it is null

        """)
  }

  // MARK: secrets

  /// Whatever a secret is written in, it is in no finding: not in the line that is shown, in no message, in no form.
  @Test(arguments: [
    "uri: \"mongodb://app:hunter2-is-long@db.example.org/shop\"",
    "uri: 'mongodb://app:hunter2-is-long@db.example.org/shop'",
    "uri: mongodb://app:hunter2-is-long@db.example.org/shop",
    "uri: \"mongodb://app:hunter2-is\\u002dlong@db.example.org/shop\"",
    "uri: >-\n      mongodb://app:hunter2-is-long@db.example.org/shop",
  ]) func aSecretIsNeverShown(_ written: String) throws {
    let plan = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: example, title: An example }
      targets:
        shop:
          type: mongodb
          \(written)
          database: shop
      phases:
        - id: change
          title: The change
          steps:
            - id: mark      # the password is hunter2-is-long, as everybody knows
              title: Mark every order
              action: mongodb.update
              collection: orders
              target: shop
              with: { pipeline: [ { $set: { migrated: hunter2-is-long } } ] }

      """
    let findings = try LintBench.findings(plan)
    #expect(findings.contains { $0.rule.name == "secret-in-text" })
    #expect(findings.contains { $0.rule.name == "unfiltered-update" })
    let reports = findings.map { DiagnosticReport($0.diagnostic, identity: $0.key) }
    let texts = [
      findings.map { $0.diagnostic.rendered() }.joined(), findings.map(\.diagnostic).json, findings.map(\.diagnostic).gitHubCommands,
      SARIF.log(reports, rules: [], version: "1"),
    ]
    for text in texts {
      #expect(!text.contains("hunter2"), "\(text)")
      #expect(!text.contains("is-long"), "\(text)")
    }
    for finding in findings { #expect(!String(decoding: finding.diagnostic.place.file.bytes, as: UTF8.self).contains("hunter2")) }
  }

  @Test func whatIsNoSecretIsShown() throws {
    let plan = LintExample(
      """
      - id: mark
        title: Mark
        action: exec.run
        with: { argv: [ ./mark ], env: { PASSWORD_FILE: /run/secrets/password, TOKEN: "${{ secrets.mongodbUri }}", SECRET_NAME: mongodb } }
        onInterrupt: rerun
        rollback: { notNeeded: a mark harms nobody }
      """
    ).plan
    #expect(try LintBench.findings(plan).filter { $0.rule.name == "secret-in-text" }.isEmpty)
  }

  // MARK: the project's own plans

  static let plans: [String] = ["plans", "tools"].flatMap { folder in
    let names = (try? FileManager.default.contentsOfDirectory(atPath: repository.appendingPathComponent(folder).path)) ?? []
    return names.filter { $0.hasSuffix(".yaml") }.map { "\(folder)/\($0)" }.sorted()
  }

  @Test(arguments: plans) func thePlansOfTheProjectAreClean(_ path: String) throws {
    let text = try String(contentsOf: repository.appendingPathComponent(path), encoding: .utf8)
    #expect(try LintBench.told(text, path: path) == "")
  }

  /// Whole plans that the documents show.
  static let shown: [(place: String, text: String)] = ["README.md", "docs/plans.md", "docs/format.md", "docs/reliability.md"].flatMap {
    name in
    let text = (try? String(contentsOf: repository.appendingPathComponent(name), encoding: .utf8)) ?? ""
    return text.components(separatedBy: "```yaml\n").dropFirst().compactMap { $0.components(separatedBy: "\n```").first }
      .filter { $0.contains("apiVersion: runbook") && $0.contains("phases:") }.enumerated().map { ("\(name) \($0 + 1)", $1) }
  }

  @Test func thePlansOfTheDocumentsAreClean() throws {
    #expect(!Self.shown.isEmpty)
    for (place, text) in Self.shown { #expect(try LintBench.told(text, path: place) == "") }
  }

  // MARK: operators

  /// Operators that this version does not carry out are looked at all the same, where the catalog only announces the action.
  @Test(arguments: [("$inc: { tries: 1 }", "adds to 'tries'"), ("$mul: { tries: 2 }", "multiplies 'tries'")])
  func operatorsThatGrow(_ sample: (update: String, words: String)) throws {
    let text = LintExample(
      stringLiteral:
        """
        - id: grow
          title: Grow
          action: mongodb.update
          with: { filter: { state: open }, update: { \(sample.update) } }
        """
    ).plan
    let plan = try #require(PlanLoader.load(path: "plan.yaml", text: text).plan)
    let descriptors = LintBench.catalog.names.compactMap { LintBench.catalog.descriptor(named: $0) }
    let bound = try #require(ActionCatalog(actions: [], announced: descriptors).bind(plan, params: [:]).bound)
    let finding = try #require(Lint.findings(of: bound).first { $0.rule.name == "update-not-idempotent" })
    #expect(finding.diagnostic.message == "step 'grow' \(sample.words), and would do so again in a second run")
  }

  // MARK: what is not known

  @Test func aParamCountsAsGivenElseByItsDefault() throws {
    let plan = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: example, title: An example }
      params:
        environment: { type: enum, values: [staging, production], default: staging }
        database: { type: string }
      targets: { shop: { type: mongodb, uri: "mongodb://localhost", database: "${{ params.database }}" } }
      phases:
        - id: change
          title: The change
          steps:
            - { id: look, title: Look, action: mongodb.count, target: shop, collection: orders }
            - { id: said, title: Say so, action: note, with: { text: "looked at ${{ params.environment }}" } }

      """
    func found(_ params: ValueMap) throws -> Bool {
      try Lint.findings(of: LintBench.bound(plan, params: params)).contains { $0.rule.name == "environment-mismatch" }
    }
    #expect(try !found([:]))
    #expect(try found(["database": "shop-production"]))
    #expect(try !found(["database": "shop-production", "environment": "production"]))
  }

  @Test func aFragmentIsLookedAtByItself() throws {
    let fragment = """
      apiVersion: runbook/v1
      kind: Fragment
      params: { least: { type: integer, default: 1 } }
      steps:
        - id: mark
          title: Mark every order
          action: mongodb.update
          with: { pipeline: [ { $set: { migrated: null } } ] }
        - { id: look, title: Look, action: mongodb.count, with: { filter: { channel: null } } }

      """
    // What stands around it may copy, check and use; what is wrong by itself is told.
    #expect(try LintBench.findings(fragment).map(\.key) == ["unfiltered-update step:mark", "null-compared step:look"])
  }

  @Test func whatIsIncludedIsFoundInItsOwnFile() throws {
    let plan = """
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: example, title: An example }
      secrets: { uri: { fromEnv: MONGODB_URI } }
      targets: { shop: { type: mongodb, uri: "${{ secrets.uri }}", database: shop } }
      defaults: { target: shop, collection: orders }
      include: [ { file: ./look.yaml, as: pre } ]
      phases:
        - id: change
          title: The change
          steps: [ { id: said, title: Say so, action: note, with: { text: done } } ]

      """
    let fragment = """
      apiVersion: runbook/v1
      kind: Fragment
      preconditions:
        - { id: none, title: None, action: mongodb.count, with: { filter: { channel: null } }, expect: { equals: 0 } }
        # runbook-lint: ignore null-compared: both are meant
        - { id: both, title: None, action: mongodb.count, with: { filter: { channel: null } }, expect: { equals: 0 } }

      """
    let bound = try LintBench.bound(plan, includes: { _ throws(IncludeFailure) in Array(fragment.utf8) })
    let findings = Lint.findings(of: bound).filter { $0.rule.name == "null-compared" }
    #expect(findings.map(\.key) == ["null-compared check:pre-none", "null-compared check:pre-both"])
    #expect(findings.map(\.ignored) == [nil, "both are meant"])
    #expect(findings.map(\.diagnostic.place.start.line) == [4, 6])
    #expect(findings.allSatisfy { $0.diagnostic.path.hasSuffix("look.yaml") })
  }
}
