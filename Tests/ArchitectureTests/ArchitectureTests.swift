import Testing

/// The rules that hold for every file of the repository. `PlantedViolationTests` shows that each of them can fail.
@Suite struct ArchitectureTests {
  private func swiftFiles() throws -> [SourceFile] {
    try Repository.files(under: "Sources", ending: ".swift") + Repository.files(under: "Tests", ending: ".swift")
  }

  private func files(of room: Room) throws -> [SourceFile] {
    try Repository.files(under: "\(room.isTest ? "Tests" : "Sources")/\(room.name)", ending: ".swift")
  }

  @Test func everyFolderIsARoom() throws {
    let strange = try Repository.folders(in: "Sources").filter { Runbook.room($0) == nil }
    let strangeTests = try Repository.folders(in: "Tests").filter { $0 != "Fixtures" && Runbook.room($0)?.isTest != true }
    #expect(strange + strangeTests == [])
  }

  @Test func packageAndTableSayTheSame() throws {
    let manifest = PackageManifest(try #require(try Repository.files().first { $0.path == "Package.swift" }).text)
    let table = rooms.map { PackageManifest.Target(name: $0.name, dependencies: ($0.rooms + $0.packages).sorted()) }
    #expect(manifest.targets.map(\.name).sorted() == table.map(\.name).sorted())
    for target in manifest.targets {
      let declared = table.first { $0.name == target.name }?.dependencies
      #expect(declared == target.dependencies, "\(target.name) in the table and in Package.swift")
    }
  }

  /// It compiles the rooms by itself, so a room or a package that is new to them has to be told to it as well.
  @Test func theFuzzerNamesAllThatItsRoomsStandOn() throws {
    let tool = try #require(try Repository.files(under: "tools").first { $0.path == "tools/fuzz" }).text
    let words = Set(tool.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.map(String.init))
    var waiting = ["FrontEndFuzz"]
    var seen: Set<String> = []
    while let name = waiting.popLast() {
      guard seen.insert(name).inserted else { continue }
      let room = try #require(Runbook.room(name))
      waiting += room.rooms
      #expect(words.contains(name) && room.packages.allSatisfy(words.contains), "tools/fuzz lacks \(name) or one of \(room.packages)")
    }
    #expect(seen.count > 5)
  }

  @Test(arguments: rooms.map(\.name)) func importsFollowTheTable(name: String) throws {
    let room = try #require(Runbook.room(name))
    let folder = "\(room.isTest ? "Tests" : "Sources")"
    guard try Repository.folders(in: folder).contains(name) else { return }
    let complaints = try files(of: room).flatMap { importComplaints(room: room, file: $0.path, text: $0.text) }
    #expect(complaints == [])
  }

  @Test func oneFileHoldsTheYAMLPointers() throws {
    let room = try #require(Runbook.room("RunbookSyntax"))
    let complaints = oneFileComplaints(files: try files(of: room))
    #expect(complaints == [])
  }

  @Test func theEngineIsPure() throws {
    let room = try #require(Runbook.room("RunbookEngine"))
    let complaints = try files(of: room).flatMap { engineComplaints(file: $0.path, text: $0.text) }
    #expect(complaints == [])
  }

  @Test func filesAndFunctionsAreShort() throws {
    let complaints = try swiftFiles().flatMap {
      lengthComplaints(file: $0.path, text: $0.text) + functionComplaints(file: $0.path, text: $0.text)
    }
    #expect(complaints == [])
  }

  @Test func noPasswordStandsOutsideTests() throws {
    let files = try Repository.files().filter { !$0.path.hasPrefix("Tests/") }
    let complaints = files.flatMap { passwordComplaints(file: $0.path, text: $0.text) }
    #expect(complaints == [])
  }

  @Test func noPathOfOneMachine() throws {
    let complaints = try Repository.files().flatMap { machinePathComplaints(file: $0.path, text: $0.text) }
    #expect(complaints == [])
  }

  @Test func nothingIsMarkedUnfinished() throws {
    let complaints = try Repository.files().flatMap { unfinishedComplaints(file: $0.path, text: $0.text) }
    #expect(complaints == [])
  }

  @Test func noTestIsLeftOut() throws {
    let complaints = try Repository.files(under: "Tests", ending: ".swift").flatMap { skipComplaints(file: $0.path, text: $0.text) }
    #expect(complaints == [])
  }
}
