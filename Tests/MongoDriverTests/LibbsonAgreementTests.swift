import MongoDriver
import Testing

/// Our bytes and our text judged by libbson, where it is right (everything but code and pointers inside arrays).
@Suite struct LibbsonAgreementTests {
  @Test func libbsonWritesTheTextThatWeRead() throws {
    let document = BSONDocument(everyType)
    let text = try #require(LibbsonJudge.canonicalText(document))
    #expect(try BSONDocument(extendedJSON: text) == document)
    let relaxed = try #require(LibbsonJudge.relaxedText(document))
    let numbersApart = try BSONDocument(extendedJSON: relaxed)
    #expect(numbersApart.keys == document.keys)
  }

  @Test func libbsonReadsTheTextThatWeWrite() throws {
    let document = BSONDocument(everyType)
    #expect(LibbsonJudge.read(document.extendedJSON(canonical: true)) == document)
  }

  @Test(arguments: 100...140 as ClosedRange<UInt64>) func libbsonWalksRandomDocuments(seed: UInt64) throws {
    var generator = SeededGenerator(state: seed)
    for _ in 0..<10 {
      let document = randomDocument(depth: 3, using: &generator)
      #expect(LibbsonJudge.isValid(document))
      #expect(LibbsonJudge.canonicalText(document).flatMap { try? BSONDocument(extendedJSON: $0) } == document)
    }
  }

  /// Damage that leaves text UTF-8 (which our reader does not look at): whatever ours accepts of it, libbson accepts.
  @Test func weAcceptNothingThatLibbsonRefuses() {
    let good = BSONDocument(everyType).bytes
    let ascii = good.indices.filter { good[$0] < 0x80 }
    var generator = SeededGenerator(state: 23)
    var accepted = 0
    for _ in 0..<4000 {
      var bad = good
      let position = ascii[Int.random(in: ascii.indices, using: &generator)]
      bad[position] = UInt8.random(in: 0..<0x80, using: &generator)
      guard let document = try? BSONDocument(bytes: bad) else { continue }
      accepted += 1
      let agrees = LibbsonJudge.isValid(document)
      #expect(agrees, "byte \(position) = \(bad[position])")
    }
    #expect((500..<3900).contains(accepted))
  }
}
