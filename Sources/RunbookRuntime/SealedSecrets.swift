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

  /// Whether values of the type may be sealed.
  static func mayStand(in type: FieldType) -> Bool { if case .mapping(.text) = type { true } else { false } }

  /// Resolves a map of texts and seals those with secrets; nil where it has none, so that it is resolved like everything else.
  static func sealed(_ template: Template, scope: any ReferenceScope) throws(ResolutionError) -> Value? {
    guard case .map(let entries) = template.content, template.references.contains(where: { $0.root == .secrets }) else { return nil }
    var sealed = ValueMap()
    for entry in entries { sealed[entry.key] = try sealedText(entry.value, scope) }
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
    for field in descriptor.fields where mayStand(in: field.type) {
      guard case .map(var texts)? = arguments[field.name], texts.values.contains(where: { $0[parts] != nil }) else { continue }
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
      opened[field.name] = .map(texts)
    }
    return opened
  }
}
