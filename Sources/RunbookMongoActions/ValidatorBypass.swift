import MongoDriver
import RunbookActions

extension MongoTarget {
  /// Whether the user may write past a collection's validator.
  ///
  /// A server asks for a privilege of its own wherever a command wishes that, with a validator or without (MongoDB manual, "bypassDocumentValidation"),
  /// and the role `readWrite`, which is all that many users have, lacks it. So only those who may wish it.
  func mayBypassValidation(of collection: String) async -> Bool {
    if let known = validatorBypass.withLock({ $0[collection] }) { return known }
    let missing = await missingPrivileges(["bypassDocumentValidation"], on: collection)
    validatorBypass.withLock { $0[collection] = missing.isEmpty }
    return missing.isEmpty
  }

  /// Which of the privileges the user lacks, by what the server tells; none where it does not tell: whoever may not even ask finds out when it comes to it.
  func missingPrivileges(_ needed: [String], on collection: String) async -> [String] {
    do throws(MongoError) {
      let status = try await client.runCommand(["connectionStatus": 1, "showPrivileges": true], database: "admin")
      return UpdateChecks.missingActions(status, database: database, collection: collection, of: needed)
    } catch {
      return []
    }
  }
}
