import Testing

/// What the documentation says must be there, and what is there must be said. Plain reading of files: whether the plan in the README loads is
/// the business of the tests that may import the loader.
@Suite struct DocumentationTests {
  private static let errorPages = "docs/errors"

  private func codesInSources() throws -> Set<String> {
    // The pages themselves stand in the sources, too: a code that only they have is none.
    let files = try Repository.files(under: "Sources", ending: ".swift").filter { !$0.path.contains("/ErrorPages/") }
    return Set(files.flatMap { errorCodes(in: $0.text) })
  }

  @Test func everyErrorCodeHasAPage() throws {
    let pages = Set(try Repository.files(under: Self.errorPages, ending: ".md").map { pageName($0.path) })
    let codes = try codesInSources()
    #expect(!codes.isEmpty)
    #expect(codes.subtracting(pages).sorted() == [], "codes without a page in \(Self.errorPages)")
    #expect(pages.subtracting(codes).sorted() == [], "pages of \(Self.errorPages) whose code no source has")
  }

  @Test func everyErrorPageSaysThreeThings() throws {
    let complaints = try Repository.files(under: Self.errorPages, ending: ".md").flatMap {
      errorPageComplaints(file: $0.path, text: $0.text)
    }
    #expect(complaints == [])
  }

  @Test func linksLeadSomewhere() throws {
    let files = try Repository.files()
    let paths = Set(files.map(\.path))
    let complaints = files.filter { isDocumentation($0.path) }.flatMap { file in
      linkComplaints(file: file.path, text: file.text) { target in paths.contains(target) || paths.contains { $0.hasPrefix(target + "/") } }
    }
    #expect(complaints == [])
  }

  @Test func everyRoomStandsInTheArchitecture() throws {
    let page = try #require(try Repository.files(under: "docs", ending: "architecture.md").first)
    let missing = rooms.map(\.name).filter { !$0.hasSuffix("Tests") && !page.text.contains("| `\($0)` |") }
    #expect(missing == [], "rooms without a row in docs/architecture.md")
  }

  @Test func everyCommandStandsInTheReadme() throws {
    let readme = try #require(try Repository.files().first { $0.path == "README.md" })
    let sources = try Repository.files(under: "Sources/RunbookCommands", ending: "Command.swift")
    // What the program calls itself, and nobody else, is no command for the manual.
    let shown = sources.filter { !$0.text.contains("shouldDisplay: false") }
    let commands = shown.flatMap { file in file.text.matches(of: #/commandName: "([a-z]+)"/#).map { String($0.1) } }
    #expect(commands.count > 5)
    let missing = commands.filter { $0 != "runbook" && !readme.text.contains("| `\($0)") }
    #expect(missing == [], "commands without a row in README.md")
  }
}

@Suite struct PlantedDocumentationTests {
  @Test func codes() {
    let text = "case a = \"RB" + "1001\" // not RB" + "12, and RB" + "10011 neither\n"
    #expect(errorCodes(in: text) == ["RB" + "1001"])
  }

  @Test func pages() {
    let good = "# RB" + "1001: a title\n\n## Cause\n\nThis.\n\n## What has already been done\n\nNothing.\n\n## What to do now\n\nThat.\n"
    let file = "docs/errors/RB" + "1001.md"
    #expect(errorPageComplaints(file: file, text: good) == [])
    #expect(errorPageComplaints(file: "docs/errors/RB" + "1002.md", text: good).count == 1)
    #expect(errorPageComplaints(file: file, text: good.replacing("## Cause", with: "## Causes")).count == 1)
    #expect(errorPageComplaints(file: file, text: good.replacing("Nothing.", with: "")).count == 1)
  }

  @Test func links() {
    func complaints(_ text: String) -> [Int] {
      linkComplaints(file: "docs/a/x.md", text: text) { $0 == "docs/b.md" || $0 == "docs/a/y.md" }.map(\.line)
    }
    #expect(complaints("[b](../b.md) [y](y.md#part) [out](https://example.org/z.md) [here](#part)\n") == [])
    #expect(complaints("\n[gone](gone.md)\n") == [2])
    #expect(complaints("```\n[gone](gone.md)\n```\n") == [])
  }
}

private func isDocumentation(_ path: String) -> Bool { path.hasSuffix(".md") && (path.hasPrefix("docs/") || !path.contains("/")) }

/// `docs/errors/RBnnnn.md` without folder and ending.
private func pageName(_ path: String) -> String { String(path.split(separator: "/").last?.dropLast(3) ?? "") }

/// Every `RB` with exactly four digits. Goes by bytes: a debug build looks at characters slowly.
private func errorCodes(in text: String) -> [String] {
  let bytes = Array(text.utf8)
  func isWord(_ index: Int) -> Bool {
    guard bytes.indices.contains(index) else { return false }
    switch bytes[index] {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "a")...UInt8(ascii: "z"): return true
    default: return false
    }
  }
  func isDigit(_ index: Int) -> Bool { isWord(index) && bytes[index] <= UInt8(ascii: "9") }
  var found: [String] = []
  for start in bytes.indices where bytes[start] == UInt8(ascii: "R") && isWord(start + 1) && bytes[start + 1] == UInt8(ascii: "B") {
    guard !isWord(start - 1), (start + 2..<start + 6).allSatisfy(isDigit), !isWord(start + 6) else { continue }
    found.append(String(decoding: bytes[start..<(start + 6)], as: UTF8.self))
  }
  return found
}

/// A page bears its code in its title and says cause, what has been done, what to do: each in words.
private func errorPageComplaints(file: String, text: String) -> [Complaint] {
  var complaints: [Complaint] = []
  let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  if lines.first?.hasPrefix("# \(pageName(file)): ") != true {
    complaints.append(Complaint(file: file, line: 1, text: "the title is not '# \(pageName(file)): …'"))
  }
  for heading in ["## Cause", "## What has already been done", "## What to do now"] {
    guard let place = lines.firstIndex(of: heading) else {
      complaints.append(Complaint(file: file, line: 1, text: "'\(heading)' is missing"))
      continue
    }
    let body = lines[(place + 1)...].prefix { !$0.hasPrefix("## ") }
    if body.allSatisfy(\.isEmpty) { complaints.append(Complaint(file: file, line: place + 1, text: "'\(heading)' says nothing")) }
  }
  return complaints
}

/// Links to files of the repository that are not there; those to the web and inside the page are not looked at.
private func linkComplaints(file: String, text: String, exists: (String) -> Bool) -> [Complaint] {
  var complaints: [Complaint] = []
  var isCode = false
  for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated() {
    if line.hasPrefix("```") { isCode.toggle() }
    if isCode { continue }
    for match in line.matches(of: #/\]\(([^)#\s]+)(?:#[^)]*)?\)/#) where !match.1.contains("://") {
      let target = resolved(String(match.1), from: file)
      if !exists(target) { complaints.append(Complaint(file: file, line: index + 1, text: "the link to \(target) leads nowhere")) }
    }
  }
  return complaints
}

/// A relative link as a path from the root.
private func resolved(_ link: String, from file: String) -> String {
  var parts = file.split(separator: "/").dropLast().map(String.init)
  for part in link.split(separator: "/") {
    switch part {
    case ".": break
    case "..": _ = parts.popLast()
    default: parts.append(String(part))
    }
  }
  return parts.joined(separator: "/")
}
