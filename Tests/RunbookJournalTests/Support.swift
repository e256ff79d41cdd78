import Foundation
import RunbookJournal
import RunbookPlan
import RunbookSQLiteJournal
import Testing

/// A directory of the test's own, removed when the test is over.
final class TemporaryDirectory: Sendable {
  let path: String

  init() throws {
    path = FileManager.default.temporaryDirectory.appendingPathComponent("runbook-journal-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

  func file(_ name: String) -> String { "\(path)/\(name)" }

  /// Every file below, by path.
  func files() throws -> [String] {
    try FileManager.default.subpathsOfDirectory(atPath: path).map(file).filter { path in
      var isDirectory: ObjCBool = false
      return FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) && !isDirectory.boolValue
    }
  }
}

enum StoreKind: String, CaseIterable, Sendable, CustomTestStringConvertible {
  case memory, sqlite

  var testDescription: String { rawValue }
}

/// Opens a store, hands it over, closes it.
func withStore(_ kind: StoreKind, secrets: [String] = [], _ body: (any Journal) async throws -> Void) async throws {
  let redactor = Redactor(secrets: secrets)
  switch kind {
  case .memory: try await body(MemoryJournal(redactor: redactor))
  case .sqlite:
    let directory = try TemporaryDirectory()
    let journal = try await SQLiteJournal.open(path: directory.file("state.db"), redactor: redactor)
    try await body(journal)
    try await journal.close()
  }
}

func sampleHeader(_ run: String = "r1", created: Int64 = 1_700_000_000_000) -> RunHeader {
  RunHeader(
    run: run, planID: "staging-2b", planDigest: "sha256:abc", planBytes: Array("{\"a\":1}\u{0}ü".utf8), planPath: "plans/staging-2b.yaml",
    params: .object(["collection": "assets", "expected": 1_681]), targets: .object(["registry": .object(["replicaSet": "rs"])]),
    created: created, toolVersion: "0.1.0", initiator: "ana")
}

func sampleRecord(_ number: Int64, epoch: Int64 = 1, payload: Value? = nil) -> NewRecord {
  NewRecord(
    epoch: epoch, at: 1_700_000_000_000 + number, version: 1, kind: "effectFinished", payload: payload ?? .object(["n": .integer(number)]))
}

func sampleRequest(_ id: String, run: String = "r1") -> RequestRow {
  RequestRow(
    id: id, run: run, kind: "confirm", argument: .object(["step": "gate"]), who: "ana", from: "host1", at: 1_700_000_000_500)
}

/// The error that a call ends with, nil where it ends well or with another kind of error.
func journalError<Result>(_ body: () async throws -> Result) async -> JournalError? {
  do {
    _ = try await body()
    return nil
  } catch { return error as? JournalError }
}

/// Numbers that are the same at every run (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }
}
