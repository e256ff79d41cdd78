extension RootKey: DescribedKey {
  var isRequired: Bool { [.apiVersion, .kind, .metadata, .phases].contains(self) }

  var shape: FormatShape {
    switch self {
    case .apiVersion: .word(["runbook/v1"])
    case .kind: .word(["Runbook", "Fragment"])
    case .metadata: .mapping("metadata")
    case .people: .named("person")
    case .params: .named("param")
    case .secrets: .named("secret")
    case .targets: .named("target")
    case .locks: .list(.text, atLeast: 0)
    case .defaults: .mapping("defaults")
    case .include: .list(.mapping("include"), atLeast: 0)
    case .preconditions: .list(.mapping("check-planPrecondition"), atLeast: 0)
    case .rollbackTriggers: .list(.mapping("trigger"), atLeast: 0)
    case .phases: .list(.mapping("phase"), atLeast: 1)
    case .verify: .list(.mapping("check-verify"), atLeast: 0)
    case .afterRollback: .list(.mapping("step-afterRollback"), atLeast: 0)
    case .verifyRollback: .list(.mapping("check-verifyRollback"), atLeast: 0)
    case .notify: .list(.mapping("notification"), atLeast: 0)
    case .steps: .list(.mapping("step"), atLeast: 0)
    }
  }

  var summary: String {
    switch self {
    case .apiVersion: "The version of the format; `runbook/v1`."
    case .kind: "`Runbook`, or `Fragment` for a file that others include."
    case .metadata: "Identity and title of the plan."
    case .people: "Who confirms, approves and is told."
    case .params: "What may differ from run to run; given by `--param NAME=VALUE` or `--params-file`."
    case .secrets: "Where secrets come from. A plan never holds the value of one."
    case .targets: "The places outside that actions work on."
    case .locks: "Names that are reserved beside the collections that the plan changes, so that runs which share one exclude each other."
    case .defaults: "Target, collection and retry of whatever does not say its own."
    case .include: "Fragments whose parts are put in; their ids get the prefix of `as`."
    case .preconditions: "Checks before anything is changed: one that fails ends the run with exit status 1."
    case .rollbackTriggers: "Checks that watch while the run goes on; of the plan: from the first step to the end."
    case .phases: "The parts of the plan, in the order in which they run."
    case .verify: "Checks after the last phase: the outcome table. One that fails rolls the plan back unless it says otherwise."
    case .afterRollback: "Steps that run once the whole plan has been undone, such as clearing a cache."
    case .verifyRollback: "Checks of the restored state after a rollback of the whole plan; one that fails makes it exit status 4."
    case .notify: "Who is told of which events."
    case .steps: "Steps of a fragment; where it is included they become a phase, whose id is the prefix."
    }
  }
}

extension MetadataKey: DescribedKey {
  var isRequired: Bool { self == .id }
  var defaultText: String? { self == .keepUndo ? "7d" : nil }
  var shape: FormatShape {
    switch self {
    case .id: .id
    case .title: .text
    case .keepUndo: .duration
    }
  }
  var summary: String {
    switch self {
    case .id: "The plan's identity. Two runs of one id on the same target exclude each other."
    case .title: "What people call the plan."
    case .keepUndo: "How long a succeeded run stays reversible."
    }
  }
}

extension PersonKey: DescribedKey {
  var shape: FormatShape {
    switch self {
    case .name, .contact: .text
    case .identities: .list(.text, atLeast: 0)
    }
  }
  var summary: String {
    switch self {
    case .name: "The person's name or office."
    case .contact: "Where to reach them; shown with what is asked."
    case .identities: "Who may answer for this person, as the operating system or the shared state calls them; without it, anybody."
    }
  }
}

extension ParamKey: DescribedKey {
  var isRequired: Bool { self == .type }
  var shape: FormatShape {
    switch self {
    case .type: .word(PlanReader.paramTypes)
    case .default, .value, .min, .max: .value(.any)
    case .values: .list(.text, atLeast: 1)
    case .of: .word(PlanReader.paramTypes.filter { $0 != "list" && $0 != "enum" })
    case .description: .text
    }
  }
  var summary: String {
    switch self {
    case .type: "What its text is read as."
    case .default: "The value where none is given; without it the param is required. It takes no reference."
    case .value: "The value, which nobody else can give; may refer to params declared before it."
    case .min: "The least value, of a number, duration, size, percentage, date or timestamp."
    case .max: "The greatest value, of a number, duration, size, percentage, date or timestamp."
    case .values: "The words of an enum."
    case .of: "The type of a list's elements; string by default."
    case .description: "What the param is for."
    }
  }
}

extension SecretKey: DescribedKey {
  var shape: FormatShape {
    switch self {
    case .fromEnv, .fromFile: .text
    case .fromCommand: .list(.text, atLeast: 1)
    }
  }
  var summary: String {
    switch self {
    case .fromEnv: "A variable of the environment."
    case .fromFile: "A file, beside the plan unless the path is absolute; one newline at its end is cut."
    case .fromCommand: "A program and its arguments; the secret is what it prints."
    }
  }
}

extension DefaultsKey: DescribedKey {
  var shape: FormatShape {
    switch self {
    case .target, .collection: .value(.text)
    case .retry: .mapping("retry")
    }
  }
  var summary: String {
    switch self {
    case .target: "Counts for actions of its type only."
    case .collection: "The collection of MongoDB actions that work on one."
    case .retry: "Is not inherited by exec.run, shell.run, http.request and mongodb.command, whose repetition may do something twice."
    }
  }
}

extension RetryKey: DescribedKey {
  var isRequired: Bool { self == .attempts }
  var defaultText: String? { self == .backoff ? "1s..30s" : nil }
  var shape: FormatShape {
    switch self {
    case .attempts: .integer(min: 1, max: 1000)
    case .backoff: .backoff
    }
  }
  var summary: String {
    switch self {
    case .attempts: "How often it is tried in all, the first time counted. Only transient errors are tried again."
    case .backoff: "The pauses between attempts: from the shorter to the longer, doubled each time, with a share of chance."
    }
  }
}

extension IncludeKey: DescribedKey {
  var isRequired: Bool { self == .file }
  var shape: FormatShape {
    switch self {
    case .file: .text
    case .with: .arguments
    case .as: .id
    }
  }
  var summary: String {
    switch self {
    case .file: "The fragment's file, seen from the file that includes it."
    case .with: "Values of the fragment's params."
    case .as: "Prefix of the fragment's ids, with a hyphen after it."
    }
  }
}

extension NotifyKey: DescribedKey {
  var isRequired: Bool { self == .events || self == .target }
  var defaultText: String? { self == .format ? "generic" : nil }
  var shape: FormatShape {
    switch self {
    case .events: .list(.word(FormatDescription.events), atLeast: 0)
    case .target: .value(.text)
    case .format: .word(["generic", "slack"])
    case .text: .value(.text)
    }
  }
  var summary: String {
    switch self {
    case .events: "Which moments of a run are told."
    case .target: "A target of type http."
    case .format: "Form of the message."
    case .text: "What is said; made from the event by default."
    }
  }
}
