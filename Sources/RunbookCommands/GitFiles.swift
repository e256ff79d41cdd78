import Foundation
import RunbookActions
import RunbookPlan
import RunbookSyntax

/// Files as a revision of a git repository has them.
struct GitFiles {
  /// The top of the repository's work tree.
  private let top: String
  let revision: String
  private let programs: Programs
  /// The path of the plan from the top.
  let path: String

  private static let timeout: Int64 = 60 * 1_000_000

  /// - Parameters:
  ///   - plan: a file of the work tree.
  ///   - base: a revision, or `REVISION:PATH` where the plan had another path, from the top of the repository.
  /// - Throws: exit 64 where there is no repository, no such revision, or no git.
  init(plan: String, base: String) async throws {
    programs = Programs()
    let folder = URL(fileURLWithPath: plan).deletingLastPathComponent().path
    let places = try await Self.git(["rev-parse", "--show-toplevel", "--show-prefix"], in: folder, programs)
    let lines = String(decoding: places.output, as: UTF8.self).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    guard places.status == .exited(0), lines.count >= 2 else {
      throw Messages.usage(
        "there is no file '\(base)', and \(plan) is in no git repository that could have such a revision",
        help: "name the other version's file: --base FILE" + (Self.firstLine(places.complaint).map { " (git says: \($0))" } ?? ""))
    }
    top = lines[0]
    let parts = base.split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
    path = parts.count == 2 ? parts[1] : lines[1] + URL(fileURLWithPath: plan).lastPathComponent
    let found = try await Self.git(["rev-parse", "--verify", "--quiet", "--end-of-options", parts[0] + "^{commit}"], in: top, programs)
    guard found.status == .exited(0), !parts[0].isEmpty else {
      throw Messages.usage(
        "there is no file and no revision '\(parts[0])'",
        help: "in a shallow clone fetch it first: git fetch --depth=1 origin BRANCH, then --base FETCH_HEAD")
    }
    revision = String(decoding: found.output, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  /// A file's content; nil where the revision has no such file.
  /// - Parameter path: from the top of the repository.
  func read(_ path: String) async throws -> [UInt8]? {
    let listed = try await Self.git(["ls-tree", "--full-tree", "-z", revision, "--", path], in: top, programs)
    guard listed.status == .exited(0), !listed.output.isEmpty else { return nil }
    let blob = try await Self.git(["cat-file", "blob", "\(revision):\(path)"], in: top, programs)
    guard blob.status == .exited(0), !blob.isOutputCut else {
      throw Messages.usage("\(path) of \(revision) cannot be read", help: Self.firstLine(blob.complaint))
    }
    return blob.output
  }

  /// Loads the plan with what it includes, all from this revision; nil where the revision does not have it.
  func load() async throws -> LoadedPlan? {
    guard let bytes = try await read(path) else { return nil }
    let source = SourceFile(path: path, bytes: bytes)
    var known: [String: [UInt8]?] = [:]
    // Loading asks for a file when it meets its name, and cannot wait: what was missing is fetched, and it is loaded again.
    while true {
      var missing: [String] = []
      let loaded = PlanLoader.load(source) { name throws(IncludeFailure) in
        guard let found = known[name] else {
          missing.append(name)
          throw IncludeFailure("it was not fetched yet")
        }
        guard let bytes = found else { throw IncludeFailure("there is no such file in this revision") }
        return bytes
      }
      if missing.isEmpty { return loaded }
      for name in missing { known[name] = .some(try await read(name)) }
    }
  }

  private static func git(_ arguments: [String], in folder: String, _ programs: Programs) async throws -> ProgramEnd {
    do {
      return try await programs.run(
        ProgramCall(
          argv: ["git", "-C", folder] + arguments, environment: ProcessInfo.processInfo.environment, directory: folder,
          captureLimit: SyntaxLimits().size + 1, timeout: timeout))
    } catch {
      throw Messages.usage("git cannot be run: \(error)", help: "install it, or name the other version's file: --base FILE")
    }
  }

  private static func firstLine(_ text: String) -> String? { text.split(separator: "\n").first.map(String.init) }
}
