import RunbookPlan
import RunbookSyntax

extension Plan {
  /// The passwords that stand in the addresses of targets, or come into them by params. A plan and its params are stored with each run as they are, so
  /// who begins a run is refused; a stored plan is not looked at, since a run that has begun must be able to end. What comes out of a secret is none.
  public func plainPasswords(params: ValueMap, run: RunFacts?) -> [Diagnostic] {
    let scope = DeclarationScope(params: params, metadata: metadata, run: run)
    return targets.flatMap { target in
      target.fields.compactMap { field -> Diagnostic? in
        let address = field.value.text(scope)
        guard hidingPasswords(address) != address else { return nil }
        let isParam = field.value.references.contains { $0.root == .params }
        return Diagnostic(
          BindingCode.passwordInAddress, "'\(field.key)' of target '\(target.name)' holds a password\(isParam ? ", given by a param" : "")",
          at: place(of: field.value.range),
          help: "plans and params are stored with each run: declare the address under 'secrets', and write \"${{ secrets.NAME }}\" here")
      }
    }
  }
}

extension Template {
  /// The text with the values that are known and may be stored; references to others stay as they are written.
  fileprivate func text(_ scope: DeclarationScope) -> String {
    func text(_ reference: Reference) -> String { scope.value(of: reference)?.referenceText ?? "${{ \(reference.text) }}" }
    switch content {
    case .scalar(let scalar): return scalar.text
    case .reference(let reference): return text(reference)
    case .interpolation(let pieces):
      return pieces.map { piece in
        switch piece {
        case .text(let written): written
        case .reference(let reference): text(reference)
        }
      }.joined()
    case .list, .map: return ""
    }
  }
}
