/// Includes that cannot be, or with mistakes in what is included, each with the rule that they break.
extension GoldenInclude {
  static let part1: [GoldenInclude] = [
    GoldenInclude(
      "missingFile", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./no.yaml } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [:],
      #"""
      error[RB1113]: the file plans/no.yaml cannot be read: there is no such file
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./no.yaml } ]
        |                    ^^^^^^^^^
      help: paths are relative to the file that includes
      """#),
    GoldenInclude(
      "absolutePath", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: /etc/x.yaml } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [:],
      #"""
      error[RB1113]: '/etc/x.yaml' is no relative path
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: /etc/x.yaml } ]
        |                    ^^^^^^^^^^^
      help: write a path from the folder of this file, like ./common/preflight.yaml
      """#),
    GoldenInclude(
      "referenceInPath", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: "./${{ params.host }}.yaml" } ]
      phases: [ { id: p, steps: [ { id: s, action: note, with: { text: "done" } } ] } ]
      """#,
      files: [:],
      #"""
      error[RB1208]: an include is static: 'file' takes no reference
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: "./${{ params.host }}.yaml" } ]
        |                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^
      help: write the path out
      """#),
    GoldenInclude(
      "unknownKeyInInclude", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, prefix: pre } ]
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
      error[RB1004]: unknown key 'prefix' in an include
       --> plans/x.yaml:7:30
        |
      7 | include: [ { file: ./f.yaml, prefix: pre } ]
        |                              ^^^^^^
      help: known keys are file, with, as
      """#),
    GoldenInclude(
      "badPrefix", rule: "include is static; ids become pre-",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: Pre } ]
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
      error[RB1103]: 'Pre' is no prefix
       --> plans/x.yaml:7:34
        |
      7 | include: [ { file: ./f.yaml, as: Pre } ]
        |                                  ^^^
      help: write 'pre'
      """#),
    GoldenInclude(
      "notAFragment", rule: "Fragment: what an include may contain",
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
        kind: Runbook
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
      error[RB1113]: only a Fragment can be included, and this is 'Runbook'
       --> plans/f.yaml:2:7
        |
      2 | kind: Runbook
        |       ^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre } ]
        |                    ^^^^^^^^
      help: write 'kind: Fragment', and keep in it what a fragment may hold
      """#),
    GoldenInclude(
      "fragmentWithTargets", rule: "Fragment: what an include may contain",
      #"""
      apiVersion: runbook/v1
      kind: Runbook
      metadata: { id: main }
      params: { host: { type: string, default: db } }
      targets: { db: { type: mongodb, uri: fake } }
      defaults: { target: db, collection: assets }
      include: [ { file: ./f.yaml, as: pre, with: { host: a } } ]
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
        targets: { x: { type: http, baseUrl: a } }
        """#
      ],
      #"""
      error[RB1110]: a fragment holds no 'targets'
       --> plans/f.yaml:12:1
         |
      12 | targets: { x: { type: http, baseUrl: a } }
         | ^^^^^^^
      note: included here as 'pre'
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre, with: { host: a } } ]
        |                    ^^^^^^^^
      help: write it in the runbook that includes this; a fragment may hold params, include, preconditions, rollbackTriggers, phases, steps
      """#),
    GoldenInclude(
      "paramWithoutValue", rule: "Fragment: what an include may contain",
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
      error[RB1602]: the include gives param 'host' of plans/f.yaml no value
       --> plans/x.yaml:7:20
        |
      7 | include: [ { file: ./f.yaml, as: pre } ]
        |                    ^^^^^^^^
      note: it is declared here
       --> plans/f.yaml:3:11
        |
      3 | params: { host: { type: string }, limit: { type: integer, default: 5, min: 1 } }
        |           ^^^^
      help: add with: { host: … }
      """#),
  ]
}
