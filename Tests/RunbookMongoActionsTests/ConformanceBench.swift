import MongoDriver
import OrderedCollections
import RunbookActions
import RunbookPlan
import RunbookTestSupport
import Testing

@testable import RunbookMongoActions

/// What the suite must know of an action to drive it: how the world is before, what it is told, and how somebody else gets in its way.
struct ConformanceCase: Sendable, CustomTestStringConvertible {
  /// What the case is about; unique.
  var title: String
  var action: any ChangingAction
  var arguments: ValueMap
  var collection: String? = "assets"
  /// Makes the world of before.
  var prepare: @Sendable (ActionBench) async throws -> Void
  /// How somebody else changes, between the effect and its undo, what the action has changed.
  var interfere: @Sendable (ActionBench) async throws -> Void
  /// Whether what somebody else did is there still.
  var isRespected: @Sendable (ActionBench) async throws -> Bool
  /// Whether the undo brings the world of before back; a proven backup is kept.
  var isUndone = true
  /// Whether the undo tells somebody else's change as a conflict; else it does not concern the undo.
  var conflicts = true
  /// Whether the action has an inverse of its own. One that has none is only performed and probed.
  var isReversible = true
  /// The outputs that differ from one attempt to the next.
  var volatile: Set<String> = []

  var testDescription: String { "\(action.descriptor.name), \(title)" }
}

/// One run of a case: what a process knows of it is lost whenever it is killed, but for what the journal keeps.
final class ConformanceDrive {
  enum Verb: Int, CaseIterable { case perform, probe, undo, verifyUndone, undoAgain, performAgain, undoAtLast }

  let testCase: ConformanceCase
  private(set) var bench: ActionBench
  private var isFirst = true
  var effect = "step:change#1"
  /// As the journal has them.
  var captured = Value.null
  var outputs: Value?

  init(_ testCase: ConformanceCase, _ bench: ActionBench) {
    self.testCase = testCase
    self.bench = bench
  }

  /// Ends what the process knows and takes the run up in another.
  func restart() async throws {
    if !isFirst {
      await bench.target.close()
      try await bench.command([
        "update": .string(RunbookCollections.runs), "updates": [["q": ["_id": "run1"], "u": ["$set": ["until": .int64(0)]]]],
      ])
      bench = ActionBench(server: bench.server, target: try bench.anotherTarget(), client: bench.client)
    }
    isFirst = false
    try await bench.takeLease()
  }

  var context: ActionContext {
    bench.context(testCase.arguments, collection: testCase.collection, subject: "change", effect: effect)
  }

  func capture() async throws { captured = try Self.journalled(try await testCase.action.capture(context)) }

  func perform() async throws {
    outputs = try Self.journalled(.map(try await testCase.action.perform(context, captured: captured).outputs))
  }

  /// What the probe found; the outputs are taken over, as the engine does.
  func probe() async throws -> Bool {
    guard case .happened(let found) = try await testCase.action.probe(context, captured: captured) else { return false }
    outputs = try Self.journalled(.map(found.outputs))
    return true
  }

  func undo() async throws -> UndoResult {
    let found = try await testCase.action.undo(context, captured: captured, outputs: outputs)
    return UndoResult(
      conflicts: found.conflicts, inDoubt: found.inDoubt, details: try Self.journalled(.map(found.details)).mapValue ?? [:])
  }

  func verifyUndone(_ undone: UndoResult) async throws -> String? {
    try await testCase.action.verifyUndone(context, captured: captured, undone: undone)
  }

  func world() async throws -> World { try await World(bench) }

  /// A value as it comes back from the journal.
  static func journalled(_ value: Value) throws -> Value { try Value(encodedJSON: value.encodedJSON()) }

  /// Compares outputs of two attempts.
  func expectSame(_ left: Value?, _ right: Value?, _ when: Comment) {
    func stable(_ value: Value?) -> ValueMap? { value?.mapValue?.filter { !testCase.volatile.contains($0.key) } }
    #expect(stable(left) == stable(right), when)
  }
}

/// Everything in the database that is not the program's own: definitions and documents, in an order that means nothing.
struct World: Equatable, CustomStringConvertible {
  let lines: [String]
  var description: String { lines.joined(separator: "\n") }

  init(_ bench: ActionBench) async throws {
    var lines: [String] = []
    for name in try await bench.collections().sorted() where !name.hasPrefix("_runbook.") && !name.hasPrefix("system.") {
      guard let definition = try await bench.target.definition(of: name) else { continue }
      lines.append("\(name) \(CollectionDefinition.normalised(definition.options).extendedJSON(canonical: true))")
      for index in definition.indexes.values {
        lines.append("\(name) index \(CollectionDefinition.sorted(index).extendedJSON(canonical: true))")
      }
      lines += try await bench.all(name).map { "\(name) document \($0.extendedJSON(canonical: true))" }.sorted()
    }
    self.lines = lines
  }
}
