import RunbookPlan
import Synchronization

/// Knows the texts of the secrets in use and takes them out of everything that is stored or shown.
///
/// A secret is learned when it is resolved, before its first use; from then on it is found in its plain spelling and in those that
/// encoders make of it (see `SecretForms`). Where it stood, `***` stands. One redactor is shared by all that write.
public final class Redactor: Sendable {
  public static let mark = "***"
  /// Shorter texts are not replaced: they would turn up everywhere by chance.
  public static let minimumLength = 4

  private let patterns = Mutex(SecretPatterns())

  public init() {}

  /// A redactor that knows these secrets.
  public convenience init(secrets: [String]) {
    self.init()
    for secret in secrets { learn(secret) }
  }

  /// From now on takes out this secret; also, where it is a URI with a password, the password alone, as written and decoded, and, where it
  /// has several lines, each of at least 16 characters.
  /// - Returns: false for a text too short to be replaced, which the caller should warn of.
  @discardableResult
  public func learn(_ secret: String) -> Bool {
    var texts = [Array(secret.utf8)]
    let trimmed = Self.trimmed(texts[0])
    guard trimmed.count >= Self.minimumLength else { return false }
    texts.append(trimmed)
    let lines = trimmed.split(whereSeparator: { $0 == 0x0A || $0 == 0x0D })
    if lines.count > 1 { texts.append(contentsOf: lines.map { Self.trimmed(Array($0)) }.filter { $0.count >= 16 }) }
    if let password = Self.password(inURI: trimmed) {
      texts.append(password)
      texts.append(SecretForms.percentDecoded(password))
    }
    let learned = texts.filter { $0.count >= Self.minimumLength }
    let forms = Set(learned.flatMap { SecretForms.all(of: $0) }).filter { $0.count >= Self.minimumLength }
    patterns.withLock { patterns in
      for form in forms { patterns.insert(form) }
    }
    return true
  }

  public func contains(_ text: String) -> Bool { contains(text, patterns.withLock { $0 }) }

  /// Whether any text or key inside the value holds a secret.
  public func contains(_ value: Value) -> Bool {
    let patterns = patterns.withLock { $0 }
    return !patterns.isEmpty && contains(value, patterns)
  }

  public func redact(_ text: String) -> String { redacted(text, patterns.withLock { $0 }) ?? text }

  /// The value with every secret in its texts and keys replaced. Keys that become equal are numbered.
  public func redact(_ value: Value) -> Value {
    let patterns = patterns.withLock { $0 }
    return patterns.isEmpty ? value : redacted(value, patterns) ?? value
  }

  /// The same for a map, but for the keys given, and the keys of the map itself: they hold the program's own words.
  public func redact(_ value: Value, sparing keys: Set<String>) -> Value {
    guard !keys.isEmpty, case .map(let map) = value else { return redact(value) }
    let patterns = patterns.withLock { $0 }
    if patterns.isEmpty { return value }
    var result = map
    for (key, item) in map where !keys.contains(key) {
      if let changed = redacted(item, patterns) { result[key] = changed }
    }
    return .map(result)
  }

  var snapshot: SecretPatterns { patterns.withLock { $0 } }

  // MARK: What a secret holds

  private static func trimmed(_ bytes: [UInt8]) -> [UInt8] {
    Array(bytes.drop { $0 <= 0x20 }.reversed().drop { $0 <= 0x20 }.reversed())
  }

  /// What stands between the first colon and the last @ of `scheme://user:password@host`, before the host's path.
  private static func password(inURI text: [UInt8]) -> [UInt8]? {
    let marker = Array("://".utf8)
    guard let start = text.indices.first(where: { text[$0...].starts(with: marker) }) else { return nil }
    let rest = text[(start + 3)...]
    // A password that was written with a slash unencoded still ends at the last @.
    guard let at = rest.lastIndex(of: UInt8(ascii: "@")), let colon = rest[..<at].firstIndex(of: UInt8(ascii: ":")) else { return nil }
    return Array(rest[(colon + 1)..<at])
  }

  // MARK: Replacing

  private func contains(_ text: String, _ patterns: SecretPatterns) -> Bool {
    var text = text
    return text.withUTF8 { !patterns.ranges(in: $0).isEmpty }
  }

  private func contains(_ value: Value, _ patterns: SecretPatterns) -> Bool {
    switch value {
    case .string(let text), .decimal(let text): contains(text, patterns)
    case .list(let list): list.contains { contains($0, patterns) }
    case .map(let map): map.contains { contains($0.key, patterns) || contains($0.value, patterns) }
    default: false
    }
  }

  /// nil where nothing is to be replaced.
  private func redacted(_ text: String, _ patterns: SecretPatterns) -> String? {
    var text = text
    return text.withUTF8 { bytes -> String? in
      let ranges = patterns.ranges(in: bytes)
      if ranges.isEmpty { return nil }
      var result: [UInt8] = []
      var end = 0
      for range in ranges {
        result.append(contentsOf: bytes[end..<range.lowerBound])
        result.append(contentsOf: Self.mark.utf8)
        end = range.upperBound
      }
      result.append(contentsOf: bytes[end...])
      return String(decoding: result, as: UTF8.self)
    }
  }

  /// nil where nothing is to be replaced, so that the usual value is not built anew.
  private func redacted(_ value: Value, _ patterns: SecretPatterns) -> Value? {
    switch value {
    case .string(let text): return redacted(text, patterns).map(Value.string)
    case .decimal(let text): return redacted(text, patterns).map(Value.string)
    case .list(let list):
      var result: [Value]?
      for (index, item) in list.enumerated() {
        guard let changed = redacted(item, patterns) else { continue }
        if result == nil { result = list }
        result?[index] = changed
      }
      return result.map(Value.list)
    case .map(let map):
      guard contains(value, patterns) else { return nil }
      var result = ValueMap(minimumCapacity: map.count)
      for (key, item) in map {
        result[freeKey(redacted(key, patterns) ?? key, result, original: map, key)] = redacted(item, patterns) ?? item
      }
      return .map(result)
    default: return nil
    }
  }

  private func freeKey(_ wanted: String, _ taken: ValueMap, original: ValueMap, _ key: String) -> String {
    if wanted == key { return key }
    var candidate = wanted
    var number = 2
    while taken[candidate] != nil || original[candidate] != nil {
      candidate = "\(wanted)\(number)"
      number += 1
    }
    return candidate
  }
}
