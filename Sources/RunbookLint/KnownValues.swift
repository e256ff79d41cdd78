import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookSyntax

/// What is known of written values before a run: those of params count as given, else by their default.
struct KnownValues {
  private let params: ValueMap
  private let metadata: Metadata

  init(_ bound: BoundPlan) {
    metadata = bound.plan.metadata
    var params = bound.params
    for declaration in bound.plan.params where params[declaration.name] == nil {
      if let value = declaration.defaultValue { params[declaration.name] = value }
    }
    self.params = params
  }

  private var scope: DeclarationScope { DeclarationScope(params: params, metadata: metadata, run: nil) }

  func value(of reference: Reference) -> Value? { scope.value(of: reference) }

  /// A value read as a type; nil where it is not known.
  func value(_ template: Template?, as type: FieldType) -> Value? {
    guard let template else { return nil }
    return try? Resolver.resolve(template, as: type, scope: scope)
  }

  func duration(_ template: Template?) -> Int64? { value(template, as: .duration)?.durationValue }

  func integer(_ template: Template?) -> Int64? { value(template, as: .integer())?.integerValue }

  func boolean(_ template: Template?) -> Bool? { value(template, as: .boolean)?.boolValue }

  /// A number as matchers compare it: plain, a percentage, or behind a reference.
  func number(_ template: Template) -> Double? {
    switch template.content {
    case .scalar(let scalar):
      if let number = try? TypedText.number(scalar.text) { return number }
      return try? TypedText.percentage(scalar.text)
    case .reference(let reference):
      switch value(of: reference) {
      case .integer(let number)?: return Double(number)
      case .double(let number)?: return number
      default: return nil
      }
    default: return nil
    }
  }

  /// The text as it will be; nil where a part of it is not known.
  func text(_ template: Template) -> String? {
    switch template.content {
    case .scalar(let scalar): return scalar.text
    case .reference(let reference): return text(of: reference)
    case .interpolation(let pieces):
      var text = ""
      for piece in pieces {
        switch piece {
        case .text(let part): text += part
        case .reference(let reference):
          guard let part = self.text(of: reference) else { return nil }
          text += part
        }
      }
      return text
    case .list, .map: return nil
    }
  }

  /// The text with what is known put in, and what is not as it is written: the same for two values that will be the same.
  func name(_ template: Template) -> String {
    switch template.content {
    case .scalar(let scalar): return scalar.text
    case .reference(let reference): return text(of: reference) ?? "${{ \(reference.text) }}"
    case .interpolation(let pieces):
      return pieces.reduce(into: "") { text, piece in
        switch piece {
        case .text(let part): text += part
        case .reference(let reference): text += self.text(of: reference) ?? "${{ \(reference.text) }}"
        }
      }
    case .list, .map: return ""
    }
  }

  private func text(of reference: Reference) -> String? {
    switch value(of: reference) {
    case .string(let text)?: text
    case .integer(let number)?: String(number)
    case .bool(let flag)?: flag ? "true" : "false"
    default: nil
    }
  }

  /// The collection that a call works on.
  func collection(of call: BoundCall) -> CollectionName? {
    guard call.usesTarget, let target = call.call.target else { return nil }
    let named = call.descriptor.needsCollection ? call.call.collection : nil
    guard let collection = named ?? Self.collectionArgument[call.call.name].flatMap({ call.argument($0) }) else { return nil }
    guard case .scalar = target.content else { return nil }
    return CollectionName(target: name(target), name: name(collection))
  }

  /// Actions that name the collection they change among their arguments.
  private static let collectionArgument = [
    "mongodb.restore": "to", "mongodb.createCollection": "name", "mongodb.dropCollection": "name", "mongodb.renameCollection": "from",
  ]

  /// A collection of the same target as a call's.
  func collection(_ template: Template, besides call: BoundCall) -> CollectionName? {
    guard let target = call.call.target else { return nil }
    return CollectionName(target: name(target), name: name(template))
  }
}
