import Glibc
import OrderedCollections
import RunbookPlan

/// A place where programs run: this machine, in a directory and with variables of its own, or what is reached through a program that stands in
/// front of each command.
public struct ExecTarget: Target {
  public let name: String
  public var type: String { "exec" }
  /// Relative to the plan's directory, if not absolute.
  let cwd: String?
  let environment: [String: String]
  /// What stands in front of each command, like `ssh` and a host.
  let via: [String]

  public func identity() async throws(ActionError) -> TargetIdentity {
    var name = [CChar](repeating: 0, count: 256)
    gethostname(&name, name.count - 1)
    let host = String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    return TargetIdentity(
      facts: ["host": .string(host), "via": .list(via.map(Value.string))], key: "exec:" + ([host] + via).joined(separator: " "))
  }

  public func close() async {}
}

/// Makes targets of type `exec`.
public struct ExecTargetConnector: TargetConnector {
  public init() {}

  public var type: String { "exec" }

  public let fields: [FieldType.Field] = [
    .init("cwd", .text, "Directory that programs run in; the plan's by default."),
    .init("env", .mapping(.text), "Variables of every program; secrets may be referred to."),
    .init("via", .list(.text), "What stands in front of each command, like ssh and a host."),
  ]

  public func connect(name: String, fields: ValueMap) async throws(ActionError) -> any Target {
    ExecTarget(
      name: name, cwd: fields["cwd"]?.stringValue,
      environment: (fields["env"]?.mapValue ?? [:]).reduce(into: [:]) { $0[$1.key] = $1.value.stringValue },
      via: fields["via"]?.listValue?.compactMap(\.stringValue) ?? [])
  }
}
