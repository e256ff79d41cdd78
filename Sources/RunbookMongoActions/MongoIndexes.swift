import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// `mongodb.indexes`: which indexes there are, beside names or another collection's.
public struct MongoIndexes: ReadingAction {
  public init() {}

  public let descriptor = ActionDescriptor(
    name: "mongodb.indexes",
    summary: "Lists the indexes and compares them with names or with another collection's.",
    isMutating: false,
    targetType: "mongodb",
    needsCollection: true,
    fields: [
      .init("names", .list(.text), "Names that should be there."),
      .init("sameAs", .collectionPlace, "Collection, or backup, whose indexes should be the same: keys in their order, options in any."),
    ],
    outputs: [
      .init("same", .boolean, "Whether nothing is missing, and with `sameAs` nothing added."),
      .init("missing", .list(.text), "Names that should be there and are not, or are defined otherwise."),
      .init("added", .list(.text), "Names that are there and not asked for, or are defined otherwise."),
      .init("indexes", .list(.text), "All names."),
      .init("definitions", .mapping(.any), "Name to definition."),
    ],
    mainOutput: "same",
    effectClass: .read,
    example: """
      - id: indexes-as-before
        action: mongodb.indexes
        with: { sameAs: { backup: backup } }
        expect: { equals: true }
      """)

  public func review(arguments: ValueMap, unknown: Set<String>) -> [ArgumentProblem] {
    guard arguments["names"] != nil, arguments["sameAs"] != nil else { return [] }
    return [ArgumentProblem(path: ["names"], message: "'names' and 'sameAs' exclude each other")]
  }

  public func read(_ context: ActionContext) async throws(ActionError) -> Observation {
    let call = try MongoCall(context)
    let here = try await call.target.intendedIndexes(of: try call.collection())
    var missing: [String] = []
    var added: [String] = []
    var isSame = true
    if let sameAs = context.arguments["sameAs"], !sameAs.isNull {
      let place = try await call.place(sameAs, argument: "sameAs")
      let there = try await place.target.intendedIndexes(of: place.collection)
      missing = there.keys.filter { !Self.areEqual(here[$0], there[$0]) }
      added = here.keys.filter { !Self.areEqual(here[$0], there[$0]) }
      isSame = missing.isEmpty && added.isEmpty
    } else {
      let names = try call.texts("names")
      missing = names.filter { here[$0] == nil }
      if !names.isEmpty { added = here.keys.filter { $0 != "_id_" && !names.contains($0) } }
      isSame = missing.isEmpty
    }
    return Observation(outputs: [
      "same": .bool(isSame), "missing": list(missing), "added": list(added), "indexes": list(Array(here.keys)),
      "definitions": .map(here.mapValues { .map(MongoValues.map($0)) }),
    ])
  }

  private static func areEqual(_ a: BSONDocument?, _ b: BSONDocument?) -> Bool {
    guard let a, let b else { return false }
    return CollectionDefinition.areEqual(a, b)
  }

  private func list(_ names: [String]) -> Value { .list(names.map(Value.string)) }
}
