import RunbookCommands

@main
struct Program {
  static func main() async { await RunbookCommand.run() }
}
