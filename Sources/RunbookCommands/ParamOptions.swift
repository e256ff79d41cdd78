import ArgumentParser
import RunbookPlan

/// Params of a run, as they are given on the command line.
struct ParamOptions: ParsableArguments {
  @Option(
    name: .customLong("param"),
    help: ArgumentHelp("Gives a param; may be repeated.", valueName: "name=value"), transform: GivenParam.init(parsing:))
  var params: [GivenParam] = []

  @Option(help: ArgumentHelp("A YAML file with params; --param wins over it.", valueName: "file"))
  var paramsFile: String?
}

/// `name=value`.
struct GivenParam: Sendable {
  let name: String
  let text: String

  init(parsing text: String) throws {
    guard let equals = text.firstIndex(of: "="), equals != text.startIndex else {
      throw ValidationError("write --param name=value, not '\(text)'")
    }
    name = String(text[..<equals])
    self.text = String(text[text.index(after: equals)...])
  }
}
