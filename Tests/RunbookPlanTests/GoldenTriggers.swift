/// Mistakes in the keys of rollback triggers, and every word that is said about them.
extension Golden {
  static let triggers: [Golden] = [
    Golden(
      "triggerKeys", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          title: Assets
      phases:

      """#,
      #"""
      error[RB1009]: a trigger needs the key 'every'
       --> x.yaml:26:5
         |
      26 |   - id: watch
         |     ^^
      help: say how often it samples, like every: 10s

      error[RB1009]: a trigger needs the key 'expect'
       --> x.yaml:26:5
         |
      26 |   - id: watch
         |     ^^
      help: say what must be seen, like expect: { below: 250ms }

      error[RB1009]: a trigger needs the key 'onFail'
       --> x.yaml:26:5
         |
      26 |   - id: watch
         |     ^^
      help: write rollback, pause or warn; triggers have no default for it

      error[RB1009]: a trigger needs the key 'onNoData'
       --> x.yaml:26:5
         |
      26 |   - id: watch
         |     ^^
      help: write rollback, pause or warn; triggers have no default for it

      error[RB1009]: a trigger needs the key 'onError'
       --> x.yaml:26:5
         |
      26 |   - id: watch
         |     ^^
      help: write rollback, pause or warn; triggers have no default for it


      """#),
    Golden(
      "triggerUnknownKey", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          windows: 1m
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1004]: unknown key 'windows' in a trigger
       --> x.yaml:29:5
         |
      29 |     windows: 1m
         |     ^^^^^^^
      help: did you mean 'window'?


      """#),
    Golden(
      "triggerValue", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          value: 5
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1110]: a trigger samples an action, not a value
       --> x.yaml:29:5
         |
      29 |     value: 5
         |     ^^^^^
      help: remove 'value'


      """#),
    Golden(
      "triggerPolicy", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          window: 1m
          expect: { below: 5 }
          onFail: halt
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1108]: 'halt' is no value of 'onFail'
       --> x.yaml:31:13
         |
      31 |     onFail: halt
         |             ^^^^
      help: write one of rollback, pause, warn


      """#),
    Golden(
      "triggerFailures", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          failures: { max: 2, of: 2 }
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1510]: 3 failures cannot be among the last 2 windows, so the trigger could never act
       --> x.yaml:29:15
         |
      29 |     failures: { max: 2, of: 2 }
         |               ^^^^^^^^^^^^^^^^^
      help: write failures: { max: 2, of: 3 }, or a greater 'of'


      """#),
    Golden(
      "triggerFailuresWithoutOf", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          failures: { max: 1 }
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1510]: 2 failures cannot be among the last window, so the trigger could never act
       --> x.yaml:29:15
         |
      29 |     failures: { max: 1 }
         |               ^^^^^^^^^^
      help: write failures: { max: 1, of: 2 }, or a greater 'of'


      """#),
    Golden(
      "triggerFailuresRange", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          every: 10s
          failures: { max: -1, of: 2 }
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1510]: 'max' of 'failures' must be from 0 to 10000
       --> x.yaml:29:22
         |
      29 |     failures: { max: -1, of: 2 }
         |                      ^^


      """#),
    Golden(
      "triggerID", "phases:\n",
      #"""
      rollbackTriggers:
        - id: backup
          action: mongodb.count
          every: 10s
          window: 1m
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1104]: the id 'backup' is taken
       --> x.yaml:39:13
         |
      39 |       - id: backup
         |             ^^^^^^
      note: first defined here, as a trigger
       --> x.yaml:26:9
         |
      26 |   - id: backup
         |         ^^^^^^
      help: ids of phases, steps, checks and triggers share one name space


      """#),
    Golden(
      "triggerSecret", "phases:\n",
      #"""
      rollbackTriggers:
        - id: watch
          action: mongodb.count
          with: { filter: { a: "${{ secrets.uri }}" } }
          every: 10s
          window: 1m
          expect: { below: 5 }
          onFail: rollback
          onNoData: pause
          onError: warn
      phases:

      """#,
      #"""
      error[RB1204]: a secret cannot be used here
       --> x.yaml:28:27
         |
      28 |     with: { filter: { a: "${{ secrets.uri }}" } }
         |                           ^^^^^^^^^^^^^^^^^^
      help: secrets may stand only in 'targets', 'env' and 'headers', so that they are never stored


      """#),
  ]
}
