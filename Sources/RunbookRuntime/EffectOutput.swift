import RunbookActions
import RunbookJournal

/// Takes down what the programs of one effect print, beside the log.
struct EffectOutput: OutputSink {
  let journal: any Journal
  let redactor: Redactor
  let clock: any RunClock
  let run: String
  let effect: String

  func note(stream: String, _ text: String) { journal.noteOutput(run: run, effect: effect, stream: stream, at: clock.now(), text) }
  func end() { journal.endOutput(run: run, effect: effect, at: clock.now()) }
  func redact(_ text: String) -> String { redactor.redact(text) }
}
