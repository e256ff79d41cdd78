import OrderedCollections
import RunbookActions
import RunbookPlan

/// Arguments in which secrets may stand (`env`, `headers`) as they are recorded: each text with a secret in it as its parts, where the name of the secret
/// stands for its value. Everything else in it is put in before the effect as usual, so that the way back needs nothing but the secret itself.
///
/// The fields are maps of text, so a map in the place of a text is nothing else than this.
enum SealedSecrets {
  private static let parts = "parts"
  private static let secret = "secret"

  /// Resolves a value that is, or has in it, a map of texts, and seals those texts that have secrets in them; nil where there are none, so that it is
  /// resolved like everything else.
  static func sealed(_ template: Template, as type: FieldType, scope: any ReferenceScope) throws(ResolutionError) -> Value? {
    guard case .map(let entries) = template.content, template.references.contains(where: { $0.root == .secrets }) else { return nil }
    var sealed = ValueMap()
    switch type {
    case .mapping(.text): for entry in entries { sealed[entry.key] = try sealedText(entry.value, scope) }
    case .object(let fields):
      for entry in entries {
        guard let inner = fields.first(where: { $0.name == entry.key })?.type else { continue }
        if let value = try Self.sealed(entry.value, as: inner, scope: scope) {
          sealed[entry.key] = value
        } else {
          sealed[entry.key] = try Resolver.resolve(entry.value, as: inner, scope: scope)
        }
      }
    default: return nil
    }
    return .map(sealed)
  }

  private static func sealedText(_ template: Template, _ scope: any ReferenceScope) throws(ResolutionError) -> Value {
    let pieces: [Piece]
    switch template.content {
    case .reference(let reference): pieces = [.reference(reference)]
    case .interpolation(let found): pieces = found
    case .scalar, .list, .map: return try Resolver.resolve(template, as: .text, scope: scope)
    }
    guard template.references.contains(where: { $0.root == .secrets }) else {
      return try Resolver.resolve(template, as: .text, scope: scope)
    }
    var parts: [Value] = []
    for piece in pieces {
      switch piece {
      case .text(let text): parts.append(.string(text))
      case .reference(let reference) where reference.root == .secrets:
        parts.append(.object([secret: .string(reference.path.first ?? "")]))
      case .reference(let reference):
        parts.append(
          try Resolver.resolve(Template(.interpolation([.reference(reference)]), range: reference.range), as: .text, scope: scope))
      }
    }
    return .object([Self.parts: .list(parts)])
  }

  /// The arguments with their secrets put in, for the action alone.
  static func opened(_ arguments: ValueMap, of descriptor: ActionDescriptor, by targets: any TargetFinding) async throws(ActionError)
    -> ValueMap
  {
    var opened = arguments
    for field in descriptor.fields {
      if let value = arguments[field.name] { opened[field.name] = try await Self.opened(value, as: field.type, by: targets) }
    }
    return opened
  }

  private static func opened(_ value: Value, as type: FieldType, by targets: any TargetFinding) async throws(ActionError) -> Value {
    switch (type, value) {
    case (.mapping(.text), .map(var texts)):
      for (key, text) in texts {
        guard let pieces = text[parts]?.listValue else { continue }
        var whole = ""
        for piece in pieces {
          if let name = piece[secret]?.stringValue {
            whole += try await targets.secret(named: name)
          } else {
            whole += piece.stringValue ?? ""
          }
        }
        texts[key] = .string(whole)
      }
      return .map(texts)
    case (.object(let fields), .map(var map)):
      for field in fields { if let inner = map[field.name] { map[field.name] = try await opened(inner, as: field.type, by: targets) } }
      return .map(map)
    default: return value
    }
  }
}
