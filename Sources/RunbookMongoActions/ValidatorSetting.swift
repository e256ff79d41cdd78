import MongoDriver
import RunbookPlan

/// A validator with what the server does by it.
struct ValidatorSetting: Sendable, Hashable {
  /// Nil where documents have to fulfil nothing.
  var validator: BSONDocument?
  var level: String
  var action: String

  init(validator: BSONDocument?, level: String, action: String) {
    self.validator = validator.flatMap { $0.isEmpty ? nil : $0 }
    self.level = level
    self.action = action
  }

  /// Of a collection's options.
  init(options: BSONDocument) {
    self.init(
      validator: options["validator"]?.document, level: options["validationLevel"]?.string ?? "strict",
      action: options["validationAction"]?.string ?? "error")
  }

  /// The part of `collMod` that sets it. What is so already is not said: once said, it would stand in the collection's options for good.
  func command(from current: ValidatorSetting) -> BSONDocument {
    BSONDocument { writer in
      if validator != current.validator { writer.append("validator", validator ?? [:]) }
      if level != current.level { writer.append("validationLevel", level) }
      if action != current.action { writer.append("validationAction", action) }
    }
  }

  /// The documents that do not fit.
  var violations: BSONDocument? { validator.map { ["$nor": [.document($0)]] } }

  var value: Value {
    .object([
      "validator": validator.map { .string($0.extendedJSON(canonical: true)) } ?? .null, "level": .string(level), "action": .string(action),
    ])
  }

  /// Nil for what was not written by `value`.
  init?(value: Value?) {
    guard let level = value?["level"]?.stringValue, let action = value?["action"]?.stringValue else { return nil }
    var validator: BSONDocument?
    if let text = value?["validator"]?.stringValue {
      guard let document = CollectionDefinition.document(text) else { return nil }
      validator = document
    }
    self.init(validator: validator, level: level, action: action)
  }
}
