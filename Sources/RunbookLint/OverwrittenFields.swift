import RunbookPlan

/// Which fields an update writes that may have held something before.
struct OverwrittenFields {
  /// Whether each field that is written is absent in every document that fits.
  let isNothing: Bool

  init(_ step: StepFact) {
    guard step.action == "mongodb.update", let written = Self.written(step) else {
      isNothing = false
      return
    }
    let conditions = Self.conditions(step)
    isNothing = !written.isEmpty && written.allSatisfy { field in conditions.contains { $0.demandsAbsence(of: field) } }
  }

  /// The top-level fields that the step sets; nil where it takes something away or more than fields is changed.
  private static func written(_ step: StepFact) -> [String]? {
    var fields: [String] = []
    if let pipeline = step.argument("pipeline") {
      for stage in pipeline.items {
        for part in stage.entries {
          guard part.key == "$set" || part.key == "$addFields" else { return nil }
          fields += part.value.entries.map(\.key)
        }
      }
    } else if let update = step.argument("update") {
      for part in update.entries {
        guard part.key == "$set" || part.key == "$currentDate" else { return nil }
        fields += part.value.entries.map(\.key)
      }
    } else {
      return nil
    }
    return fields
  }

  /// Filters that every document has to fit: the step's own, and those of the stages that select.
  static func filters(_ step: StepFact) -> [Template] {
    let stages = step.argument("select")?["pipeline"]?.items ?? []
    return ([step.argument("filter"), step.argument("guard")] + stages.map { $0["$match"] }).compactMap { $0 }
  }

  private static func conditions(_ step: StepFact) -> [FilterConditions] { filters(step).map { FilterConditions($0) } }
}
