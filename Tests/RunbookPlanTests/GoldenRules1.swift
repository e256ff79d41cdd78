/// Mistakes in one place of the sample plan, each with the rule of the format that it breaks.
extension GoldenRule {
  static let part1: [GoldenRule] = [
    GoldenRule(
      "unknownKeyInWhen", rule: "Unknown and duplicate keys are errors, with the nearest known key",
      #"when: { value: "${{ params.mode }}", equals: slow }"#,
      #"when: { value: "${{ params.mode }}", equal: slow }"#,
      #"""
      error[RB1004]: unknown key 'equal' in 'when'
       --> x.yaml:36:46
         |
      36 |         when: { value: "${{ params.mode }}", equal: slow }
         |                                              ^^^^^
      help: did you mean 'equals'?
      """#),
    GoldenRule(
      "unknownKeyInRetry", rule: "Unknown and duplicate keys are errors, with the nearest known key",
      #"retry: { attempts: 3, backoff: 1s..30s }"#,
      #"retry: { attempts: 3, backof: 1s..30s }"#,
      #"""
      error[RB1004]: unknown key 'backof' in 'retry'
       --> x.yaml:19:69
         |
      19 | defaults: { target: main, collection: assets, retry: { attempts: 3, backof: 1s..30s } }
         |                                                                     ^^^^^^
      help: did you mean 'backoff'?
      """#),
    GoldenRule(
      "unknownKeyInSecret", rule: "secrets: references only, never values",
      #"uri: { fromEnv: MONGODB_URI }"#,
      #"uri: { fromEnvironment: MONGODB_URI }"#,
      #"""
      error[RB1004]: unknown key 'fromEnvironment' in secret 'uri'
       --> x.yaml:14:10
         |
      14 |   uri: { fromEnvironment: MONGODB_URI }
         |          ^^^^^^^^^^^^^^^
      help: known keys are fromEnv, fromFile, fromCommand
      """#),
    GoldenRule(
      "twoSecretSources", rule: "secrets: fromEnv, or fromFile, or fromCommand",
      #"uri: { fromEnv: MONGODB_URI }"#,
      #"uri: { fromEnv: MONGODB_URI, fromFile: ./uri }"#,
      #"""
      error[RB1109]: secret 'uri' has more than one source
       --> x.yaml:14:32
         |
      14 |   uri: { fromEnv: MONGODB_URI, fromFile: ./uri }
         |                                ^^^^^^^^
      note: the first one is here
       --> x.yaml:14:10
         |
      14 |   uri: { fromEnv: MONGODB_URI, fromFile: ./uri }
         |          ^^^^^^^
      """#),
    GoldenRule(
      "timestampNeedsOffset", rule: "`timestamp` needs an offset",
      #"count: { type: integer,"#,
      #"at: { type: timestamp, default: "2025-01-18T10:00:00" }\#n  count: { type: integer,"#,
      #"""
      error[RB1008]: default of 'at': '2025-01-18T10:00:00' is no timestamp: the offset is missing
       --> x.yaml:9:35
        |
      9 |   at: { type: timestamp, default: "2025-01-18T10:00:00" }
        |                                   ^^^^^^^^^^^^^^^^^^^^^
      help: write 2025-01-18T10:00:00Z for UTC, or an offset like 2025-01-18T10:00:00+07:00
      """#),
    GoldenRule(
      "dateIsADay", rule: "date: text, no zone",
      #"default: 2025-01-18"#,
      #"default: 2025-02-30"#,
      #"""
      error[RB1008]: default of 'day': '2025-02-30' is no date: there is no such day
       --> x.yaml:7:31
        |
      7 |   day: { type: date, default: 2025-02-30 }
        |                               ^^^^^^^^^^
      """#),
    GoldenRule(
      "sizeNeedsUnit", rule: "sizes 64MiB are types",
      #"count: { type: integer,"#,
      #"room: { type: size, default: 64 }\#n  count: { type: integer,"#,
      #"""
      error[RB1008]: default of 'room': '64' is no size: the unit is missing
       --> x.yaml:9:32
        |
      9 |   room: { type: size, default: 64 }
        |                                ^^
      help: write 64B for bytes, or 64MiB
      """#),
    GoldenRule(
      "percentageNeedsSign", rule: "percentages 0.1% are types",
      #"count: { type: integer,"#,
      #"share: { type: percentage, default: 0.1 }\#n  count: { type: integer,"#,
      #"""
      error[RB1008]: default of 'share': '0.1' is no percentage: the percent sign is missing
       --> x.yaml:9:39
        |
      9 |   share: { type: percentage, default: 0.1 }
        |                                       ^^^
      help: write 0.1%
      """#),
    GoldenRule(
      "bareDuration", rule: "a bare number for a duration is an error that shows the fix",
      #"default: 250ms"#,
      #"default: 250"#,
      #"""
      error[RB1008]: default of 'bar': '250' is no duration: the unit is missing
       --> x.yaml:8:35
        |
      8 |   bar: { type: duration, default: 250 }
        |                                   ^^^
      help: write 250s for seconds, or 250m for minutes
      """#),
    GoldenRule(
      "yesForABoolean", rule: "`yes` for a boolean is an error that shows the fix",
      #"count: { type: integer,"#,
      #"quick: { type: boolean, default: yes }\#n  count: { type: integer,"#,
      #"""
      error[RB1008]: default of 'quick': 'yes' is no boolean
       --> x.yaml:9:36
        |
      9 |   quick: { type: boolean, default: yes }
        |                                    ^^^
      help: write true
      """#),
    GoldenRule(
      "boundsOfADuration", rule: "params: min and max",
      #"default: 250ms }"#,
      #"default: 250ms, max: 100ms }"#,
      #"""
      error[RB1008]: default of 'bar': 250ms is above 100ms
       --> x.yaml:8:35
        |
      8 |   bar: { type: duration, default: 250ms, max: 100ms }
        |                                   ^^^^^
      help: write 100ms or less
      """#),
    GoldenRule(
      "boundsOfADate", rule: "params: min and max",
      #"default: 2025-01-18 }"#,
      #"default: 2025-01-18, min: 2025-02-01 }"#,
      #"""
      error[RB1008]: default of 'day': 2025-01-18 is below 2025-02-01
       --> x.yaml:7:31
        |
      7 |   day: { type: date, default: 2025-01-18, min: 2025-02-01 }
        |                               ^^^^^^^^^^
      help: write 2025-02-01 or more
      """#),
    GoldenRule(
      "boundsTheWrongWay", rule: "params: min and max",
      #"default: 250ms }"#,
      #"default: 250ms, min: 1s, max: 100ms }"#,
      #"""
      error[RB1601]: 'max' is below 'min'
       --> x.yaml:8:56
        |
      8 |   bar: { type: duration, default: 250ms, min: 1s, max: 100ms }
        |                                                        ^^^^^
      help: swap the two
      """#),
    GoldenRule(
      "enumTwice", rule: "params: enum",
      #"values: [fast, slow]"#,
      #"values: [fast, slow, fast]"#,
      #"""
      error[RB1115]: 'fast' is listed twice
       --> x.yaml:10:44
         |
      10 |   mode: { type: enum, values: [fast, slow, fast], default: fast }
         |                                            ^^^^
      help: remove one of the two
      """#),
    GoldenRule(
      "listOf", rule: "params: type: list, of: string",
      #"{ type: list, of: string,"#,
      #"{ type: list, of: text,"#,
      #"""
      error[RB1108]: 'text' is no value of 'of'
       --> x.yaml:11:28
         |
      11 |   hosts: { type: list, of: text, default: [a, b] }
         |                            ^^^^
      help: write one of string, integer, number, boolean, date, timestamp, duration, size, percentage
      """#),
    GoldenRule(
      "listElement", rule: "params: type: list, of: string",
      #"{ type: list, of: string, default: [a, b] }"#,
      #"{ type: list, of: integer, default: [1, two] }"#,
      #"""
      error[RB1008]: default of 'hosts': 'two' is no integer
       --> x.yaml:11:50
         |
      11 |   hosts: { type: list, of: integer, default: [1, two] }
         |                                                  ^^^
      help: write a whole number, like 42
      """#),
    GoldenRule(
      "unknownParamType", rule: "params: type",
      #"count: { type: integer,"#,
      #"count: { type: int,"#,
      #"""
      error[RB1108]: 'int' is no value of 'type'
       --> x.yaml:9:18
        |
      9 |   count: { type: int, default: 5, min: 0 }
        |                  ^^^
      help: write one of string, integer, number, boolean, enum, date, timestamp, duration, size, percentage, list
      """#),
    GoldenRule(
      "valueAndDefault", rule: "a param has a default or a value",
      #"bar: { type: duration, default: 250ms }"#,
      #"bar: { type: duration, default: 250ms, value: 1s }"#,
      #"""
      error[RB1109]: a param has 'default' or 'value', not both
       --> x.yaml:8:42
        |
      8 |   bar: { type: duration, default: 250ms, value: 1s }
        |                                          ^^^^^
      note: the default is here
       --> x.yaml:8:35
        |
      8 |   bar: { type: duration, default: 250ms, value: 1s }
        |                                   ^^^^^
      help: 'default' can be overridden, 'value' cannot
      """#),
    GoldenRule(
      "valueRefersToLater", rule: "nothing may refer to what comes later",
      #"bar: { type: duration, default: 250ms }"#,
      #"bar: { type: duration, default: 250ms }\#n  label: { type: string, value: "at ${{ params.name }}" }"#,
      #"""
      error[RB1202]: param 'name' is declared further down
       --> x.yaml:9:37
        |
      9 |   label: { type: string, value: "at ${{ params.name }}" }
        |                                     ^^^^^^^^^^^^^^^^^^
      help: declare it before 'label'
      """#),
    GoldenRule(
      "valueOfWrongType", rule: "types are checked at load",
      #"hosts: {"#,
      #"copies: { type: integer, value: "${{ params.bar }}" }\#n  hosts: {"#,
      #"""
      error[RB1205]: value of 'copies': 'params.bar' is a duration, and an integer was expected
       --> x.yaml:11:36
         |
      11 |   copies: { type: integer, value: "${{ params.bar }}" }
         |                                    ^^^^^^^^^^^^^^^^^
      """#),
    GoldenRule(
      "targetFieldType", rule: "target fields: baseUrl, headers, tls",
      #"headers: { Authorization: "${{ secrets.uri }}" }"#,
      #"headers: [a]"#,
      #"""
      error[RB1008]: headers: a mapping was expected, not a list
       --> x.yaml:17:58
         |
      17 |   api: { type: http, baseUrl: http://localhost, headers: [a] }
         |                                                          ^^^
      """#),
    GoldenRule(
      "identityHosts", rule: "identity: replicaSet, clusterId, or hosts",
      #"identity: { replicaSet: rs }"#,
      #"identity: { hosts: a }"#,
      #"""
      error[RB1008]: hosts: a list was expected, not text
       --> x.yaml:16:88
         |
      16 |   main: { type: mongodb, uri: "${{ secrets.uri }}", database: test, identity: { hosts: a } }
         |                                                                                        ^
      """#),
    GoldenRule(
      "lockTwice", rule: "locks: named reservations",
      #"locks: [ registry ]"#,
      #"locks: [ registry, registry ]"#,
      #"""
      error[RB1115]: 'registry' is listed twice
       --> x.yaml:18:20
         |
      18 | locks: [ registry, registry ]
         |                    ^^^^^^^^
      help: remove one of the two
      """#),
    GoldenRule(
      "zeroTimeout", rule: "timeout bounds one request or process",
      #"timeout: 1m"#,
      #"timeout: 0s"#,
      #"""
      error[RB1008]: 'timeout' must be above zero
       --> x.yaml:41:18
         |
      41 |         timeout: 0s
         |                  ^^
      help: write a time, like 30s, or remove the key
      """#),
    GoldenRule(
      "twoFormerIDs", rule: "renamedFrom keeps identity",
      #"- id: optional\#n"#,
      #"- { id: other, renamedFrom: x, action: note, with: { text: t } }\#n      - id: optional\#n        renamedFrom: x\#n"#,
      #"""
      error[RB1115]: two steps cannot both have been 'x'
       --> x.yaml:37:22
         |
      37 |         renamedFrom: x
         |                      ^
      note: the other one is here
       --> x.yaml:35:35
         |
      35 |       - { id: other, renamedFrom: x, action: note, with: { text: t } }
         |                                   ^
      help: keep 'renamedFrom' where the step lives on
      """#),
    GoldenRule(
      "formerIDLives", rule: "renamedFrom keeps identity",
      #"- id: tidy\#n"#,
      #"- id: tidy\#n        renamedFrom: deploy\#n"#,
      #"""
      error[RB1104]: 'renamedFrom' names 'deploy', which is still the id of a step
       --> x.yaml:57:22
         |
      57 |         renamedFrom: deploy
         |                      ^^^^^^
      note: it is defined here
       --> x.yaml:48:13
         |
      48 |       - id: deploy
         |             ^^^^^^
      help: name the id that the step had before
      """#),
  ]
}
