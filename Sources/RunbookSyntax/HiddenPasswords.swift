/// The text without the passwords that stand in its addresses, `scheme://user:password@host`. Such a password belongs into a secret and not into a
/// plan; where it is written into one all the same, no message is to carry it further.
/// - Parameter stars: what stands for a password; as many stars as it has characters unless told, so that columns stay what they are.
public func hidingPasswords(
  _ text: String, stars: (Substring) -> String = { String(repeating: "*", count: $0.unicodeScalars.count) }
) -> String {
  guard text.utf8.contains(UInt8(ascii: "@")), text.contains("://") else { return text }
  var parts = text.split(separator: "://", omittingEmptySubsequences: false).map(String.init)
  for index in parts.indices.dropFirst() {
    let authority = parts[index].prefix { !"/?# \"'\t\n".contains($0) }
    guard let at = authority.lastIndex(of: "@"), let colon = authority[..<at].firstIndex(of: ":") else { continue }
    let password = authority[authority.index(after: colon)..<at]
    // A reference to a secret is none itself.
    if password.isEmpty || password.hasPrefix("${{") { continue }
    let hidden = stars(password)
    parts[index].replaceSubrange(password.startIndex..<password.endIndex, with: hidden)
  }
  return parts.joined(separator: "://")
}
