/// Includes that cannot be, or with mistakes in what is included, each with the rule that they break.
extension GoldenInclude {
  static let part3: [GoldenInclude] = [
    GoldenInclude(
      "paramTaken", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, with: { host: b } } ]
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
      error[RB1113]: the plan has a param 'host' already
       --> plans/f.yaml:3:11
        |
      3 | params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        |           ^^^^
      note: it is declared here
       --> plans/x.yaml:4:11
        |
      4 | params: { host: { type: string, default: db } }
        |           ^^^^
      note: included here
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, with: { host: b } } ]
        |                    ^^^^^^^^
      help: include the file 'as: NAME', and its params become NAME-…
      """#),
    GoldenInclude(
      "longID", rule: "Ids have at most 60 characters, include prefixes counted",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, with: { host: b } } ]
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
      error[RB1105]: the name of a param has at most 60 characters
       --> plans/f.yaml:3:35
        |
      3 | params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        |                                   ^^^^^
      note: included here as 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, with: { host: b } } ]
        |                    ^^^^^^^^
      help: use letters, digits and '-', beginning with a letter

      error[RB1103]: the id has 61 characters; at most 60 are allowed
       --> plans/f.yaml:9:15
        |
      9 |       - { id: count, action: mongodb.count }
        |               ^^^^^
      note: included here as 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa, with: { host: b } } ]
        |                    ^^^^^^^^
      """#),
    GoldenInclude(
      "includesItself", rule: "include is static; ids become pre-",
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
        include: [ { file: ./f.yaml, as: in } ]
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
      error[RB1113]: plans/f.yaml includes itself
       --> plans/f.yaml:4:20
        |
      4 | include: [ { file: ./f.yaml, as: in } ]
        |                    ^^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
        |                    ^^^^^^^^
      help: the way is plans/f.yaml, plans/f.yaml
      """#),
    GoldenInclude(
      "cycle", rule: "include is static; ids become pre-",
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
        include: [ { file: ./sub/g.yaml, as: in } ]
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.count.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#,
        "sub/g.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        include: [ { file: ../f.yaml, as: out } ]
        """#,
      ],
      #"""
      error[RB1113]: plans/f.yaml is included by what it includes
       --> plans/sub/g.yaml:3:20
        |
      3 | include: [ { file: ../f.yaml, as: out } ]
        |                    ^^^^^^^^^
      note: included here as 'pre-in'
       --> plans/f.yaml:4:20
        |
      4 | include: [ { file: ./sub/g.yaml, as: in } ]
        |                    ^^^^^^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
        |                    ^^^^^^^^
      help: the way is plans/f.yaml, plans/sub/g.yaml, plans/f.yaml
      """#),
    GoldenInclude(
      "nestedMistake", rule: "include is static; ids become pre-",
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
        include: [ { file: ./sub/g.yaml, as: in } ]
        preconditions:
          - { id: up, action: mongodb.ping, expect: { field: writable, equals: true } }
        phases:
          - id: look
            steps:
              - { id: count, action: mongodb.count }
            verify:
              - { id: few, value: "${{ steps.count.outputs.count }}", expect: { atMost: "${{ params.limit }}" } }
        """#,
        "sub/g.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        preconditions: [ { id: gone, action: note, expct: 1, expect: { equals: a } } ]
        """#,
      ],
      #"""
      error[RB1004]: unknown key 'expct' in a check
       --> plans/sub/g.yaml:3:44
        |
      3 | preconditions: [ { id: gone, action: note, expct: 1, expect: { equals: a } } ]
        |                                            ^^^^^
      note: included here as 'pre-in'
       --> plans/f.yaml:4:20
        |
      4 | include: [ { file: ./sub/g.yaml, as: in } ]
        |                    ^^^^^^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: b } } ]
        |                    ^^^^^^^^
      help: did you mean 'expect'?
      """#),
    GoldenInclude(
      "stepsNeedAPrefix", rule: "Fragment: what an include may contain",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        steps: [ { id: a, action: note, with: { text: t } } ]
        """#
      ],
      #"""
      error[RB1113]: the steps of a fragment become a phase, whose id is what it is included as
       --> plans/f.yaml:3:1
        |
      3 | steps: [ { id: a, action: note, with: { text: t } } ]
        | ^^^^^
      note: included here
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml } ]
        |                    ^^^^^^^^
      help: add 'as: NAME' to the include, or put the steps into phases
      """#),
    GoldenInclude(
      "phasesAndSteps", rule: "Fragment: what an include may contain",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: x } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        phases: [ { id: b, steps: [ { id: c, action: note } ] } ]
        steps: [ { id: a, action: note, with: { text: t } } ]
        """#
      ],
      #"""
      error[RB1109]: a fragment has 'phases' or 'steps', not both
       --> plans/f.yaml:4:1
        |
      4 | steps: [ { id: a, action: note, with: { text: t } } ]
        | ^^^^^
      note: the other one is here
       --> plans/f.yaml:3:1
        |
      3 | phases: [ { id: b, steps: [ { id: c, action: note } ] } ]
        | ^^^^^^
      note: included here as 'x'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: x } ]
        |                    ^^^^^^^^
      """#),
    GoldenInclude(
      "planParamInFragment", rule: "Fragment: what an include may contain",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: pre } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [
        "f.yaml":
          #"""
        apiVersion: runbook/v1
        kind: Fragment
        steps: [ { id: a, action: note, with: { text: "${{ params.host }}" } } ]
        """#
      ],
      #"""
      error[RB1201]: no param is called 'pre-host'
       --> plans/f.yaml:3:48
        |
      3 | steps: [ { id: a, action: note, with: { text: "${{ params.host }}" } } ]
        |                                                ^^^^^^^^^^^^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre } ]
        |                    ^^^^^^^^
      help: declare it under 'params'
      """#),
    GoldenInclude(
      "noTitle", rule: "metadata.X: names are checked at load",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [  ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "${{ metadata.title }}" } } ] } ]
      """#,
      files: [:],
      #"""
      error[RB1206]: the plan has no title
       --> plans/x.yaml:8:67
        |
      8 | phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "${{ metadata.title }}" } } ] } ]
        |                                                                   ^^^^^^^^^^^^^^^^^^^^^
      help: add 'title:' under 'metadata'
      """#),
  ]
}
