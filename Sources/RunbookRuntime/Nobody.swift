import RunbookActions

/// What asks no people.
struct Nobody: People {
  /// On whose behalf nobody is asked, as it is said.
  private let asker: String

  init(of asker: String) { self.asker = asker }

  func answers(to gate: Gate) async throws(ActionError) -> [GateAnswer] {
    throw ActionError(code: "RB2401", message: "\(asker) asks nobody", kind: .mistake)
  }
}
