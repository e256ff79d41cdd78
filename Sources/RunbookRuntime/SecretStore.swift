import RunbookActions
import RunbookJournal
import RunbookPlan

/// Secrets of a plan: read when first used, told to the redactor before anything else sees them.
public actor SecretStore {
  private let declarations: [String: SecretDeclaration]
  private let reader: any SecretReading
  private let redactor: Redactor
  private var values: [String: String] = [:]

  public init(plan: Plan, reader: any SecretReading, redactor: Redactor) {
    declarations = Dictionary(plan.secrets.map { ($0.name, $0) }) { first, _ in first }
    self.reader = reader
    self.redactor = redactor
  }

  public func value(of name: String) async throws(ActionError) -> String {
    if let value = values[name] { return value }
    guard let declaration = declarations[name] else {
      throw ActionError(code: "RB2102", message: "there is no secret '\(name)' in this plan", kind: .mistake)
    }
    let value = try await reader.read(declaration)
    guard redactor.learn(value) else {
      throw ActionError(
        code: "RB2103", message: "the secret '\(name)' is too short to be kept out of what is recorded and shown", kind: .refused,
        help: "a secret has at least \(Redactor.minimumLength) characters")
    }
    values[name] = value
    return value
  }

  /// The scope given, with the secrets that this template refers to.
  func scope(for template: Template, over base: any ReferenceScope & Sendable) async throws(ActionError) -> any ReferenceScope & Sendable {
    var known: [String: String] = [:]
    for reference in template.references where reference.root == .secrets {
      if let name = reference.path.first { known[name] = try await value(of: name) }
    }
    return known.isEmpty ? base : ScopeWithSecrets(base: base, secrets: known)
  }
}

private struct ScopeWithSecrets: ReferenceScope, Sendable {
  let base: any ReferenceScope & Sendable
  let secrets: [String: String]

  func value(of reference: Reference) -> Value? {
    reference.root == .secrets ? reference.path.first.flatMap { secrets[$0] }.map(Value.string) : base.value(of: reference)
  }
}
