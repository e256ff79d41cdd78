/// Goes through all states of a model, breadth first, so that what is found wrong is told by a shortest way.
struct ModelSearch {
  struct Result: Sendable {
    var states = 0
    var ends = 0
    /// Ends with documents listed as in doubt.
    var listed = 0
    /// What is wrong, and the way there.
    var wrong: String?
    var way: [String] = []
  }

  private let model: Model
  private var seen = FingerprintSet()
  private var parents: [UInt32] = []

  init(_ setting: ModelCase, bug: ModelBug? = nil) { model = Model(setting, bug: bug) }

  /// - Parameter most: after so many states the search ends.
  static func run(_ setting: ModelCase, bug: ModelBug? = nil, most: Int = .max) -> Result {
    var search = ModelSearch(setting, bug: bug)
    return search.run(most: most)
  }

  private mutating func run(most: Int) -> Result {
    var result = Result()
    let model = model
    var border = [model.start]
    var numbers: [UInt32] = [0]
    _ = seen.insert(Fingerprint(model.start))
    parents = [0]
    var found: (wrong: String, parent: UInt32, step: ModelStep)?
    while !border.isEmpty, found == nil, parents.count < most {
      var nextBorder: [ModelState] = []
      var nextNumbers: [UInt32] = []
      for (place, state) in border.enumerated() {
        if model.isEnd(state) {
          result.ends += 1
          if state.listed != 0 { result.listed += 1 }
          if let wrong = model.complaint(state) { found = found ?? (wrong, parents[Int(numbers[place])], ModelStep("is at its end")) }
          continue
        }
        model.successors(state) { next, step, wrong in
          if let wrong, found == nil { found = (wrong, numbers[place], step) }
          guard seen.insert(Fingerprint(next)) else { return }
          nextNumbers.append(UInt32(parents.count))
          parents.append(numbers[place])
          nextBorder.append(next)
        }
        if found != nil { break }
      }
      border = nextBorder
      numbers = nextNumbers
    }
    result.states = parents.count
    if let found {
      result.wrong = found.wrong
      result.way = way(to: found.parent) + [found.step.text]
    }
    return result
  }

  /// The steps that lead to a state, found again by its ancestors' fingerprints.
  private func way(to number: UInt32) -> [String] {
    var numbers: [UInt32] = []
    var number = number
    while number != 0 {
      numbers.append(number)
      number = parents[Int(number)]
    }
    var state = model.start
    var steps: [String] = []
    for number in numbers.reversed() {
      let wanted = seen[Int(number)]
      var found: (ModelState, ModelStep)?
      model.successors(state) { next, step, _ in if found == nil, Fingerprint(next) == wanted { found = (next, step) } }
      guard let found else { return steps + ["?"] }
      steps.append(found.1.text)
      state = found.0
    }
    return steps
  }
}

/// A hundred and twenty-eight bits of a state, by which two states are told apart.
struct Fingerprint: Equatable {
  let first: UInt64
  let second: UInt64

  init(_ state: ModelState) {
    var a: UInt64 = 0x9E37_79B9_7F4A_7C15
    var b: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    withUnsafeBytes(of: state) { bytes in
      var place = 0
      while place < bytes.count {
        var word: UInt64 = 0
        if place + 8 <= bytes.count {
          word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
        } else {
          for rest in place..<bytes.count { word = word << 8 | UInt64(bytes[rest]) }
        }
        a = Self.mix(a ^ word, 0xA076_1D64_78BD_642F)
        b = Self.mix(b &+ word, 0xE703_7ED1_A0B4_28DB)
        place += 8
      }
    }
    first = a
    second = b
  }

  private static func mix(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let product = a.multipliedFullWidth(by: b)
    return product.high ^ product.low ^ (a >> 29)
  }
}

/// The fingerprints seen, in the order in which they came.
struct FingerprintSet {
  private var slots = [UInt32](repeating: 0, count: 1 << 16)
  private var all: [Fingerprint] = []

  subscript(number: Int) -> Fingerprint { all[number] }

  /// - Returns: whether it is new.
  mutating func insert(_ fingerprint: Fingerprint) -> Bool {
    if (all.count + 1) * 2 > slots.count { grow() }
    var slot = Int(truncatingIfNeeded: fingerprint.first) & (slots.count - 1)
    while slots[slot] != 0 {
      if all[Int(slots[slot]) - 1] == fingerprint { return false }
      slot = (slot + 1) & (slots.count - 1)
    }
    all.append(fingerprint)
    slots[slot] = UInt32(all.count)
    return true
  }

  private mutating func grow() {
    slots = [UInt32](repeating: 0, count: slots.count * 2)
    for (number, fingerprint) in all.enumerated() {
      var slot = Int(truncatingIfNeeded: fingerprint.first) & (slots.count - 1)
      while slots[slot] != 0 { slot = (slot + 1) & (slots.count - 1) }
      slots[slot] = UInt32(number + 1)
    }
  }
}
