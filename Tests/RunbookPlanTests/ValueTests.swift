import RunbookPlan
import Testing

@Suite struct ValueTests {
  @Test func everyValueIsReadBackAsItWasWritten() throws {
    var random = SeededGenerator(state: 7)
    for _ in 0..<2000 {
      let value = Self.value(depth: 4, &random)
      #expect(try Value(encodedJSON: value.encodedJSON()) == value)
    }
  }

  @Test(arguments: [
    #"{"@duration":1}"#, #"{"@map":{"@x":1}}"#, #"{"@map":{"@map":{"@map":{"@map":2}}}}"#, #"{"@decimal":"1E+3"}"#,
    #"{"a":{"@timestamp":-5}}"#,
  ])
  func tagsKeepTheirForm(_ text: String) throws {
    #expect(try Value(encodedJSON: text).encodedJSON() == text)
  }

  private static func value(depth: Int, _ random: inout SeededGenerator) -> Value {
    switch Int.random(in: 0..<(depth == 0 ? 8 : 10), using: &random) {
    case 0: return .null
    case 1: return .bool(Bool.random(using: &random))
    case 2: return .integer(Int64.random(in: .min ... .max, using: &random))
    case 3: return .double([0.1, -1e300, 5, .infinity, -.infinity, 1e-300].randomElement(using: &random) ?? 0)
    case 4: return .decimal(["1.50", "NaN", "1E+3"].randomElement(using: &random) ?? "0")
    case 5: return .string(text(&random))
    case 6: return .timestamp(Int64.random(in: -1_000_000...1_000_000_000_000, using: &random))
    case 7: return .duration(Int64.random(in: 0...1_000_000_000, using: &random))
    case 8: return .list((0..<Int.random(in: 0...3, using: &random)).map { _ in value(depth: depth - 1, &random) })
    default:
      var map = ValueMap()
      for _ in 0..<Int.random(in: 0...3, using: &random) { map[text(&random)] = value(depth: depth - 1, &random) }
      return .map(map)
    }
  }

  private static func text(_ random: inout SeededGenerator) -> String {
    ["@map", "@duration", "@", "a", "", "\"\\\n\u{0}\u{7F}", "ü😀", "@decimal", "$date"].randomElement(using: &random) ?? ""
  }
}
