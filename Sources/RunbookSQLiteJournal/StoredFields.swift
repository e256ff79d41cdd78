import Foundation
import GRDB
import RunbookJournal
import RunbookPlan

/// Reads columns that may hold anything, since the file may be damaged: GRDB's own subscripts trap on an unexpected type.
struct StoredFields {
  let row: Row

  func text(_ column: Int) throws -> String {
    guard case .string(let text) = storage(column) else { throw fault(column) }
    return text
  }

  func number(_ column: Int) throws -> Int64 {
    guard case .int64(let number) = storage(column) else { throw fault(column) }
    return number
  }

  func numberOrNull(_ column: Int) throws -> Int64? { storage(column) == .null ? nil : try number(column) }

  func textOrNull(_ column: Int) throws -> String? { storage(column) == .null ? nil : try text(column) }

  func bytes(_ column: Int) throws -> [UInt8] {
    guard case .blob(let data) = storage(column) else { throw fault(column) }
    return Array(data)
  }

  func hash(_ column: Int) throws -> ChainHash {
    guard let hash = ChainHash(bytes: try bytes(column)) else { throw fault(column) }
    return hash
  }

  func value(_ column: Int) throws -> Value { try ValueBytes.decode(Array(try text(column).utf8)) }

  private func storage(_ column: Int) -> DatabaseValue.Storage { (row[column] as DatabaseValue).storage }

  private func fault(_ column: Int) -> JournalError { .damaged("a stored field (\(column)) has not its type", seq: nil) }
}

extension ChainHash {
  var data: Data { Data(bytes) }
}
