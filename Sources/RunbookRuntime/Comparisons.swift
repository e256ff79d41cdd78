import OrderedCollections
import RunbookActions
import RunbookEngine
import RunbookPlan

/// What `notWorseThan` and `baseline.record` need beside the action of their own check or step.
extension EffectWork {
  /// What a call measures, ready to be carried out; nil where it measures nothing.
  func measurement(in call: BoundCall, _ resolved: ResolvedCall) async throws(ActionError) -> Measurement? {
    guard let (name, nested) = call.nested.first else { return nil }
    guard let inner = ResolvedCall(value: resolved.arguments[name]), let action = nested.action?.asReading else {
      preconditionFailure("\(nested.descriptor.name) cannot be measured with")
    }
    return Measurement(
      action: action, arguments: inner.arguments, target: try await target(of: nested, inner), collection: inner.collection)
  }

  /// The check that a call waits for; nil where it waits for none. What cannot be read or judged does not hold.
  func awaited(in call: BoundCall) -> AwaitedCheck? {
    guard let nested = call.nestedChecks.values.first else { return nil }
    let redactor = runner.redactor
    return AwaitedCheck {
      do throws(ActionError) {
        let result = try await judge(nested.check, nested.call, nested.limits, fresh: [:])
        let words = result.message.isEmpty ? result.verdict.rawValue : result.message
        return AwaitedCheck.Answer(holds: result.verdict == .pass, words: redactor.redact(words))
      } catch {
        return AwaitedCheck.Answer(holds: false, words: redactor.redact("it cannot be read: \(error.message)"))
      }
    }
  }

  /// What each `notWorseThan` of a check compares with: a baseline as it was recorded, or a measurement that is made now.
  func compared(with tests: [MatcherTest], in check: Check, _ limits: Limits) async throws(ActionError) -> ComparedInCheck {
    var compared = ComparedInCheck()
    for test in tests {
      if let step = test.baseline {
        compared.outputs.append((test, try baseline(of: step)))
      } else if let call = bound.checks[check.id]?.measurements[test.range], let action = call.action?.asReading {
        let observation = try await action.read(try await context(try resolve(call, in: scope), call: call, limits: limits))
        let missing = observation.noDataReason.map { ComparedOutputs.missing("what was measured beside it: \($0)") }
        compared.outputs.append((test, missing ?? .outputs(observation.outputs)))
      }
    }
    return compared
  }

  private func baseline(of step: String) throws(ActionError) -> ComparedOutputs {
    guard let outputs = scope.baseline(ofStep: step)?.mapValue else { return .missing("step '\(step)' has recorded no baseline") }
    guard let template = bound.steps[step]?.call.call.arguments.first(where: { $0.key == "maxAge" })?.value,
      let recorded = outputs[BaselineRecord.recordedAt]?.timestampValue
    else { return .outputs(outputs) }
    let limit = try resolving { () throws(ResolutionError) in try Resolver.resolve(template, as: .duration, scope: scope) }
    let age = max(runner.clock.now() - recorded, 0) * 1_000
    guard let most = limit.durationValue, age > most else { return .outputs(outputs) }
    let words = [age, most].map { DurationText.format(microseconds: $0) }
    return .missing("the baseline of '\(step)' is \(words[0]) old, and its 'maxAge' is \(words[1])")
  }
}

/// What the tests of one check compare with.
struct ComparedInCheck {
  var outputs: [(test: MatcherTest, outputs: ComparedOutputs)] = []

  /// A test is known by its place in the file.
  subscript(test: MatcherTest) -> ComparedOutputs {
    outputs.first { $0.test.range == test.range }?.outputs ?? Matcher.nothing(test)
  }
}
