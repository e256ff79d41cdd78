import Foundation
import Glibc
import Testing

@testable import RunbookCommands

/// Reading a plan's file into its array.
@Suite struct FileBytesTests {
  private let folder: URL

  init() throws {
    folder = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-bytes-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  }

  private func path(_ name: String) -> String { folder.appendingPathComponent(name).path }

  @Test(arguments: [0, 1, 4_095, 4_096, 4_097, 65_536, 300_000]) func aFileIsReadWhole(size: Int) throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let bytes = (0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 8) }
    try Data(bytes).write(to: folder.appendingPathComponent("plan"))
    #expect(readFile(path("plan")) == bytes)
  }

  /// Such is what a shell hands over for `<(command)`: it has no size, and comes in pieces.
  @Test func aPipeIsReadToItsEnd() throws {
    defer { try? FileManager.default.removeItem(at: folder) }
    let pipe = path("pipe")
    try #require(mkfifo(pipe, 0o600) == 0)
    let bytes = (0..<300_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let writer = Thread {
      guard let handle = FileHandle(forWritingAtPath: pipe) else { return }
      for start in stride(from: 0, to: bytes.count, by: 10_000) { try? handle.write(contentsOf: bytes[start..<start + 10_000]) }
      try? handle.close()
    }
    writer.start()
    #expect(readFile(pipe) == bytes)
  }

  @Test func whatCannotBeReadIsNil() {
    defer { try? FileManager.default.removeItem(at: folder) }
    #expect(readFile(path("missing")) == nil)
    #expect(readFile(folder.path) == nil)
  }

  /// The hint to the kernel changes nothing that can be seen, whatever the size.
  @Test(arguments: [0, 100, 1 << 20, 8 << 20]) func askingForLargePagesIsHarmless(size: Int) {
    defer { try? FileManager.default.removeItem(at: folder) }
    PlanHeap.expectPlan(ofBytes: size)
    let kept = (0..<1_000).map { [UInt8](repeating: UInt8(truncatingIfNeeded: $0), count: 3_000) }
    for (index, bytes) in kept.enumerated() where bytes.contains(where: { $0 != UInt8(truncatingIfNeeded: index) }) {
      Issue.record("what was kept at \(index) is no longer what it was")
    }
  }
}
