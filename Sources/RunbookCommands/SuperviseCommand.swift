import ArgumentParser
import Glibc
import RunbookActions

/// The supervisor of a run's programs. The program calls itself so; it is no command for people.
struct SuperviseCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "supervise", abstract: "Look after the programs of a run; started by runbook itself.", shouldDisplay: false)

  func validate() throws {
    guard ProgramSupervisor.isSocket(STDIN_FILENO) else {
      throw ValidationError("runbook starts its supervisor itself, when a plan runs a program")
    }
  }

  func run() {
    // Its standard input is also what the programs that it starts must not inherit; they get streams of their own.
    var supervisor = ProgramSupervisor(socket: STDIN_FILENO)
    supervisor.serve()
  }
}
