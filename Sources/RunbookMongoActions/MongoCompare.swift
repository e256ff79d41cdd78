import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.compare`: in how many documents two collections differ.
public struct MongoCompare: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.compare",
    summary: "Compares two collections, or a collection and its backup, document by document and byte by byte.",
    isMutating: false,
    targetType: "mongodb",
    fields: [
      .init(
        "left", .collectionPlace, required: true, "What should be there: a collection, `{ backup: STEP }` or `{ target, collection }`."),
      .init(
        "right", .collectionPlaces, required: true,
        "What is there: the same, or a list of them over which the documents of `left` are spread."),
      .filter,
      .init("ignoreFields", .list(.text), "Paths of fields that may differ."),
      .init(
        "liveWrites", .choice(["explain", "refuse"]), required: true,
        "`refuse` counts every difference, for where nobody writes; `explain` excuses what the application changed meanwhile (a later version)."
      ),
      .init("sample", .integer(min: 1), isBuilt: false, "Compares only that many documents."),
    ],
    outputs: [
      .init("unexplained", .integer(min: 0), "Documents that differ without an excuse."),
      .init("explained", .integer(min: 0), "Documents that the application changed meanwhile."),
      .init("missing", .integer(min: 0), "Documents of `left` that `right` has not."),
      .init("added", .integer(min: 0), "Documents of `right` that `left` has not."),
      .init("different", .integer(min: 0), "Documents that are not the same on both sides."),
      .init("examples", .list(.any), "At most ten of them: `{ kind, id }`."),
    ],
    mainOutput: "unexplained",
    effectClass: .read,
    example: """
      - id: restored
        action: mongodb.compare
        with: { left: { backup: backup }, right: assets, liveWrites: refuse }
        expect: { equals: 0 }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    var problems: [ArgumentProblem] = []
    if let places = arguments["right"]?.listValue {
      if places.isEmpty { problems.append(ArgumentProblem(path: ["right"], message: "at least one collection is due")) }
      for (index, place) in places.enumerated() where places[..<index].contains(place) {
        problems.append(ArgumentProblem(path: ["right", "\(index)"], message: "the same collection is listed twice"))
      }
    }
    if arguments["liveWrites"] == "explain" {
      problems.append(
        ArgumentProblem(
          path: ["liveWrites"], message: "'liveWrites: explain'",
          help: "where nobody writes, 'refuse' counts every difference; else look up from the backup by mongodb.aggregate", isUnbuilt: true)
      )
    }
    for (index, field) in (arguments["ignoreFields"]?.listValue ?? []).enumerated() {
      guard let path = field.stringValue, !FieldPath.isValid(path) || path == "_id" else { continue }
      problems.append(ArgumentProblem(path: ["ignoreFields", "\(index)"], message: "'\(path)' is no path of a field that can be ignored"))
    }
    return problems
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    guard context.arguments["liveWrites"] == "refuse" else { throw call.unfit("liveWrites", "can only be 'refuse' in this version") }
    guard let left = context.arguments["left"], let right = context.arguments["right"] else {
      throw call.unfit("left", "and 'right' are both due")
    }
    let leftPlace = try await existing(left, "left", call)
    var rightPlaces: [CollectionPlace] = []
    for value in right.listValue ?? [right] {
      let place = try await existing(value, "right", call)
      guard !rightPlaces.contains(where: { $0.label == place.label }) else { throw call.unfit("right", "lists \(place.label) twice") }
      rightPlaces.append(place)
    }
    let paths = try call.texts("ignoreFields")
    guard paths.allSatisfy({ FieldPath.isValid($0) && $0 != "_id" }) else { throw call.unfit("ignoreFields", "takes paths of fields") }
    var comparison = CollectionComparison(call: call, left: leftPlace, right: rightPlaces, filter: try call.filter(), ignoring: paths)
    try await comparison.run()
    return Observation(outputs: [
      "unexplained": .integer(comparison.missing + comparison.added + comparison.different), "explained": 0,
      "missing": .integer(comparison.missing), "added": .integer(comparison.added), "different": .integer(comparison.different),
      "examples": .list(comparison.examples),
    ])
  }

  private func existing(_ value: Value, _ argument: String, _ call: MongoCall) async throws(ActionError) -> CollectionPlace {
    var place = try await call.place(value, argument: argument)
    guard let definition = try await place.target.definition(of: place.collection) else {
      throw ActionError(
        code: MongoErrorCode.missingCollection, message: "there is no collection \(place.label)", kind: .refused,
        help: "check the collection's name and the target's database")
    }
    place.isView = definition.kind != "collection"
    return place
  }
}
