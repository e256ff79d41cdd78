import Crypto
import Foundation
import MongoDriver
import RunbookActions
import RunbookPlan

/// A file of documents, one a line, in Extended JSON; read piece by piece.
struct DocumentFile: Sendable {
  /// As the plan names it.
  let name: String
  let path: String

  init(_ name: String, directory: String) {
    self.name = name
    path = name.hasPrefix("/") ? name : directory + "/" + name
  }

  /// A document and where it stands.
  struct Line: Sendable {
    var number: Int
    var document: BSONDocument
  }

  /// Longer lines cannot hold a document that a server takes.
  private static let longestLine = 64 << 20

  /// Hands the documents on, in order.
  /// - Parameters:
  ///   - passed: how many documents are passed over unread.
  ///   - size: how many at a time, at most.
  /// - Returns: digest of the whole file, and how many documents it has.
  /// - Throws: `refused` with the line where the file cannot be read or a line is no document.
  func read(passing passed: Int64 = 0, size: Int = 200, _ body: ([Line]) async throws(ActionError) -> Void) async throws(ActionError)
    -> (digest: String, count: Int64)
  {
    guard let handle = FileHandle(forReadingAtPath: path) else {
      throw unfit("cannot be opened", help: "its path counts from the plan's directory")
    }
    defer { try? handle.close() }
    var hasher = SHA256()
    var rest: [UInt8] = []
    var lines: [Line] = []
    var bytes = 0
    var number = 0
    var count: Int64 = 0
    func take(_ line: ArraySlice<UInt8>) async throws(ActionError) {
      number += 1
      guard line.contains(where: { $0 != 0x20 && $0 != 0x0D && $0 != 0x09 }) else { return }
      count += 1
      guard count > passed else { return }
      lines.append(Line(number: number, document: try document(line, number)))
      bytes += line.count
      guard lines.count >= size || bytes >= 4 << 20 else { return }
      let full = lines
      lines = []
      bytes = 0
      try await body(full)
    }
    while true {
      let piece: Data
      do { piece = try handle.read(upToCount: 1 << 18) ?? Data() } catch { throw unfit("cannot be read: \(error.localizedDescription)") }
      if piece.isEmpty { break }
      hasher.update(data: piece)
      rest += piece
      var start = rest.startIndex
      while let end = rest[start...].firstIndex(of: 0x0A) {
        try await take(rest[start..<end])
        start = end + 1
      }
      rest.removeFirst(start)
      if rest.count > Self.longestLine { throw unfit("line \(number + 1) has more than 64 MiB") }
    }
    if !rest.isEmpty { try await take(rest[...]) }
    if !lines.isEmpty { try await body(lines) }
    return (hexadecimalText(hasher.finalize()), count)
  }

  private func document(_ line: ArraySlice<UInt8>, _ number: Int) throws(ActionError) -> BSONDocument {
    guard let text = String(validating: line, as: UTF8.self) else { throw unfit("line \(number) is not UTF-8") }
    do throws(BSONError) {
      let document = try BSONDocument(extendedJSON: text)
      if let fault = InsertWork.fault(of: document) { throw BSONError(message: fault) }
      return document
    } catch {
      let place = error.offset.map { ", byte \($0 + 1)" } ?? ""
      throw unfit("line \(number)\(place): \(error.message)", help: "a line holds one document in Extended JSON, on one line")
    }
  }

  func unfit(_ what: String, help: String? = nil) -> ActionError {
    ActionError(code: UpdateErrorCode.unfitFile, message: "the file '\(name)' \(what)", kind: .refused, help: help)
  }
}
