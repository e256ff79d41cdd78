import OrderedCollections
import RunbookActions
import RunbookPlan

extension PreviewReport {
  /// The preview as data; its names are described in docs/preview.md.
  public var value: Value {
    var map: ValueMap = [
      "plan": .string(titles.planID), "path": .string(planPath), "planDigest": .string(planDigest),
      "approvalDigest": .string(approvalDigest),
      "targets": .map(ValueMap(uniqueKeysWithValues: preview.facts.map { ($0.key, $0.value) })),
      "preconditions": .list(preview.preconditions.map(value)),
      "phases": .list(
        preview.phases.map { phase in
          .object([
            "id": .string(phase.id), "skipped": .bool(phase.isSkipped), "preconditions": .list(phase.preconditions.map(value)),
            "steps": .list(phase.steps.map(value)), "verify": .list(phase.verify.map(value)),
          ])
        }),
      "verify": .list(preview.verify.map(value)), "triggers": .list(preview.triggers.map(value)),
    ]
    map["unwinding"] = .list(
      unwinding.rows.map { row in
        var told = row.value.mapValue ?? [:]
        if let duration = duration(of: row) { told["seconds"] = .double(Double(duration) / 1_000_000) }
        return .map(told)
      })
    var coverage = ValueMap()
    for each in EffectPreview.Coverage.allCases { coverage[each.rawValue] = .integer(Int64(preview.count(each))) }
    map["coverage"] = .map(coverage)
    return .map(map)
  }

  private func value(_ check: PlanPreview.Check) -> Value {
    var map: ValueMap = ["id": .string(check.id), "verdict": check.verdict.map { .string($0.rawValue) } ?? .null]
    if !check.observed.isNull { map["observed"] = check.observed.plainJSON }
    if !check.note.isEmpty { map["note"] = .string(check.note) }
    if !check.precedes.isEmpty { map["precedes"] = .list(check.precedes.map(Value.string)) }
    return .map(map)
  }

  private func value(_ step: PlanPreview.Step) -> Value {
    var map: ValueMap = [
      "id": .string(step.id), "action": .string(step.action), "mutating": .bool(step.isMutating), "skipped": .bool(step.isSkipped),
    ]
    if let place = step.place { map["place"] = .string(place) }
    if step.isMutating, !step.isSkipped {
      let effect = step.effect
      map["coverage"] = .string(step.coverage.rawValue)
      map["summary"] = .string(effect.summary)
      if let documents = effect.documents { map["documents"] = .integer(documents) }
      if let bytes = effect.undoBytes { map["undoBytes"] = .integer(bytes) }
      if let duration = effect.duration { map["seconds"] = .double(Double(duration) / 1_000_000) }
      map["facts"] = .list(effect.facts.map(Value.string))
      map["problems"] = .list(effect.problems.map(Value.string))
      map["dependsOn"] = .list(step.dependsOn.map(Value.string))
      if let failure = step.failure { map["failure"] = .string(failure) }
      map["samples"] = .list(
        effect.samples.map { sample in
          .object([
            "id": sample.id.plainJSON, "before": sample.before?.plainJSON ?? .null, "after": sample.after?.plainJSON ?? .null,
          ])
        })
    }
    map["preconditions"] = .list(step.preconditions.map(value))
    map["verify"] = .list(step.verify.map(value))
    return .map(map)
  }
}
