import ArgumentParser
import RunbookPlan

/// What is about to be executed, beside what was approved.
struct Approval {
  private let digest: String
  private let saved: SavedPlan?
  private let path: String
  private let planDigest: String

  init(_ loaded: LoadedRun, saved: SavedPlan?, path: String) {
    self.saved = saved
    self.path = path
    planDigest = loaded.normalised.digest
    digest = NormalisedPlan.approvalDigest(
      planDigest: loaded.normalised.digest, params: loaded.bound.params, programVersion: ProgramVersion.text)
  }

  /// A saved plan was reviewed with one version of the program, and may mean something else to another.
  func refuseOtherVersion() throws {
    guard let saved, saved.approvalDigest != digest else { return }
    let reason =
      saved.programVersion != ProgramVersion.text
      ? "it was saved by version \(saved.programVersion) of the program, and this is \(ProgramVersion.text)"
      : "its plan does not have the digest that it was saved with"
    throw refuse("\(path) cannot be executed as it was reviewed: \(reason)", next: "runbook plan \(saved.planPath) --out \(path)")
  }

  /// - Parameter approved: the whole approval digest, or its first twelve digits or more.
  func refuse(unless approved: String) throws {
    if NormalisedPlan.isDigest(digest, named: approved) { return }
    if NormalisedPlan.isDigest(planDigest, named: approved) {
      throw refuse(
        "\(approved) is the digest of the plan alone; an approval is for the plan with its params and the program's version",
        next: "the approval digest of what would be executed is \(digest)")
    }
    throw refuse(
      "what was approved is \(approved); what would be executed is \(digest): the plan, its params or the program's version differ",
      next: "look at what differs (runbook plan \(saved?.planPath ?? path)) and have it approved")
  }

  private func refuse(_ message: String, next: String) -> ExitCode {
    Messages.error("error[RB2532]: \(message)")
    Messages.error("  state now: the run was not begun and nothing was changed")
    Messages.error("  next:      \(next)")
    return ExitCode(8)
  }
}
