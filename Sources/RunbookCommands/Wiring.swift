import Foundation
import RunbookActions
import RunbookJournal
import RunbookMongoActions
import RunbookPlan
import RunbookRuntime

/// The one place where actions, targets and this machine are put together.
enum Wiring {
  private static let environment = ProcessInfo.processInfo.environment
  private static let timing = OnlineChangeTiming(environment: environment)
  /// Programs of plans and of secrets, under one supervisor.
  private static let programs = Programs()
  private static let crashPoints = CrashPoints(environment: environment)

  static func catalog() -> ActionCatalog {
    let running = ProgramRunning(programs: programs, environment: environment)
    return ActionCatalog(
      actions: FlowActions.all() + ProgramActions.all(running)
        + MongoActions.all(timing: timing, crashPoints: crashPoints, running: running),
      announced: AnnouncedActions.all + MongoActions.announced)
  }

  static func connectors() -> [any TargetConnector] {
    [
      ExecTargetConnector(),
      MongoTargetConnector(
        options: MongoTarget.Options(environment: environment), resolver: OnlineChangeResolver(timing: timing, crashPoints: crashPoints)),
    ]
  }

  /// Who started this process, as the operating system says.
  static var user: String {
    guard let entry = getpwuid(geteuid()), let name = entry.pointee.pw_name else { return "uid-\(geteuid())" }
    return String(cString: name)
  }

  static func owner() -> LeaseOwner {
    let process = ProcessIdentity.current()
    return LeaseOwner(
      id: "\(process.host)-\(process.pid)-\(String(UInt32.random(in: .min ... .max), radix: 36))",
      host: "\(process.bootID) \(process.pidNamespace)", processID: Int64(process.pid), processStart: Int64(clamping: process.startTime),
      label: "\(process.host) process \(process.pid)")
  }

  /// A run's id: the day and six letters of chance, at most 20 characters.
  static func newRunID(at milliseconds: Int64) -> String {
    let day = TimestampText.formatDay(milliseconds: milliseconds).filter { $0 != "-" }
    let letters = Array("abcdefghijkmnpqrstuvwxyz23456789")
    return "r\(day)-" + String((0..<6).map { _ in letters.randomElement() ?? "a" })
  }

  /// Everything that a run is led with, but for what the command adds.
  static func setting(
    bound: BoundPlan, header: RunHeader, journal: any Journal, redactor: Redactor, observer: any RunObserver, answersByItself: Bool,
    detaches: Bool = false
  ) -> RunSetting {
    RunSetting(
      bound: bound,
      run: RunFacts(
        id: header.run, planID: header.planID, startedAt: header.created, initiator: header.initiator,
        planDirectory: RunningOptions.directory(of: header.planPath)),
      header: header, journal: journal, redactor: redactor, observer: observer, clock: SystemClock(),
      console: Messages.isInteractive ? TerminalConsole() : nil, user: user, answersByItself: answersByItself, owner: owner(),
      jitter: { Double.random(in: 0..<1) }, detaches: detaches)
  }

  static func targets(setting: RunSetting, planDirectory: String) -> TargetSet {
    TargetSet(
      plan: setting.bound.plan, connectors: connectors(),
      scope: DeclarationScope(params: setting.bound.params, metadata: setting.bound.plan.metadata, run: setting.run),
      secrets: SecretStore(
        plan: setting.bound.plan, reader: LocalSecrets(directory: planDirectory, programs: programs), redactor: setting.redactor))
  }
}
