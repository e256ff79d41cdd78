import OrderedCollections
import RunbookPlan

extension Gate {
  /// The gate of a `manual.confirm` as it can be read before it is asked: with what params, metadata and the run give.
  /// - Throws: `ResolutionError` where it refers to what only the run knows.
  public init(subject: String, call: BoundCall, scope: some ReferenceScope) throws(ResolutionError) {
    let arguments = try Resolver.resolve(
      arguments: call.call.arguments, fields: call.descriptor.fields, owner: call.descriptor.name, opener: call.call.range, scope: scope)
    self = ManualConfirm.gate(subject: subject, arguments: arguments, requestedAt: nil)
  }
}
