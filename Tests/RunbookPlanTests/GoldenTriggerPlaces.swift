/// Mistakes in what rollback triggers name, and every word that is said about them.
extension Golden {
  static let triggerPlaces: [Golden] = [
    Golden(
      "triggerStep", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          startAfter: bakcup
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1201]: no step is called 'bakcup'
       --> x.yaml:29:17
         |
      29 |     startAfter: bakcup
         |                 ^^^^^^
      help: did you mean 'backup'?


      """#),
    Golden(
      "triggerStepIsCheck", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          startAfter: counted
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1510]: 'startAfter' names a step of the phases, and 'counted' is a check
       --> x.yaml:29:17
         |
      29 |     startAfter: counted
         |                 ^^^^^^^
      note: it is defined here
       --> x.yaml:70:15
         |
      70 |       - { id: counted, action: mongodb.count, expect: { between: [1, 10] }, within: 10s, onFail: halt }
         |               ^^^^^^^


      """#),
    Golden(
      "triggerStepIsUndo", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          stopBefore: redeploy
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1510]: 'stopBefore' names a step of the phases, and 'redeploy' is a step of an undo list or of 'afterRollback'
       --> x.yaml:29:17
         |
      29 |     stopBefore: redeploy
         |                 ^^^^^^^^
      note: it is defined here
       --> x.yaml:62:17
         |
      62 |           - id: redeploy
         |                 ^^^^^^^^


      """#),
    Golden(
      "triggerNeverLive", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          startAfter: change
          stopBefore: backup
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1510]: the trigger would never be live: 'backup' does not come after 'change'
       --> x.yaml:30:17
         |
      30 |     stopBefore: backup
         |                 ^^^^^^
      note: it goes live after the step named here
       --> x.yaml:29:17
         |
      29 |     startAfter: change
         |                 ^^^^^^


      """#),
    Golden(
      "triggerEndsBeforeTheFirstStep", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          stopBefore: backup
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1510]: the trigger would never be live: 'backup' is the first step
       --> x.yaml:29:17
         |
      29 |     stopBefore: backup
         |                 ^^^^^^


      """#),
    Golden(
      "triggerOfAnotherPhase",
      #"""
      verify:
        - { id: judged
      """#,
      #"""
        - id: later
          rollbackTriggers:
            - { id: watch, action: mongodb.ping, every: 10s, startAfter: backup, expect: { field: writable, equals: true }, onFail: warn, onNoData: warn, onError: warn }
          steps: [ { id: said, action: note, with: { text: Said } } ]
      verify:
        - { id: judged
      """#,
      #"""
      error[RB1510]: 'backup' stands in phase 'schema', and a trigger of a phase lives only in its own
       --> x.yaml:64:68
         |
      64 | …   - { id: watch, action: mongodb.ping, every: 10s, startAfter: backup, expect: { field: writable, equals: true }, onFail: warn, onNoData: warn, onError: warn }
         |                                                                  ^^^^^^
      help: name a step of 'later', or move the trigger to the plan's 'rollbackTriggers'


      """#),
    Golden(
      "triggerReadsWhatComesLater", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          window: 1m
          expect: { below: "${{ steps.backup.outputs.documents }}" }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1202]: 'backup' comes later
       --> x.yaml:30:23
         |
      30 |     expect: { below: "${{ steps.backup.outputs.documents }}" }
         |                       ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: it stands here
       --> x.yaml:39:13
         |
      39 |       - id: backup
         |             ^^^^^^
      help: a reference can only name what has happened before


      """#),
    Golden(
      "triggerIsNotLiveYet", "phases:\n",
      #"""
      rollbackTriggers:
        - { id: first, action: mongodb.count, every: 1m, expect: { below: "${{ triggers.watch.samples }}" }, onFail: warn, onNoData: warn, onError: warn }
        - id: watch
          action: mongodb.count
          every: 10s
          startAfter: change
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1202]: trigger 'watch' is not live yet
       --> x.yaml:26:70
         |
      26 |   - { id: first, action: mongodb.count, every: 1m, expect: { below: "${{ triggers.watch.samples }}" }, onFail: warn, onNoData: warn, onError: warn }
         |                                                                      ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      help: refer to it from what comes after it goes live


      """#),
  ]
}
