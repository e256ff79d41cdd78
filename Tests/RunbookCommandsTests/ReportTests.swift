import Foundation
import RunbookPlan
import RunbookReport
import RunbookTestSupport
import Testing

/// Reports and logs, word by word.
@Suite struct ReportTests {
  @Test func asMarkdown() async throws {
    let report = try await ReportSample.make().report()
    #expect(report.markdown == Self.markdown)
  }

  static let markdown = #"""
    # Run run-1: rolled back with conflicts

    - **Plan**: A \| sample (sample)
    - **Started by**: ana
    - **Started**: 2025-11-20T12:00:00Z
    - **Ended**: 2025-11-20T12:00:02Z, after 2.7s
    - **Target db**: set:rs-one/cells
    - **Param expected**: 3

    ## Result

    - What failed: check 'sees-x' (x is right): fail, value is 2, expected equals 3
    - State: rolled back; 1 conflict: left as found, listed below with the reason

    ## Outcome

    | metric | bar | observed | verdict | evidence |
    | --- | --- | --- | --- | --- |
    | x is right | equals 3 | 2 | fail | fake.look, entry 14 |

    As it was before the rollback.

    ## Phases and steps

    Phase one: The change (undone, owner dba)

    | step | action | status | started | took | result |
    | --- | --- | --- | --- | --- | --- |
    | ask | manual.confirm | done | 2025-11-20T12:00:00Z | 750ms | – |
    | a: Set \*x\* | fake.guarded on db/cells | undone | 2025-11-20T12:00:01Z | 250ms | changed 2 |

    ## Checks

    | check | where | bar | observed | verdict |
    | --- | --- | --- | --- | --- |
    | Everything is ready | preconditions | equals 0 | 0 | pass |
    | x is back | after the rollback | equals 0 | 0 | pass |

    ## Captured before the change

    | step | capture | value |
    | --- | --- | --- |
    | a | before | {value: 0} |

    ## Rollback

    - 2025-11-20T12:00:02Z: of the whole plan, because: check sees-x: fail, value is 2, expected equals 3

    | step | undo | conflicts | in doubt | note |
    | --- | --- | --- | --- | --- |
    | a | undone and verified | 1 | 0 | – |

    | step | document | fields | reason |
    | --- | --- | --- | --- |
    | a | 7 | x | changed by the application since, kept |

    ## Decisions of people

    | when | who | wanted | about | reason |
    | --- | --- | --- | --- | --- |
    | 2025-11-20T12:00:00Z | ben | yes to 'go' | ask | evidence: ticket 7 \| approved; by confirm |
    | 2025-11-20T12:00:01Z | eve | the undo of 'a' to be given up (set aside: it did not fit) | a | why not |

    ## Record

    - Plan digest: v1:0123 (sample.yaml)
    - Program: runbook 0.1.0
    - Journal: 22 entries, chain intact, head 801732e0f48c324b2e25794968cbbb41e424ed1eeb3641e703bc27afc660c7fe
    - Led from 2025-11-20T12:00:00Z: db:1, epoch 1
    """#

  @Test func asText() async throws {
    let report = try await ReportSample.make().report()
    #expect(report.text == Self.text)
  }

  static let text = """
    Run run-1: rolled back with conflicts
    =====================================

    Plan:            A | sample (sample)
    Started by:      ana
    Started:         2025-11-20T12:00:00Z
    Ended:           2025-11-20T12:00:02Z, after 2.7s
    Target db:       set:rs-one/cells
    Param expected:  3

    Result
    ------
    - What failed: check 'sees-x' (x is right): fail, value is 2, expected equals 3
    - State: rolled back; 1 conflict: left as found, listed below with the reason

    Outcome
    -------
    metric      bar       observed  verdict  evidence
    x is right  equals 3  2         fail     fake.look, entry 14

    As it was before the rollback.

    Phases and steps
    ----------------
    Phase one: The change (undone, owner dba)

    step        action                    status  started               took   result
    ask         manual.confirm            done    2025-11-20T12:00:00Z  750ms
    a: Set *x*  fake.guarded on db/cells  undone  2025-11-20T12:00:01Z  250ms  changed 2

    Checks
    ------
    check                where               bar       observed  verdict
    Everything is ready  preconditions       equals 0  0         pass
    x is back            after the rollback  equals 0  0         pass

    Captured before the change
    --------------------------
    step  capture  value
    a     before   {value: 0}

    Rollback
    --------
    - 2025-11-20T12:00:02Z: of the whole plan, because: check sees-x: fail, value is 2, expected equals 3

    step  undo                 conflicts  in doubt  note
    a     undone and verified  1          0

    step  document  fields  reason
    a     7         x       changed by the application since, kept

    Decisions of people
    -------------------
    when                  who  wanted                                                      about  reason
    2025-11-20T12:00:00Z  ben  yes to 'go'                                                 ask    evidence: ticket 7 | approved; by confirm
    2025-11-20T12:00:01Z  eve  the undo of 'a' to be given up (set aside: it did not fit)  a      why not

    Record
    ------
    - Plan digest: v1:0123 (sample.yaml)
    - Program: runbook 0.1.0
    - Journal: 22 entries, chain intact, head 801732e0f48c324b2e25794968cbbb41e424ed1eeb3641e703bc27afc660c7fe
    - Led from 2025-11-20T12:00:00Z: db:1, epoch 1
    """

  @Test func asData() async throws {
    let sample = try await ReportSample.make()
    let value = try await sample.report().value
    #expect(value["format"] == "runbook-report/v1")
    #expect(
      value.mapValue.map { Array($0.keys) } == [
        "format", "run", "plan", "params", "targets", "result", "outcome", "phases", "checks", "causes", "rollback", "decisions",
        "triggers",
        "warnings", "leases", "journal",
      ])
    #expect(value["rollback"]?["steps"]?.listValue?.first?["undo"] == "undone")
    #expect(value["rollback"]?["conflicts"] == 1)
    #expect(value["decisions"]?.listValue?.map { $0["kind"] } == ["answer", "skipUndo"])
    #expect(value["decisions"]?.listValue?.last?["setAside"] == true)
    #expect(value["journal"]?["intact"] == true)
    // The same journal gives the same report.
    let again = try await ReportSample.make().report().value
    #expect(again.encodedJSON() == value.encodedJSON())
  }

  /// Every name that the JSON form gives stands in the page that describes it.
  @Test func everyNameIsDescribed() async throws {
    let page = try String(contentsOfFile: Program.repository.path + "/docs/report.md", encoding: .utf8)
    let value = try await ReportSample.make().report().value
    var names: Set<String> = []
    // What stands in outputs, captures and details of undos has the names of the actions.
    func collect(_ value: Value, under key: String?) {
      if ["params", "targets", "outputs", "captures", "details", "observed"].contains(key) { return }
      for (name, inner) in value.mapValue ?? [:] {
        names.insert(name)
        collect(inner, under: name)
      }
      for inner in value.listValue ?? [] { collect(inner, under: key) }
    }
    collect(value, under: nil)
    #expect(names.count > 40)
    #expect(names.filter { !page.contains("`\($0)`") }.sorted() == [])
  }

  @Test func theLog() async throws {
    let sample = try await ReportSample.make()
    var log = RunLog(run: "run-1", titles: PlanTitles(sample.bound.plan, params: sample.bound.params), step: nil)
    let lines = try await log.lines(from: sample.journal)
    #expect(lines.map(\.rendered).joined(separator: "\n") == Self.log)
    #expect(try await log.lines(from: sample.journal) == [], "nothing is told twice")
    sample.journal.noteProgress(run: "run-1", effect: "step:a#1", at: 1_763_640_099_000, .object(["done": 2, "unit": "cells"]))
    #expect(try await log.lines(from: sample.journal).map(\.text) == ["'a': 2 cells"])
    var step = RunLog(run: "run-1", titles: PlanTitles(sample.bound.plan), step: "ask")
    #expect(Set(try await step.lines(from: sample.journal).map(\.subject)) == ["ask"])
  }

  static let log = #"""
    2025-11-20T12:00:00.000Z  run started by ana
    2025-11-20T12:00:00.250Z  a process leads the run: db:1, epoch 1
    2025-11-20T12:00:00.250Z  check 'ready': asked
    2025-11-20T12:00:00.500Z  check 'ready': pass, observed 0 (250ms)
    2025-11-20T12:00:00.500Z  step 'ask': started
    2025-11-20T12:00:00.750Z  ben confirmed 'go' of 'ask', evidence: ticket 7 | approved
    2025-11-20T12:00:01.000Z  eve asked for the undo of 'a' to be given up, which did not fit by then and was set aside
    2025-11-20T12:00:01.250Z  step 'ask': done (750ms)
    2025-11-20T12:00:01.250Z  step 'a': what its undo will need is read
    2025-11-20T12:00:01.500Z  step 'a': what its undo will need is recorded (250ms)
    2025-11-20T12:00:01.500Z  step 'a': started
    2025-11-20T12:00:01.550Z  'a': 1 of 2 cells
    2025-11-20T12:00:01.560Z  'a' stdout: one line
    2025-11-20T12:00:01.560Z  'a' stdout: and \x1b[31mred
    2025-11-20T12:00:01.750Z  step 'a': done: changed 2 (250ms)
    2025-11-20T12:00:01.750Z  check 'sees-x': asked
    2025-11-20T12:00:02.000Z  check 'sees-x': fail, observed 2, expected equals 3 (250ms)
    2025-11-20T12:00:02.000Z  rollback of the whole plan begins, because: check sees-x: fail, value is 2, expected equals 3
    2025-11-20T12:00:02.000Z  step 'a': undo started
    2025-11-20T12:00:02.250Z  step 'a': undone, 1 conflict left as found (250ms)
    2025-11-20T12:00:02.250Z  step 'a': its undo is verified
    2025-11-20T12:00:02.500Z  step 'a': its undo is whole (250ms)
    2025-11-20T12:00:02.500Z  check 'back': asked
    2025-11-20T12:00:02.750Z  check 'back': pass, observed 0 (250ms)
    2025-11-20T12:00:02.750Z  ended: rolled back with conflicts
    """#
}
