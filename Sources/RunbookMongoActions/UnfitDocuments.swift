import MongoDriver
import RunbookActions

/// Documents that a change of nested fields cannot touch: something on the way to a field is no document. A server would put a document in its place, or
/// change each element of an array; neither could be taken back without what the application writes there.
extension UpdateChecks {
  /// - Throws: `refused` where there are such documents before the first write.
  func refuseUnfitParents() async throws(ActionError) {
    guard let probe = definition.unfitParentProbe else { return }
    guard let row = try await firstRow(probe, doing: "looking at what stands on the way to nested fields"), let key = row["_id"] else {
      return
    }
    let nested = definition.fields.filter { $0.parents > 0 }
    throw Self.unfitParents([(key, nested)], of: definition.collection, hasWritten: false)
  }

  fileprivate static func unfitParents(
    _ documents: [(key: RawBSONValue, fields: [ChangedPath])], of collection: String, hasWritten: Bool
  ) -> ActionError {
    let listed = documents.prefix(10).map { MongoValues.text($0.key) }.joined(separator: ", ")
    let paths = documents[0].fields.map { "'\($0.text)'" }.joined(separator: ", ")
    let count = documents.count == 1 ? "1 document" : "\(documents.count) documents"
    let subject = hasWritten ? "in \(count) of '\(collection)'" : "'\(collection)' has documents in which"
    return ActionError(
      code: UpdateErrorCode.unfitParent,
      message: "\(subject) something on the way to \(paths) is no document (a value, null or an array)"
        + (hasWritten ? ": " : ", for example ") + listed
        + (documents.count > 10 ? " and more" : ""), kind: .refused,
      help: "leave them out by the filter, such as { \(documents[0].fields[0].prefix(1)): { $type: object } }, or set "
        + "'\(documents[0].fields[0].prefix(1))' as a whole")
  }
}

extension OnlineChangeWriter {
  /// - Throws: `refused` where a pass found such documents; they were not written.
  func refuseUnfit(_ documents: [(key: RawBSONValue, field: ChangedPath)]) throws(ActionError) {
    if documents.isEmpty { return }
    throw UpdateChecks.unfitParents(documents.map { ($0.key, [$0.field]) }, of: collection, hasWritten: true)
  }
}
