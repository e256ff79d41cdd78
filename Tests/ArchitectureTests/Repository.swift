import Foundation

/// A text file of the repository; `path` is relative to its root.
struct SourceFile {
  var path: String
  var text: String
}

/// The repository as it lies on disk, found from where this file was compiled.
enum Repository {
  static let root = URL(filePath: #filePath).resolvingSymlinksInPath()
    .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

  private static let skipped: Set<String> = [".git", ".build", ".tools", ".runbook", "__pycache__", "Package.resolved", ".swiftpm"]
  private static let kinds: Set<String> = ["", "swift", "py", "sh", "yaml", "yml", "md", "json", "h", "modulemap"]

  /// Every text file under `directory`, in order of path.
  static func files(under directory: String = "", ending: String? = nil) throws -> [SourceFile] {
    var found: [SourceFile] = []
    var waiting = [directory]
    while let folder = waiting.popLast() {
      let place = folder.isEmpty ? root : root.appending(path: folder)
      for name in try FileManager.default.contentsOfDirectory(atPath: place.path) where !isSkipped(name) {
        let path = folder.isEmpty ? name : "\(folder)/\(name)"
        var isDirectory: ObjCBool = false
        _ = FileManager.default.fileExists(atPath: root.appending(path: path).path, isDirectory: &isDirectory)
        if isDirectory.boolValue {
          waiting.append(path)
        } else if kinds.contains(URL(filePath: path).pathExtension), ending.map(name.hasSuffix) ?? true {
          let text = String(decoding: try Data(contentsOf: root.appending(path: path)), as: UTF8.self)
          found.append(SourceFile(path: path, text: text))
        }
      }
    }
    return found.sorted { $0.path < $1.path }
  }

  /// Names of the folders right under `directory`.
  static func folders(in directory: String) throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: root.appending(path: directory).path).filter { !isSkipped($0) }.sorted()
  }

  private static func isSkipped(_ name: String) -> Bool {
    skipped.contains(name) || name.hasPrefix(".build") || name.hasSuffix(".swp")
  }
}
