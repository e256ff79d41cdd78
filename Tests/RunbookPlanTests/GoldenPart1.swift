/// Mistakes in one place of the sample plan, and every word that is said about them.
extension Golden {
  static let part1: [Golden] = [
    Golden(
      "apiVersion", #"runbook/v1"#,
      #"runbook/v2"#,
      #"""
      error[RB1101]: 'runbook/v2' is no version that this program reads
       --> x.yaml:1:13
        |
      1 | apiVersion: runbook/v2
        |             ^^^^^^^^^^
      help: write runbook/v1


      """#),
    Golden(
      "missingApiVersion", #"apiVersion: runbook/v1\#n"#,
      #""#,
      #"""
      error[RB1009]: a runbook needs the key 'apiVersion'
       --> x.yaml:1:1
        |
      1 | kind: Runbook
        | ^^^^
      help: begin the file with 'apiVersion: runbook/v1'


      """#),
    Golden(
      "kind", #"kind: Runbook"#,
      #"kind: Runbok"#,
      #"""
      error[RB1102]: 'Runbok' is no kind of file
       --> x.yaml:2:7
        |
      2 | kind: Runbok
        |       ^^^^^^
      help: did you mean 'Runbook'?


      """#),
    Golden(
      "badID", #"id: sample,"#,
      #"id: My_Sample,"#,
      #"""
      error[RB1103]: 'My_Sample' is no id
       --> x.yaml:3:17
        |
      3 | metadata: { id: My_Sample, title: A sample, keepUndo: 2d }
        |                 ^^^^^^^^^
      help: write 'my-sample'


      """#),
    Golden(
      "longID", #"id: sample,"#,
      #"id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa,"#,
      #"""
      error[RB1103]: the id has 61 characters; at most 60 are allowed
       --> x.yaml:3:17
        |
      3 | metadata: { id: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, title: A sample, keepUndo: 2d }
        |                 ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^


      """#),
    Golden(
      "missingMetadataID", #"id: sample, title"#,
      #"title"#,
      #"""
      error[RB1009]: 'metadata' needs the key 'id'
       --> x.yaml:3:1
        |
      3 | metadata: { title: A sample, keepUndo: 2d }
        | ^^^^^^^^


      """#),
    Golden(
      "duplicateID", #"id: tidy\#n"#,
      #"id: deploy\#n"#,
      #"""
      error[RB1104]: the id 'deploy' is taken
       --> x.yaml:56:13
         |
      56 |       - id: deploy
         |             ^^^^^^
      note: first defined here, as a step
       --> x.yaml:48:13
         |
      48 |       - id: deploy
         |             ^^^^^^
      help: ids of phases, steps, checks and triggers share one name space

      error[RB1501]: a step cannot be covered by itself
       --> x.yaml:59:32
         |
      59 |         rollback: { coveredBy: deploy }
         |                                ^^^^^^


      """#),
    Golden(
      "badName", #"  day: {"#,
      #"  1day: {"#,
      #"""
      error[RB1105]: '1day' is no name for a param
       --> x.yaml:7:3
        |
      7 |   1day: { type: date, default: 2025-01-18 }
        |   ^^^^
      help: use letters, digits and '-', beginning with a letter

      error[RB1201]: no param is called 'day'
       --> x.yaml:32:29
         |
      32 |         with: { to: "assets_${{ params.day }}" }
         |                             ^^^^^^^^^^^^^^^^^
      help: did you mean '1day'?


      """#),
    Golden(
      "unknownPerson", #"owner: dba"#,
      #"owner: dbs"#,
      #"""
      error[RB1106]: nobody called 'dbs' is declared under 'people'
       --> x.yaml:27:12
         |
      27 |     owner: dbs
         |            ^^^
      help: did you mean 'dba'?


      """#),
    Golden(
      "unknownTarget", #"target: main,"#,
      #"target: mian,"#,
      #"""
      error[RB1107]: no target is called 'mian'
       --> x.yaml:19:21
         |
      19 | defaults: { target: mian, collection: assets, retry: { attempts: 3, backoff: 1s..30s } }
         |                     ^^^^
      help: did you mean 'main'?


      """#),
    Golden(
      "notOneOf", #"rollbackScope: plan"#,
      #"rollbackScope: phases"#,
      #"""
      error[RB1108]: 'phases' is no value of 'rollbackScope'
       --> x.yaml:28:20
         |
      28 |     rollbackScope: phases
         |                    ^^^^^^
      help: did you mean 'phase'?


      """#),
    Golden(
      "policyNotHere", #"onFail: halt"#,
      #"onFail: skip"#,
      #"""
      error[RB1108]: 'skip' is no value of 'onFail' in 'verify'
       --> x.yaml:61:98
         |
      61 |       - { id: counted, action: mongodb.count, expect: { between: [1, 10] }, within: 10s, onFail: skip }
         |                                                                                                  ^^^^
      help: write one of rollback, halt, warn


      """#),
    Golden(
      "undoVerifyPolicy", #"expect: { equals: 5 }"#,
      #"expect: { equals: 5 }, onFail: halt"#,
      #"""
      error[RB1108]: 'halt' is no value of 'onFail' in 'verifyRollback'
       --> x.yaml:67:71
         |
      67 |   - { id: same, action: mongodb.count, expect: { equals: 5 }, onFail: halt }
         |                                                                       ^^^^
      help: write warn


      """#),
    Golden(
      "captureTakesNoPolicy", #"expect: { atLeast: 0 }"#,
      #"expect: { atLeast: 0 }, onError: warn"#,
      #"""
      error[RB1110]: 'capture' takes no 'onError'
       --> x.yaml:46:74
         |
      46 |           - { id: before, action: mongodb.count, expect: { atLeast: 0 }, onError: warn }
         |                                                                          ^^^^^^^
      help: remove 'onError'


      """#),
    Golden(
      "unknownKeyInStep", #"timeout: 1m"#,
      #"timeOut: 1m"#,
      #"""
      error[RB1004]: unknown key 'timeOut' in a step
       --> x.yaml:41:9
         |
      41 |         timeOut: 1m
         |         ^^^^^^^
      help: did you mean 'timeout'?


      """#),
    Golden(
      "unknownRootKey", #"locks: ["#,
      #"lock: ["#,
      #"""
      error[RB1004]: unknown key 'lock' in a runbook
       --> x.yaml:18:1
         |
      18 | lock: [ registry ]
         | ^^^^
      help: did you mean 'locks'?


      """#),
    Golden(
      "unknownPhaseKey", #"owner: dba"#,
      #"ownr: dba"#,
      #"""
      error[RB1004]: unknown key 'ownr' in a phase
       --> x.yaml:27:5
         |
      27 |     ownr: dba
         |     ^^^^
      help: did you mean 'owner'?


      """#),
    Golden(
      "duplicateKey", #"owner: dba"#,
      #"owner: dba\#n    owner: dba"#,
      #"""
      error[RB1002]: key 'owner' is defined twice
       --> x.yaml:28:5
         |
      28 |     owner: dba
         |     ^^^^^
      note: first defined here
       --> x.yaml:27:5
         |
      27 |     owner: dba
         |     ^^^^^
      help: remove one of the two, or rename it


      """#),
    Golden(
      "missingAction", #"        action: mongodb.backup\#n"#,
      #""#,
      #"""
      error[RB1009]: a step needs the key 'action'
       --> x.yaml:30:9
         |
      30 |       - id: backup
         |         ^^


      """#),
    Golden(
      "missingExpect", #", expect: { equals: pass }"#,
      #""#,
      #"""
      error[RB1009]: a check needs the key 'expect'
       --> x.yaml:63:7
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}" }
         |       ^^
      help: say what must be seen, like expect: { equals: 0 }


      """#),
    Golden(
      "missingSteps", #"phases:\#n  - id: schema"#,
      #"phases:\#n  - id: empty\#n    title: Nothing\#n  - id: schema"#,
      #"""
      error[RB1009]: a phase needs the key 'steps'
       --> x.yaml:26:5
         |
      26 |   - id: empty
         |     ^^


      """#),
    Golden(
      "missingTargetType", #"type: mongodb, uri"#,
      #"uri"#,
      #"""
      error[RB1009]: target 'main' needs the key 'type'
       --> x.yaml:16:3
         |
      16 |   main: { uri: "${{ secrets.uri }}", database: test, identity: { replicaSet: rs } }
         |   ^^^^
      help: one of mongodb, http, prometheus, exec


      """#),
    Golden(
      "missingURI", #"type: mongodb, uri: "${{ secrets.uri }}", "#,
      #"type: mongodb, "#,
      #"""
      error[RB1009]: target 'main' needs the key 'uri'
       --> x.yaml:16:3
         |
      16 |   main: { type: mongodb, database: test, identity: { replicaSet: rs } }
         |   ^^^^


      """#),
    Golden(
      "valueAndAction", #"value: "${{ checks.counted.verdict }}""#,
      #"value: 1, action: note"#,
      #"""
      error[RB1109]: a check has 'value' or 'action', not both
       --> x.yaml:63:19
         |
      63 |   - { id: judged, value: 1, action: note, expect: { equals: pass } }
         |                   ^^^^^
      note: the action is here
       --> x.yaml:63:37
         |
      63 |   - { id: judged, value: 1, action: note, expect: { equals: pass } }
         |                                     ^^^^


      """#),
    Golden(
      "targetTwice", #"to: "assets_${{ params.day }}""#,
      #"to: x, target: main }\#n        target: main\#n        x-a: { a: 1"#,
      #"""
      error[RB1109]: 'target' is given twice
       --> x.yaml:32:24
         |
      32 |         with: { to: x, target: main }
         |                        ^^^^^^
      note: the other one is here
       --> x.yaml:33:9
         |
      33 |         target: main
         |         ^^^^^^


      """#),
    Golden(
      "titleTakesNoReference", #"title: A sample"#,
      #"title: "${{ params.day }}""#,
      #"""
      error[RB1208]: 'title' takes no reference
       --> x.yaml:3:32
        |
      3 | metadata: { id: sample, title: "${{ params.day }}", keepUndo: 2d }
        |                                ^^^^^^^^^^^^^^^^^^^
      help: write the text out


      """#),
  ]
}
