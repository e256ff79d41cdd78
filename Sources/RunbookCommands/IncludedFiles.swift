import Foundation
import RunbookPlan
import RunbookSyntax

/// Opens the files that plans include.
enum IncludedFiles {
  static func read(_ path: String) throws(IncludeFailure) -> [UInt8] {
    guard let attributes = try? FileManager.default.attributesOfItem(atPath: URL(fileURLWithPath: path).resolvingSymlinksInPath().path)
    else { throw IncludeFailure("there is no such file") }
    switch attributes[.type] as? FileAttributeType {
    case .typeRegular: break
    case .typeDirectory: throw IncludeFailure("it is a folder")
    default: throw IncludeFailure("it is no file")
    }
    let limit = SyntaxLimits().size
    if let size = attributes[.size] as? Int, size > limit { throw IncludeFailure("it has \(size) bytes, and at most \(limit) are read") }
    guard let bytes = readFile(path) else { throw IncludeFailure("look who may read it") }
    return bytes
  }
}
