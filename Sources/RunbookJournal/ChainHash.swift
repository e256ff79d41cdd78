import Crypto

/// A SHA-256 of the chain, 32 bytes.
public struct ChainHash: Sendable, Hashable, CustomStringConvertible {
  public let bytes: [UInt8]

  /// nil where these are not 32 bytes.
  public init?(bytes: [UInt8]) {
    guard bytes.count == 32 else { return nil }
    self.bytes = bytes
  }

  /// nil where this is not the text of 32 bytes in hexadecimal.
  public init?(hex: String) {
    let digits = Array(hex.utf8)
    guard digits.count == 64 else { return nil }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(32)
    for index in stride(from: 0, to: 64, by: 2) {
      guard let high = Self.value(of: digits[index]), let low = Self.value(of: digits[index + 1]) else { return nil }
      bytes.append(high << 4 | low)
    }
    self.bytes = bytes
  }

  private static func value(of digit: UInt8) -> UInt8? {
    switch digit {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
    default: nil
    }
  }

  /// Lower-case hexadecimal.
  public var hex: String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  public var description: String { hex }
}

/// The chain of a run: each record's hash covers the hash before it and all that is stored of the record.
///
/// Fields are written with their length (8 bytes, big-endian) in front, numbers as 8 bytes big-endian, so that no two records have the
/// same text to hash. A change of this form is a new genesis mark.
public enum HashChain {
  /// What the first record follows.
  public static func genesis(run: String, planDigest: String) -> ChainHash {
    var text: [UInt8] = []
    append("runbook-journal-1".utf8, to: &text)
    append(run.utf8, to: &text)
    append(planDigest.utf8, to: &text)
    return hash(text)
  }

  /// - Parameter payload: the bytes as they are stored.
  public static func hash(
    previous: ChainHash, run: String, seq: Int64, epoch: Int64, at: Int64, version: Int, kind: String, payload: [UInt8]
  ) -> ChainHash {
    var text: [UInt8] = []
    text.reserveCapacity(payload.count + 160)
    append(previous.bytes, to: &text)
    append(run.utf8, to: &text)
    append(seq, to: &text)
    append(epoch, to: &text)
    append(at, to: &text)
    append(Int64(version), to: &text)
    append(kind.utf8, to: &text)
    append(payload, to: &text)
    return hash(text)
  }

  /// A sum over fields that stand outside the chain, such as a header or a request.
  public static func sum(_ fields: [[UInt8]]) -> ChainHash {
    var text: [UInt8] = []
    for field in fields { append(field, to: &text) }
    return hash(text)
  }

  private static func append(_ field: some Collection<UInt8>, to text: inout [UInt8]) {
    append(Int64(field.count), to: &text)
    text.append(contentsOf: field)
  }

  private static func append(_ number: Int64, to text: inout [UInt8]) {
    withUnsafeBytes(of: number.bigEndian) { text.append(contentsOf: $0) }
  }

  private static func hash(_ text: [UInt8]) -> ChainHash {
    guard let hash = ChainHash(bytes: Array(SHA256.hash(data: text))) else { preconditionFailure("SHA-256 has 32 bytes") }
    return hash
  }
}
