// swift-tools-version: 6.2
import PackageDescription

/// Warnings are errors in every target of this package; the dependencies keep their own settings.
let strict: [SwiftSetting] = [.treatAllWarnings(as: .error)]

/// For rooms whose small functions are called for every node of a plan: in the program as it is released, the compiler looks into them from other rooms.
let seenThrough: [SwiftSetting] = strict + [.unsafeFlags(["-cross-module-optimization"], .when(configuration: .release))]

/// The ordered dictionary that maps of values are made of.
let orderedCollections = Target.Dependency.product(name: "OrderedCollections", package: "swift-collections")

/// The table of rooms: which target may import which. `Tests/ArchitectureTests` reads the imports of every
/// file against this table, since the compiler's own check sees only undeclared siblings.
let package = Package(
  name: "runbook",
  products: [
    .executable(name: "runbook", targets: ["runbook"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-collections", from: "1.6.0"),
    .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/HdrHistogram/hdrhistogram-swift", from: "0.2.0"),
  ],
  targets: [
    .systemLibrary(name: "CLibYAML", pkgConfig: "yaml-0.1", providers: [.apt(["libyaml-dev"])]),
    .systemLibrary(name: "CLibMongoC", pkgConfig: "libmongoc-1.0", providers: [.apt(["libmongoc-dev", "libbson-dev"])]),
    .target(name: "CProcess"),
    .target(name: "CDigest"),
    .target(name: "RunbookSyntax", dependencies: ["CLibYAML"], swiftSettings: seenThrough),
    .target(
      name: "RunbookPlan",
      dependencies: [
        "RunbookSyntax", .product(name: "Crypto", package: "swift-crypto"), orderedCollections,
      ],
      swiftSettings: seenThrough),
    .target(name: "RunbookFormat", dependencies: ["RunbookSyntax"], swiftSettings: strict),
    .target(name: "RunbookEngine", dependencies: ["RunbookPlan", orderedCollections], swiftSettings: strict),
    .target(
      name: "MongoDriver",
      dependencies: ["CLibMongoC", .product(name: "Logging", package: "swift-log")],
      swiftSettings: strict),
    .target(
      name: "RunbookActions",
      dependencies: ["RunbookPlan", "RunbookSyntax", "CProcess", orderedCollections],
      swiftSettings: strict),
    .target(
      name: "RunbookLint", dependencies: ["RunbookActions", "RunbookPlan", "RunbookSyntax", orderedCollections], swiftSettings: strict),
    .target(
      name: "RunbookMongoActions",
      dependencies: [
        "RunbookActions", "RunbookPlan", "RunbookSyntax", "MongoDriver", "CDigest", orderedCollections,
        .product(name: "Crypto", package: "swift-crypto"), .product(name: "Histogram", package: "hdrhistogram-swift"),
      ],
      swiftSettings: strict),
    .target(
      name: "RunbookJournal",
      dependencies: ["RunbookEngine", "RunbookPlan", orderedCollections, .product(name: "Crypto", package: "swift-crypto")],
      swiftSettings: strict),
    .target(
      name: "RunbookSQLiteJournal",
      dependencies: [
        "RunbookJournal", "RunbookEngine", "RunbookPlan", orderedCollections, .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .target(
      name: "RunbookRuntime",
      dependencies: [
        "RunbookEngine", "RunbookPlan", "RunbookActions", "RunbookJournal", orderedCollections,
        .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .target(
      name: "RunbookReport",
      dependencies: ["RunbookPlan", "RunbookEngine", "RunbookActions", "RunbookJournal", "RunbookSyntax", orderedCollections],
      swiftSettings: strict),
    .target(
      name: "RunbookReview", dependencies: ["RunbookPlan", "RunbookActions", "RunbookReport", "RunbookSyntax", orderedCollections],
      swiftSettings: strict),
    .target(
      name: "RunbookCommands",
      dependencies: [
        "RunbookSyntax", "RunbookPlan", "RunbookEngine", "RunbookActions", "RunbookLint", "RunbookMongoActions", "MongoDriver",
        "RunbookJournal",
        "RunbookSQLiteJournal", "RunbookRuntime", "RunbookReport", "RunbookFormat", "RunbookReview", orderedCollections,
        .product(name: "ArgumentParser", package: "swift-argument-parser"), .product(name: "Logging", package: "swift-log"),
      ],
      swiftSettings: strict),
    .executableTarget(name: "runbook", dependencies: ["RunbookCommands"], swiftSettings: strict),
    .target(
      name: "RunbookTestSupport",
      dependencies: [
        "RunbookSyntax", "RunbookPlan", "RunbookEngine", "RunbookActions", "RunbookLint", "RunbookMongoActions", "MongoDriver",
        "RunbookJournal",
        "RunbookSQLiteJournal", "RunbookRuntime", "RunbookReport", "RunbookFormat", "RunbookReview", "CProcess", orderedCollections,
      ],
      path: "Tests/RunbookTestSupport", swiftSettings: strict),
    .executableTarget(
      name: "FrontEndFuzz", dependencies: ["RunbookSyntax", "RunbookPlan", "RunbookActions", "RunbookMongoActions"],
      path: "Tests/FrontEndFuzz", swiftSettings: strict),
    .testTarget(name: "ArchitectureTests", swiftSettings: strict),
    .testTarget(name: "FrontEndTests", dependencies: ["FrontEndFuzz"], swiftSettings: strict),
    .testTarget(name: "RunbookSyntaxTests", dependencies: ["RunbookSyntax"], swiftSettings: strict),
    .testTarget(name: "RunbookFormatTests", dependencies: ["RunbookFormat", "RunbookPlan", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(name: "RunbookPlanTests", dependencies: ["RunbookPlan", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(name: "RunbookEngineTests", dependencies: ["RunbookEngine", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(name: "MongoDriverTests", dependencies: ["MongoDriver", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(name: "RunbookActionsTests", dependencies: ["RunbookActions", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(name: "RunbookLintTests", dependencies: ["RunbookLint", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(name: "RunbookMongoActionsTests", dependencies: ["RunbookMongoActions", "RunbookTestSupport"], swiftSettings: strict),
    // Millions of states: optimised in a debug build as well.
    .testTarget(
      name: "OnlineChangeModelTests", dependencies: ["RunbookMongoActions"], swiftSettings: strict + [.unsafeFlags(["-O"])]),
    .testTarget(
      name: "RunbookJournalTests",
      dependencies: [
        "RunbookJournal", "RunbookSQLiteJournal", "RunbookPlan", "RunbookTestSupport", .product(name: "GRDB", package: "GRDB.swift"),
      ],
      swiftSettings: strict),
    .testTarget(name: "RunbookReviewTests", dependencies: ["RunbookReview", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(name: "RunbookRuntimeTests", dependencies: ["RunbookRuntime", "RunbookTestSupport"], swiftSettings: strict),
    .testTarget(
      name: "RunbookCommandsTests", dependencies: ["RunbookCommands", "runbook", "RunbookTestSupport"], swiftSettings: strict),
  ],
  swiftLanguageModes: [.v6]
)
