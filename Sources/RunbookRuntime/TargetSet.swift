import OrderedCollections
import RunbookActions
import RunbookPlan

/// The targets of a run: connected when they are first needed, closed together.
public actor TargetSet: TargetFinding {
  private let declarations: [String: TargetDeclaration]
  private let connectors: [String: any TargetConnector]
  private let scope: any ReferenceScope & Sendable
  private let secrets: SecretStore
  private var connected: [String: any Target] = [:]
  private var connecting: [String: Task<any Target, any Error>] = [:]

  /// - Parameter scope: what target fields may refer to besides secrets: params, metadata, run.
  public init(plan: Plan, connectors: [any TargetConnector], scope: any ReferenceScope & Sendable, secrets: SecretStore) {
    self.init(
      Dictionary(plan.targets.map { ($0.name, $0) }) { first, _ in first },
      Dictionary(connectors.map { ($0.type, $0) }) { first, _ in first }, scope, secrets)
  }

  private init(
    _ declarations: [String: TargetDeclaration], _ connectors: [String: any TargetConnector], _ scope: any ReferenceScope & Sendable,
    _ secrets: SecretStore
  ) {
    self.declarations = declarations
    self.connectors = connectors
    self.scope = scope
    self.secrets = secrets
  }

  /// The same targets, over connections of their own.
  public nonisolated func sibling() -> TargetSet { TargetSet(declarations, connectors, scope, secrets) }

  public func target(named name: String) async throws(ActionError) -> any Target {
    if let target = connected[name] { return target }
    let task = connecting[name] ?? Task { try await self.connect(name) }
    connecting[name] = task
    do {
      let target = try await task.value
      connected[name] = target
      return target
    } catch let error as ActionError {
      connecting[name] = nil
      throw error
    } catch {
      preconditionFailure("connecting throws only action errors, not \(error)")
    }
  }

  private func connect(_ name: String) async throws(ActionError) -> any Target {
    guard let declaration = declarations[name] else {
      throw ActionError(code: "RB2201", message: "there is no target '\(name)' in this plan", kind: .mistake)
    }
    guard let connector = connectors[declaration.type] else {
      throw ActionError(code: "RB2202", message: "targets of type \(declaration.type) are not built yet", kind: .mistake)
    }
    var fields = ValueMap()
    for entry in declaration.fields {
      let type = connector.fields.first { $0.name == entry.key }?.type ?? .any
      let resolved = try await secrets.scope(for: entry.value, over: scope)
      do throws(ResolutionError) {
        fields[entry.key] = try Resolver.resolve(entry.value, as: type, scope: resolved)
      } catch {
        throw ActionError(
          code: "RB2203", message: "target '\(name)', field '\(entry.key)': \(error.message)", kind: .mistake, help: error.help)
      }
    }
    return try await connector.connect(name: name, fields: fields)
  }

  public func secret(named name: String) async throws(ActionError) -> String { try await secrets.value(of: name) }

  /// Compares what the target says it is with what the plan expects.
  /// - Returns: a sentence about the difference; nil where there is none.
  public func identityMismatch(of name: String) async throws(ActionError) -> String? {
    guard let expected = declarations[name]?.identity else { return nil }
    let facts = try await target(named: name).identity().facts
    let wanted: Value
    do throws(ResolutionError) {
      wanted = try Resolver.resolve(expected, as: .any, scope: scope)
    } catch {
      throw ActionError(code: "RB2203", message: "target '\(name)', field 'identity': \(error.message)", kind: .mistake, help: error.help)
    }
    for (key, value) in wanted.mapValue ?? [:] {
      let actual = facts[key] ?? .null
      if !Self.agrees(actual, with: value) {
        return "target '\(name)' should have \(key) \(value.plainJSON.encodedJSON()), but it is \(actual.plainJSON.encodedJSON())"
      }
    }
    return nil
  }

  /// Hosts agree where they are the same set; everything else where it is equal.
  private static func agrees(_ actual: Value, with wanted: Value) -> Bool {
    if case .list(let have) = actual, case .list(let want) = wanted { return Set(have) == Set(want) }
    return actual == wanted
  }

  public func closeAll() async {
    for target in connected.values { await target.close() }
    connected = [:]
    connecting = [:]
  }
}

/// Finds a connected target, or the value of a secret, by its name.
protocol TargetFinding: Sendable {
  func target(named name: String) async throws(ActionError) -> any Target
  /// Read when it is first used, and known to the redactor before it is given out.
  func secret(named name: String) async throws(ActionError) -> String
}
