import Crypto

/// A plan as it was reviewed: its normal form with everything that it includes, the values of its params, the program's version, and the facts that
/// the review relied on. What is executed from it is this, whatever has become of the file.
public struct SavedPlan: Sendable, Hashable {
  /// Where the plan's file was, as the user wrote it: its relative paths begin there.
  public var planPath: String
  /// Milliseconds since 1970.
  public var savedAt: Int64
  public var savedBy: String
  public var programVersion: String
  public var planDigest: String
  /// The normal form.
  public var planText: String
  public var params: ValueMap
  /// By target, as `PinnedFacts` has them.
  public var facts: ValueMap
  /// By how much a number of documents may move, as a share of it.
  public var tolerance: Double

  /// Why a text is no saved plan.
  public struct Fault: Error, Sendable, Hashable {
    public var message: String
  }

  static let kind = "SavedPlan"

  public init(
    planPath: String, savedAt: Int64, savedBy: String, programVersion: String, planDigest: String, planText: String, params: ValueMap,
    facts: ValueMap, tolerance: Double
  ) {
    self.planPath = planPath
    self.savedAt = savedAt
    self.savedBy = savedBy
    self.programVersion = programVersion
    self.planDigest = planDigest
    self.planText = planText
    self.params = params
    self.facts = facts
    self.tolerance = tolerance
  }

  public var approvalDigest: String {
    NormalisedPlan.approvalDigest(planDigest: planDigest, params: params, programVersion: programVersion)
  }

  /// The stored form, with a digest of itself, so that an edited file is found out.
  public var value: Value {
    var map = content
    map["digest"] = .string(Self.digest(of: map))
    return .map(map)
  }

  private var content: ValueMap {
    [
      "apiVersion": "runbook/v1", "kind": .string(Self.kind), "planPath": .string(planPath), "savedAt": .timestamp(savedAt),
      "savedBy": .string(savedBy), "programVersion": .string(programVersion), "planDigest": .string(planDigest),
      "approvalDigest": .string(approvalDigest), "params": .map(params), "facts": .map(facts), "tolerance": .double(tolerance),
      "plan": .string(planText),
    ]
  }

  private static func share(_ value: Value) -> Double? {
    switch value {
    case .double(let share): share
    case .integer(let share): Double(share)
    default: nil
    }
  }

  private static func digest(of content: ValueMap) -> String {
    var bytes: [UInt8] = []
    Value.map(content).appendJSON(to: &bytes)
    return "v1:" + hexadecimal(SHA256.hash(data: bytes))
  }

  /// Whether a file's bytes look like a saved plan, and not like a plan to load.
  public static func isSaved(_ bytes: [UInt8]) -> Bool {
    guard bytes.first == UInt8(ascii: "{") else { return false }
    let value = try? Value(encodedJSON: bytes)
    return value?["kind"]?.stringValue == kind
  }

  /// - Throws: `Fault` where it is none, or is not as it was written.
  public init(bytes: [UInt8]) throws(Fault) {
    let value: Value
    do throws(ValueDecodingError) { value = try Value(encodedJSON: bytes) } catch { throw Fault(message: "it is no saved plan: \(error)") }
    guard case .map(let map) = value, map["kind"]?.stringValue == Self.kind, map["apiVersion"] == "runbook/v1",
      let planPath = map["planPath"]?.stringValue, let savedAt = map["savedAt"]?.timestampValue, let savedBy = map["savedBy"]?.stringValue,
      let programVersion = map["programVersion"]?.stringValue, let planDigest = map["planDigest"]?.stringValue,
      let planText = map["plan"]?.stringValue, let params = map["params"]?.mapValue, let facts = map["facts"]?.mapValue,
      let tolerance = map["tolerance"].flatMap(Self.share)
    else { throw Fault(message: "it is no saved plan that this version reads") }
    self.init(
      planPath: planPath, savedAt: savedAt, savedBy: savedBy, programVersion: programVersion, planDigest: planDigest, planText: planText,
      params: params, facts: facts, tolerance: tolerance)
    guard map["digest"] == .string(Self.digest(of: content)) else { throw Fault(message: "it was edited after it was saved") }
  }
}
