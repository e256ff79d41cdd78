import MongoDriver

/// A document of random fields, nested at most `depth` deep.
func randomDocument(depth: Int, using generator: inout SeededGenerator) -> BSONDocument {
  let count = Int.random(in: 0...6, using: &generator)
  let fields = (0..<count).map { index in
    ("\(index)" + randomText(using: &generator), randomValue(depth: depth, using: &generator))
  }
  return BSONDocument(fields)
}

private func randomValue(depth: Int, using generator: inout SeededGenerator) -> BSONValue {
  switch Int.random(in: 0..<10, using: &generator) {
  case 0 where depth > 0: .document(randomDocument(depth: depth - 1, using: &generator))
  case 1 where depth > 0:
    .array(BSONArray((0..<Int.random(in: 0...12, using: &generator)).map { _ in randomValue(depth: depth - 1, using: &generator) }))
  case 2: .string(randomText(using: &generator))
  case 3: .double(Double(bitPattern: UInt64.random(in: 0..<(0x7FF0 << 48), using: &generator)))
  case 4: .int64(Int64.random(in: .min ... .max, using: &generator))
  case 5: .int32(Int32.random(in: .min ... .max, using: &generator))
  case 6: .datetime(Int64.random(in: -1_000_000_000_000_000...1_000_000_000_000_000, using: &generator))
  case 7: .binary(BSONBinary(bytes: (0..<Int.random(in: 0...9, using: &generator)).map { _ in .random(in: 0...255, using: &generator) }))
  case 8: .decimal128(Decimal128("\(Int32.random(in: .min ... .max, using: &generator))E-\(Int.random(in: 0...20, using: &generator))")!)
  default: everyType[Int.random(in: 0..<everyType.count, using: &generator)].1
  }
}

private func randomText(using generator: inout SeededGenerator) -> String {
  let letters: [Character] = ["a", "Z", "é", "\"", "\\", "/", "😀", "\n", " ", "\u{7F}", "."]
  return String((0..<Int.random(in: 0...8, using: &generator)).map { _ in letters.randomElement(using: &generator) ?? "a" })
}
