/// Mistakes in one place of the sample plan, each with the rule of the format that it breaks.
extension GoldenRule {
  static let part2: [GoldenRule] = [
    GoldenRule(
      "autoTwice", rule: "undo lists may contain auto",
      #"rollback: auto"#,
      #"rollback: [ auto, auto ]"#,
      #"""
      error[RB1115]: 'auto' stands twice in the list
       --> x.yaml:47:27
         |
      47 |         rollback: [ auto, auto ]
         |                           ^^^^
      help: the action's own inverse is run once: remove one of the two
      """#),
    GoldenRule(
      "reasonIsEmpty", rule: "rollback: { notNeeded: reason }",
      #"rollback: auto"#,
      #"rollback: { notNeeded: "" }"#,
      #"""
      error[RB1503]: 'notNeeded' says nothing
       --> x.yaml:47:32
         |
      47 |         rollback: { notNeeded: "" }
         |                                ^^
      help: say why, for whoever reads the report
      """#),
    GoldenRule(
      "undoIsGivenUndo", rule: "a rollback may use only captured values and earlier outputs",
      #""${{ captured.before.count }}" ] }"#,
      #""${{ captured.before.count }}" ] }\#n          - id: again\#n            action: exec.run\#n            with: { argv: [ ./deploy, "${{ steps.redeploy.outputs.stdout }}" ] }"#,
      #"""
      error[RB1207]: an undo cannot be given what 'redeploy' makes known on the way back
       --> x.yaml:58:40
         |
      58 |             with: { argv: [ ./deploy, "${{ steps.redeploy.outputs.stdout }}" ] }
         |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:53:17
         |
      53 |           - id: redeploy
         |                 ^^^^^^^^
      help: what an undo is given is recorded before the effect: capture the value, or use the output of an earlier step
      """#),
    GoldenRule(
      "forwardReadsUndo", rule: "nothing may refer to what comes later",
      #"with: { argv: [ ./tidy ] }"#,
      #"with: { argv: [ ./tidy, "${{ steps.redeploy.outputs.stdout }}" ] }"#,
      #"""
      error[RB1202]: 'redeploy' comes later
       --> x.yaml:58:34
         |
      58 |         with: { argv: [ ./tidy, "${{ steps.redeploy.outputs.stdout }}" ] }
         |                                  ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:53:17
         |
      53 |           - id: redeploy
         |                 ^^^^^^^^
      help: a reference can only name what has happened before
      """#),
    GoldenRule(
      "undoPrecondition", rule: "in preconditions on the way back: skip and warn",
      #"- id: redeploy\#n"#,
      #"- id: redeploy\#n            preconditions: [ { id: needed, value: 1, expect: { equals: 1 }, onFail: rollback } ]\#n"#,
      #"""
      error[RB1108]: 'rollback' is no value of 'onFail' in a precondition on the way back
       --> x.yaml:54:85
         |
      54 |             preconditions: [ { id: needed, value: 1, expect: { equals: 1 }, onFail: rollback } ]
         |                                                                                     ^^^^^^^^
      help: write one of warn, skip
      """#),
    GoldenRule(
      "sampleElsewhere", rule: "sample.* only in http.latency",
      #""Slowly""#,
      #""${{ sample.n }}""#,
      #"""
      error[RB1208]: 'sample.n' is known only inside the arguments of http.latency
       --> x.yaml:38:24
         |
      38 |         with: { text: "${{ sample.n }}" }
         |                        ^^^^^^^^^^^^^^^
      help: a sample is one of its requests
      """#),
    GoldenRule(
      "secretInValue", rule: "secrets.X only in targets, env, headers",
      #"{ atLeast: 0 }"#,
      #"{ atLeast: "${{ secrets.uri }}" }"#,
      #"""
      error[RB1204]: a secret cannot be used here
       --> x.yaml:46:70
         |
      46 |           - { id: before, action: mongodb.count, expect: { atLeast: "${{ secrets.uri }}" } }
         |                                                                      ^^^^^^^^^^^^^^^^^^
      help: secrets may stand only in 'targets', 'env' and 'headers', so that they are never stored
      """#),
    GoldenRule(
      "unknownSecret", rule: "names are checked at load",
      #"TOKEN: "${{ secrets.uri }}""#,
      #"TOKEN: "${{ secrets.url }}""#,
      #"""
      error[RB1201]: no secret is called 'url'
       --> x.yaml:50:74
         |
      50 |         with: { argv: [ ./deploy, "${{ params.name }}" ], env: { TOKEN: "${{ secrets.url }}" } }
         |                                                                          ^^^^^^^^^^^^^^^^^^
      help: did you mean 'uri'?
      """#),
    GoldenRule(
      "baselineIsLater", rule: "notWorseThan: { baseline: STEP }",
      #"equals: pass"#,
      #"notWorseThan: { baseline: bakup, field: p95, tolerance: 10% }"#,
      #"""
      error[RB1201]: no step is called 'bakup'
       --> x.yaml:63:95
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { notWorseThan: { baseline: bakup, field: p95, tolerance: 10% } } }
         |                                                                                               ^^^^^
      help: did you mean 'backup'?
      """#),
    GoldenRule(
      "toleranceIsAShare", rule: "notWorseThan: tolerance",
      #"equals: pass"#,
      #"notWorseThan: { baseline: backup, field: p95, tolerance: 10 }"#,
      #"""
      error[RB1008]: tolerance: '10' is no percentage: the percent sign is missing
       --> x.yaml:63:126
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { notWorseThan: { baseline: backup, field: p95, tolerance: 10 } } }
         |                                                                                                                              ^^
      help: write 10%
      """#),
    GoldenRule(
      "confidenceIsAShare", rule: "notWorseThan: confidence",
      #"equals: pass"#,
      #"notWorseThan: { baseline: backup, field: p95, tolerance: 10%, confidence: 30% }"#,
      #"""
      error[RB1402]: 'confidence' must be at least 50% and less than 100%
       --> x.yaml:63:143
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { notWorseThan: { baseline: backup, field: p95, tolerance: 10%, confidence: 30% } } }
         |                                                                                                                                               ^^^
      help: write confidence: 95%
      """#),
    GoldenRule(
      "baselineAndMeasure", rule: "notWorseThan: baseline or measure",
      #"equals: pass"#,
      #"notWorseThan: { baseline: backup, measure: { action: note }, tolerance: 10% }"#,
      #"""
      error[RB1109]: 'notWorseThan' takes 'baseline' or 'measure', not both
       --> x.yaml:63:103
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { notWorseThan: { baseline: backup, measure: { action: note }, tolerance: 10% } } }
         |                                                                                                       ^^^^^^^
      """#),
    GoldenRule(
      "runHasNoName", rule: "run.{id,startedAt,date,initiator}",
      #""Slowly""#,
      #""${{ run.name }}""#,
      #"""
      error[RB1010]: 'run' has no 'name'
       --> x.yaml:38:24
         |
      38 |         with: { text: "${{ run.name }}" }
         |                        ^^^^^^^^^^^^^^^
      help: it has id, startedAt, date, initiator
      """#),
    GoldenRule(
      "recheckInVerify", rule: "recheck belongs to preconditions",
      #"within: 10s, onFail: halt"#,
      #"within: 10s, recheck: true"#,
      #"""
      error[RB1110]: 'recheck' belongs to preconditions
       --> x.yaml:61:90
         |
      61 |       - { id: counted, action: mongodb.count, expect: { between: [1, 10] }, within: 10s, recheck: true }
         |                                                                                          ^^^^^^^
      help: remove 'recheck'
      """#),
    GoldenRule(
      "skipOfThePlan", rule: "plan-level preconditions: onFail may be warn",
      #"    holdFor: 3s\#n"#,
      #"    holdFor: 3s\#n    onFail: skip\#n"#,
      #"""
      error[RB1108]: 'skip' is no value of 'onFail' in a precondition
       --> x.yaml:25:13
         |
      25 |     onFail: skip
         |             ^^^^
      help: write one of rollback, halt, warn
      """#),
    GoldenRule(
      "acknowledgedOfNothing", rule: "none: reason, acknowledged: true",
      #"rollback: { coveredBy: deploy }"#,
      #"rollback: { none: gone, acknowledged: yes }"#,
      #"""
      error[RB1008]: acknowledged: 'yes' is no boolean
       --> x.yaml:59:47
         |
      59 |         rollback: { none: gone, acknowledged: yes }
         |                                               ^^^
      help: write true
      """#),
    GoldenRule(
      "notifyEvent", rule: "notify: events",
      #"afterRollback:\#n"#,
      #"notify: [ { events: [suceeded], target: api, format: slack } ]\#nafterRollback:\#n"#,
      #"""
      error[RB1108]: 'suceeded' is no value of 'events'
       --> x.yaml:64:22
         |
      64 | notify: [ { events: [suceeded], target: api, format: slack } ]
         |                      ^^^^^^^^
      help: did you mean 'succeeded'?
      """#),
    GoldenRule(
      "notifyTarget", rule: "notify: target",
      #"afterRollback:\#n"#,
      #"notify: [ { events: [succeeded, succeeded], target: main } ]\#nafterRollback:\#n"#,
      #"""
      error[RB1115]: 'succeeded' is listed twice
       --> x.yaml:64:33
         |
      64 | notify: [ { events: [succeeded, succeeded], target: main } ]
         |                                 ^^^^^^^^^
      help: remove one of the two

      error[RB1114]: 'notify' needs a target of type http, and 'main' is of type mongodb
       --> x.yaml:64:53
         |
      64 | notify: [ { events: [succeeded, succeeded], target: main } ]
         |                                                     ^^^^
      help: declare one, like chat: { type: http, baseUrl: "${{ secrets.webhook }}" }
      """#),
    GoldenRule(
      "ownerIsNobody", rule: "people: who confirms, approves, is told",
      #"owner: dba"#,
      #"owner: zzzzzzz"#,
      #"""
      error[RB1106]: nobody called 'zzzzzzz' is declared under 'people'
       --> x.yaml:27:12
         |
      27 |     owner: zzzzzzz
         |            ^^^^^^^
      help: people are dba
      """#),
  ]
}
