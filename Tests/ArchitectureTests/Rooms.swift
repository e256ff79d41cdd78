/// One target of the package and what it may import. `docs/architecture.md` gives the reasons.
struct Room {
  var name: String
  /// Targets of this package.
  var rooms: [String] = []
  /// Modules of other packages.
  var packages: [String] = []
  /// Whether Foundation and the system's modules are kept out, so that a room that only reasons can't reach the world.
  var pure = false
  var isTest = false
}

private let everyRoom = [
  "RunbookSyntax", "RunbookPlan", "RunbookEngine", "RunbookActions", "RunbookLint", "RunbookMongoActions", "MongoDriver", "RunbookJournal",
  "RunbookSQLiteJournal", "RunbookRuntime", "RunbookReport", "RunbookFormat", "RunbookReview",
]

/// The table. `Package.swift` must say the same, so that the compiler and this test guard one and the same plan.
let rooms: [Room] = [
  Room(name: "CLibYAML"),
  Room(name: "CLibMongoC"),
  Room(name: "CProcess"),
  Room(name: "CDigest"),
  Room(name: "RunbookSyntax", rooms: ["CLibYAML"], pure: true),
  Room(name: "RunbookPlan", rooms: ["RunbookSyntax"], packages: ["Crypto", "OrderedCollections"], pure: true),
  Room(name: "RunbookFormat", rooms: ["RunbookSyntax"], pure: true),
  Room(name: "RunbookEngine", rooms: ["RunbookPlan"], packages: ["OrderedCollections"], pure: true),
  Room(name: "MongoDriver", rooms: ["CLibMongoC"], packages: ["Logging"]),
  Room(name: "RunbookActions", rooms: ["RunbookPlan", "RunbookSyntax", "CProcess"], packages: ["OrderedCollections"]),
  Room(name: "RunbookLint", rooms: ["RunbookActions", "RunbookPlan", "RunbookSyntax"], packages: ["OrderedCollections"], pure: true),
  Room(
    name: "RunbookMongoActions", rooms: ["RunbookActions", "RunbookPlan", "RunbookSyntax", "MongoDriver", "CDigest"],
    packages: ["Crypto", "Histogram", "OrderedCollections"]),
  Room(name: "RunbookJournal", rooms: ["RunbookEngine", "RunbookPlan"], packages: ["Crypto", "OrderedCollections"]),
  Room(
    name: "RunbookSQLiteJournal", rooms: ["RunbookJournal", "RunbookEngine", "RunbookPlan"], packages: ["GRDB", "OrderedCollections"]),
  Room(
    name: "RunbookRuntime", rooms: ["RunbookEngine", "RunbookPlan", "RunbookActions", "RunbookJournal"],
    packages: ["Logging", "OrderedCollections"]),
  Room(
    name: "RunbookReport", rooms: ["RunbookPlan", "RunbookEngine", "RunbookActions", "RunbookJournal", "RunbookSyntax"],
    packages: ["OrderedCollections"]),
  Room(
    name: "RunbookReview", rooms: ["RunbookPlan", "RunbookActions", "RunbookReport", "RunbookSyntax"], packages: ["OrderedCollections"]),
  Room(name: "RunbookCommands", rooms: everyRoom, packages: ["ArgumentParser", "Logging", "OrderedCollections"]),
  Room(name: "runbook", rooms: ["RunbookCommands"]),
  Room(name: "RunbookTestSupport", rooms: everyRoom + ["CProcess"], packages: ["OrderedCollections"], isTest: true),
  Room(
    name: "FrontEndFuzz", rooms: ["RunbookSyntax", "RunbookPlan", "RunbookActions", "RunbookMongoActions"], isTest: true),
  Room(name: "ArchitectureTests", isTest: true),
  Room(name: "FrontEndTests", rooms: ["FrontEndFuzz"], isTest: true),
  Room(name: "RunbookSyntaxTests", rooms: ["RunbookSyntax"], isTest: true),
  Room(name: "RunbookFormatTests", rooms: ["RunbookFormat", "RunbookPlan", "RunbookTestSupport"], isTest: true),
  Room(name: "RunbookPlanTests", rooms: ["RunbookPlan", "RunbookTestSupport"], isTest: true),
  Room(name: "RunbookEngineTests", rooms: ["RunbookEngine", "RunbookTestSupport"], isTest: true),
  Room(name: "MongoDriverTests", rooms: ["MongoDriver", "RunbookTestSupport"], isTest: true),
  Room(name: "RunbookActionsTests", rooms: ["RunbookActions", "RunbookTestSupport"], isTest: true),
  Room(name: "RunbookLintTests", rooms: ["RunbookLint", "RunbookTestSupport"], isTest: true),
  Room(name: "RunbookMongoActionsTests", rooms: ["RunbookMongoActions", "RunbookTestSupport"], isTest: true),
  Room(name: "OnlineChangeModelTests", rooms: ["RunbookMongoActions"], isTest: true),
  Room(
    name: "RunbookJournalTests", rooms: ["RunbookJournal", "RunbookSQLiteJournal", "RunbookPlan", "RunbookTestSupport"], packages: ["GRDB"],
    isTest: true),
  Room(name: "RunbookReviewTests", rooms: ["RunbookReview", "RunbookTestSupport"], isTest: true),
  Room(name: "RunbookRuntimeTests", rooms: ["RunbookRuntime", "RunbookTestSupport"], isTest: true),
  Room(name: "RunbookCommandsTests", rooms: ["RunbookCommands", "runbook", "RunbookTestSupport"], isTest: true),
]

/// Modules that come with the toolchain and reach nothing: any room may import them.
private let harmless: Set<String> = ["Swift", "Synchronization", "RegexBuilder"]
/// Modules that reach the system: not for pure rooms.
private let system: Set<String> = ["Foundation", "FoundationEssentials", "Glibc", "Dispatch"]
/// Modules that one file alone may import, since it is the one place where their pointers live.
private let oneFile: Set<String> = ["CLibYAML"]

extension Room {
  /// A test may see what the rooms it tests see, beside what it declares itself.
  func allows(_ module: String) -> Bool {
    if harmless.contains(module) || rooms.contains(module) || packages.contains(module) { return true }
    if system.contains(module) { return !pure }
    if isTest { return module == "Testing" || seenByTests.contains(module) }
    return false
  }

  /// What tests reach through the rooms they depend on; never a C module or a store's own package, which live in one room alone.
  private var seenByTests: Set<String> {
    var seen: Set<String> = []
    var waiting = rooms
    while let next = waiting.popLast() {
      guard seen.insert(next).inserted, let room = Runbook.room(next) else { continue }
      waiting += room.rooms
      seen.formUnion(room.packages)
    }
    return seen.subtracting(["CLibYAML", "CLibMongoC", "CProcess", "CDigest", "GRDB"])
  }
}

/// Look-ups in the table.
enum Runbook {
  static func room(_ name: String) -> Room? { rooms.first { $0.name == name } }
}

/// A rule's complaint about one place.
struct Complaint: Equatable, CustomStringConvertible {
  var file: String
  var line: Int
  var text: String
  var description: String { "\(file):\(line): \(text)" }
}

/// Complaints about imports of `room`'s files that the table does not allow.
func importComplaints(room: Room, file: String, text: String) -> [Complaint] {
  imports(in: text).filter { !room.allows($0.module) }.map {
    Complaint(file: file, line: $0.line, text: "\(room.name) may not import \($0.module)")
  }
}

/// Complaints about modules that only one file of a room may import, in all files but the first that does.
func oneFileComplaints(files: [SourceFile]) -> [Complaint] {
  var complaints: [Complaint] = []
  for module in oneFile {
    let importing = files.compactMap { file in
      imports(in: file.text).first { $0.module == module }.map { (file.path, $0.line) }
    }
    complaints += importing.dropFirst().map {
      Complaint(file: $0.0, line: $0.1, text: "\(module) is imported by another file already")
    }
  }
  return complaints
}

/// Top modules of every import statement: `@testable import X`, `public import struct X.Y` and the like.
func imports(in text: String) -> [(module: String, line: Int)] {
  let kinds: Set<Substring> = ["struct", "class", "enum", "protocol", "func", "var", "let", "typealias"]
  return SwiftText(text).lines.enumerated().flatMap { index, line in
    line.split(separator: ";").compactMap { statement in
      let words = statement.split(whereSeparator: \.isWhitespace)
      guard let keyword = words.firstIndex(of: "import"), words[..<keyword].allSatisfy(isModifier) else { return nil }
      let named = words[(keyword + 1)...].drop { kinds.contains($0) }.first
      return named.map { (String($0.split(separator: ".")[0]), index + 1) }
    }
  }
}

private func isModifier(_ word: Substring) -> Bool {
  word.hasPrefix("@") || ["public", "package", "internal", "fileprivate", "private"].contains(word)
}
