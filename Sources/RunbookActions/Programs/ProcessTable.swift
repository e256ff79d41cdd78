import Glibc

/// The processes of this machine at one moment, as `/proc` tells them.
struct ProcessTable {
  /// What tells a process from a later one with its number.
  struct Key: Hashable {
    var pid: Int32
    /// In clock ticks since boot.
    var start: UInt64
  }

  struct Entry: Hashable {
    var pid: Int32
    var parent: Int32
    var session: Int32
    /// It has ended and only waits to be asked how.
    var isZombie: Bool
    var start: UInt64

    var key: Key { Key(pid: pid, start: start) }
  }

  let entries: [Entry]

  init(entries: [Entry]) { self.entries = entries }

  /// Reads the table. A process that ends meanwhile is left out.
  static func now() -> ProcessTable {
    guard let directory = opendir("/proc") else { return ProcessTable(entries: []) }
    defer { closedir(directory) }
    var entries: [Entry] = []
    while let item = readdir(directory) {
      let name = withUnsafeBytes(of: item.pointee.d_name) { String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self) }
      if let pid = Int32(name), let entry = entry(of: pid) { entries.append(entry) }
    }
    return ProcessTable(entries: entries)
  }

  /// One process; nil where there is none.
  static func entry(of pid: Int32) -> Entry? {
    let file = open("/proc/\(pid)/stat", O_RDONLY | O_CLOEXEC)
    guard file >= 0 else { return nil }
    defer { close(file) }
    let bytes = withUnsafeTemporaryAllocation(byteCount: 1_024, alignment: 1) {
      Array($0.prefix(max(0, read(file, $0.baseAddress, 1_024))))
    }
    return entry(pid, stat: bytes)
  }

  /// Everything behind the program's name, which may itself hold blanks and brackets.
  static func entry(_ pid: Int32, stat bytes: [UInt8]) -> Entry? {
    guard let bracket = bytes.lastIndex(of: UInt8(ascii: ")")) else { return nil }
    let words = bytes[(bracket + 1)...].split(separator: 0x20)
    guard words.count > 19, let parent = number(words[1]), let session = number(words[3]), let start = number(words[19]) else { return nil }
    let isZombie = words[0].elementsEqual("Z".utf8) || words[0].elementsEqual("X".utf8)
    return Entry(pid: pid, parent: Int32(parent), session: Int32(session), isZombie: isZombie, start: UInt64(start))
  }

  private static func number(_ word: ArraySlice<UInt8>) -> Int? { Int(String(decoding: word, as: UTF8.self)) }

  /// The processes given, all of their sessions and all that descends from any of them, as far as they are alive. One that began a session of
  /// its own is found as long as its parent is.
  func family(of roots: Set<Int32>) -> [Entry] {
    var family = roots
    var grows = true
    while grows {
      grows = false
      for entry in entries where !family.contains(entry.pid) && (family.contains(entry.parent) || family.contains(entry.session)) {
        family.insert(entry.pid)
        grows = true
      }
    }
    return entries.filter { family.contains($0.pid) && !$0.isZombie }
  }

  func children(of pid: Int32) -> [Entry] { entries.filter { $0.parent == pid } }
}
