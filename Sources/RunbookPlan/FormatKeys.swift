import RunbookSyntax

/// The keys of one kind of mapping, found by their bytes.
protocol FormatKey: RawRepresentable<String>, CaseIterable, Sendable, Equatable {
  static var table: KeyTable<Self> { get }
}

/// Finds a key without making a `String` of it: open addressing over a hash of length, first, middle and last byte.
struct KeyTable<Key: FormatKey>: Sendable {
  private let slots: [Int8]
  private let keys: [(bytes: [UInt8], key: Key)]

  init() {
    keys = Key.allCases.map { (Array($0.rawValue.utf8), $0) }
    var slots = [Int8](repeating: -1, count: 128)
    for (index, key) in keys.enumerated() {
      var slot = key.bytes.withUnsafeBufferPointer { Self.hash($0) }
      while slots[slot] >= 0 { slot = (slot + 1) & 127 }
      slots[slot] = Int8(index)
    }
    self.slots = slots
  }

  var names: [String] { keys.map(\.key.rawValue) }

  func find(_ node: BorrowedNode) -> Key? {
    node.withText { text -> Key? in
      guard !text.isEmpty else { return nil }
      var slot = Self.hash(text)
      while slots[slot] >= 0 {
        let candidate = keys[Int(slots[slot])]
        if candidate.bytes.count == text.count, candidate.bytes.elementsEqual(text) { return candidate.key }
        slot = (slot + 1) & 127
      }
      return nil
    } ?? nil
  }

  private static func hash(_ text: UnsafeBufferPointer<UInt8>) -> Int {
    let last = Int(text[text.count - 1])
    return (text.count &* 7 &+ Int(text[0]) &* 31 &+ Int(text[text.count / 2]) &* 17 &+ last) & 127
  }
}

enum RootKey: String, FormatKey {
  case apiVersion, kind, metadata, people, params, secrets, targets, locks, defaults, include, preconditions, rollbackTriggers, phases,
    verify
  case afterRollback, verifyRollback, notify, steps
  static let table = KeyTable<RootKey>()
}

enum MetadataKey: String, FormatKey {
  case id, title, keepUndo
  static let table = KeyTable<MetadataKey>()
}

enum PersonKey: String, FormatKey {
  case name, contact, identities
  static let table = KeyTable<PersonKey>()
}

enum ParamKey: String, FormatKey {
  case type, `default`, value, min, max, values, of, description
  static let table = KeyTable<ParamKey>()
}

enum SecretKey: String, FormatKey {
  case fromEnv, fromFile, fromCommand
  static let table = KeyTable<SecretKey>()
}

enum DefaultsKey: String, FormatKey {
  case target, collection, retry
  static let table = KeyTable<DefaultsKey>()
}

enum RetryKey: String, FormatKey {
  case attempts, backoff
  static let table = KeyTable<RetryKey>()
}

enum PhaseKey: String, FormatKey {
  case id, title, owner, when, preconditions, rollbackTriggers, rollbackScope, steps, verify
  static let table = KeyTable<PhaseKey>()
}

enum StepKey: String, FormatKey {
  case id, renamedFrom, title, action, with, target, collection, when, preconditions, capture, verify, retry, timeout, stallTimeout,
    deadline
  case onFailure, rollback, probe, onInterrupt, outputsWhenSkipped
  static let table = KeyTable<StepKey>()
}

enum CheckKey: String, FormatKey {
  case id, title, bar, action, with, value, expect, within, holdFor, target, collection, when, onFail, onError, onNoData, recheck, retry,
    timeout
  static let table = KeyTable<CheckKey>()
}

enum TriggerKey: String, FormatKey {
  case id, title, bar, action, with, value, expect, target, collection, timeout, every, window, minSamples, confidence, failures,
    initialDelay
  case startAfter, stopBefore, requirePass, onFail, onError, onNoData
  static let table = KeyTable<TriggerKey>()
}

enum FailuresKey: String, FormatKey {
  case max, of
  static let table = KeyTable<FailuresKey>()
}

enum MatcherKey: String, FormatKey {
  case field, equals, notEquals, oneOf, atLeast, atMost, above, below, between, matches, contains, exists, isEmpty, hasFields, notWorseThan
  case allOf, anyOf, not
  static let table = KeyTable<MatcherKey>()
}

enum ConditionKey: String, FormatKey {
  case value
  static let table = KeyTable<ConditionKey>()
}

enum ComparisonKey: String, FormatKey {
  case baseline, measure, field, tolerance, floor, confidence
  static let table = KeyTable<ComparisonKey>()
}

enum RollbackKey: String, FormatKey {
  case coveredBy, notNeeded, none, acknowledged
  static let table = KeyTable<RollbackKey>()
}

enum IncludeKey: String, FormatKey {
  case file, with, `as`
  static let table = KeyTable<IncludeKey>()
}

enum NotifyKey: String, FormatKey {
  case events, target, format, text
  static let table = KeyTable<NotifyKey>()
}
