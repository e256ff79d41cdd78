/// The codes of this room, RB11xx to RB19xx. `RunbookSyntax` has those for YAML itself and for unknown keys, missing keys, values that cannot be
/// read and references that are no references.
public enum PlanCode: String, Sendable, Hashable, CaseIterable {
  case apiVersion = "RB1101"
  case kind = "RB1102"
  case badID = "RB1103"
  case duplicateID = "RB1104"
  case badName = "RB1105"
  case unknownPerson = "RB1106"
  case unknownTarget = "RB1107"
  case notOneOf = "RB1108"
  case exclusiveKeys = "RB1109"
  case keyNotHere = "RB1110"
  case emptyList = "RB1111"
  case keyTooLong = "RB1112"
  case include = "RB1113"
  case targetType = "RB1114"
  case repeated = "RB1115"
  case unknownName = "RB1201"
  case refersToLater = "RB1202"
  case needsOutputsWhenSkipped = "RB1203"
  case secretNotHere = "RB1204"
  case wrongReferenceType = "RB1205"
  case missingValue = "RB1206"
  case undoUsesLaterValue = "RB1207"
  case referenceNotHere = "RB1208"
  case ambiguousLiteral = "RB1301"
  case numberTooLarge = "RB1302"
  case notForDocuments = "RB1303"
  case emptyMatcher = "RB1401"
  case operand = "RB1402"
  case regularExpression = "RB1403"
  case fieldPath = "RB1404"
  case coveredBy = "RB1501"
  case interrupt = "RB1502"
  case rollbackForm = "RB1503"
  case trigger = "RB1510"
  case paramDeclaration = "RB1601"
  case missingParam = "RB1602"
  case unknownParam = "RB1603"
  case paramGivenTwice = "RB1604"
  case paramValue = "RB1605"
  case fixedParam = "RB1606"
}

extension PlanCode {
  /// Why it is said, and what to do.
  public var explanation: (cause: String, remedy: String) {
    referenceExplanation ?? structureExplanation
  }

  private var structureExplanation: (cause: String, remedy: String) {
    switch self {
    case .apiVersion: ("The file is written for another version of the format.", "Write 'apiVersion: runbook/v1'.")
    case .kind: ("'kind' says what the file is, and only Runbook and Fragment are known.", "Write 'kind: Runbook'.")
    case .badID:
      (
        "An id names its part in journals, references and URLs, so few characters are allowed.",
        "Use small letters, digits and '-', beginning with a letter, at most 60 characters."
      )
    case .duplicateID: ("Phases, steps, checks and triggers share one name space, and this id is taken.", "Give one of the two another id.")
    case .badName:
      (
        "Names of params, people, targets and secrets are used in references and on the command line.",
        "Use letters, digits and '-', beginning with a letter."
      )
    case .unknownPerson: ("Somebody is named who is not declared under 'people'.", "Declare the person, or correct the name.")
    case .unknownTarget: ("A target is named that is not declared under 'targets'.", "Declare the target, or correct the name.")
    case .notOneOf: ("The key takes one of a few words only.", "Write one of the words that the message lists.")
    case .exclusiveKeys: ("Of these keys exactly one may stand here.", "Keep the one that is meant.")
    case .keyNotHere: ("The key is known, but has no meaning in this place.", "Remove it, or move it to where it belongs.")
    case .emptyList: ("The list must hold something.", "Add an element, or remove the key.")
    case .keyTooLong: ("Keys have at most 1000 bytes, since YAML readers give up on longer ones.", "Shorten the key.")
    case .include:
      (
        "A file cannot be included: it cannot be read, is no fragment, includes itself, or is included without what it needs.",
        "Correct the path, the fragment or the include, as the message says."
      )
    case .targetType: ("The key needs a target of another type.", "Name a target of the type that the message names.")
    case .repeated: ("The list names the same thing twice.", "Remove one of the two.")
    case .ambiguousLiteral:
      ("YAML programs disagree about what this unquoted text is.", "Put it in quotes for text, or write a JSON literal.")
    case .numberTooLarge:
      ("The number does not fit into 64 bits.", "Write it in quotes, or as { $numberDecimal: \"…\" } in a MongoDB document.")
    case .notForDocuments: ("A MongoDB document has no such value.", "Use a param or output of another type.")
    case .emptyMatcher: ("A matcher without an operator says nothing.", "Add an operator such as 'equals' or 'atMost'.")
    case .operand: ("The operator cannot compare with this.", "Write an operand of the kind that the message names.")
    case .regularExpression:
      ("The text after 'matches' is no regular expression.", "Correct it; a backslash is best written in single quotes.")
    case .fieldPath: ("'field' takes names joined by dots, those with a dot in quotes.", "Write it like 'groups.\"a.b\"'.")
    case .coveredBy:
      ("The step that should undo this one cannot do so.", "Name an earlier step of the same scope that has an undo of its own.")
    case .interrupt: ("'probe' and 'onInterrupt' contradict each other.", "Write 'probe' alone; it implies 'onInterrupt: probe'.")
    case .rollbackForm:
      (
        "'rollback' takes one of its five forms.",
        "Write auto, a list of steps, { coveredBy: STEP }, { notNeeded: reason } or { none: reason, acknowledged: true }."
      )
    case .trigger: ("With these values the trigger could never act, or never be live.", "Correct it as the message says.")
    case .paramDeclaration: ("The declaration of the param contradicts itself.", "Correct it as the message says.")
    case .missingParam: ("The param has no default and was not given.", "Give it with --param or in a --params-file.")
    case .unknownParam: ("A param was given that the plan does not declare.", "Correct its name.")
    case .paramGivenTwice: ("The param was given more than once, and only lists may be.", "Give it once.")
    case .paramValue: ("The text given is no value of the param's type.", "Give a value of the type that the message names.")
    case .fixedParam:
      (
        "The plan itself gives the param its value, so nobody else can: it belongs to a fragment, or has 'value'.",
        "Leave it out; change the include or the plan where the value is wrong."
      )
    default: ("The plan is not as it must be.", "Correct it as the message says.")
    }
  }

  private var referenceExplanation: (cause: String, remedy: String)? {
    switch self {
    case .unknownName: ("A reference names something that the plan does not have.", "Correct the name, or declare it.")
    case .refersToLater:
      ("A reference names something that has not happened yet when it is read.", "Refer to something earlier, or move the part.")
    case .needsOutputsWhenSkipped: ("The step may be skipped, and would then have no outputs.", "Add 'outputsWhenSkipped' to that step.")
    case .secretNotHere:
      (
        "Secrets may be used only in targets, 'env' and 'headers', so that they are never stored.",
        "Pass the secret by an environment variable or a header."
      )
    case .wrongReferenceType:
      ("The value that is referred to is of a type that the field does not take.", "Refer to a value of the right type.")
    case .missingValue:
      (
        "What is referred to has no value at this moment; it is never taken as empty.",
        "See why it is missing; 'outputsWhenSkipped' gives values to a skipped step."
      )
    case .undoUsesLaterValue:
      (
        "What an undo uses is recorded before the effect, so it cannot use what only the effect makes known.",
        "Use a captured value or the output of an earlier step."
      )
    case .referenceNotHere:
      ("References stand in values that are read while the plan runs, not in keys, ids and titles.", "Write the text out.")
    default: nil
    }
  }
}
