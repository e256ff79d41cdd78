extension PhaseKey: DescribedKey {
  var isRequired: Bool { self == .id || self == .steps }
  var defaultText: String? { self == .rollbackScope ? "plan" : nil }
  var shape: FormatShape {
    switch self {
    case .id: .id
    case .title, .owner: .text
    case .when: .mapping("condition")
    case .preconditions: .list(.mapping("check-precondition"), atLeast: 0)
    case .rollbackTriggers: .list(.mapping("trigger"), atLeast: 0)
    case .rollbackScope: .word(["plan", "phase"])
    case .steps: .list(.mapping("step"), atLeast: 1)
    case .verify: .list(.mapping("check-verify"), atLeast: 0)
    }
  }
  var summary: String {
    switch self {
    case .id: "Names the phase; unique among phases, steps, checks and triggers."
    case .title: "What people call the phase."
    case .owner: "Who answers for it: one of `people`."
    case .when: "The phase is skipped where this does not hold."
    case .preconditions: "Checks before the first step of the phase."
    case .rollbackTriggers: "Checks that watch while the phase goes on; one that fires has the phase's `rollbackScope`."
    case .rollbackScope:
      "How far a rollback goes that starts in this phase: `plan` undoes everything; `phase` undoes this phase and ends halted before it."
    case .steps: "What is done, in this order."
    case .verify: "Checks after the last step of the phase."
    }
  }
}

extension StepKey: DescribedKey {
  var isRequired: Bool { self == .id || self == .action }
  var defaultText: String? {
    switch self {
    case .onFailure: "rollback"
    case .onInterrupt: "halt"
    case .stallTimeout: "10m"
    default: nil
    }
  }

  var shape: FormatShape {
    switch self {
    case .id, .renamedFrom: .id
    case .title: .text
    case .action: .action
    case .with: .arguments
    case .target, .collection: .value(.text)
    case .when: .mapping("condition")
    case .preconditions: .list(.mapping("check-precondition"), atLeast: 0)
    case .capture: .list(.mapping("check-capture"), atLeast: 0)
    case .verify: .list(.mapping("check-verify"), atLeast: 0)
    case .retry: .mapping("retry")
    case .timeout, .stallTimeout, .deadline: .value(.duration)
    case .onFailure: .word(["rollback", "halt", "continue"])
    case .rollback: .rollback
    case .probe: .mapping("check-probe")
    case .onInterrupt: .word(["halt", "rerun", "probe"])
    case .outputsWhenSkipped: .value(.mapping(.any))
    }
  }

  var summary: String {
    switch self {
    case .id: "Names the step; unique among phases, steps, checks and triggers."
    case .renamedFrom: "The id that the step had before, so that a run which goes on with an edited plan finds it."
    case .title: "What people call the step."
    case .action: "What is done: exactly one action. `runbook explain ACTION` tells its fields."
    case .with: "The action's arguments."
    case .target: "Where it is done; from `defaults` unless given."
    case .collection: "The collection of a MongoDB action; from `defaults` unless given."
    case .when: "The step is skipped where this does not hold."
    case .preconditions: "Checks before the step; one that passed is not asked again on resume unless it says `recheck: true`."
    case .capture: "Checks that are run and recorded before the effect: what a rollback will need. `captured.ID.OUTPUT` refers to them."
    case .verify: "Checks after the effect. One that fails rolls back unless it says otherwise."
    case .retry: "How often a transient error is tried again."
    case .timeout: "Bounds one request or process: 30s for http, 10m for processes and reads. Waits, people and undo are not bounded by it."
    case .stallTimeout: "How long a batched change or index build may make no progress."
    case .deadline: "How long a batched change or index build may take in all."
    case .onFailure:
      "What follows when the effect fails: `rollback`, `halt` (what stands stays), or `continue` (counted; the run ends with exit status 9)."
    case .rollback:
      "How the step is taken back: `auto` (the action's own inverse, the default where there is one), a list of steps, or one of "
        + "`coveredBy`, `notNeeded` and `none`."
    case .probe: "A check that tells whether the effect happened, for actions that the program cannot probe itself."
    case .onInterrupt:
      "What is done with an effect whose outcome a crash left unknown: `halt` and ask people, `rerun` it, or `probe` it."
    case .outputsWhenSkipped: "The outputs of the step where it is skipped; needed where something refers to them."
    }
  }
}

extension RollbackKey: DescribedKey {
  var shape: FormatShape { self == .acknowledged ? .boolean : .text }
  var summary: String {
    switch self {
    case .coveredBy: "The step whose undo also undoes this one; a rollback of the same scope must reach it."
    case .notNeeded: "Why nothing has to be undone. A rollback passes the step by."
    case .none:
      "Why the step cannot be undone: a point of no return. A rollback stops there with exit status 9; "
        + "`runbook rollback --past STEP --reason TEXT` goes beyond."
    case .acknowledged: "`true` says that the point of no return is meant."
    }
  }
}

extension CheckKey: DescribedKey {
  var isRequired: Bool { self == .id }
  var defaultText: String? {
    switch self {
    case .onFail: "rollback"
    case .onError, .onNoData: "halt"
    case .recheck: "false"
    default: nil
    }
  }

  var shape: FormatShape {
    switch self {
    case .id: .id
    case .title, .bar: .text
    case .action: .action
    case .with: .arguments
    case .value: .value(.any)
    case .expect: .matcher
    case .within, .holdFor, .timeout: .value(.duration)
    case .target, .collection: .value(.text)
    case .when: .mapping("condition")
    case .onFail: .word(["rollback", "halt", "warn", "skip"])
    case .onError, .onNoData: .word(["rollback", "halt", "warn"])
    case .recheck: .boolean
    case .retry: .mapping("retry")
    }
  }

  var summary: String {
    switch self {
    case .id: "Names the check; unique among phases, steps, checks and triggers."
    case .title: "What people call the check; a row of the outcome table."
    case .bar: "The words of the outcome table for what is expected."
    case .action: "An action that only reads; or `value`."
    case .with: "The action's arguments."
    case .value: "A value that is looked at, usually a reference; in place of an action."
    case .expect: "What must hold of what is seen. Only `manual.confirm` may leave it out: there a no is a fail."
    case .within: "Asks again, every second, until it holds or this time is over; the last verdict counts."
    case .holdFor: "It must hold all through this time; the first verdict that is no pass ends it."
    case .target: "Where the action looks; from `defaults` unless given."
    case .collection: "The collection of a MongoDB action; from `defaults` unless given."
    case .when: "The check is skipped where this does not hold."
    case .onFail:
      "What follows when what is seen is not what is expected. `skip`, in preconditions of phases and steps, skips what they guard."
    case .onError: "What follows when the check could not be carried out."
    case .onNoData: "What follows when there was nothing to judge. No data never passes."
    case .recheck: "Whether a precondition that passed is asked again on resume."
    case .retry: "How often a transient error is tried again; a fail is never tried again."
    case .timeout: "Bounds one look."
    }
  }
}

extension TriggerKey: DescribedKey {
  var isRequired: Bool { [.id, .action, .every, .expect, .onFail, .onNoData, .onError].contains(self) }
  var defaultText: String? {
    switch self {
    case .window: "that of `every`"
    case .minSamples: "1"
    case .failures: "{ max: 0, of: 1 }"
    case .requirePass: "false"
    default: nil
    }
  }

  var shape: FormatShape {
    switch self {
    case .id, .startAfter, .stopBefore: .id
    case .title, .bar: .text
    case .action: .action
    case .with: .arguments
    case .value: .value(.any)
    case .expect: .matcher
    case .target, .collection: .value(.text)
    case .timeout, .every, .window, .initialDelay: .value(.duration)
    case .minSamples: .value(.integer(min: 0))
    case .confidence: .value(.percentage)
    case .failures: .mapping("failures")
    case .requirePass: .boolean
    case .onFail, .onError, .onNoData: .word(RollbackTrigger.Response.allCases.map(\.rawValue))
    }
  }

  var summary: String {
    switch self {
    case .id: "Names the trigger; unique among phases, steps, checks and triggers."
    case .title: "What people call the trigger."
    case .bar: "The words of reports for what is expected."
    case .action: "An action that only reads: what is sampled."
    case .with: "The action's arguments."
    case .value: "Has no meaning in a trigger, which samples an action."
    case .expect: "What must hold of the samples of a window."
    case .target: "Where the action looks; from `defaults` unless given."
    case .collection: "The collection of a MongoDB action; from `defaults` unless given."
    case .timeout: "Bounds one sample."
    case .every: "How often it samples."
    case .window: "How long the samples are that one verdict is made of; windows do not overlap. There is no verdict before a full window."
    case .minSamples: "Requests or operations that a window needs; a full window with fewer is no data."
    case .confidence: "For rates: a window fails only where the lower binomial bound of this confidence is above the bar."
    case .failures: "How many failed windows are borne before the trigger acts."
    case .initialDelay: "How long it waits after it has gone live, before the first sample."
    case .startAfter: "It goes live when this step is over; without it, with the first step of its plan or phase."
    case .stopBefore: "It ends before this step begins."
    case .requirePass: "The first change after it has gone live waits for a window that passes."
    case .onFail: "What the trigger does when it has seen more failures than `failures` allows; it must be written out."
    case .onError: "What it does when it could not look; it must be written out."
    case .onNoData: "What it does when a window had too few samples; it must be written out."
    }
  }
}

extension FailuresKey: DescribedKey {
  var defaultText: String? { self == .max ? "0" : "1" }
  var shape: FormatShape { .integer(min: self == .max ? 0 : 1, max: 10_000) }
  var summary: String {
    switch self {
    case .max: "So many failures are borne; one more and the trigger acts."
    case .of: "Among how many of the last windows they are counted."
    }
  }
}

extension MatcherKey: DescribedKey {
  var shape: FormatShape {
    switch self {
    case .field: .text
    case .equals, .notEquals, .contains: .value(.any)
    case .oneOf: .oneOf([.value(.list(.any))])
    case .atLeast, .atMost, .above, .below: .ordered
    case .between: .list(.ordered, atLeast: 2)
    case .matches: .value(.text)
    case .exists, .isEmpty: .value(.boolean)
    case .hasFields: .value(.list(.text))
    case .notWorseThan: .mapping("comparison")
    case .allOf, .anyOf: .list(.matcher, atLeast: 1)
    case .not: .matcher
    }
  }

  var summary: String {
    switch self {
    case .field:
      "Which output is meant, and what in it: `body.items.0.name`; a key with a dot in quotes. The action's main output by default."
    case .equals: "The value is this one. Integers, doubles and decimals compare as numbers."
    case .notEquals: "The value is another one."
    case .oneOf: "The value is one of these."
    case .atLeast: "The value is this or greater."
    case .atMost: "The value is this or smaller."
    case .above: "The value is greater than this."
    case .below: "The value is smaller than this."
    case .between: "The value lies between these two or is one of them."
    case .matches: "The text fits this regular expression somewhere."
    case .contains: "The text, list or mapping holds this."
    case .exists: "Whether there is a value."
    case .isEmpty: "Whether the text, list or mapping is empty."
    case .hasFields: "The mapping has all of these fields; paths are allowed."
    case .notWorseThan: "The value is not worse than a baseline or a measurement made beside it."
    case .allOf: "All of these hold."
    case .anyOf: "At least one of these holds."
    case .not: "This does not hold."
    }
  }
}

extension ConditionKey: DescribedKey {
  var isRequired: Bool { true }
  var shape: FormatShape { .value(.any) }
  var summary: String { "What is looked at, usually a reference; the operators beside it say what must hold." }
}

extension ComparisonKey: DescribedKey {
  var shape: FormatShape {
    switch self {
    case .baseline: .id
    case .measure: .value(.measurement)
    case .field: .text
    case .tolerance, .confidence: .value(.percentage)
    case .floor: .ordered
    }
  }
  var summary: String {
    switch self {
    case .baseline: "The `baseline.record` step whose outputs are compared with."
    case .measure: "An action that is measured at the same time, to be compared with."
    case .field: "Which output is compared; of a measured latency p50, p95 or p99."
    case .tolerance: "How much worse still counts as not worse, as a share."
    case .floor: "A difference up to this never counts as worse."
    case .confidence:
      "How sure a pass or a fail has to be, where samples are compared; 95% by default. In between the check is inconclusive."
    }
  }
}
