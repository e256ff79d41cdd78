/// What a campaign over one or more plans came to.
public struct SimulationFigures: Sendable {
  public var runs = 0
  public var boundaries = 0
  public var pairs = 0
  /// Runs in which a trigger fired where it was told to.
  public var firings = 0
  public var violations: [String] = []

  public init() {}

  public mutating func add(_ other: SimulationFigures) {
    runs += other.runs
    boundaries += other.boundaries
    pairs += other.pairs
    firings += other.firings
    violations += other.violations
  }

  mutating func count(_ run: Simulation) {
    runs += 1
    for violation in run.violations where violations.count < 20 {
      let fired = run.firesAt.map { ", a trigger fires at \($0)" } ?? ""
      violations.append("\(run.plan.name), crashes at \(run.crashes.sorted())\(fired): \(violation)")
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

  /// Lets a trigger fire at every boundary of a plan, and at every pair of a boundary and a crash before or after it.
  public static func fireEverywhere(_ plan: SimulatedPlan, bug: PlantedBug? = nil, pairs: Bool = true) -> SimulationFigures {
    var figures = SimulationFigures()
    let plan = plan.watched
    var calm = Simulation(plan, bug: bug)
    calm.run()
    figures.count(calm)
    for boundary in stride(from: 1, through: calm.boundaries, by: 1) {
      var fired = Simulation(plan, bug: bug)
      fired.firesAt = boundary
      fired.run()
      figures.count(fired)
      figures.firings += 1
      guard pairs, fired.boundaries > 0 else { continue }
      for crash in 1...fired.boundaries {
        var crashed = Simulation(plan, crashes: [crash], bug: bug)
        crashed.firesAt = boundary
        crashed.run()
        figures.count(crashed)
        figures.firings += 1
      }
    }
    return figures
  }

  /// One random plan, with crashes at random boundaries: none in the calm run, then up to six of them.
  public static func crashAtRandom(seed: UInt64) -> SimulationFigures {
    var figures = SimulationFigures()
    var chance = SeededChance(seed: seed ^ 0xC0FF_EE00)
    let random = SimulatedPlan.random(seed: seed)
    let isFired = chance.chance(40)
    let plan = isFired ? random.watched : random
    var calm = Simulation(plan)
    calm.run()
    figures.count(calm)
    figures.boundaries = calm.boundaries
    for _ in 0..<4 {
      let reach = max(2, calm.boundaries * 3 / 2)
      let crashes = Set((0..<Int.random(in: 1...6, using: &chance)).map { _ in Int.random(in: 1...reach, using: &chance) })
      var run = Simulation(plan, crashes: crashes)
      if isFired { run.firesAt = Int.random(in: 1...reach, using: &chance) }
      run.run()
      figures.count(run)
      figures.firings += isFired ? 1 : 0
    }
    return figures
  }
}
