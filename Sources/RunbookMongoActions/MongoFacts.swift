import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

extension MongoTarget: FactTarget {
  public func facts(ofCollections names: [String]) async throws(ActionError) -> ValueMap {
    let server = try await serverFacts()
    var collections = ValueMap()
    for name in names.sorted() {
      guard let definition = try await definition(of: name) else {
        collections[name] = .null
        continue
      }
      var told: ValueMap = ["kind": .string(definition.kind)]
      if let uuid = definition.uuid { told["uuid"] = .string(uuid) }
      let validator = ValidatorSetting(options: definition.options)
      told["validator"] = validator.validator.map { .string($0.extendedJSON(canonical: false)) } ?? .null
      told["validation"] = .string("\(validator.level), \(validator.action)")
      told["indexes"] = .list(definition.indexes.values.map { .string($0.extendedJSON(canonical: false)) })
      if definition.kind != "view" {
        let reply = try await run(
          ["count": .string(name), "maxTimeMS": 30_000], collection: name, doing: "asking how many documents there are")
        told["count"] = .integer(reply["n"]?.integer ?? 0)
      }
      collections[name] = .map(told)
    }
    return ["version": .string(server.version), "topology": .string(server.topology), "collections": .map(collections)]
  }
}
