import RunbookPlan

/// The stored form of what triggers saw and did.
extension TriggerEvent {
  func write(to map: inout PayloadWriter) {
    map.put("trigger", id)
    map.put("response", response.rawValue)
    map.put("phase", phase)
    map.put("verdict", verdict.rawValue)
    map.put("message", message)
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    self.init(
      id: try reader.text("trigger"), response: try reader.word("response"), phase: reader.optionalText("phase"),
      verdict: try reader.word("verdict"), message: try reader.text("message"))
  }
}

extension TriggerWindow {
  func write(to map: inout PayloadWriter) {
    map.put("trigger", trigger)
    map.put("verdict", verdict.rawValue)
    if !message.isEmpty { map.put("message", message) }
    if observed != .null { map["observed"] = observed }
    map.put("from", from)
    map.put("to", to)
    map["tally"] = tally.stored
    if equalBefore > 0 { map.put("equalBefore", Int64(equalBefore)) }
    map["totals"] = totals.stored
  }

  init(_ reader: PayloadReader) throws(EntryDecodingError) {
    self.init(
      trigger: try reader.text("trigger"), verdict: try reader.word("verdict"), message: reader.optionalText("message") ?? "",
      observed: reader["observed"] ?? .null, from: try reader.integer("from"), to: try reader.integer("to"),
      tally: try TriggerTally(reader, "tally"))
    equalBefore = Int(reader.optionalInteger("equalBefore") ?? 0)
    totals = try TriggerTally(reader, "totals")
  }
}

extension TriggerTally {
  var stored: Value {
    var map: ValueMap = ["samples": .integer(Int64(samples)), "failures": .integer(Int64(failures))]
    if let longestGap { map["longestGap"] = .integer(longestGap) }
    if !durations.isEmpty { map["durations"] = durations.stored }
    return .map(map)
  }

  init(_ reader: PayloadReader, _ key: String) throws(EntryDecodingError) {
    guard let samples = reader[key]?["samples"]?.integerValue, let failures = reader[key]?["failures"]?.integerValue else {
      throw reader.missing(key)
    }
    self.init(samples: Int(samples), failures: Int(failures), longestGap: reader[key]?["longestGap"]?.integerValue)
    guard let stored = reader[key]?["durations"] else { return }
    guard let durations = DurationHistogram(stored: stored) else { throw reader.missing(key) }
    self.durations = durations
  }
}

extension DurationHistogram {
  /// Bucket, count, bucket, count, and so on, in ascending order: the buckets are part of the stored form.
  var stored: Value { .list(counts.sorted { $0.key < $1.key }.flatMap { [.integer(Int64($0.key)), .integer(Int64($0.value))] }) }

  init?(stored: Value) {
    guard let list = stored.listValue, list.count.isMultiple(of: 2) else { return nil }
    var counts: [Int: Int] = [:]
    for index in stride(from: 0, to: list.count, by: 2) {
      guard let bucket = list[index].integerValue, let count = list[index + 1].integerValue, bucket >= 0, count > 0 else { return nil }
      counts[Int(bucket)] = Int(count)
    }
    self.init(counts: counts)
  }
}
