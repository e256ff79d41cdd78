import MongoDriver
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
        "`refuse` counts every difference, for where nobody writes; `explain` excuses documents that the application changed meanwhile: since the backup was begun, else since the run was."
      ),
      .init("sample", .integer(min: 1), "Compares only that many documents of `left`, picked by the server."),
    ],
    outputs: [
      .init("unexplained", .integer(min: 0), "Documents that differ without an excuse; not there where nobody can tell which have one."),
      .init("explained", .integer(min: 0), "Documents that the application changed meanwhile."),
      .init("missing", .integer(min: 0), "Documents of `left` that `right` has not."),
      .init("added", .integer(min: 0), "Documents of `right` that `left` has not."),
      .init("different", .integer(min: 0), "Documents that are not the same on both sides."),
      .init("examples", .list(.any), "At most ten of those without an excuse, else of all: `{ kind, id }`."),
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
    for (index, field) in (arguments["ignoreFields"]?.listValue ?? []).enumerated() {
      guard let path = field.stringValue, !FieldPath.isValid(path) || path == "_id" else { continue }
      problems.append(ArgumentProblem(path: ["ignoreFields", "\(index)"], message: "'\(path)' is no path of a field that can be ignored"))
    }
    return problems
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
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
    let filter = try call.filter()
    let record = try await leftPlace.target.backupRecord(of: leftPlace.collection)
    if let record { try call.requireFinished(record, leftPlace) }
    let sample = context.arguments["sample"]?.integerValue
    // Read whole and as it is, the backup proves itself on the way.
    let isWhole = filter.isEmpty && paths.isEmpty && sample == nil
    if !isWhole { try await call.requireProven(leftPlace) }
    for place in rightPlaces { try await call.requireProven(place) }
    var comparison = CollectionComparison(
      call: call, left: leftPlace, right: rightPlaces, filter: filter, ignoring: paths, proven: isWhole ? record : nil)
    if let sample { try await comparison.run(sample: sample) } else { try await comparison.run() }
    guard context.arguments["liveWrites"] == "explain", comparison.total > 0 else {
      return Observation(outputs: outputs(comparison, explained: 0, examples: comparison.differences))
    }
    return try await explain(comparison, call)
  }

  private static let mostExamples = 10

  private func outputs(
    _ comparison: CollectionComparison, explained: Int64?, examples: [CollectionComparison.Difference]
  ) -> ValueMap {
    var map: ValueMap = [:]
    if let explained {
      map["unexplained"] = .integer(comparison.total - explained)
      map["explained"] = .integer(explained)
    }
    map["missing"] = .integer(comparison.missing)
    map["added"] = .integer(comparison.added)
    map["different"] = .integer(comparison.different)
    map["examples"] = .list(
      examples.prefix(Self.mostExamples).map { difference in
        .object([
          "kind": .string(difference.kind.rawValue), "id": difference.id.map { MongoValues.value($0.decoded) } ?? .null,
        ])
      })
    return map
  }

  /// Tells what the application changed apart from the rest. Where nobody can, there is nothing to judge.
  private func explain(_ comparison: CollectionComparison, _ call: MongoCall) async throws(ActionError) -> Observation {
    func unknown(_ reason: String) -> Observation {
      Observation(
        outputs: outputs(comparison, explained: nil, examples: comparison.differences),
        noDataReason: "\(comparison.total) documents differ, and who changed them is not known: \(reason)")
    }
    var live: [(target: MongoTarget, collections: [String])] = []
    var start: BSONTimestamp?
    for place in [comparison.left] + comparison.right {
      if place.isView { return unknown("\(place.label) is a view") }
      if let record = try await place.target.backupRecord(of: place.collection) {
        guard let began = record.start else { return unknown("the server told no time when the backup \(place.label) was begun") }
        start = min(start ?? began, began)
      } else if let known = live.firstIndex(where: { $0.target === place.target }) {
        live[known].collections.append(place.collection)
      } else {
        live.append((place.target, [place.collection]))
      }
    }
    let since: BSONTimestamp = if let start { start } else { try await Self.beginning(of: call) }
    var explained = ExplainedDifferences(call: call, key: comparison.key, start: since, of: comparison.differences)
    for (target, collections) in live {
      do throws(ExplainedDifferences.Failure) {
        try await explained.look(at: target, collections: collections)
      } catch {
        switch error {
        case .action(let error): throw error
        case .unknown(let reason): return unknown(reason)
        }
      }
    }
    let rest = comparison.differences.filter { !explained.isExplained($0) }
    let excused = comparison.differences.count - rest.count
    if rest.isEmpty, comparison.differences.count < comparison.total {
      return unknown("more than \(CollectionComparison.mostDiffering) documents differ")
    }
    return Observation(outputs: outputs(comparison, explained: Int64(excused), examples: rest.isEmpty ? comparison.differences : rest))
  }

  /// When the run began, by the server's clock.
  private static func beginning(of call: MongoCall) async throws(ActionError) -> BSONTimestamp {
    let elapsed = max(0, call.context.clock.now() - call.context.run.startedAt)
    let began = try await call.target.askServerTime() - elapsed
    return BSONTimestamp(seconds: UInt32(clamping: began / 1000), increment: 0)
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
