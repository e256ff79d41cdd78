import RunbookActions

/// Mistakes in rollback triggers and limits that only show once actions and params are known.
extension GoldenPlan {
  static let triggers: [GoldenPlan] = [
    GoldenPlan(
      name: "windows of a trigger",
      text: Bench.steps(
        #"""
        - { id: a, action: note, with: { text: t } }
        """#,
        more:
          #"""
          rollbackTriggers:
            - { id: t, action: http.probe, target: web, with: { path: /x }, every: 10s, window: 25s, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
            - { id: u, action: http.probe, target: web, with: { path: /x }, every: 10s, window: 5s, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
            - { id: v, action: http.probe, target: web, with: { path: /x }, every: 0s, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          """#),
      rendered: #"""
        error[RB2015]: 'window' (25s) is no multiple of 'every' (10s), so windows would hold unequal numbers of samples
         --> p.yaml:7:87
          |
        7 | … id: t, action: http.probe, target: web, with: { path: /x }, every: 10s, window: 25s, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                                   ^^^
        help: write window: 30s

        error[RB2015]: 'window' is 5s, shorter than 'every' (10s), so most windows would hold no sample
         --> p.yaml:8:87
          |
        8 | …{ id: u, action: http.probe, target: web, with: { path: /x }, every: 10s, window: 5s, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                                    ^^
        help: write window: 10s

        error[RB2015]: 'every' must be at least 1ms
         --> p.yaml:9:74
          |
        9 |   - { id: v, action: http.probe, target: web, with: { path: /x }, every: 0s, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                          ^^
        """#),
    GoldenPlan(
      name: "samples of a trigger",
      text: Bench.steps(
        #"""
        - { id: a, action: note, with: { text: t } }
        """#,
        more:
          #"""
          rollbackTriggers:
            - { id: t, action: http.probe, target: web, with: { path: /x }, every: 10s, window: 1m, minSamples: 60, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
            - { id: u, action: http.probe, target: web, with: { path: /x }, every: 10s, minSamples: 0, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          """#),
      rendered: #"""
        error[RB2015]: a window of 1m holds at most 6 samples, so 'minSamples' is never reached
         --> p.yaml:7:103
          |
        7 | … http.probe, target: web, with: { path: /x }, every: 10s, window: 1m, minSamples: 60, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                                    ^^
        help: lower 'minSamples' to 6 or less, lengthen 'window', or sample more often

        error[RB1008]: minSamples: 0 is below 1
         --> p.yaml:8:91
          |
        8 | …d: u, action: http.probe, target: web, with: { path: /x }, every: 10s, minSamples: 0, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                                     ^
        help: write 1 or more
        """#),
    GoldenPlan(
      name: "confidence of a trigger",
      text: Bench.steps(
        #"""
        - { id: a, action: note, with: { text: t } }
        """#,
        more:
          #"""
          rollbackTriggers:
            - { id: t, action: http.check, target: web, with: { path: /x }, every: 10s, confidence: 95%, expect: { equals: 200 }, onFail: rollback, onNoData: pause, onError: warn }
            - { id: u, action: http.probe, target: web, with: { path: /x }, every: 10s, confidence: 95%, expect: { field: longestGap, below: 2s }, onFail: rollback, onNoData: pause, onError: warn }
            - { id: v, action: http.probe, target: web, with: { path: /x }, every: 10s, confidence: 100%, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          """#),
      rendered: #"""
        error[RB2015]: 'confidence' judges rates, and http.check has none
         --> p.yaml:7:91
          |
        7 | …t, action: http.check, target: web, with: { path: /x }, every: 10s, confidence: 95%, expect: { equals: 200 }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                                  ^^^
        help: remove 'confidence', and write 'failures: { max: 1, of: 4 }' to bear single failures

        error[RB2015]: 'confidence' judges the rate 'errorRate', and 'expect' sets no upper bound for it
         --> p.yaml:8:91
          |
        8 | …robe, target: web, with: { path: /x }, every: 10s, confidence: 95%, expect: { field: longestGap, below: 2s }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                 ^^^
        help: write expect: { field: errorRate, atMost: … }, or remove 'confidence'

        error[RB2015]: 'confidence' must be at least 50% and less than 100%
         --> p.yaml:9:91
          |
        9 | …v, action: http.probe, target: web, with: { path: /x }, every: 10s, confidence: 100%, expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                                  ^^^^
        help: write confidence: 95%
        """#),
    GoldenPlan(
      name: "action of a trigger",
      text: Bench.steps(
        #"""
        - { id: a, action: note, with: { text: t } }
        """#,
        more:
          #"""
          rollbackTriggers:
            - { id: t, action: exec.run, with: { argv: [x] }, every: 10s, expect: { equals: 0 }, onFail: rollback, onNoData: pause, onError: warn }
            - { id: u, action: manual.confirm, with: { text: t }, every: 10s, expect: { equals: true }, onFail: rollback, onNoData: pause, onError: warn }
            - { id: v, action: http.probe, target: web, with: { path: /x }, every: 10s, expect: { field: errorRat, equals: 1 }, onFail: rollback, onNoData: pause, onError: warn }
          """#),
      rendered: #"""
        error[RB2002]: exec.run changes something and cannot be used as a trigger
         --> p.yaml:7:22
          |
        7 |   - { id: t, action: exec.run, with: { argv: [x] }, every: 10s, expect: { equals: 0 }, onFail: rollback, onNoData: pause, onError: warn }
          |                      ^^^^^^^^
        help: use an action that reads

        error[RB2015]: manual.confirm waits for people or time, so it cannot be sampled
         --> p.yaml:8:22
          |
        8 |   - { id: u, action: manual.confirm, with: { text: t }, every: 10s, expect: { equals: true }, onFail: rollback, onNoData: pause, onError: warn }
          |                      ^^^^^^^^^^^^^^

        error[RB2009]: http.probe has no output 'errorRat'
         --> p.yaml:9:106
          |
        9 | …: v, action: http.probe, target: web, with: { path: /x }, every: 10s, expect: { field: errorRat, equals: 1 }, onFail: rollback, onNoData: pause, onError: warn }
          |                                                                                                   ^^^^^^^^^
        help: did you mean 'errorRate'?
        """#),
    GoldenPlan(
      name: "number of a trigger that is known too late",
      text: Bench.steps(
        #"""
        - { id: a, action: note, with: { text: t } }
        """#,
        more:
          #"""
          rollbackTriggers:
            - { id: t, action: http.probe, target: web, with: { path: /x }, every: "${{ steps.a.outputs.text }}", expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: warn }
          """#),
      rendered: #"""
        error[RB2015]: 'every' of a trigger must be known when the run begins, but 'steps.a.outputs.text' is known only later
         --> p.yaml:7:75
          |
        7 | …ction: http.probe, target: web, with: { path: /x }, every: "${{ steps.a.outputs.text }}", expect: { atMost: 1% }, onFail: rollback, onNoData: pause, onError: wa…
          |                                                              ^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: refer to params, run or metadata
        """#),
    GoldenPlan(
      name: "limits that touch nothing",
      text: Bench.steps(
        #"""
        - { id: a, action: manual.confirm, with: { text: t }, deadline: 1h }
        - { id: b, action: wait.for, with: { duration: 1m }, stallTimeout: 1h }
        - id: c
          action: exec.run
          with: { argv: [x] }
          timeout: "${{ steps.b.outputs.waited }}"
          rollback: [ { id: d, action: exec.run, with: { argv: [y] }, deadline: 1h } ]
        """#),
      rendered: #"""
        error[RB2008]: 'deadline' does not touch manual.confirm, which waits for people
         --> p.yaml:10:71
           |
        10 |       - { id: a, action: manual.confirm, with: { text: t }, deadline: 1h }
           |                                                                       ^^
        help: write 'expires: …' under 'with'

        error[RB2008]: 'stallTimeout' does not touch wait.for, which takes as long as it says
         --> p.yaml:11:74
           |
        11 |       - { id: b, action: wait.for, with: { duration: 1m }, stallTimeout: 1h }
           |                                                                          ^^
        help: remove it

        error[RB2008]: 'timeout' must be known when the run begins, but 'steps.b.outputs.waited' is known only later
         --> p.yaml:15:19
           |
        15 |         timeout: "${{ steps.b.outputs.waited }}"
           |                   ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
        help: refer to params, run or metadata

        error[RB2008]: 'deadline' does not touch an undo, which is never cut short
         --> p.yaml:16:79
           |
        16 |         rollback: [ { id: d, action: exec.run, with: { argv: [y] }, deadline: 1h } ]
           |                                                                               ^^
        help: remove it
        """#),
  ]
}
