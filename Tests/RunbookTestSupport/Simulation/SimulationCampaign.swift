/// What a campaign over one or more plans came to.
public struct SimulationFigures: Sendable {
  public var runs = 0
  public var boundaries = 0
  public var pairs = 0
  public var violations: [String] = []

  public init() {}

  public mutating func add(_ other: SimulationFigures) {
    runs += other.runs
    boundaries += other.boundaries
    pairs += other.pairs
    violations += other.violations
  }

  mutating func count(_ run: Simulation) {
    runs += 1
    for violation in run.violations where violations.count < 20 {
      violations.append("\(run.plan.name), crashes at \(run.crashes.sorted()): \(violation)")
    }
  }
}

extension Simulation {
  /// Crashes a plan at every boundary, and at every pair of boundaries: the second one counted in the run that follows from the first, so
  /// that crashes inside resume and rollback are among them.
  public static func crashEverywhere(_ plan: SimulatedPlan, bug: PlantedBug? = nil, pairs: Bool = true) -> SimulationFigures {
    var figures = SimulationFigures()
    var calm = Simulation(plan, bug: bug)
    calm.run()
    figures.count(calm)
    figures.boundaries = calm.boundaries
    for first in stride(from: 1, through: calm.boundaries, by: 1) {
      var crashed = Simulation(plan, crashes: [first], bug: bug)
      while crashed.boundaries < first, crashed.step() {}
      var once = crashed
      once.run()
      figures.count(once)
      guard pairs, once.boundaries > first else { continue }
      for second in first + 1...once.boundaries {
        var twice = crashed
        twice.crashes = [first, second]
        twice.run()
        figures.count(twice)
        figures.pairs += 1
      }
    }
    return figures
  }

  /// One random plan, with crashes at random boundaries: none in the calm run, then up to six of them.
  public static func crashAtRandom(seed: UInt64) -> SimulationFigures {
    var figures = SimulationFigures()
    let plan = SimulatedPlan.random(seed: seed)
    var chance = SeededChance(seed: seed ^ 0xC0FF_EE00)
    var calm = Simulation(plan)
    calm.run()
    figures.count(calm)
    figures.boundaries = calm.boundaries
    for _ in 0..<4 {
      let reach = max(2, calm.boundaries * 3 / 2)
      let crashes = Set((0..<Int.random(in: 1...6, using: &chance)).map { _ in Int.random(in: 1...reach, using: &chance) })
      var run = Simulation(plan, crashes: crashes)
      run.run()
      figures.count(run)
    }
    return figures
  }
}
