import RunbookReview
import Testing

/// The plan that the golden changes are made in: a little of everything that a review looks at.
enum ReviewSamples {
  static let plan = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: sample, title: A sample, keepUndo: 7d }
    people:
      dba: { name: Database administrator, identities: [ ana, ben ] }
    params:
      expected: { type: integer, default: 100, description: How many }
    secrets:
      uri: { fromEnv: MONGODB_URI }
    targets:
      main: { type: mongodb, uri: "${{ secrets.uri }}", database: shop, identity: { replicaSet: rs0 } }
    locks: [ imports ]
    defaults: { target: main, collection: items }
    preconditions:
      - { id: enough, action: mongodb.count, expect: { atLeast: 100 } }
      - { id: writable, action: mongodb.ping, expect: { allOf: [ { field: writable, equals: true }, { field: roundTrip, below: 250ms } ] } }
    rollbackTriggers:
      - id: latency
        action: mongodb.ping
        every: 1s
        window: 10s
        minSamples: 3
        failures: { max: 1, of: 6 }
        expect: { field: roundTrip, below: 1s }
        requirePass: true
        onFail: rollback
        onNoData: pause
        onError: pause
    phases:
      - id: prepare
        steps:
          - id: backup
            action: mongodb.backup
            with: { to: items_backup, keepFor: 30d }
          - id: ask
            action: manual.confirm
            with:
              items:
                - { id: ready, by: dba, text: Is it ready?, evidence: required }
                - { id: told, by: dba, text: Was everybody told? }
      - id: change
        title: The change
        preconditions:
          - { id: still-enough, action: mongodb.count, expect: { between: [ 90, 110 ] }, onFail: halt }
        steps:
          - id: set-note
            title: A note for every item
            action: mongodb.update
            with:
              filter: { note: { $exists: false }, kind: item }
              update: { $set: { note: "" } }
              batch: { size: 200 }
              throttle: { maxLatency: 1s }
            verify:
              - { id: none-left, action: mongodb.count, with: { filter: { note: { $exists: false } } }, expect: { equals: 0 }, holdFor: 5s }
          - id: index
            action: mongodb.createIndex
            with: { keys: { note: 1 } }
            rollback: [ auto, { id: say, action: note, with: { text: undone } } ]
          - id: settle
            action: wait.for
            with: { duration: 1m }
          - id: tidy
            action: mongodb.command
            with: { command: { collMod: items } }
            rollback: { none: nothing to undo, acknowledged: true }
        verify:
          - { id: total, title: As many as before, value: "${{ params.expected }}", expect: { oneOf: [ 100, 101 ] }, within: 1m }
    verify:
      - { id: outcome, action: mongodb.count, with: { filter: { note: "" } }, expect: { atLeast: 100 } }
    verifyRollback:
      - { id: restored, action: mongodb.count, with: { filter: { note: "" } }, expect: { equals: 0 } }

    """

  /// A change of the plan: every `from` becomes its `to`, and the review must say the sentence with this effect.
  struct Golden: Sendable, CustomTestStringConvertible {
    var edits: [(from: String, to: String)]
    var verdict: ReviewEffect
    var sentence: String
    var testDescription: String { sentence }

    init(_ verdict: ReviewEffect, _ sentence: String, _ edits: (String, String)...) {
      (self.verdict, self.sentence, self.edits) = (verdict, sentence, edits.map { ($0.0, $0.1) })
    }
  }

  static let goldens: [Golden] = checks + triggers + steps + ways + declarations
}
