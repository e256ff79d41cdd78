import Foundation
import GRDB
import RunbookPlan
import Testing

@testable import RunbookJournal
@testable import RunbookSQLiteJournal

/// What was stored once is read for ever: these texts are never changed, only added to.
@Suite struct StoredFormatTests {
  @Test func theChainIsHashedAsItWas() throws {
    let genesis = HashChain.genesis(run: "r1", planDigest: "sha256:abc")
    #expect(genesis.hex == FrozenState1.genesis)
    let hash = HashChain.hash(
      previous: genesis, run: "r1", seq: 1, epoch: 1, at: 1_700_000_000_000, version: 1, kind: "runStarted",
      payload: Array("{\"a\":{\"@duration\":5}}".utf8))
    #expect(hash.hex == FrozenState1.first)
    #expect(ChainHash(hex: hash.hex) == hash && ChainHash(hex: "00") == nil && ChainHash(hex: hash.hex.uppercased()) == nil)
  }

  @Test func fieldsCannotFlowIntoEachOther() {
    let genesis = HashChain.genesis(run: "ab", planDigest: "c")
    #expect(genesis != HashChain.genesis(run: "a", planDigest: "bc"))
    #expect(HashChain.sum([[1, 2], [3]]) != HashChain.sum([[1], [2, 3]]))
  }

  @Test func theFirstVersionsStateIsRead() async throws {
    let directory = try TemporaryDirectory()
    let path = directory.file("state.db")
    let database = try DatabaseQueue(path: path)
    try await database.writeWithoutTransaction { try $0.execute(sql: FrozenState1.sql) }
    try database.close()
    let journal = try await SQLiteJournal.open(path: path, redactor: Redactor())
    let records = try await journal.records(of: "r1")
    #expect(records.map(\.kind) == ["runStarted", "runEnded"])
    #expect(records.map(\.version) == [1, 1])
    #expect(records[0].payload == .object(["a": .duration(5)]))
    #expect(try await journal.header(of: "r1").planBytes == Array("{}".utf8))
    #expect(try await journal.pendingRequests(of: "r1").map(\.kind) == ["pause"])
    guard case .intact(let head) = try await journal.verifyChain(of: "r1") else {
      Issue.record("broken")
      return
    }
    // And it goes on from there.
    #expect(try await journal.append([sampleRecord(3)], to: "r1", expectedHead: head.seq, consuming: ["q1"]).seq == 3)
    try await journal.close()
  }
}
