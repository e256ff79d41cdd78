import RunbookActions
import RunbookPlan

/// `docs/actions.md`: all actions, made from their descriptors.
struct ActionReference {
  let catalog: ActionCatalog

  var markdown: String {
    let descriptors = catalog.names.compactMap { catalog.descriptor(named: $0) }
    return ([Self.preface, overview(descriptors)] + descriptors.map(section)).joined(separator: "\n\n") + "\n"
  }

  private static let preface = """
    # Actions

    Made from the descriptors of the actions by `make docs`; a change here is lost. `runbook explain ACTION` tells the same.

    `target:` and `collection:` stand beside `action:`, inside `with:`, or come from `defaults`. `expect` reads the main output, in **bold** here,
    unless it names another one by `field:`. An action that is *not built* loads and is checked in a plan; running the plan is refused before
    anything is contacted. Fields marked † are not carried out yet either.
    """

  private func overview(_ descriptors: [ActionDescriptor]) -> String {
    var lines = ["| action | what it does | changes | built |", "| --- | --- | --- | --- |"]
    for descriptor in descriptors {
      let anchor = descriptor.name.lowercased().filter { $0 != "." }
      lines.append(
        "| [`\(descriptor.name)`](#\(anchor)) | \(cell(descriptor.summary)) | \(descriptor.isMutating ? "yes" : "no") | "
          + "\(isBuilt(descriptor) ? "yes" : "no") |")
    }
    return lines.joined(separator: "\n")
  }

  private func isBuilt(_ descriptor: ActionDescriptor) -> Bool { catalog.action(named: descriptor.name) != nil }

  private func section(_ descriptor: ActionDescriptor) -> String {
    var parts = ["## \(descriptor.name)", descriptor.summary + (isBuilt(descriptor) ? "" : " *Not built yet.*")]
    var facts = [
      "- Works on \(descriptor.placeText)\(descriptor.isMutating ? " and changes it" : "; it only reads").",
      "- When something asks it to stop, \(descriptor.interruptText).",
      "- After a crash in the middle: \(descriptor.resumeText).",
    ]
    if descriptor.isMutating { facts.append("- Way back: \(descriptor.inverseText).") }
    if let sampling = descriptor.samplingText { facts.append("- In a rollback trigger \(sampling).") }
    parts.append(facts.joined(separator: "\n"))
    if !descriptor.fields.isEmpty { parts.append(fields(descriptor)) }
    parts.append(outputs(descriptor))
    parts.append("```yaml\n\(descriptor.example)\n```")
    return parts.joined(separator: "\n\n")
  }

  private func fields(_ descriptor: ActionDescriptor) -> String {
    var lines = ["| field | takes | default | meaning |", "| --- | --- | --- | --- |"]
    for flat in descriptor.flatFields {
      let mark = isBuilt(descriptor) && !flat.field.isBuilt ? " †" : ""
      let fallback = flat.field.isRequired ? "*required*" : flat.field.defaultText.map { "`\($0)`" } ?? ""
      lines.append("| `\(flat.path)`\(mark) | \(cell(flat.field.type.tableText)) | \(cell(fallback)) | \(cell(flat.field.summary)) |")
    }
    return lines.joined(separator: "\n")
  }

  private func outputs(_ descriptor: ActionDescriptor) -> String {
    if descriptor.outputs.isEmpty { return "Its outputs are those of what is measured." }
    var lines = ["| output | is | meaning |", "| --- | --- | --- |"]
    for output in descriptor.outputs {
      let name = output.name == descriptor.mainOutput ? "**`\(output.name)`**" : "`\(output.name)`"
      lines.append("| \(name) | \(cell(output.type.tableText)) | \(cell(output.summary)) |")
    }
    return lines.joined(separator: "\n")
  }

  private func cell(_ text: String) -> String { text.replacing("|", with: "\\|") }
}
