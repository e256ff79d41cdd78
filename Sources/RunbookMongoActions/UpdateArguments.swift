import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// The arguments of `mongodb.update`, read.
struct UpdateArguments: Sendable {
  var found: UpdateFinding
  var pipeline: UpdatePipeline
  /// Constants that the stages name as variables.
  var variables: BSONDocument
  var batchSize: Int
  /// How many commands are under way at a time.
  var workers: Int
  var throttle: ThrottleSettings
  /// Documents in doubt are treated as ours on the way back.
  var restoresDoubt: Bool
  /// Nobody but us writes the fields.
  var isAlone: Bool
  /// Whole documents are kept for the way back.
  var keepsDocuments: Bool
  var onNotConverged: NotConvergedRule
  var onDocumentError: DocumentErrorRule

  /// What is done where documents keep arriving.
  enum NotConvergedRule: String, Sendable {
    case warn, fail, wait
  }

  static let mostWorkers: Int64 = 8

  /// Reads what is known; everything that is wrong with it is collected.
  static func read(_ arguments: ValueMap, unknown: Set<String> = []) -> (arguments: UpdateArguments?, problems: [ArgumentProblem]) {
    var problems: [ArgumentProblem] = []
    func converted<R>(_ name: String, _ body: (Value) throws(ActionError) -> R) -> R? {
      guard let value = arguments[name], !value.isNull else { return nil }
      do throws(ActionError) { return try body(value) } catch {
        problems.append(ArgumentProblem(path: [name], message: error.message, help: error.help))
        return nil
      }
    }
    let found = UpdateFinding(arguments, &problems)
    let variables = UpdateVariables.read(arguments, &problems)
    let stages = converted("pipeline") { (value) throws(ActionError) in try MongoValues.documents(value, at: "pipeline") }
    let update = converted("update") { (value) throws(ActionError) in try MongoValues.document(value, at: "update") }
    let isKnown = unknown.isDisjoint(with: ["pipeline", "update"])
    var pipeline: UpdatePipeline?
    if stages != nil, update != nil {
      problems.append(ArgumentProblem(path: ["update"], message: "a change is given either as 'pipeline' or as 'update', not as both"))
    } else if let stages {
      let analysed = UpdatePipeline.analysed(stages)
      pipeline = analysed.pipeline
      problems += analysed.problems
    } else if let update {
      let translated = UpdateOperators.stages(update)
      problems += translated.problems
      if translated.problems.isEmpty {
        let analysed = UpdatePipeline.analysed(translated.stages, root: "update")
        pipeline = analysed.pipeline
        problems += analysed.problems
      }
    } else if isKnown, problems.isEmpty {
      problems.append(ArgumentProblem(path: [], message: "mongodb.update needs 'pipeline' or 'update'"))
    }
    if let pipeline { problems += fieldProblems(arguments["fields"], pipeline) }
    let batch = BatchSettings(arguments["batch"], mostWorkers: Self.mostWorkers, of: "commands", &problems)
    let throttle = ThrottleSettings(arguments, &problems)
    guard problems.isEmpty, let pipeline else { return (nil, problems) }
    let read = UpdateArguments(
      found: found, pipeline: pipeline, variables: variables, batchSize: batch.size, workers: batch.workers, throttle: throttle,
      restoresDoubt: arguments["inDoubt"]?.stringValue == "restore",
      isAlone: arguments["appWrites"]?.stringValue == "never", keepsDocuments: arguments["undo"]?.stringValue == "documents",
      onNotConverged: arguments["onNotConverged"]?.stringValue.flatMap(NotConvergedRule.init) ?? .warn,
      onDocumentError: DocumentErrorRule(arguments["onDocumentError"]))
    return (read, [])
  }

  /// `fields`, where it is given, must name every field that the stages change.
  private static func fieldProblems(_ value: Value?, _ pipeline: UpdatePipeline) -> [ArgumentProblem] {
    guard let given = value?.listValue?.compactMap(\.stringValue) else { return [] }
    let forgotten = pipeline.targets.map(\.text).filter { !given.contains($0) }
    var problems: [ArgumentProblem] = []
    if !forgotten.isEmpty {
      problems.append(
        ArgumentProblem(
          path: ["fields"], message: "the change sets \(forgotten.map { "'\($0)'" }.joined(separator: ", ")), which 'fields' does not name")
      )
    }
    for field in given where !pipeline.targets.contains(where: { $0.text == field }) {
      problems.append(ArgumentProblem(path: ["fields"], message: "'fields' names '\(field)', which the change does not set"))
    }
    return problems
  }
}
