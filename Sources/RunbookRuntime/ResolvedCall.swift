import OrderedCollections
import RunbookActions
import RunbookPlan

/// A call with every reference put in: what is journalled before a mutating effect, so that the way back needs nothing else.
struct ResolvedCall: Sendable {
  var target: String?
  var collection: String?
  var arguments: ValueMap

  var value: Value {
    var map: ValueMap = ["arguments": .map(arguments)]
    if let target { map["target"] = .string(target) }
    if let collection { map["collection"] = .string(collection) }
    return .map(map)
  }

  init(target: String?, collection: String?, arguments: ValueMap) {
    self.target = target
    self.collection = collection
    self.arguments = arguments
  }

  init?(value: Value?) {
    guard let arguments = value?["arguments"]?.mapValue else { return nil }
    self.init(target: value?["target"]?.stringValue, collection: value?["collection"]?.stringValue, arguments: arguments)
  }
}

extension BoundCall {
  /// Puts every reference in.
  func resolved(in scope: any ReferenceScope) throws(ResolutionError) -> ResolvedCall {
    var arguments = ValueMap()
    for entry in call.arguments {
      // It is asked later, and more than once; what it refers to is put in each time.
      if nestedChecks[entry.key] != nil { continue }
      guard let field = descriptor.fields.first(where: { $0.name == entry.key }) else { continue }
      let written = entry.value.without(nestedChecks.keys.filter { $0.hasPrefix(entry.key + ".") }, at: entry.key)
      if let sealed = try SealedSecrets.sealed(written, as: field.type, scope: scope) {
        arguments[entry.key] = sealed
        continue
      }
      if let measured = nested[entry.key] {
        arguments[entry.key] = try measured.resolved(in: scope).value
        continue
      }
      arguments[entry.key] = try Resolver.resolve(written, as: field.type, scope: scope)
    }
    var target: String?
    if usesTarget, let template = call.target { target = try Resolver.resolve(template, as: .text, scope: scope).stringValue }
    var collection: String?
    if usesCollection, let template = call.collection { collection = try Resolver.resolve(template, as: .text, scope: scope).stringValue }
    return ResolvedCall(target: target, collection: collection, arguments: arguments)
  }
}

extension Template {
  /// The value without some of the keys inside it, each given with all that leads to it.
  fileprivate func without(_ paths: [String], at path: String) -> Template {
    guard !paths.isEmpty, case .map(let entries) = content else { return self }
    let kept = entries.filter { !paths.contains(path + "." + $0.key) }.map { entry in
      TemplateEntry(
        key: entry.key, keyRange: entry.keyRange, value: entry.value.without(paths, at: path + "." + entry.key))
    }
    return Template(.map(kept), range: range)
  }
}
