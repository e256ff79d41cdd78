import ArgumentParser
import RunbookPlan
import RunbookSyntax

struct SchemaCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "schema", abstract: "Print the JSON Schema (2020-12) of plans, for editors and other programs.",
    discussion: "Give it to an editor, or to a validator. What a schema cannot say, such as the order of references, `validate` checks.")

  @Option(help: ArgumentHelp("Only the arguments of this action.", valueName: "name"))
  var action: String?

  func run() async throws {
    let catalog = Wiring.catalog()
    let schema = PlanSchema(catalog: catalog)
    guard let action else { return Messages.data(IndentedJSON.text(schema.document)) }
    guard let descriptor = catalog.descriptor(named: action) else {
      throw Messages.usage(
        "there is no action '\(action)'",
        help: nearest(to: action, among: catalog.names).map { "did you mean '\($0)'?" } ?? "'runbook explain' lists them")
    }
    Messages.data(IndentedJSON.text(schema.arguments(of: descriptor)))
  }
}
