import RunbookPlan
import RunbookSyntax

/// A plan that uses most of the format; tests break it in one place each.
enum Samples {
  static let plan = """
    apiVersion: runbook/v1
    kind: Runbook
    metadata: { id: sample, title: A sample, keepUndo: 2d }
    people:
      dba: { name: Database administrator, contact: "#db", identities: [ana] }
    params:
      day: { type: date, default: 2025-01-18 }
      bar: { type: duration, default: 250ms }
      count: { type: integer, default: 5, min: 0 }
      mode: { type: enum, values: [fast, slow], default: fast }
      hosts: { type: list, of: string, default: [a, b] }
      name: { type: string }
    secrets:
      uri: { fromEnv: MONGODB_URI }
    targets:
      main: { type: mongodb, uri: "${{ secrets.uri }}", database: test, identity: { replicaSet: rs } }
      api: { type: http, baseUrl: http://localhost, headers: { Authorization: "${{ secrets.uri }}" } }
    locks: [ registry ]
    defaults: { target: main, collection: assets, retry: { attempts: 3, backoff: 1s..30s } }
    preconditions:
      - id: ping
        action: mongodb.ping
        expect: { allOf: [ { field: writable, equals: true }, { field: roundTrip, below: "${{ params.bar }}" } ] }
        holdFor: 3s
    phases:
      - id: schema
        owner: dba
        rollbackScope: plan
        steps:
          - id: backup
            action: mongodb.backup
            with: { to: "assets_${{ params.day }}" }
            verify:
              - { id: complete, value: "${{ steps.backup.outputs.documents }}", expect: { atLeast: "${{ params.count }}" } }
          - id: optional
            when: { value: "${{ params.mode }}", equals: slow }
            action: note
            with: { text: "Slowly" }
          - id: change
            action: mongodb.update
            timeout: 1m
            with:
              filter: { name: "${{ params.name }}" }
              pipeline: [ { $set: { label: "${{ params.name }}" } } ]
            capture:
              - { id: before, action: mongodb.count, expect: { atLeast: 0 } }
            rollback: auto
          - id: deploy
            action: exec.run
            with: { argv: [ ./deploy, "${{ params.name }}" ], env: { TOKEN: "${{ secrets.uri }}" } }
            onInterrupt: rerun
            rollback:
              - id: redeploy
                action: exec.run
                with: { argv: [ ./deploy, "${{ captured.before.count }}" ] }
          - id: tidy
            action: exec.run
            with: { argv: [ ./tidy ] }
            rollback: { coveredBy: deploy }
        verify:
          - { id: counted, action: mongodb.count, expect: { between: [1, 10] }, within: 10s, onFail: halt }
    verify:
      - { id: judged, value: "${{ checks.counted.verdict }}", expect: { equals: pass } }
    afterRollback:
      - { id: purge, action: note, with: { text: Purged } }
    verifyRollback:
      - { id: same, action: mongodb.count, expect: { equals: 5 } }

    """

  /// The plan with one stretch of text replaced, which must be in it once.
  static func plan(_ old: String, _ new: String) -> String {
    let parts = plan.split(separator: old, omittingEmptySubsequences: false)
    precondition(parts.count == 2, "'\(old)' stands \(parts.count - 1) times in the sample plan")
    return String(parts[0]) + new + String(parts[1])
  }

  static func rendered(_ text: String) -> String {
    PlanLoader.load(path: "x.yaml", text: text).diagnostics.rendered()
  }
}
