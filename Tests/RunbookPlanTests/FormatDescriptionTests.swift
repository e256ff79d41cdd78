import Testing

@testable import RunbookPlan

/// The description of the format, from which the JSON Schema and `explain` are made, against the key tables of the loader.
@Suite struct FormatDescriptionTests {
  /// Each key table, and the mapping that describes it.
  static let tables: [(mapping: String, keys: [String])] = [
    ("runbook", RootKey.table.names), ("metadata", MetadataKey.table.names), ("person", PersonKey.table.names),
    ("param", ParamKey.table.names), ("secret", SecretKey.table.names), ("defaults", DefaultsKey.table.names),
    ("include", IncludeKey.table.names), ("phase", PhaseKey.table.names), ("step", StepKey.table.names),
    ("rollback", RollbackKey.table.names), ("check", CheckKey.table.names),
    ("trigger", TriggerKey.table.names.filter { $0 != "value" }), ("failures", FailuresKey.table.names), ("retry", RetryKey.table.names),
    ("matcher", MatcherKey.table.names), ("condition", ConditionKey.table.names + MatcherKey.table.names),
    ("comparison", ComparisonKey.table.names), ("notification", NotifyKey.table.names),
    ("identity", ["replicaSet", "clusterId", "hosts"]),
  ]

  @Test(arguments: tables) func describesTheKeysOfTheTable(_ table: (mapping: String, keys: [String])) throws {
    let mapping = try #require(FormatDescription.mapping(table.mapping))
    #expect(mapping.keys.map(\.name) == table.keys)
    for group in mapping.alternatives { #expect(Set(group).isSubset(of: table.keys)) }
  }

  @Test func everyMappingHasATable() {
    let targets = PlanReader.targetKeys.map { "target-\($0.type)" }
    #expect(Set(FormatDescription.mappings.map(\.name)) == Set(Self.tables.map(\.mapping) + targets))
  }

  @Test func targetsHaveTheKeysThatTheLoaderKnows() throws {
    for (type, keys, required) in PlanReader.targetKeys {
      let mapping = try #require(FormatDescription.mapping("target-\(type)"))
      #expect(mapping.keys.map(\.name) == ["type"] + keys + (type == "mongodb" ? ["identity"] : []))
      #expect(mapping.keys.filter(\.isRequired).map(\.name) == ["type"] + [required].compactMap(\.self))
    }
  }

  @Test func everyKeySaysWhatItMeansInOneOrTwoSentences() {
    for mapping in FormatDescription.mappings {
      for key in mapping.keys {
        #expect(key.summary.last == "." && key.summary.first?.isLowercase == false, "\(mapping.name).\(key.name)")
        let sentences = key.summary.matches(of: #/\.(?= [A-Z`])/#).count + 1
        #expect(sentences <= 2, "\(mapping.name).\(key.name)")
      }
    }
  }

  @Test func shapesNameMappingsThatAreThere() {
    let sites = CheckSite.allCases.map { "check-\($0.rawValue)" }
    let known = Set(FormatDescription.mappings.map(\.name) + sites + ["step-undo", "step-afterRollback", "target"])
    func names(_ shape: FormatShape) -> [String] {
      switch shape {
      case .mapping(let name), .named(let name): [name]
      case .list(let element, _): names(element)
      case .oneOf(let shapes): shapes.flatMap(names)
      default: []
      }
    }
    for key in FormatDescription.mappings.flatMap(\.keys) { #expect(Set(names(key.shape)).isSubset(of: known), "\(key.name)") }
  }
}
