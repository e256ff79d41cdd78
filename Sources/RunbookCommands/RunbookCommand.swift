import ArgumentParser
import MongoDriver

/// The program's version: part of the approval digest and of every run's record.
public enum ProgramVersion {
  public static let text = "0.1.0"
}

/// `runbook`: one file a command, nothing but options, their validation and a short `run()`.
public struct RunbookCommand: AsyncParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "runbook",
    abstract: "Executes operations that are written down as plans, records every step, and takes them back by itself when a check fails.",
    version: ProgramVersion.text,
    subcommands: [
      ExecuteCommand.self, ResumeCommand.self, RollbackCommand.self, StatusCommand.self, ListCommand.self, ConfirmCommand.self,
      ValidateCommand.self, LintCommand.self, PlanCommand.self, CloseCommand.self, UnlockCommand.self, PauseCommand.self,
      PaceCommand.self, CancelCommand.self,
      FinalizeCommand.self, RecoverCommand.self,
      LogsCommand.self, ReportCommand.self, VerifyCommand.self, SchemaCommand.self, FormatCommand.self,
      ReviewCommand.self, ExplainCommand.self, SuperviseCommand.self,
    ])

  public init() {}

  /// Reads the command line, runs the command it names, and ends the process with its status.
  public static func run() async {
    DriverCounters.dropFile()
    await main()
  }
}
