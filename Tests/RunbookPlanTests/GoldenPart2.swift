/// Mistakes in one place of the sample plan, and every word that is said about them.
extension Golden {
  static let part2: [Golden] = [
    Golden(
      "emptyList", #"with: { argv: [ ./tidy ] }\#n        rollback: { coveredBy: deploy }"#,
      #"with: { argv: [ ./tidy ] }\#n        rollback: []"#,
      #"""
      error[RB1111]: 'rollback' holds no step
       --> x.yaml:59:19
         |
      59 |         rollback: []
         |                   ^^
      help: write { notNeeded: reason } where nothing has to be undone


      """#),
    Golden(
      "secretWithoutSource", #"uri: { fromEnv: MONGODB_URI }"#,
      #"uri: hunter2"#,
      #"""
      error[RB1008]: secret 'uri' must say where it comes from; a plan never holds a secret itself
       --> x.yaml:14:8
         |
      14 |   uri: hunter2
         |        ^^^^^^^
      help: write uri: { fromEnv: VARIABLE }


      """#),
    Golden(
      "bareDuration", #"holdFor: 3s"#,
      #"holdFor: 3"#,
      #"""
      error[RB1008]: holdFor: '3' is no duration: the unit is missing
       --> x.yaml:24:14
         |
      24 |     holdFor: 3
         |              ^
      help: write 3s for seconds, or 3m for minutes


      """#),
    Golden(
      "backoff", #"1s..30s"#,
      #"30s..1s"#,
      #"""
      error[RB1008]: backoff: '30s..1s' ends before it begins
       --> x.yaml:19:78
         |
      19 | defaults: { target: main, collection: assets, retry: { attempts: 3, backoff: 30s..1s } }
         |                                                                              ^^^^^^^
      help: write the shorter time first, like 1s..30s


      """#),
    Golden(
      "nullText", #"title: A sample"#,
      #"title: null"#,
      #"""
      error[RB1008]: 'title' is null where text is due
       --> x.yaml:3:32
        |
      3 | metadata: { id: sample, title: null, keepUndo: 2d }
        |                                ^^^^
      help: remove the key, or put the text in quotes


      """#),
    Golden(
      "undoStepTakesNoRollback", #"- id: redeploy\#n"#,
      #"- id: redeploy\#n            rollback: auto\#n"#,
      #"""
      error[RB1110]: an undo step takes no 'rollback'
       --> x.yaml:54:13
         |
      54 |             rollback: auto
         |             ^^^^^^^^
      help: remove 'rollback'


      """#),
    Golden(
      "unknownParam", #""assets_${{ params.day }}""#,
      #""assets_${{ params.dya }}""#,
      #"""
      error[RB1201]: no param is called 'dya'
       --> x.yaml:32:29
         |
      32 |         with: { to: "assets_${{ params.dya }}" }
         |                             ^^^^^^^^^^^^^^^^^
      help: did you mean 'day'?


      """#),
    Golden(
      "unknownStep", #"steps.backup.outputs"#,
      #"steps.bakup.outputs"#,
      #"""
      error[RB1201]: no step is called 'bakup'
       --> x.yaml:34:37
         |
      34 |           - { id: complete, value: "${{ steps.bakup.outputs.documents }}", expect: { atLeast: "${{ params.count }}" } }
         |                                     ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      help: did you mean 'backup'?


      """#),
    Golden(
      "unknownRoot", #"${{ params.day }}"#,
      #"${{ param.day }}"#,
      #"""
      error[RB1010]: nothing is called 'param' in a reference
       --> x.yaml:32:29
         |
      32 |         with: { to: "assets_${{ param.day }}" }
         |                             ^^^^^^^^^^^^^^^^
      help: did you mean 'params'?


      """#),
    Golden(
      "unknownMember", #"checks.counted.verdict"#,
      #"checks.counted.verdct"#,
      #"""
      error[RB1010]: 'checks.counted' has no 'verdct'
       --> x.yaml:63:27
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdct }}", expect: { equals: pass } }
         |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      help: did you mean 'verdict'?


      """#),
    Golden(
      "unclosedReference", #""${{ captured.before.count }}""#,
      #""${{ captured.before.count""#,
      #"""
      error[RB1010]: a reference is not closed
       --> x.yaml:55:40
         |
      55 |             with: { argv: [ ./deploy, "${{ captured.before.count" ] }
         |                                        ^^^
      help: end it with }}, or write $${{ for the text itself


      """#),
    Golden(
      "expression", #"${{ params.day }}"#,
      #"${{ params.day + 1 }}"#,
      #"""
      error[RB1010]: a blank stands inside reference 'params.day + 1'
       --> x.yaml:32:29
         |
      32 |         with: { to: "assets_${{ params.day + 1 }}" }
         |                             ^^^^^^^^^^^^^^^^^^^^^
      help: only names joined by dots are allowed; there is no expression language


      """#),
    Golden(
      "refersToLater", #""Slowly""#,
      #""${{ steps.change.outputs.changed }}""#,
      #"""
      error[RB1202]: 'change' comes later
       --> x.yaml:38:24
         |
      38 |         with: { text: "${{ steps.change.outputs.changed }}" }
         |                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:39:13
         |
      39 |       - id: change
         |             ^^^^^^
      help: a reference can only name what has happened before


      """#),
    Golden(
      "ownOutputs", #"to: "assets_${{ params.day }}""#,
      #"to: "${{ steps.backup.outputs.documents }}""#,
      #"""
      error[RB1202]: a step cannot use its own outputs before it has run
       --> x.yaml:32:22
         |
      32 |         with: { to: "${{ steps.backup.outputs.documents }}" }
         |                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:30:13
         |
      30 |       - id: backup
         |             ^^^^^^


      """#),
    Golden(
      "undoUsesLaterValue", #"captured.before.count"#,
      #"steps.deploy.outputs.stdout"#,
      #"""
      error[RB1207]: an undo cannot use what its own step makes known
       --> x.yaml:55:40
         |
      55 |             with: { argv: [ ./deploy, "${{ steps.deploy.outputs.stdout }}" ] }
         |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:48:13
         |
      48 |       - id: deploy
         |             ^^^^^^
      help: capture the value before the effect, or use the output of an earlier step


      """#),
    Golden(
      "needsOutputsWhenSkipped", #"checks.counted.verdict"#,
      #"steps.optional.outputs.text"#,
      #"""
      error[RB1203]: 'optional' may be skipped, and would have no outputs
       --> x.yaml:63:27
         |
      63 |   - { id: judged, value: "${{ steps.optional.outputs.text }}", expect: { equals: pass } }
         |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:35:13
         |
      35 |       - id: optional
         |             ^^^^^^^^
      help: add 'outputsWhenSkipped' to that step


      """#),
    Golden(
      "wrongKindOfName", #"checks.counted.verdict"#,
      #"checks.backup.verdict"#,
      #"""
      error[RB1201]: 'backup' is a step, not a check
       --> x.yaml:63:27
         |
      63 |   - { id: judged, value: "${{ checks.backup.verdict }}", expect: { equals: pass } }
         |                           ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it is defined here
       --> x.yaml:30:13
         |
      30 |       - id: backup
         |             ^^^^^^
      help: write steps.backup…


      """#),
    Golden(
      "checkIsNotCaptured", #"captured.before.count"#,
      #"captured.complete.count"#,
      #"""
      error[RB1201]: 'complete' is a check that nothing captures
       --> x.yaml:55:40
         |
      55 |             with: { argv: [ ./deploy, "${{ captured.complete.count }}" ] }
         |                                        ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:34:19
         |
      34 |           - { id: complete, value: "${{ steps.backup.outputs.documents }}", expect: { atLeast: "${{ params.count }}" } }
         |                   ^^^^^^^^
      help: write checks.complete…


      """#),
    Golden(
      "secretNotHere", #""Slowly""#,
      #""${{ secrets.uri }}""#,
      #"""
      error[RB1204]: a secret cannot be used here
       --> x.yaml:38:24
         |
      38 |         with: { text: "${{ secrets.uri }}" }
         |                        ^^^^^^^^^^^^^^^^^^
      help: secrets may stand only in 'targets', 'env' and 'headers', so that they are never stored


      """#),
    Golden(
      "referenceInKey", #"filter: { name:"#,
      #"filter: { "${{ params.name }}":"#,
      #"""
      error[RB1208]: a reference cannot stand in a key
       --> x.yaml:43:21
         |
      43 |           filter: { "${{ params.name }}": "${{ params.name }}" }
         |                     ^^^^^^^^^^^^^^^^^^^^
      help: references stand in values only


      """#),
    Golden(
      "durationOfWrongType", #"timeout: 1m"#,
      #"timeout: "${{ params.count }}""#,
      #"""
      error[RB1205]: timeout: 'params.count' is an integer, and a duration was expected
       --> x.yaml:41:19
         |
      41 |         timeout: "${{ params.count }}"
         |                   ^^^^^^^^^^^^^^^^^^^


      """#),
    Golden(
      "emptyMatcher", #"expect: { equals: pass }"#,
      #"expect: { field: a }"#,
      #"""
      error[RB1401]: 'expect' says nothing that could be false
       --> x.yaml:63:59
         |
      63 |   - { id: judged, value: "${{ checks.counted.verdict }}", expect: { field: a } }
         |                                                           ^^^^^^
      help: add an operator, like equals: 0


      """#),
    Golden(
      "betweenNeedsTwo", #"between: [1, 10]"#,
      #"between: [1]"#,
      #"""
      error[RB1402]: 'between' takes exactly two bounds, not 1
       --> x.yaml:61:66
         |
      61 |       - { id: counted, action: mongodb.count, expect: { between: [1] }, within: 10s, onFail: halt }
         |                                                                  ^^^
      help: write between: [1, 10]


      """#),
    Golden(
      "betweenWrongWay", #"between: [1, 10]"#,
      #"between: [10, 1]"#,
      #"""
      error[RB1402]: 'between' has its bounds the wrong way round
       --> x.yaml:61:66
         |
      61 |       - { id: counted, action: mongodb.count, expect: { between: [10, 1] }, within: 10s, onFail: halt }
         |                                                                  ^^^^^^^
      help: write the smaller one first


      """#),
  ]
}
