import Foundation
import Testing

/// The protocol of the online change in every order of events that a small world allows (docs/online-change.md), and the bugs planted into it.
@Suite struct ModelTests {
  private static let isWhole = ProcessInfo.processInfo.environment["RUNBOOK_MODEL"] == "whole"
  private static let cases = ModelCase.forBugs + ModelCase.usual + (isWhole ? ModelCase.whole : [])

  @Test("No order of events breaks a promise", arguments: cases)
  func holds(_ setting: ModelCase) {
    let result = ModelSearch.run(setting)
    if Self.isWhole {
      print("\(setting.name), \(setting.bounds): \(result.states) states, \(result.ends) ends, \(result.listed) with doubt")
    }
    #expect(result.wrong == nil, "\(setting.name): \(result.wrong ?? ""): \(result.way.joined(separator: "; "))")
    #expect(result.states > 5_000)
    #expect(result.ends > 50)
  }

  @Test("Planted bugs are caught", arguments: ModelBug.allCases)
  func catches(_ bug: ModelBug) {
    #expect(ModelCase.forBugs.contains { ModelSearch.run($0, bug: bug).wrong != nil }, "it survives: \(bug.rawValue)")
  }
}

extension ModelCase: CustomTestStringConvertible {
  var testDescription: String { "\(name), \(bounds)" }
}

extension ModelBug: CustomTestStringConvertible {
  var testDescription: String { rawValue }
}
