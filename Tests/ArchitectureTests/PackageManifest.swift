/// What `Package.swift` says about its targets, read from its text: enough for a manifest that is written as ours is.
struct PackageManifest {
  struct Target: Equatable {
    var name: String
    /// Targets and products it depends on, in alphabetical order.
    var dependencies: [String]
  }

  var targets: [Target] = []

  init(_ text: String) {
    let abbreviations = Self.abbreviations(in: text)
    let list = text.firstRange(of: "targets: [\n").map { text[$0.upperBound...] } ?? ""
    let openings = list.ranges(of: #/\.(systemLibrary|target|executableTarget|testTarget)\(/#)
    for (index, opening) in openings.enumerated() {
      let end = index + 1 < openings.count ? openings[index + 1].lowerBound : list.endIndex
      let body = list[opening.upperBound..<end]
      guard let name = body.firstMatch(of: #/name: "([^"]+)"/#)?.1 else { continue }
      targets.append(Target(name: String(name), dependencies: Self.dependencies(in: body, abbreviations: abbreviations)))
    }
  }

  /// `let x = Target.Dependency.product(name: "X", …)`: short names for products.
  private static func abbreviations(in text: String) -> [String: String] {
    var found: [String: String] = [:]
    for match in text.matches(of: #/let (\w+) = Target\.Dependency\.product\(name: "([^"]+)"/#) {
      found[String(match.1)] = String(match.2)
    }
    return found
  }

  private static func dependencies(in body: Substring, abbreviations: [String: String]) -> [String] {
    guard let start = body.firstRange(of: "dependencies: [") else { return [] }
    var depth = 1
    let list = body[start.upperBound...].prefix { character in
      if character == "[" { depth += 1 }
      if character == "]" { depth -= 1 }
      return depth > 0
    }
    var found = list.matches(of: #/\.product\(name: "([^"]+)", package: "[^"]+"\)/#).map { String($0.1) }
    let plain = list.replacing(#/\.product\([^)]*\)/#, with: "")
    found += plain.matches(of: #/"([^"]+)"/#).map { String($0.1) }
    found += words(in: String(plain.replacing(#/"[^"]*"/#, with: ""))).compactMap { abbreviations[$0] }
    return found.sorted()
  }
}
