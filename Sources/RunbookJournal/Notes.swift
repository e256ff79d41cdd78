import RunbookPlan

/// A program's output on its way into a store: free of secrets, bounded.
package struct OutputNote: Sendable {
  package var run: String
  package var effect: String
  package var row: OutputRow
}

/// Notes that wait to be written, at most as many as are kept of them anyway.
package struct NoteBuffer: Sendable {
  package struct EffectKey: Hashable, Sendable {
    package let run: String
    package let effect: String

    package init(run: String, effect: String) {
      self.run = run
      self.effect = effect
    }
  }

  package struct WindowNote: Sendable {
    package let run: String
    package let trigger: String
    package let verdict: String
    package let at: Int64
    package let payload: Value

    package init(run: String, trigger: String, verdict: String, at: Int64, payload: Value) {
      self.run = run
      self.trigger = trigger
      self.verdict = verdict
      self.at = at
      self.payload = payload
    }
  }

  package private(set) var progress: [EffectKey: ProgressRow] = [:]
  package private(set) var windows: [WindowNote] = []
  package private(set) var output: [OutputNote] = []
  private var outputBytes = 0

  package init() {}

  package var isEmpty: Bool { progress.isEmpty && windows.isEmpty && output.isEmpty }

  package mutating func add(run: String, progress row: ProgressRow) { progress[EffectKey(run: run, effect: row.effect)] = row }

  package mutating func add(_ note: WindowNote) { windows.append(note) }

  package mutating func add(_ note: OutputNote) {
    var note = note
    if note.row.text.isEmpty { return }
    note.row.text = OutputBound.tail(of: note.row.text, bytes: NoteBounds.outputBytes)
    output.append(note)
    outputBytes += note.row.text.utf8.count
    // A store that cannot keep up loses the oldest output, as it would later.
    while outputBytes > 64 * NoteBounds.outputBytes { outputBytes -= output.removeFirst().row.text.utf8.count }
  }

  /// Everything, leaving nothing behind.
  package mutating func take() -> NoteBuffer {
    defer { self = NoteBuffer() }
    return self
  }
}

package enum OutputBound {
  /// The last bytes of a text, from a whole character on.
  package static func tail(of text: String, bytes: Int) -> String {
    guard text.utf8.count > bytes else { return text }
    let tail = text.utf8.suffix(bytes).drop { $0 & 0xC0 == 0x80 }
    return String(decoding: tail, as: UTF8.self)
  }
}

/// One stream redactor for each stream of each effect.
package struct OutputStreams: Sendable {
  private struct Key: Hashable, Sendable {
    let run: String
    let effect: String
    let stream: String
  }

  private var open: [Key: StreamRedactor] = [:]
  private let redactor: Redactor

  package init(_ redactor: Redactor) { self.redactor = redactor }

  package mutating func feed(run: String, effect: String, stream: String, at: Int64, _ text: String) -> OutputNote {
    let piece = open[Key(run: run, effect: effect, stream: stream), default: StreamRedactor(redactor)].feed(text)
    return OutputNote(run: run, effect: effect, row: OutputRow(stream: stream, at: at, text: piece))
  }

  /// What the effect's streams held back.
  package mutating func end(run: String, effect: String, at: Int64) -> [OutputNote] {
    let keys = open.keys.filter { $0.run == run && $0.effect == effect }.sorted { $0.stream > $1.stream }
    return keys.map { finish($0, at: at) }
  }

  /// What all streams held back.
  package mutating func endAll(at: Int64) -> [OutputNote] { open.keys.map { finish($0, at: at) } }

  private mutating func finish(_ key: Key, at: Int64) -> OutputNote {
    var stream = open.removeValue(forKey: key)
    return OutputNote(run: key.run, effect: key.effect, row: OutputRow(stream: key.stream, at: at, text: stream?.finish() ?? ""))
  }
}
