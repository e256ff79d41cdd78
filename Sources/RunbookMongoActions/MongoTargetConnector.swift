import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan

/// Makes targets of type `mongodb`.
public struct MongoTargetConnector: TargetConnector {
  private let options: MongoTarget.Options
  private let resolver: (any UndoResolver)?

  public init(options: MongoTarget.Options = MongoTarget.Options(), resolver: (any UndoResolver)? = nil) {
    self.options = options
    self.resolver = resolver
  }

  public var type: String { "mongodb" }

  public var fields: [FieldType.Field] {
    [
      .init("uri", .text, required: true, "Connection string; credentials come from `secrets`."),
      .init("database", .text, "Database that the target is; by default the one of the connection string."),
    ]
  }

  public func connect(name: String, fields: ValueMap) async throws(ActionError) -> any Target {
    try mongoTarget(name: name, fields: fields)
  }

  func mongoTarget(name: String, fields: ValueMap) throws(ActionError) -> MongoTarget {
    guard let uri = fields["uri"]?.stringValue else {
      throw ActionError(code: MongoErrorCode.wrongUri, message: "target '\(name)' has no 'uri'", kind: .mistake)
    }
    guard let database = fields["database"]?.stringValue ?? MongoURI(uri).database, !database.isEmpty else {
      throw ActionError(
        code: MongoErrorCode.wrongUri, message: "target '\(name)' has no database", kind: .mistake,
        help: "add 'database:' to the target, or the name behind the hosts of its uri")
    }
    return try MongoTarget(name: name, uri: uri, database: database, options: options, resolver: resolver)
  }
}
