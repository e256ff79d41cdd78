import RunbookSyntax
import Testing

@Suite struct TypedTextTests {
  /// The value, or the mistake's words.
  private func outcome<Value>(_ read: () throws(TextMistake) -> Value) -> String {
    do {
      return "\(try read())"
    } catch {
      return error.problem + (error.help.map { " | " + $0 } ?? "")
    }
  }

  @Test(arguments: [
    ("250ms", "250"), ("30s", "30000"), ("5m", "300000"), ("1h30m", "5400000"), ("7d", "604800000"), ("1.5s", "1500"), ("0s", "0"),
    ("30", "'30' is no duration: the unit is missing | write 30s for seconds, or 30m for minutes"),
    ("1.5", "'1.5' is no duration: the unit is missing | write 1.5s for seconds, or 1.5m for minutes"),
    ("-5s", "'-5s' is negative; a duration is not"),
    ("5 min", "'5 min' is no duration: ' min' is no unit of time | write 5m"),
    ("2w", "'2w' is no duration: 'w' is no unit of time | write 14d"),
    ("30m1h", "'30m1h' is no duration | write larger units first, each once, like 1h30m"),
    ("", "'' is no duration | write a number and a unit, like 30s"),
    ("soon", "'soon' is no duration | write numbers and units, like 250ms, 30s, 5m, 1h30m or 7d"),
    ("1h30", "'1h30' is no duration | write numbers and units, like 250ms, 30s, 5m, 1h30m or 7d"),
    ("0.0001s", "'0.0001s' is finer than can be kept"),
    (
      "0.0000000000000000000000001s",
      "'0.0000000000000000000000001s' is no duration | write numbers and units, like 250ms, 30s, 5m, 1h30m or 7d"
    ),
    ("99999999999999d", "'99999999999999d' is too large"),
    ("18446744073709551615d", "'18446744073709551615d' is too large"),
  ]) func durations(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.milliseconds(text) } == expected)
  }

  @Test(arguments: [
    ("512B", "512"), ("1KB", "1000"), ("64MiB", "67108864"), ("1.5KiB", "1536"), ("2GB", "2000000000"), ("1TiB", "1099511627776"),
    ("64", "'64' is no size: the unit is missing | write 64B for bytes, or 64MiB"),
    ("64mb", "'64mb' is no size: 'mb' is no unit of size | write 64MB"),
    ("64M", "'64M' is no size: 'M' is no unit of size | write 64MB"),
    ("64XB", "'64XB' is no size: 'XB' is no unit of size | units are B, KB, MB, GB, TB, KiB, MiB, GiB, TiB"),
    ("0.5B", "'0.5B' is finer than can be kept"), ("9000000000TB", "'9000000000TB' is too large"),
    ("big", "'big' is no size | write a number and a unit, like 64MiB or 10MB"),
  ]) func sizes(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.bytes(text) } == expected)
  }

  @Test(arguments: [
    ("0.1%", "0.001"), ("95%", "0.95"), ("100%", "1.0"), ("0%", "0.0"), ("12.5%", "0.125"), ("1e1%", "0.1"),
    ("5", "'5' is no percentage: the percent sign is missing | write 5%"), ("-1%", "'-1%' is negative; a percentage is not"),
    ("%", "'%' is no percentage | write a number and a percent sign, like 0.1%"),
    ("null%", "'null%' is no percentage | write a number and a percent sign, like 0.1%"),
  ]) func percentages(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.percentage(text) } == expected)
  }

  @Test(arguments: [
    ("2025-01-18", "2025-01-18"), ("2024-02-29", "2024-02-29"), ("2025-02-29", "'2025-02-29' is no date: there is no such day"),
    ("1900-02-29", "'1900-02-29' is no date: there is no such day"),
    ("18.01.2025", "'18.01.2025' is no date | write year-month-day, like 2025-01-18"),
    ("2025-01-18T00:00:00Z", "'2025-01-18T00:00:00Z' is no date | write the day alone, 2025-01-18"),
  ]) func dates(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.date(text) } == expected)
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", "0"), ("2025-01-18T09:30:00Z", "1737192600000"), ("2025-01-18T09:30:00.25+07:00", "1737167400250"),
    ("2000-02-29 12:00:00-00:30", "951827400000"), ("1969-12-31T23:59:59.999Z", "-1"), ("0000-03-01T00:00:00Z", "-62162035200000"),
    ("2025-01-18", "'2025-01-18' is no timestamp: the time is missing | write 2025-01-18T00:00:00Z"),
    (
      "2025-01-18T09:30:00",
      "'2025-01-18T09:30:00' is no timestamp: the offset is missing | write 2025-01-18T09:30:00Z for UTC, or an offset like 2025-01-18T09:30:00+07:00"
    ),
    (
      "2025-01-18T09:30:00+7",
      "'2025-01-18T09:30:00+7' is no timestamp: the offset is wrong | end with Z for UTC, or an offset like +07:00"
    ),
    ("2025-01-18T25:00:00Z", "'2025-01-18T25:00:00Z' is no timestamp: there is no such day or time"),
    ("2025-01-18T09:30:00.0001Z", "'2025-01-18T09:30:00.0001Z' is finer than a millisecond, which cannot be kept"),
    ("now", "'now' is no timestamp | write date, time and offset, like 2025-01-18T09:30:00Z"),
  ]) func timestamps(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.timestamp(text) } == expected)
  }

  @Test(arguments: [
    ("0", "0"), ("-12", "-12"), ("9223372036854775807", "9223372036854775807"), ("-9223372036854775808", "-9223372036854775808"),
    (
      "9223372036854775808",
      "9223372036854775808 is too large for an integer | integers reach from -9223372036854775808 to 9223372036854775807"
    ),
    ("0123", "'0123' is no integer | write 123"), ("0x1F", "'0x1F' is no integer | write 31"), ("+5", "'+5' is no integer | write 5"),
    ("1_000", "'1_000' is no integer | write 1000"), ("5.0", "'5.0' is no integer | write 5"),
    ("5.5", "'5.5' is no integer | write a whole number"), ("five", "'five' is no integer | write a whole number, like 42"),
    ("", "'' is no integer | write a whole number, like 42"),
  ]) func integers(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.integer(text) } == expected)
  }

  @Test(arguments: [
    ("1", "1.0"), ("-0.5e3", "-500.0"), (".5", "'.5' is no number | write 0.5"),
    (".inf", "'.inf' is no number | write digits with a point, like 0.5"),
    ("1e999", "1e999 is too large for a number"), ("1,5", "'1,5' is no number | write digits with a point, like 0.5"),
  ]) func numbers(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.number(text) } == expected)
  }

  @Test(arguments: [
    ("true", "true"), ("false", "false"), ("yes", "'yes' is no boolean | write true"), ("Off", "'Off' is no boolean | write false"),
    ("maybe", "'maybe' is no boolean | write true or false"),
  ]) func booleans(text: String, expected: String) {
    #expect(outcome { () throws(TextMistake) in try TypedText.boolean(text) } == expected)
  }

  @Test(
    arguments: [
      ("", .null, .text), ("~", .null, .text), ("null", .null, .null), ("Null", .null, .text), ("true", .boolean, .boolean),
      ("True", .boolean, .text), ("yes", .text, .text), ("0", .integer, .integer), ("-7", .integer, .integer), ("+7", .integer, .text),
      ("0123", .integer, .text), ("0x1F", .integer, .text), ("0o17", .integer, .text), ("0o18", .text, .text), ("0x", .text, .text),
      ("1.5", .float, .float), ("1.", .float, .text), (".5", .float, .text), ("1e3", .float, .float), ("1e", .text, .text),
      (".inf", .float, .text), ("-.INF", .float, .text), (".nan", .float, .text), ("-.nan", .text, .text), ("12:30", .text, .text),
      (".", .text, .text), ("-", .text, .text), ("1.2.3", .text, .text), ("e5", .text, .text),
    ] as [(String, ScalarClass, ScalarClass)])
  func classes(text: String, core: ScalarClass, json: ScalarClass) {
    #expect(ScalarClass.core(text.utf8) == core)
    #expect(ScalarClass.json(text.utf8) == json)
  }

  @Test func quotesAndTagsDecideTheClass() throws {
    let root = try #require(NodeTree.parse(SourceFile(path: "p", text: "[1, '1', !!str 1, !!int 1, [], ]")).tree).root
    #expect(root.elements.map(\.coreClass) == [.integer, .text, .text, .integer, nil])
    #expect(root.elements.map(\.jsonClass) == [.integer, .text, .text, .integer, nil])
  }

  @Test func nearestNames() {
    let keys = ["collection", "filter", "pipeline", "as", "to", "from"]
    #expect(nearest(to: "collecton", among: keys) == "collection")
    #expect(nearest(to: "fliter", among: keys) == "filter")
    #expect(nearest(to: "Filter", among: keys) == "filter")
    #expect(nearest(to: "pipelines", among: keys) == "pipeline")
    #expect(nearest(to: "frm", among: keys) == "from")
    #expect(nearest(to: "database", among: keys) == nil)
    #expect(nearest(to: "x", among: keys) == nil)
    #expect(nearest(to: "", among: keys) == nil)
    #expect(nearest(to: "ab", among: ["ba"]) == "ba")
    #expect(nearest(to: String(repeating: "x", count: 5000), among: keys) == nil)
  }
}
