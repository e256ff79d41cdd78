import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.setValidator`: sets or removes the validator of a collection, and puts the previous one back where ours still stands.
public struct MongoSetValidator: ChangingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.setValidator",
    summary: "Sets or removes the validator of a collection.",
    isMutating: true,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("validator", .oneOf([.document(.data), .any]), required: true, "What documents must fulfil; null removes the validator."),
      .init("level", .choice(["off", "strict", "moderate"]), default: "strict", "Which writes are looked at."),
      .init("action", .choice(["error", "warn"]), default: "error", "What the server does with a document that does not fit."),
      .init("allowExistingViolations", .boolean, default: "false", "Whether documents may be there that do not fit."),
    ],
    outputs: [
      .init("violations", .integer(min: 0), "Documents that do not fit."),
      .init("previous", .any, "The validator of before; null where there was none."),
    ],
    mainOutput: "violations",
    effectClass: .probe,
    interrupt: .await,
    inverse: .automatic("sets the previous validator"),
    example: """
      - id: names-required
        action: mongodb.setValidator
        with: { validator: { $jsonSchema: { required: [name] } }, level: moderate }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    switch arguments["validator"] {
    case nil, .null?, .map?: []
    default: [ArgumentProblem(path: ["validator"], message: "a validator is a document, or null to remove it")]
    }
  }

  public func reservations(arguments: ValueMap, collection: String?) -> [String] {
    (collection ?? arguments["collection"]?.stringValue).map { ["collection:\($0)"] } ?? []
  }

  public func capture(_ context: ActionContext) async throws(ActionError) -> Value {
    .object(["setting": try await ValidatorWork(context).requireCurrent().value])
  }

  public func perform(_ context: ActionContext, captured: Value) async throws(ActionError) -> ActionResult {
    let work = try ValidatorWork(context)
    let before = try work.recorded(captured)
    let current = try await work.requireCurrent()
    guard current == before || current == work.wanted else {
      throw work.structure.changedMeanwhile("the validator of '\(work.collection)' is neither the one that was recorded nor this step's")
    }
    // Looked for before anything is set, and again once it is: what is inserted in between is seen by one of the two.
    var violations = try await work.violations()
    if work.refuses(violations) {
      try await work.putBack(before, from: current)
      throw try await work.refusal(violations)
    }
    if current != work.wanted { try await work.set(work.wanted, from: current) }
    violations = try await work.violations()
    if work.refuses(violations) {
      try await work.putBack(before, from: work.wanted)
      throw try await work.refusal(violations)
    }
    return work.result(before, violations: violations)
  }

  public func probe(_ context: ActionContext, captured: Value) async throws(ActionError) -> ProbeResult {
    let work = try ValidatorWork(context)
    guard try await work.current() == work.wanted else { return .notHappened }
    let violations = try await work.violations()
    if work.refuses(violations) { return .notHappened }
    return .happened(work.result(try work.recorded(captured), violations: violations))
  }

  public func undo(_ context: ActionContext, captured: Value, outputs: Value?) async throws(ActionError) -> UndoResult {
    let work = try ValidatorWork(context)
    let before = try work.recorded(captured)
    guard let current = try await work.current() else {
      return .conflict(work.collection, "the collection is gone, and its validator with it")
    }
    if current == before { return UndoResult() }
    guard current == work.wanted else { return .conflict(work.collection, "its validator was changed since; it is left as it is") }
    try await work.set(before, from: current)
    return UndoResult()
  }

  public func verifyUndone(_ context: ActionContext, captured: Value, undone: UndoResult) async throws(ActionError) -> String? {
    guard undone.conflicts == 0 else { return nil }
    let work = try ValidatorWork(context)
    guard try await work.current() != work.recorded(captured) else { return nil }
    return "the validator of '\(work.collection)' is not the one of before"
  }
}

/// One call of the action.
private struct ValidatorWork {
  let structure: StructureCall
  let collection: String
  let wanted: ValidatorSetting
  let allows: Bool

  init(_ context: ActionContext) throws(ActionError) {
    structure = try StructureCall(context)
    collection = try structure.call.collection()
    var validator: BSONDocument?
    if let value = context.arguments["validator"], !value.isNull { validator = try MongoValues.document(value, at: "validator") }
    wanted = ValidatorSetting(
      validator: validator, level: context.arguments["level"]?.stringValue ?? "strict",
      action: context.arguments["action"]?.stringValue ?? "error")
    allows = context.arguments["allowExistingViolations"] == true
  }

  func recorded(_ captured: Value) throws(ActionError) -> ValidatorSetting {
    guard let setting = ValidatorSetting(value: captured["setting"]) else { throw structure.brokenCapture() }
    return setting
  }

  func current() async throws(ActionError) -> ValidatorSetting? {
    try await structure.target.definition(of: collection).map { ValidatorSetting(options: $0.options) }
  }

  func requireCurrent() async throws(ActionError) -> ValidatorSetting {
    ValidatorSetting(options: try await structure.requireCollection(collection).options)
  }

  func set(_ setting: ValidatorSetting, from current: ValidatorSetting) async throws(ActionError) {
    let command = BSONDocument { writer in
      writer.append("collMod", collection)
      writer.append(fieldsOf: setting.command(from: current))
    }
    try await structure.commands.apply(command, collection: collection, doing: "setting its validator")
  }

  /// Takes back what an earlier try of this step has set.
  func putBack(_ before: ValidatorSetting, from current: ValidatorSetting) async throws(ActionError) {
    if current != before { try await set(before, from: current) }
  }

  func refuses(_ violations: Int64) -> Bool { violations > 0 && !allows }

  func violations() async throws(ActionError) -> Int64 {
    guard let filter = wanted.violations else { return 0 }
    let rows = try await structure.call.aggregate(
      [["$match": .document(filter)], ["$count": "n"]], in: collection, doing: "counting documents that do not fit")
    return rows.first?["n"]?.integer ?? 0
  }

  func refusal(_ violations: Int64) async throws(ActionError) -> ActionError {
    let rows = try await structure.call.aggregate(
      [["$match": .document(wanted.violations ?? [:])], ["$limit": 10], ["$project": ["_id": 1]]], in: collection,
      doing: "listing documents that do not fit")
    let ids = rows.compactMap { $0["_id"] }.map { MongoValues.text($0) }.joined(separator: ", ")
    let (documents, verb) = violations == 1 ? ("1 document", "does") : ("\(violations) documents", "do")
    return ActionError(
      code: StructureErrorCode.violations,
      message: "\(documents) of '\(collection)' of target '\(structure.target.name)' \(verb) not fit the validator, for example _id \(ids)",
      kind: .refused, help: "change the documents first, or set allowExistingViolations: true")
  }

  func result(_ before: ValidatorSetting, violations: Int64) -> ActionResult {
    ActionResult(outputs: [
      "violations": .integer(violations), "previous": before.validator.map { .map(MongoValues.map($0)) } ?? .null,
    ])
  }
}
