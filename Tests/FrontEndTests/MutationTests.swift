import Foundation
import FrontEndFuzz
import Testing

/// SplitMix64 (Steele, Lea, Flood 2014): the same mutations for a seed in every run.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

/// Changes a text as an author does by mistake: whole lines, words and single characters.
struct Mutation {
  var generator: SeededGenerator
  private static let tokens = [
    "", "null", "no", "on", "0123", "12:30", "5", "-1", "10m", "5%", "[]", "{}", "[", "{", "}", "]", "|", ">", "- ", "? ", ": ", " #",
    " #2", "\t", "\"",
    "'", "*a", "&a", "!", "!!str", "@", "`", "%", "<<: *a", "${{ params.x }}", "${{", "}}", "$${{ x }}", "${{ steps.a.outputs.b }}", "---",
    "...", "\r\n",
    "\u{FEFF}", "\u{2028}", "\0", "é日本", "true", "rollback", "auto", "none", "action", "id", "x-",
  ]

  mutating func callAsFunction(_ text: String) -> String {
    var text = text
    for _ in 0...max(0, Int.random(in: -3..<3, using: &generator)) { text = once(text) }
    return text
  }

  private mutating func once(_ text: String) -> String {
    var lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let index = Int.random(in: 0..<lines.count, using: &generator)
    let other = Int.random(in: 0..<lines.count, using: &generator)
    switch Int.random(in: 0..<13, using: &generator) {
    case 0: lines.remove(at: index)
    case 1: lines.insert(lines[index], at: other)
    case 2: lines.swapAt(index, other)
    case 3: lines[index] = String(lines[index].dropLast(Int.random(in: 0...max(0, lines[index].count), using: &generator)))
    case 4: lines[index] = String(repeating: " ", count: Int.random(in: 1...3, using: &generator)) + lines[index]
    case 5: lines[index] = String(lines[index].dropFirst(Int.random(in: 1...2, using: &generator)))
    case 6: lines = Array(lines.prefix(index + 1))
    case 7, 8: lines[index] = word(of: lines[index]) { generator in Self.tokens.randomElement(using: &generator) ?? "" }
    case 9:
      let words = lines[other].split(separator: " ").map(String.init)
      lines[index] = word(of: lines[index]) { generator in words.randomElement(using: &generator) ?? "" }
    case 10: lines[index] = character(of: lines[index])
    // What should do no harm: a comment, and blanks at the end of a line.
    case 11: lines.insert(String(repeating: " ", count: Int.random(in: 0...8, using: &generator)) + "# a comment", at: index)
    default: lines[index] += "  "
    }
    return lines.joined(separator: "\n")
  }

  /// The line with one of its words retyped.
  private mutating func word(of line: String, _ replacement: (inout SeededGenerator) -> String) -> String {
    var words = line.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
    let index = Int.random(in: 0..<words.count, using: &generator)
    words[index] = replacement(&generator)
    return words.joined(separator: " ")
  }

  private mutating func character(of line: String) -> String {
    var characters = Array(line)
    guard !characters.isEmpty else { return Self.tokens.randomElement(using: &generator) ?? "" }
    let index = Int.random(in: 0..<characters.count, using: &generator)
    switch Int.random(in: 0..<3, using: &generator) {
    case 0: characters.remove(at: index)
    case 1: characters.insert(characters[index], at: index)
    default: characters[index] = Self.tokens.compactMap(\.first).randomElement(using: &generator) ?? "x"
    }
    return String(characters)
  }
}

/// A line that is written when a trap ends the process: only what a signal handler may use.
private enum LastWords {
  private static let size = 200
  nonisolated(unsafe) private static let text = UnsafeMutablePointer<CChar>.allocate(capacity: size)

  static func set(_ line: String) { _ = line.withCString { strncpy(text, $0, size - 1) } }

  static func install() {
    text.initialize(repeating: 0, count: size)
    for trap in [SIGILL, SIGTRAP, SIGSEGV, SIGABRT] {
      signal(trap) { number in
        write(STDERR_FILENO, LastWords.text, strlen(LastWords.text))
        signal(number, SIG_DFL)
        raise(number)
      }
    }
  }
}

@Suite struct FrontEndMutationTests {
  /// Every plan of the repository, and those of `Tests/Fixtures/plans`.
  static func plans() throws -> [(name: String, text: String)] {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let folders = [tests.appendingPathComponent("Fixtures/plans"), tests.deletingLastPathComponent().appendingPathComponent("plans")]
    return try folders.flatMap { folder in
      try FileManager.default.contentsOfDirectory(at: folder.resolvingSymlinksInPath(), includingPropertiesForKeys: nil).filter {
        $0.pathExtension == "yaml"
      }
      .sorted { $0.path < $1.path }.map { ($0.lastPathComponent, try String(contentsOf: $0, encoding: .utf8)) }
    }
  }

  @Test func plansAreAcceptedAsTheyAre() throws {
    let plans = try Self.plans()
    #expect(plans.count >= 5)
    for plan in plans {
      let reading = FrontEnd.read(Array(plan.text.utf8))
      #expect(reading.isAccepted, "\(plan.name):\n\(reading.messages)")
      #expect(reading.faults == [])
    }
  }

  /// 120 mutations of each plan, 600 and more in all, load or give an error with a place. The seed of one that does not, or that ends the
  /// process, is printed; `RUNBOOK_MUTATION_SEED=N RUNBOOK_MUTATIONS=1` reads that one again.
  @Test func mutationsOfPlansLoadOrGiveALocatedError() throws {
    let environment = ProcessInfo.processInfo.environment
    let first = environment["RUNBOOK_MUTATION_SEED"].flatMap(UInt64.init) ?? 0
    let count = environment["RUNBOOK_MUTATIONS"].flatMap(UInt64.init) ?? 120
    LastWords.install()
    let plans = try Self.plans()
    var refused = 0
    var total = 0
    for plan in plans {
      for seed in first..<first + count {
        LastWords.set("the mutation of \(plan.name) with seed \(seed) ended the process\n")
        var mutate = Mutation(generator: SeededGenerator(state: seed))
        let text = mutate(plan.text)
        let reading = FrontEnd.read(Array(text.utf8))
        #expect(reading.faults == [], "\(plan.name) with seed \(seed)")
        #expect(reading.isAccepted || reading.messages.contains("error[RB"), "\(plan.name) with seed \(seed)")
        total += 1
        if !reading.isAccepted { refused += 1 }
      }
    }
    // The mutations are of use only while many break something and many do not.
    if count > 10 { #expect(refused * 10 > total * 3 && refused * 10 < total * 9) }
  }
}
