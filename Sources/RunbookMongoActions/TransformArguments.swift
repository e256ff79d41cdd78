import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// The arguments of `mongodb.transform`, read.
struct TransformArguments: Sendable {
  var argv: [String]
  /// Variables of the program beside those that all programs get.
  var environment: ValueMap
  var found: UpdateFinding
  var projection: TransformProjection
  /// The top-level fields that the program may change.
  var fields: [String]
  /// Documents that the program is asked about at once.
  var batchSize: Int
  /// How many of the program run side by side.
  var workers: Int
  var throttle: ThrottleSettings
  /// Documents in doubt are treated as ours on the way back.
  var restoresDoubt: Bool
  /// Nobody but us writes the fields.
  var isAlone: Bool
  var failsUnlessConverged: Bool
  var onDocumentError: DocumentErrorRule

  static let mostWorkers: Int64 = 16

  /// Reads what is known; everything that is wrong with it is collected.
  static func read(_ arguments: ValueMap, unknown: Set<String> = []) -> (arguments: TransformArguments?, problems: [ArgumentProblem]) {
    var problems: [ArgumentProblem] = []
    let program = program(arguments, unknown, &problems)
    let found = UpdateFinding(arguments, &problems)
    let fields = fields(arguments["fields"], isUnknown: unknown.contains("fields"), &problems)
    var projection = TransformProjection()
    if let value = arguments["projection"], !value.isNull {
      do throws(ActionError) {
        let read = TransformProjection.read(try MongoValues.document(value, at: "projection"), changing: fields)
        projection = read.projection
        problems += read.problems
      } catch {
        problems.append(ArgumentProblem(path: ["projection"], message: error.message, help: error.help))
      }
    }
    let batch = BatchSettings(arguments["batch"], mostWorkers: Self.mostWorkers, of: "copies of the program", &problems)
    let throttle = ThrottleSettings(arguments, &problems)
    for (name, value) in [("onNotConverged", "wait"), ("undo", "documents")] where arguments[name]?.stringValue == value {
      problems.append(ArgumentProblem(path: [name], message: "'\(name): \(value)' of mongodb.transform", isUnbuilt: true))
    }
    guard problems.isEmpty, let program else { return (nil, problems) }
    let read = TransformArguments(
      argv: program.argv, environment: program.environment, found: found, projection: projection, fields: fields, batchSize: batch.size,
      workers: batch.workers, throttle: throttle, restoresDoubt: arguments["inDoubt"]?.stringValue == "restore",
      isAlone: arguments["appWrites"]?.stringValue == "never", failsUnlessConverged: arguments["onNotConverged"]?.stringValue == "fail",
      onDocumentError: DocumentErrorRule(arguments["onDocumentError"]))
    return (read, [])
  }

  private static func program(_ arguments: ValueMap, _ unknown: Set<String>, _ problems: inout [ArgumentProblem])
    -> (argv: [String], environment: ValueMap)?
  {
    if arguments["http"].map({ !$0.isNull }) ?? false || unknown.contains("http") {
      problems.append(ArgumentProblem(path: ["http"], message: "'http' of mongodb.transform", isUnbuilt: true))
      return nil
    }
    guard let program = arguments["program"], !program.isNull else {
      if !unknown.contains("program") {
        problems.append(
          ArgumentProblem(
            path: [], message: "mongodb.transform needs 'program'", help: "program: { argv: [ ./ops/enrich, --model, small ] }"))
      }
      return nil
    }
    let argv = program["argv"]?.listValue?.compactMap(\.stringValue) ?? []
    if argv.first?.isEmpty ?? true {
      problems.append(
        ArgumentProblem(
          path: ["program", "argv"], message: "there is no program", help: "write argv: [ program, argument, … ]"))
    }
    for name in (program["env"]?.mapValue ?? [:]).keys where name.isEmpty || name.contains("=") {
      problems.append(ArgumentProblem(path: ["program", "env", name], message: "no variable can be called '\(name)'"))
    }
    return (argv, program["env"]?.mapValue ?? [:])
  }

  private static func fields(_ value: Value?, isUnknown: Bool, _ problems: inout [ArgumentProblem]) -> [String] {
    if isUnknown { return [] }
    let fields = value?.listValue?.compactMap(\.stringValue) ?? []
    if fields.isEmpty {
      problems.append(
        ArgumentProblem(
          path: value == nil ? [] : ["fields"], message: "'fields' has to name the fields that the program may change",
          help: "whatever else an answer changes is refused, so that the plan says what the step touches"))
    }
    for (index, field) in fields.enumerated() {
      let fault: String?
      if field == "_id" {
        fault = "'_id' cannot be changed"
      } else if field.hasPrefix("_runbook") {
        fault = "names beginning with '_runbook' are the program's own"
      } else if field.isEmpty || field.hasPrefix("$") || field.contains(".") {
        fault = "a whole top-level field is due, not '\(field)'"
      } else if fields[..<index].contains(field) {
        fault = "'\(field)' is named twice"
      } else {
        fault = nil
      }
      if let fault { problems.append(ArgumentProblem(path: ["fields", "\(index)"], message: fault)) }
    }
    return fields
  }

  /// The change in the terms of all changes of fields: the program's part is the projection, which is read and therefore guarded.
  func definition(collection: String) -> ChangeDefinition {
    ChangeDefinition(
      collection: collection, filter: found.filter,
      pipeline: UpdatePipeline(stages: [], targets: fields.map(ChangedPath.init(name:)), reads: projection.reads), isAlone: isAlone,
      condition: found.condition, selection: found.selection, collation: found.collation)
  }
}
