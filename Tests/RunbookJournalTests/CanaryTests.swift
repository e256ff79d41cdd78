import Foundation
import RunbookJournal
import RunbookPlan
import RunbookSQLiteJournal
import Testing

/// Plants secrets wherever a run may put text, then looks for them in every byte below the state's directory.
@Suite struct CanaryTests {
  static let canaries = [
    "canary-0001-plain", "canary 0002 / with spaces?&=", "canary\"0003'quotes\\", "kanärienvogel-0004", "Canary0005==",
    "canary-0006\nsecond-line-of-the-secret",
  ]
  static let uriPassword = "canary-0007@pw"
  static let uri = "mongodb://app:canary-0007%40pw@localhost:27017/db"

  static func spellings() -> [[UInt8]] {
    (canaries + [uri, uriPassword, "canary-0007%40pw", "second-line-of-the-secret"]).flatMap { secret -> [[UInt8]] in
      var json: [UInt8] = []
      Value.appendQuoted(secret, to: &json)
      let percent = secret.utf8.map { String(format: "%%%02X", $0) }.joined()
      return [
        Array(secret.utf8), Array(json.dropFirst().dropLast()), Array(Data(secret.utf8).base64EncodedString().utf8), Array(percent.utf8),
        Array((secret.addingPercentEncoding(withAllowedCharacters: .urlPasswordAllowed) ?? secret).utf8),
      ]
    }
  }

  @Test func noSecretIsInAnyFile() async throws {
    let directory = try TemporaryDirectory()
    let redactor = Redactor(secrets: Self.canaries + [Self.uri])
    let journal = try await SQLiteJournal.open(path: directory.file("state.db"), redactor: redactor)
    var texts = Self.canaries + [Self.uri, Self.uriPassword]
    texts += texts.map { "x" + Data($0.utf8).base64EncodedString() }
    texts += texts.compactMap { $0.addingPercentEncoding(withAllowedCharacters: .urlPasswordAllowed) }
    texts = Set(texts).sorted().map { "harmless \($0) harmless" }
    let everything = Value.map(ValueMap(uniqueKeysWithValues: texts.map { ($0, Value.list([.string($0), .object(["k": .string($0)])])) }))
    var header = sampleHeader()
    (header.params, header.targets, header.initiator) = (everything, everything, texts[0])
    var head = try await journal.createRun(header, records: [sampleRecord(1, payload: everything)], status: nil)
    for (number, text) in texts.enumerated() {
      head = try await journal.append([sampleRecord(2, payload: .string(text))], to: "r1", expectedHead: head.seq)
      var request = sampleRequest("q\(number)")
      (request.argument, request.who, request.from) = (everything, text, text)
      try await journal.post(request)
      journal.noteProgress(run: "r1", effect: "e\(number)", at: 1, everything)
      journal.noteWindow(run: "r1", trigger: "t\(number)", at: 1, verdict: "pass", everything)
      for piece in text { journal.noteOutput(run: "r1", effect: "e\(number)", stream: "stdout", at: 1, String(piece)) }
      if number % 2 == 0 { journal.endOutput(run: "r1", effect: "e\(number)", at: 2) }
    }
    let lock = try RunLock.acquire(run: "r1", directory: directory.path)
    try await journal.flushNotes()
    try search(directory, expecting: ["state.db", "state.db-wal", "r1.lock"])
    try await journal.close()
    try search(directory, expecting: ["state.db", "r1.lock"])
    #expect(lock.run == "r1")
  }

  private func search(_ directory: TemporaryDirectory, expecting names: [String]) throws {
    let files = try directory.files()
    for name in names { #expect(files.contains(directory.file(name))) }
    var harmless = 0
    for file in files {
      let bytes = try Data(contentsOf: URL(fileURLWithPath: file))
      if bytes.range(of: Data("harmless ***".utf8)) != nil { harmless += 1 }
      for spelling in Self.spellings() {
        #expect(bytes.range(of: Data(spelling)) == nil, "\(String(decoding: spelling, as: UTF8.self)) is in \(file)")
      }
    }
    #expect(harmless > 0, "what was written is there")
  }
}
