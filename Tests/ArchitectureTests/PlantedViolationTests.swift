import Testing

/// A rule that cannot fail guards nothing: each one is shown a violation, and something near it that is right.
@Suite struct PlantedViolationTests {
  private func room(_ name: String) throws -> Room { try #require(Runbook.room(name)) }

  @Test func forbiddenImports() throws {
    func complaints(_ name: String, _ text: String) throws -> [Int] {
      importComplaints(room: try room(name), file: "X.swift", text: text).map(\.line)
    }
    #expect(try complaints("RunbookEngine", "import RunbookPlan\nimport Foundation\n") == [2])
    #expect(try complaints("RunbookEngine", "import RunbookSyntax\n") == [1])
    #expect(try complaints("RunbookPlan", "@preconcurrency public import struct Foundation.Date\n") == [1])
    #expect(try complaints("RunbookPlan", "import Glibc\n") == [1])
    #expect(try complaints("RunbookActions", "import CLibMongoC\n") == [1])
    #expect(try complaints("RunbookJournal", "import Foundation\nimport GRDB\n") == [2])
    #expect(try complaints("MongoDriver", "import RunbookPlan\n") == [1])
    #expect(try complaints("RunbookRuntimeTests", "import Testing\n@testable import RunbookRuntime\nimport GRDB\n") == [3])
    #expect(try complaints("RunbookEngine", "// import Foundation\nlet text = \"import Foundation\"\nimport RunbookPlan\n") == [])
  }

  @Test func pointersOfYAMLInTwoFiles() {
    let file = SourceFile(path: "A.swift", text: "import CLibYAML\n")
    #expect(oneFileComplaints(files: [file]) == [])
    #expect(oneFileComplaints(files: [file, SourceFile(path: "B.swift", text: "\nimport CLibYAML\n")]).map(\.description).count == 1)
  }

  @Test(arguments: [
    "func f() async {}", "await f()", "let now = ContinuousClock.now", "let n = Int.random(in: 0..<9)", "let d = Date()",
    "var g = SystemRandomNumberGenerator()", "let c = SuspendingClock()", "names.shuffled()",
  ])
  func impureEngine(text: String) {
    #expect(engineComplaints(file: "X.swift", text: text).count == 1)
  }

  @Test(arguments: [
    "// no await here", "let text = \"async \\(a(\"await\")) Date()\"", "let awaiting = 1", "enum E { case batch, await }",
    "if mode == .await { f() }", "/* async /* await */ async */ let x = 1",
  ])
  func pureEngine(text: String) {
    #expect(engineComplaints(file: "X.swift", text: text) == [])
  }

  @Test func longFile() {
    #expect(lengthComplaints(file: "X.swift", text: String(repeating: "\n", count: 400)) == [])
    #expect(lengthComplaints(file: "X.swift", text: String(repeating: "\n", count: 401)).count == 1)
  }

  @Test func longFunctions() {
    func source(_ head: String, lines: Int) -> String {
      "struct S {\n  \(head) {\n" + String(repeating: "    f(\"}\") { $0 } // }\n", count: lines - 2) + "  }\n}\n"
    }
    func found(_ head: String, _ lines: Int) -> [Int] { functionComplaints(file: "X.swift", text: source(head, lines: lines)).map(\.line) }
    #expect(found("func f()", 60) == [])
    #expect(found("func f()", 61) == [2])
    #expect(found("init?(x: Int = { 3 }()) throws(E)", 61) == [2])
    #expect(found("public func f<T>(\n    x: T\n  ) -> [T]\n  where T: Sendable", 60) == [2])
    #expect(found("var x: Int", 61) == [])
    let requirement = "protocol P {\n  func f()\n  func g()\n}\nextension P {\n" + String(repeating: "\n", count: 80) + "}\n"
    #expect(functionComplaints(file: "X.swift", text: requirement) == [])
  }

  @Test func addressWithAPassword() {
    let address = "mongodb+srv://user:" + "secret1@host/db"
    #expect(passwordComplaints(file: "x.yaml", text: "a: b\nuri: \(address)\n").map(\.line) == [2])
    #expect(
      passwordComplaints(file: "x.yaml", text: "uri: mongodb://127.0.0.1:27017/?x=y\nuri: \"mongodb://${user}:${password}@h\"\n") == [])
  }

  @Test func machinePaths() {
    for folder in ["home", "root", "work"] {
      #expect(machinePathComplaints(file: "x.md", text: "cd /" + folder + "/someone/x\n").count == 1)
      #expect(machinePathComplaints(file: "x.md", text: "cd $here/" + folder + "/someone/x\n") == [])
    }
  }

  @Test func marksOfUnfinishedWork() {
    #expect(unfinishedComplaints(file: "x.swift", text: "// TO" + "DO: later\n").count == 1)
    #expect(unfinishedComplaints(file: "x.py", text: "\n# FIX" + "ME\n").map(\.line) == [2])
    #expect(unfinishedComplaints(file: "x.py", text: "# methods\n") == [])
  }

  @Test func testsThatCanBeLeftOut() {
    #expect(skipComplaints(file: "x.swift", text: "@Test(.dis" + "abled(\"no server\")) func f() {}\n").count == 1)
  }

  @Test func manifests() {
    let manifest = PackageManifest(
      """
      let shared = Target.Dependency.product(name: "Shared", package: "p")
      let package = Package(
        targets: [
          .systemLibrary(name: "C", pkgConfig: "c"),
          .target(name: "A", dependencies: ["C", shared, .product(name: "P", package: "p")], swiftSettings: strict),
          .testTarget(name: "ATests", dependencies: ["A"]),
        ])
      """)
    #expect(
      manifest.targets == [
        .init(name: "C", dependencies: []), .init(name: "A", dependencies: ["C", "P", "Shared"]),
        .init(name: "ATests", dependencies: ["A"]),
      ])
  }
}
