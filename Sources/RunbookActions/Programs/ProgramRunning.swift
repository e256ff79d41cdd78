import Foundation
import OrderedCollections
import RunbookPlan
import Synchronization

/// What the actions that run programs have in common: from their arguments to a program, and from its end to their outputs.
public struct ProgramRunning: Sendable {
  private let programs: Programs
  /// PATH, HOME, LANG and TZ of this process.
  private let inherited: [String: String]

  /// - Parameter environment: that of this process; of it only PATH, HOME, LANG and TZ are handed on.
  public init(programs: Programs, environment: [String: String] = ProcessInfo.processInfo.environment) {
    self.programs = programs
    inherited = environment.filter { ProgramCall.inherited.contains($0.key) }
  }

  /// The program that the arguments describe, on the target where there is one.
  /// - Parameter argv: without what the target puts in front of it.
  func call(_ argv: [String], stdin: String? = nil, in context: ActionContext) throws(ActionError) -> ProgramCall {
    let arguments = context.arguments
    let target = context.target as? ExecTarget
    var environment = inherited
    environment.merge(target?.environment ?? [:]) { $1 }
    for (name, value) in arguments["env"]?.mapValue ?? [:] { environment[name] = value.stringValue ?? "" }
    return ProgramCall(
      argv: (target?.via ?? []) + argv, environment: environment,
      directory: Self.path(arguments["cwd"]?.stringValue ?? target?.cwd, from: context.directory),
      stdin: stdin ?? arguments["stdin"]?.stringValue,
      captureLimit: arguments["captureLimit"]?.integerValue.map { Int(clamping: $0) } ?? ProgramCall.defaultCaptureLimit,
      timeout: context.timeout ?? ProgramCall.defaultTimeout)
  }

  /// A program that a step of another kind asks for its work, on this machine and in the plan's directory.
  /// - Parameter environment: beside PATH, HOME, LANG and TZ.
  func call(_ argv: [String], environment: ValueMap, in context: ActionContext) -> ProgramCall {
    var variables = inherited
    for (name, value) in environment { variables[name] = value.stringValue ?? "" }
    return ProgramCall(
      argv: argv, environment: variables, directory: Self.path(nil, from: context.directory),
      timeout: context.timeout ?? ProgramCall.defaultTimeout)
  }

  /// Sees that such a program could be started.
  /// - Throws: RB2701 where it could not.
  public func look(for argv: [String], environment: ValueMap, in context: ActionContext) throws(ActionError) {
    _ = try call(argv, environment: environment, in: context).image()
  }

  /// Starts such a program, to be asked while it runs.
  /// - Throws: RB2701 where it cannot be started.
  public func converse(with argv: [String], environment: ValueMap, in context: ActionContext) async throws(ActionError)
    -> ProgramConversation
  {
    try await programs.converse(with: call(argv, environment: environment, in: context), for: context.run.id, output: context.output)
  }

  /// An absolute path, so that it means the same to another process.
  static func path(_ path: String?, from directory: String) -> String {
    let here = FileManager.default.currentDirectoryPath
    let base = directory == "." ? here : directory.hasPrefix("/") ? directory : here + "/" + directory
    guard let path, path != "." else { return base }
    return path.hasPrefix("/") ? path : base + "/" + path
  }

  /// Runs the program and gives its outputs.
  /// - Parameter statuses: exit statuses that count as success; nil where every one does.
  /// - Throws: RB2701 to RB2707.
  func run(_ call: ProgramCall, statuses: Set<Int32>?, in context: ActionContext) async throws(ActionError) -> ActionResult {
    let end = try await programs.run(call, for: context.run.id, stop: context.stop, output: ReportingOutput(context))
    let told = Self.lastWords(end.stderr.text(redact: context.output.redact))
    switch end.cut {
    case .stop?:
      throw ActionError(code: "RB2705", message: "the program '\(call.name)' was ended, since a stop was asked for\(told)", kind: .stopped)
    case .timeout?:
      let limit = DurationText.format(microseconds: call.timeout)
      throw ActionError(
        code: "RB2704", message: "the program '\(call.name)' was ended after its time limit of \(limit)\(told)", kind: .refused,
        help: "'timeout' beside 'action' changes the limit")
    case nil: break
    }
    switch end.status {
    case .signalled(let number):
      throw ActionError(code: "RB2703", message: "the program '\(call.name)' was ended by signal \(number)\(told)", kind: .refused)
    case .exited(let code):
      if let statuses, !statuses.contains(code) {
        throw ActionError(code: "RB2702", message: "the program '\(call.name)' ended with exit status \(code)\(told)", kind: .refused)
      }
      return try Self.result(code, end, context)
    }
  }

  /// The last words of a program, as a part of a message.
  static func lastWords(_ stderr: String) -> String {
    let lines = stderr.split(whereSeparator: \.isNewline).suffix(3).map { line in
      line.count > 200 ? line.prefix(200) + "…" : line
    }
    return lines.isEmpty ? "" : "; it said: " + lines.joined(separator: " / ")
  }

  private static func result(_ code: Int32, _ end: ProgramEnd, _ context: ActionContext) throws(ActionError) -> ActionResult {
    let text = withoutLastNewline(end.stdout.text(redact: context.output.redact))
    var outputs: ValueMap = [
      "exitCode": .integer(Int64(code)), "stdout": .string(text),
      "stderr": .string(withoutLastNewline(end.stderr.text(redact: context.output.redact))), "duration": .duration(end.duration),
    ]
    let parse = context.arguments["parse"]?.stringValue ?? "text"
    if parse != "text", end.stdout.isCut {
      throw ActionError(
        code: "RB2706",
        message: "the program printed \(end.stdout.count) bytes, more than are kept, so they cannot be read as \(parse)", kind: .refused,
        help: "raise 'captureLimit', or have it print less")
    }
    switch parse {
    case "json": outputs["json"] = try json(end.stdout.bytes)
    case "lines": outputs["lines"] = .list(lines(of: text).map(Value.string))
    default: break
    }
    let cut = [("stdout", end.stdout), ("stderr", end.stderr)].filter { $0.1.isCut }
    return ActionResult(
      outputs: outputs, warnings: cut.map { "\($0.0) had \($0.1.count) bytes, more than 'captureLimit'; its middle was left out" })
  }

  static func withoutLastNewline(_ text: String) -> String {
    text.hasSuffix("\n") || text.hasSuffix("\r\n") ? String(text.dropLast()) : text
  }

  private static func lines(of text: String) -> [String] {
    text.isEmpty ? [] : text.split(omittingEmptySubsequences: false, whereSeparator: { $0 == "\n" || $0 == "\r\n" }).map(String.init)
  }

  private static func json(_ bytes: [UInt8]) throws(ActionError) -> Value {
    do throws(ValueDecodingError) {
      return try Value(plainJSON: bytes)
    } catch {
      let before = bytes.prefix(error.offset)
      let line = before.count(where: { $0 == 0x0A }) + 1
      let column = String(decoding: before.suffix(from: before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0), as: UTF8.self).count + 1
      throw ActionError(
        code: "RB2706", message: "what the program printed is no JSON: line \(line), column \(column): \(error.reason)", kind: .refused,
        help: "have it print JSON alone on stdout, or leave 'parse' out")
    }
  }
}

/// Hands output on, and tells by its amount that the program goes on.
private final class ReportingOutput: OutputSink {
  private let context: ActionContext
  private let bytes = Atomic<Int64>(0)

  init(_ context: ActionContext) { self.context = context }

  func note(stream: String, _ text: String) {
    context.output.note(stream: stream, text)
    let done = bytes.add(Int64(text.utf8.count), ordering: .relaxed).newValue
    context.progress(Progress(done: done, total: nil, unit: "bytes of output"))
  }

  func end() { context.output.end() }
  func redact(_ text: String) -> String { context.output.redact(text) }
}
