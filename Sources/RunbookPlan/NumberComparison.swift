/// Comparing numbers of different kinds by their exact values.
enum NumberComparison {
  enum Order { case below, same, above }

  /// The order of two numbers; nil where one of them is no number (or NaN).
  static func order(_ left: Value, _ right: Value) -> Order? {
    switch (left, right) {
    case (.integer(let left), .integer(let right)): return order(left, right)
    case (.double(let left), .double(let right)): return left.isNaN || right.isNaN ? nil : order(left, right)
    case (.integer(let left), .double(let right)): return order(left, right)
    case (.double(let left), .integer(let right)): return order(right, left).map(reversed)
    default:
      guard let left = ExactDecimal(left), let right = ExactDecimal(right) else { return nil }
      return left.order(to: right)
    }
  }

  private static func order<Number: Comparable>(_ left: Number, _ right: Number) -> Order {
    left < right ? .below : left == right ? .same : .above
  }

  private static func reversed(_ order: Order) -> Order {
    switch order {
    case .below: .above
    case .same: .same
    case .above: .below
    }
  }

  /// Exact also beyond 2^53, where not every integer is a double: whole parts are compared as integers.
  private static func order(_ left: Int64, _ right: Double) -> Order? {
    if right.isNaN { return nil }
    if right >= 0x1p63 { return .below }
    if right < -0x1p63 { return .above }
    let whole = right.rounded(.towardZero)
    let first = order(left, Int64(whole))
    if first != .same { return first }
    return whole == right ? .same : right > whole ? .below : .above
  }
}

/// A decimal number as its digits and the power of ten of the first one: what text, integers and doubles (by their shortest text) have in common.
struct ExactDecimal {
  /// -1, 0 or 1.
  private let sign: Int
  /// Without zeros at either end.
  private let digits: [UInt8]
  /// The number is 0.d1d2d3… times ten to this power.
  private let exponent: Int

  init?(_ value: Value) {
    switch value {
    case .integer(let number): self.init(text: String(number))
    case .double(let number): self.init(text: "\(number)")
    case .decimal(let text): self.init(text: text)
    default: return nil
    }
  }

  /// Reads `-12.50`, `1E+3`, `Infinity`; nil for NaN and for what is no number.
  init?(text: String) {
    var rest = Array(text.utf8)[...]
    var sign = 1
    if rest.first == UInt8(ascii: "-") || rest.first == UInt8(ascii: "+") {
      sign = rest.removeFirst() == UInt8(ascii: "-") ? -1 : 1
    }
    let word = String(decoding: rest, as: UTF8.self).lowercased()
    if word == "infinity" || word == "inf" {
      (self.sign, digits, exponent) = (sign, [1], .max)
      return
    }
    let isDigit = { (byte: UInt8) in (0x30...0x39).contains(byte) }
    let whole = rest.prefix(while: isDigit)
    rest = rest.dropFirst(whole.count)
    var fraction: ArraySlice<UInt8> = []
    if rest.first == UInt8(ascii: ".") {
      fraction = rest.dropFirst().prefix(while: isDigit)
      rest = rest.dropFirst(1 + fraction.count)
    }
    guard !whole.isEmpty || !fraction.isEmpty else { return nil }
    var power = 0
    if let mark = rest.first, mark | 0x20 == UInt8(ascii: "e") {
      // No number that is kept anywhere has an exponent beyond this; a wild one must not overflow.
      guard let number = Int(String(decoding: rest.dropFirst(), as: UTF8.self)), abs(number) < 1_000_000 else { return nil }
      power = number
      rest = []
    }
    guard rest.isEmpty else { return nil }
    let all = Array(whole + fraction)
    let leading = all.prefix { $0 == 0x30 }.count
    let trailing = all.dropFirst(leading).reversed().prefix { $0 == 0x30 }.count
    digits = Array(all[leading..<(all.count - trailing)])
    self.sign = digits.isEmpty ? 0 : sign
    exponent = digits.isEmpty ? 0 : whole.count - leading + power
  }

  func order(to other: ExactDecimal) -> NumberComparison.Order {
    if sign != other.sign { return sign < other.sign ? .below : .above }
    if sign == 0 { return .same }
    let (smaller, larger): (NumberComparison.Order, NumberComparison.Order) = sign > 0 ? (.below, .above) : (.above, .below)
    if exponent != other.exponent { return exponent < other.exponent ? smaller : larger }
    if digits == other.digits { return .same }
    return digits.lexicographicallyPrecedes(other.digits) ? smaller : larger
  }
}
