/// Mistakes in one place of the sample plan, and every word that is said about them.
extension Golden {
  static let part3: [Golden] = [
    Golden(
      "notOrdered", #"atLeast: 0 }"#,
      #"atLeast: many }"#,
      #"""
      error[RB1402]: 'atLeast' cannot compare with 'many'
       --> x.yaml:46:69
         |
      46 |           - { id: before, action: mongodb.count, expect: { atLeast: many } }
         |                                                                     ^^^^
      help: write a number, a duration (250ms), a size (64MiB), a percentage (0.1%), a date or a timestamp


      """#),
    Golden(
      "regularExpression", #"equals: pass"#,
      #"matches: "(""#,
      #"""
      error[RB1403]: '(' is no regular expression
       --> x.yaml:63:78
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { matches: "(" } }
         |                                                                              ^^^


      """#),
    Golden(
      "fieldPath", #"equals: pass"#,
      #"field: a..b, equals: 1"#,
      #"""
      error[RB1404]: a name is missing in field 'a..b'
       --> x.yaml:63:76
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { field: a..b, equals: 1 } }
         |                                                                            ^^^^
      help: write names joined by single dots


      """#),
    Golden(
      "ambiguousLiteral", #"equals: pass"#,
      #"equals: 0123"#,
      #"""
      error[RB1301]: '0123' is read as text by some programs and as a number by others
       --> x.yaml:63:77
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { equals: 0123 } }
         |                                                                             ^^^^
      help: write "0123" for text, or 123


      """#),
    Golden(
      "unknownOperator", #"equals: pass"#,
      #"equal: pass"#,
      #"""
      error[RB1004]: unknown key 'equal' in 'expect'
       --> x.yaml:63:69
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { equal: pass } }
         |                                                                     ^^^^^
      help: did you mean 'equals'?


      """#),
    Golden(
      "coveredByUnknown", #"coveredBy: deploy"#,
      #"coveredBy: deplyo"#,
      #"""
      error[RB1501]: no earlier step is called 'deplyo'
       --> x.yaml:59:32
         |
      59 |         rollback: { coveredBy: deplyo }
         |                                ^^^^^^
      help: did you mean 'deploy'?


      """#),
    Golden(
      "coveredByItself", #"coveredBy: deploy"#,
      #"coveredBy: tidy"#,
      #"""
      error[RB1501]: a step cannot be covered by itself
       --> x.yaml:59:32
         |
      59 |         rollback: { coveredBy: tidy }
         |                                ^^^^


      """#),
    Golden(
      "rollbackForm", #"rollback: auto"#,
      #"rollback: automatic"#,
      #"""
      error[RB1503]: 'automatic' is no form of 'rollback'
       --> x.yaml:47:19
         |
      47 |         rollback: automatic
         |                   ^^^^^^^^^
      help: write auto, a list of steps, { coveredBy: STEP }, { notNeeded: reason } or { none: reason, acknowledged: true }


      """#),
    Golden(
      "acknowledgedAlone", #"coveredBy: deploy"#,
      #"coveredBy: deploy, acknowledged: true"#,
      #"""
      error[RB1110]: 'acknowledged' belongs to 'none'
       --> x.yaml:59:40
         |
      59 |         rollback: { coveredBy: deploy, acknowledged: true }
         |                                        ^^^^^^^^^^^^
      help: remove 'acknowledged'


      """#),
    Golden(
      "probeContradicts", #"onInterrupt: rerun"#,
      #"onInterrupt: rerun\#n        probe: { id: done, action: exec.check, with: { argv: [ ./x ] }, expect: { equals: 0 } }"#,
      #"""
      error[RB1502]: 'onInterrupt: rerun' contradicts 'probe'
       --> x.yaml:51:22
         |
      51 |         onInterrupt: rerun
         |                      ^^^^^
      note: the probe is here
       --> x.yaml:52:9
         |
      52 |         probe: { id: done, action: exec.check, with: { argv: [ ./x ] }, expect: { equals: 0 } }
         |         ^^^^^
      help: remove one of the two


      """#),
    Golden(
      "probeIsMissing", #"onInterrupt: rerun"#,
      #"onInterrupt: probe"#,
      #"""
      error[RB1502]: 'onInterrupt: probe' needs to know what to look at
       --> x.yaml:51:22
         |
      51 |         onInterrupt: probe
         |                      ^^^^^
      help: add 'probe: { id: …, action: …, expect: … }'


      """#),
    Golden(
      "paramMinOfText", #"name: { type: string }"#,
      #"name: { type: string, min: 1 }"#,
      #"""
      error[RB1601]: 'min' belongs to params of type integer, number, duration, size, percentage, date, timestamp
       --> x.yaml:12:25
         |
      12 |   name: { type: string, min: 1 }
         |                         ^^^
      help: remove it, or change the type, which is string


      """#),
    Golden(
      "enumWithoutValues", #"values: [fast, slow], default"#,
      #"default"#,
      #"""
      error[RB1009]: param 'mode' of type enum needs the key 'values'
       --> x.yaml:10:3
         |
      10 |   mode: { type: enum, default: fast }
         |   ^^^^
      help: write values: [a, b]


      """#),
    Golden(
      "defaultOfWrongType", #"default: 5, min"#,
      #"default: five, min"#,
      #"""
      error[RB1008]: default of 'count': 'five' is no integer
       --> x.yaml:9:36
        |
      9 |   count: { type: integer, default: five, min: 0 }
        |                                    ^^^^
      help: write a whole number, like 42


      """#),
    Golden(
      "defaultBelowMin", #"default: 5, min: 0"#,
      #"default: -1, min: 0"#,
      #"""
      error[RB1008]: default of 'count': -1 is below 0
       --> x.yaml:9:36
        |
      9 |   count: { type: integer, default: -1, min: 0 }
        |                                    ^^
      help: write 0 or more


      """#),
    Golden(
      "defaultNotInEnum", #"default: fast"#,
      #"default: fest"#,
      #"""
      error[RB1008]: default of 'mode': 'fest' is none of its values
       --> x.yaml:10:54
         |
      10 |   mode: { type: enum, values: [fast, slow], default: fest }
         |                                                      ^^^^
      help: did you mean 'fast'?


      """#),
    Golden(
      "triggerNeedsPolicies", #"phases:\#n"#,
      #"rollbackTriggers:\#n  - { id: watch, action: note, every: 1s, expect: { equals: 0 }, onFail: rollback }\#nphases:\#n"#,
      #"""
      error[RB1009]: a trigger needs the key 'onNoData'
       --> x.yaml:26:7
         |
      26 |   - { id: watch, action: note, every: 1s, expect: { equals: 0 }, onFail: rollback }
         |       ^^
      help: write rollback, pause or warn; triggers have no default for it

      error[RB1009]: a trigger needs the key 'onError'
       --> x.yaml:26:7
         |
      26 |   - { id: watch, action: note, every: 1s, expect: { equals: 0 }, onFail: rollback }
         |       ^^
      help: write rollback, pause or warn; triggers have no default for it


      """#),
    Golden(
      "includeNeedsFile", #"phases:\#n"#,
      #"include: [ { as: pre } ]\#nphases:\#n"#,
      #"""
      error[RB1009]: an include needs the key 'file'
       --> x.yaml:25:14
         |
      25 | include: [ { as: pre } ]
         |              ^^
      help: write file: ./common.yaml


      """#),
    Golden(
      "notifyNeedsEvents", #"phases:\#n"#,
      #"notify: [ { target: api } ]\#nphases:\#n"#,
      #"""
      error[RB1009]: an element of 'notify' needs the key 'events'
       --> x.yaml:25:13
         |
      25 | notify: [ { target: api } ]
         |             ^^^^^^
      help: write events: [succeeded, rolledBack]


      """#),
    Golden(
      "identityKey", #"replicaSet: rs"#,
      #"replicaset: rs"#,
      #"""
      error[RB1004]: unknown key 'replicaset' in 'identity'
       --> x.yaml:16:81
         |
      16 |   main: { type: mongodb, uri: "${{ secrets.uri }}", database: test, identity: { replicaset: rs } }
         |                                                                                 ^^^^^^^^^^
      help: did you mean 'replicaSet'?


      """#),
    Golden(
      "stepsAtRoot", #"afterRollback:\#n"#,
      #"steps: []\#nafterRollback:\#n"#,
      #"""
      error[RB1110]: steps of a runbook stand in phases
       --> x.yaml:64:1
         |
      64 | steps: []
         | ^^^^^
      help: write them below 'phases: [ { id: …, steps: … } ]'


      """#),
  ]
}
