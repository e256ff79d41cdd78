import RunbookSyntax

/// The least and the greatest value of a param.
public struct ParamBounds: Sendable, Hashable {
  public var min: Value?
  public var max: Value?

  public init(min: Value? = nil, max: Value? = nil) {
    self.min = min
    self.max = max
  }

  /// Types of params whose values have an order.
  public static let types = ["integer", "number", "duration", "size", "percentage", "date", "timestamp"]

  /// Why a value of the param's type is out of bounds; nil where it is not.
  func mistake(_ value: Value) -> TextMistake? {
    if let min, Self.isLess(value, min) {
      return TextMistake("\(Self.text(value)) is below \(Self.text(min))", help: "write \(Self.text(min)) or more")
    }
    if let max, Self.isLess(max, value) {
      return TextMistake("\(Self.text(value)) is above \(Self.text(max))", help: "write \(Self.text(max)) or less")
    }
    return nil
  }

  static func isLess(_ left: Value, _ right: Value) -> Bool {
    switch (left, right) {
    case (.duration(let left), .duration(let right)), (.timestamp(let left), .timestamp(let right)),
      (.integer(let left), .integer(let right)):
      left < right
    // Dates: their text has the order of the days.
    case (.string(let left), .string(let right)): left.utf8.lexicographicallyPrecedes(right.utf8)
    case (.double(let left), .double(let right)): left < right
    case (.integer(let left), .double(let right)): Double(left) < right
    case (.double(let left), .integer(let right)): left < Double(right)
    default: false
    }
  }

  private static func text(_ value: Value) -> String { value.referenceText ?? value.typeName }
}
