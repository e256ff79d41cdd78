import RunbookSyntax
import Testing

/// SplitMix64 (Steele, Lea, Flood 2014): the same mutations in every run.
private struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}

@Suite struct MutationTests {
  static let valid = """
    apiVersion: runbook/v1   # first
    metadata: { id: big, title: "Größe \\u00e9", tags: [a, 'b''c', anchor-free] }
    text: |
      one
        two
    folded: >-
      x
      y
    phases:
      - &first
        id: one
        steps:
          - id: a
            action: mongodb.count
            with: { filter: { n: { $gt: 5 } }, uri: "${{ params.x }}" }
            expect: { equals: 日本 }
      - *first
      - ? key
        : !!str 12

    """

  /// Looks at everything a caller may look at.
  private func walk(_ node: Node) -> Int {
    var total = node.range.count + node.contentRange.count + (node.text?.utf8.count ?? 0)
    #expect(node.range.start <= node.range.end && node.range.end <= node.tree.file.bytes.count)
    if node.coreClass == .text, node.jsonClass != .text { total += 1 }
    for entry in node.entries { total += walk(entry.key) + walk(entry.value) }
    for element in node.elements { total += walk(element) }
    return total
  }

  private func read(_ bytes: [UInt8]) -> ParsedSource {
    let parsed = NodeTree.parse(SourceFile(path: "p.yaml", bytes: bytes))
    #expect(parsed.tree != nil || parsed.hasErrors)
    if let tree = parsed.tree { #expect(walk(tree.root) > 0) }
    for diagnostic in parsed.diagnostics {
      #expect(diagnostic.range.end <= bytes.count)
      #expect(diagnostic.rendered().hasPrefix("error[RB10"))
      #expect(diagnostic.json.hasPrefix("{"))
    }
    return parsed
  }

  @Test func changedBytesNeverCrash() {
    let original = Array(Self.valid.utf8)
    #expect(read(original).diagnostics.isEmpty)
    let indicators = Array("\t\n :-?{}[],#&*!|>'\"%@`~<$\\".utf8) + [0, 0xFF, 0xC3, 0xE2, 0x0D]
    var broken = 0
    for seed in 0..<600 {
      var generator = SeededGenerator(state: UInt64(seed))
      var bytes = original
      for _ in 0...Int.random(in: 0..<4, using: &generator) {
        let index = Int.random(in: 0..<bytes.count, using: &generator)
        let byte =
          Bool.random(using: &generator) ? indicators.randomElement(using: &generator) ?? 0 : UInt8.random(in: 0...255, using: &generator)
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: bytes[index] = byte
        case 1: bytes.insert(byte, at: index)
        case 2: bytes.remove(at: index)
        default: bytes.removeSubrange(index..<min(bytes.count, index + 20))
        }
      }
      if read(bytes).hasErrors { broken += 1 }
    }
    // The mutations are of use only while many of them break something and many do not.
    #expect(broken > 150 && broken < 590)
  }

  @Test func everyPrefixIsRead() {
    let original = Array(Self.valid.utf8)
    for length in 0...original.count { _ = read(Array(original.prefix(length))) }
  }
}
