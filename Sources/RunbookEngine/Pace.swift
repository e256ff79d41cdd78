import RunbookPlan

/// How fast a person wants what is carried out in batches to go, beside what the plan says: forward the slower of the two counts, in a rollback what the
/// person says. The engine keeps it; those who carry effects out follow it at the borders of their batches.
public struct Pace: Sendable, Hashable {
  /// Documents a batch, at most.
  public var batchSize: Int64?
  /// Milliseconds between two batches.
  public var pauseBetween: Int64?
  /// No batch goes out until the pace is changed again.
  public var isHeld: Bool

  public init(batchSize: Int64? = nil, pauseBetween: Int64? = nil, isHeld: Bool = false) {
    self.batchSize = batchSize
    self.pauseBetween = pauseBetween
    self.isHeld = isHeld
  }

  /// As it is stored and sent.
  public var value: Value {
    var map: ValueMap = ["held": .bool(isHeld)]
    if let batchSize { map["batchSize"] = .integer(batchSize) }
    if let pauseBetween { map["pauseBetween"] = .integer(pauseBetween) }
    return .map(map)
  }

  /// Nil for what is no pace.
  public init?(_ value: Value?) {
    guard let held = value?["held"]?.boolValue else { return nil }
    self.init(
      batchSize: value?["batchSize"]?.integerValue.map { max(1, $0) },
      pauseBetween: value?["pauseBetween"]?.integerValue.map { max(0, $0) },
      isHeld: held)
  }
}
