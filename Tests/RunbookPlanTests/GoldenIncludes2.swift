/// Includes that cannot be, or with mistakes in what is included, each with the rule that they break.
extension GoldenInclude {
  static let part2: [GoldenInclude] = [
    GoldenInclude(
      "unknownParamOfFragment", rule: "Fragment: what an include may contain",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: pre, with: { hots: a, host: b } } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.count.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#
      ],
      #"""
      error[RB1603]: plans/f.yaml has no param 'hots'
       --> plans/x.yaml:7:47
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { hots: a, host: b } } ]
        |                                               ^^^^
      help: did you mean 'host'?
      """#),
    GoldenInclude(
      "valueOfFragmentsType", rule: "Fragment: what an include may contain",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: pre, with: { host: b, limit: 0 } } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.count.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#
      ],
      #"""
      error[RB1008]: value of 'pre-limit': 0 is below 1
       --> plans/x.yaml:7:63
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: b, limit: 0 } } ]
        |                                                               ^
      help: write 1 or more
      """#),
    GoldenInclude(
      "mistakeInFragment", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.count.output.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#
      ],
      #"""
      error[RB1010]: 'steps.pre-count' has no 'output'
       --> plans/f.yaml:11:28
         |
      11 |       - { id: few, value: "${{ steps.count.output.count }}", expect: { atMost: "${{ params.limit }}" } }
         |                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
        |                    ^^^^^^^^
      help: did you mean 'outputs'?
      """#),
    GoldenInclude(
      "unknownStepInFragment", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.cuont.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#
      ],
      #"""
      error[RB1201]: no step is called 'cuont'
       --> plans/f.yaml:11:28
         |
      11 |       - { id: few, value: "${{ steps.cuont.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
         |                            ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
        |                    ^^^^^^^^
      help: did you mean 'count'?
      """#),
    GoldenInclude(
      "syntaxInFragment", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        	phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.count.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#
      ],
      #"""
      error[RB1013]: a tab is used for indentation
       --> plans/f.yaml:6:1
        |
      6 |     phases:
        | ^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
        |                    ^^^^^^^^
      help: YAML is indented with spaces
        |
      6 |   phases:
      """#),
    GoldenInclude(
      "idTaken", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, with: { peer: b } } ]
      phases: [ { id: p, steps: [ { id: count, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        params: { peer: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.count.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#
      ],
      #"""
      error[RB1104]: the id 'count' is taken
       --> plans/x.yaml:8:35
        |
      8 | phases: [ { id: p, steps: [ { id: count, action: note, with: { text: "done" } } ] } ]
        |                                   ^^^^^
      note: first defined here, as a step
       --> plans/f.yaml:9:15
        |
      9 |       - { id: count, action: mongodb.count }
        |               ^^^^^
      help: ids of phases, steps, checks and triggers share one name space
      """#),
  ]
}
