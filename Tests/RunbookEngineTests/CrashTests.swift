import Foundation
import RunbookEngine
import RunbookTestSupport
import Testing

@Suite("Crashes at every boundary")
struct CrashTests {
  @Test("Every plan of the corpus survives a crash at every boundary and at every pair of boundaries")
  func everyPair() async {
    let plans = SimulatedCorpus.all
    #expect(plans.count >= 30)
    #expect(Set(plans.map(\.name)).count == plans.count)
    let figures = await withTaskGroup(of: SimulationFigures.self) { group in
      for plan in plans { group.addTask { Simulation.crashEverywhere(plan) } }
      return await group.reduce(into: SimulationFigures()) { $0.add($1) }
    }
    #expect(figures.violations == [])
    print(
      "simulator: \(plans.count) plans, \(figures.boundaries) boundaries, \(figures.pairs) pairs, \(figures.runs) runs, \(figures.violations.count) violations"
    )
  }

  @Test("In every plan a trigger may fire at every boundary, with a crash at every other")
  func everyFiring() async {
    let figures = await withTaskGroup(of: SimulationFigures.self) { group in
      for plan in SimulatedCorpus.all { group.addTask { Simulation.fireEverywhere(plan) } }
      return await group.reduce(into: SimulationFigures()) { $0.add($1) }
    }
    #expect(figures.violations == [])
    print("simulator: a trigger fired in \(figures.firings) runs, \(figures.violations.count) violations")
  }

  @Test("Without a crash every plan ends as it should", arguments: SimulatedCorpus.all.map(\.name))
  func calm(_ name: String) throws {
    let plan = try #require(SimulatedCorpus.all.first { $0.name == name })
    var run = Simulation(plan)
    run.run()
    #expect(run.violations == [])
    #expect(plan.ends.contains(run.folded().status))
  }

  @Test("Each bug planted into the rules of the runtime is caught", arguments: PlantedBug.allCases)
  func plantedBugs(_ bug: PlantedBug) {
    let violations = SimulatedCorpus.all.flatMap { Simulation.crashEverywhere($0, bug: bug, pairs: false).violations }
    print("simulator: \(bug) is caught in \(violations.count) runs, as: \(violations.first ?? "-")")
    #expect(!violations.isEmpty, "\(bug) went unseen")
  }

  /// `RUNBOOK_SIM_SEEDS=100000` makes the campaign longer; a failing seed is named and stays reproducible.
  @Test("Random plans with random faults survive random crashes")
  func randomCampaign() async {
    let seeds = ProcessInfo.processInfo.environment["RUNBOOK_SIM_SEEDS"].flatMap(UInt64.init) ?? 400
    let figures = await withTaskGroup(of: SimulationFigures.self) { group in
      for part in 0..<UInt64(8) {
        group.addTask {
          stride(from: part, to: seeds, by: 8).reduce(into: SimulationFigures()) { $0.add(Simulation.crashAtRandom(seed: $1)) }
        }
      }
      return await group.reduce(into: SimulationFigures()) { $0.add($1) }
    }
    #expect(figures.violations == [])
    print(
      "simulator: \(seeds) random plans, \(figures.boundaries) boundaries, \(figures.runs) runs, \(figures.violations.count) violations")
  }
}
