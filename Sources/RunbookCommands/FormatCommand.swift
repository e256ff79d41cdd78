import ArgumentParser
import Foundation
import RunbookFormat
import RunbookPlan
import RunbookReport
import RunbookSyntax

struct FormatCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fmt", abstract: "Lay plans out in the one canonical form; meaning and comments stay as they are.",
    discussion: """
      The files are rewritten in place and those that changed are named. A file with errors is left alone. '-' reads standard input and prints the \
      result.
      """)

  @Argument(help: "The plans and fragments, or '-' for standard input.")
  var plans: [String]

  @Flag(help: "Write nothing; name the files that are not in this form, and end with 1 if there are any.")
  var check = false

  @Flag(help: "Write nothing; print what would change.")
  var diff = false

  func run() async throws {
    if plans.contains("-"), plans.count > 1 {
      throw Messages.usage("'-' stands alone", help: "name files, or give one plan on standard input")
    }
    var (hasErrors, differs) = (false, false)
    for path in plans {
      guard let result = try FormattedPlan(path: path) else {
        hasErrors = true
        continue
      }
      if result.isChanged { differs = true }
      try handle(result)
    }
    if hasErrors { throw ExitCode(2) }
    if check, differs { throw ExitCode(1) }
  }

  private func handle(_ result: FormattedPlan) throws {
    if diff {
      let text = result.difference
      if !text.isEmpty { Messages.data(text) }
    }
    if result.isStandardInput {
      if !check, !diff { FileHandle.standardOutput.write(Data(result.formatted)) }
      if check, !diff, result.isChanged { Messages.data(result.path) }
      return
    }
    guard result.isChanged else { return }
    if check || diff {
      if !diff { Messages.data(result.path) }
    } else {
      try result.write()
      Messages.data(result.path)
    }
  }
}

/// A plan and its canonical form, which says the same.
struct FormattedPlan {
  let path: String
  let source: SourceFile
  let formatted: [UInt8]

  var isStandardInput: Bool { path == "-" }
  var isChanged: Bool { formatted != source.bytes }

  /// - Returns: nil where the plan has errors, which were told.
  /// - Throws: exit 64 where the file cannot be read, exit 70 where the form would not say the same.
  init?(path: String) throws {
    let bytes = path == "-" ? Array(FileHandle.standardInput.readDataToEndOfFile()) : try Self.read(path)
    let source = SourceFile(path: path, bytes: bytes)
    let loaded = PlanLoader.load(source, includes: IncludedFiles.read)
    guard let before = loaded.normalised, let tree = NodeTree.parse(source).tree else {
      Messages.error(loaded.diagnostics.shown)
      Messages.error("\(path) was left as it is: only a plan without errors is laid out")
      return nil
    }
    let result = PlanFormat.format(tree)
    let file = SourceFile(path: path, bytes: result.bytes)
    // Nothing is written that was not read back and found to be the same plan.
    guard let after = NodeTree.parse(file).tree, PlanFormat.isSame(tree, after), PlanFormat.format(after) == result,
      PlanLoader.load(file, includes: IncludedFiles.read).normalised?.digest == before.digest
    else {
      Messages.error("error: \(path) cannot be laid out so that it says the same; it was left as it is")
      Messages.error("help: this is a defect of this program; what is unusual in the file's layout causes it")
      throw ExitCode(70)
    }
    self.path = path
    self.source = source
    formatted = result.bytes
  }

  private static func read(_ path: String) throws -> [UInt8] {
    guard let bytes = readFile(path) else {
      let exists = FileManager.default.fileExists(atPath: path)
      throw Messages.usage("the file \(path) cannot be read", help: exists ? "look who may read it" : "there is no such file")
    }
    return bytes
  }

  /// What would change, as `diff -u` prints it.
  var difference: String {
    LineDifference(old: source.bytes, new: formatted).text(oldName: path, newName: path + " (formatted)")
  }

  /// Puts the canonical form in the file's place, whole or not at all, with its permissions.
  /// - Throws: exit 64 where it cannot be written, or was changed since it was read.
  func write() throws {
    do {
      try FileReplacement.replace(path, expecting: source.bytes, with: formatted)
    } catch {
      throw Messages.usage("the file \(path) cannot be written: \(error.reason)", help: "it was left as it is")
    }
  }
}
