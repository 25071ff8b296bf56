// swift-tools-version: 6.3
import PackageDescription

let swift: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("ExistentialAny"),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// MLX as `make` unpacks it from its wheel; only the trait `Training` needs it.
let mlx = Context.packageDirectory + "/.mlx"

/// What only the server needs.
let serving = TargetDependencyCondition.when(traits: ["Server"])

/// A room of the house: its target and the tests that mirror it.
func room(_ name: String, _ below: [Target.Dependency], test: [Target.Dependency] = []) -> [Target]
{
  [
    .target(name: name, dependencies: below, swiftSettings: swift),
    .testTarget(
      name: name + "Tests",
      dependencies: [.init(stringLiteral: name), "SparrowTestSupport"] + below + test,
      swiftSettings: swift),
  ]
}

/// A small program of `Examples/` that shows how the library is used, compiled as users compile.
func example(_ name: String, _ below: [Target.Dependency]) -> Target {
  .executableTarget(
    name: "example-" + name.lowercased(),
    dependencies: below + [.product(name: "ArgumentParser", package: "swift-argument-parser")],
    path: "Examples/" + name, swiftSettings: [.treatAllWarnings(as: .error)])
}

let package = Package(
  name: "sparrow",
  platforms: [.macOS(.v15)],
  products: [
    .library(name: "Sparrow", targets: ["Sparrow"]),
    .library(name: "SparrowCalibration", targets: ["SparrowCalibration"]),
    .library(name: "SparrowEvaluation", targets: ["SparrowEvaluation"]),
    .library(name: "SparrowHub", targets: ["SparrowHub"]),
    .executable(name: "sparrow", targets: ["sparrow-cli"]),
    .library(name: "SparrowMLX", type: .dynamic, targets: ["CSparrowMLXLibrary"]),
  ],
  traits: [
    .trait(name: "Server", description: "`sparrow serve`, on Hummingbird."),
    .trait(name: "Training", description: "Training on MLX; `make` gets it."),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    // Without the trait `Server` none of these is resolved.
    .package(
      url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: []),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0", traits: []),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
  ],
  targets: [
    .target(name: "CSparrowBlocks"),
    .target(name: "CSparrowKernels", dependencies: ["CSparrowBlocks"]),
    .target(name: "CSparrowPlayground", exclude: ["page"]),
    .target(name: "CSparrowSystem"),
    .target(name: "CSparrowCUDA", dependencies: ["CSparrowBlocks"]),
    .target(
      name: "CSparrowMLX",
      cSettings: [.define("SPARROW_TRAINING", to: "1", .when(traits: ["Training"]))]),
    // A library of its own, so that the program starts where MLX's own libraries are not to be had.
    .target(
      name: "CSparrowMLXLibrary", publicHeadersPath: ".",
      cxxSettings: [
        .define("SPARROW_TRAINING", to: "1", .when(traits: ["Training"])),
        .headerSearchPath("../../.mlx/mlx/include"),
        .headerSearchPath("../CSparrowMLX/include"),
      ],
      linkerSettings: [
        .linkedLibrary("mlx", .when(traits: ["Training"])),
        .unsafeFlags(
          ["-L\(mlx)/mlx/lib", "-Xlinker", "-rpath", "-Xlinker", "\(mlx)/mlx/lib"],
          .when(traits: ["Training"])),
      ]),
    .testTarget(
      name: "CSparrowKernelsTests",
      dependencies: [
        "CSparrowBlocks", "CSparrowKernels", "SparrowBlocks", "SparrowCore", "SparrowTestSupport",
      ],
      swiftSettings: swift),
    .target(
      name: "SparrowTestSupport", dependencies: ["SparrowCore", "SparrowBlocks", "SparrowFormats"],
      path: "Tests/SparrowTestSupport", swiftSettings: swift),
    .target(
      name: "SparrowTestModels",
      dependencies: [
        "SparrowCore", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
        "Sparrow",
        "SparrowTestSupport",
      ], path: "Tests/SparrowTestModels", swiftSettings: swift),
    .target(
      name: "SparrowTestPlans",
      dependencies: [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
        "SparrowEngine", "SparrowTestSupport",
      ],
      path: "Tests/SparrowTestPlans", swiftSettings: swift),
    .target(
      name: "SparrowTestDevice",
      dependencies: ["SparrowCore", "SparrowSparsity", "CSparrowCUDA"],
      path: "Tests/SparrowTestDevice", swiftSettings: swift),
    // What every backend must pass.
    .testTarget(
      name: "BackendTests",
      dependencies: [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
        "SparrowEngine", "SparrowReference", "SparrowCPU", "SparrowCUDA", "SparrowTestDevice",
        "SparrowTestPlans", "SparrowTestSupport",
      ],
      swiftSettings: swift),
  ]
    + room("SparrowCore", ["CSparrowSystem"])
    + room("SparrowBlocks", ["SparrowCore", "CSparrowBlocks"], test: ["SparrowFormats"])
    + room("SparrowFormats", ["SparrowCore", "SparrowBlocks"])
    + room("SparrowPlots", ["SparrowCore"])
    + room("SparrowTemplates", ["SparrowCore"])
    + room("SparrowTokenizers", ["SparrowCore", "SparrowTemplates"])
    + room("SparrowGrammar", ["SparrowCore"])
    + room("SparrowHub", ["SparrowCore", "CSparrowSystem"])
    + room("SparrowMachine", ["SparrowCore", "SparrowHub", "CSparrowKernels", "CSparrowSystem"])
    + room("SparrowNumerics", ["SparrowCore", "SparrowBlocks", "CSparrowKernels"])
    + room("SparrowTransformer", ["SparrowCore", "SparrowBlocks", "SparrowFormats"])
    + room(
      "SparrowSparsity", ["SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer"])
    + room(
      "SparrowEngine",
      [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
        "CSparrowKernels",
      ])
    + room(
      "SparrowReference",
      ["SparrowCore", "SparrowBlocks", "SparrowTransformer", "SparrowSparsity"],
      test: ["SparrowFormats"])
    + room(
      "SparrowCPU",
      [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
        "SparrowEngine", "CSparrowKernels", "CSparrowSystem",
      ], test: ["SparrowReference", "SparrowTestPlans"])
    + room(
      "SparrowCUDA",
      [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
        "SparrowEngine", "SparrowReference", "CSparrowCUDA",
      ], test: ["SparrowTestPlans", "SparrowTestDevice"])
    + room(
      "Sparrow",
      [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTemplates", "SparrowTokenizers",
        "SparrowGrammar", "SparrowTransformer", "SparrowSparsity", "SparrowEngine", "SparrowCPU",
        "SparrowCUDA",
      ], test: ["CSparrowCUDA", "SparrowTestDevice", "SparrowTestModels", "SparrowTestPlans"])
    + room(
      "SparrowMeasure",
      [
        "SparrowCore", "SparrowTokenizers", "SparrowTransformer", "SparrowSparsity",
        "SparrowEngine", "Sparrow",
      ], test: ["SparrowTestModels", "CSparrowKernels"])
    + room(
      "SparrowCalibration",
      [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
        "SparrowEngine",
        "Sparrow", "SparrowMeasure", "SparrowNumerics", "CSparrowKernels",
      ], test: ["SparrowCPU", "SparrowCUDA", "SparrowTestDevice"])
    + room(
      "SparrowEvaluation",
      [
        "SparrowCore", "SparrowTokenizers", "SparrowTransformer", "SparrowSparsity",
        "SparrowEngine", "Sparrow", "SparrowMachine", "SparrowMeasure", "SparrowPlots",
      ], test: ["SparrowBlocks", "SparrowFormats", "SparrowTestModels", "CSparrowKernels"])
    + room(
      "SparrowServer",
      [
        "SparrowCore", "Sparrow", "CSparrowPlayground", "CSparrowSystem",
        .product(name: "HTTPTypes", package: "swift-http-types", condition: serving),
        .product(name: "Hummingbird", package: "hummingbird", condition: serving),
        .product(name: "HummingbirdCore", package: "hummingbird", condition: serving),
        .product(name: "Logging", package: "swift-log", condition: serving),
        .product(name: "NIOCore", package: "swift-nio", condition: serving),
        .product(name: "NIOPosix", package: "swift-nio", condition: serving),
        .product(
          name: "ServiceLifecycle", package: "swift-service-lifecycle", condition: serving),
        .product(name: "UnixSignals", package: "swift-service-lifecycle", condition: serving),
      ], test: ["SparrowTestModels"])
    + room(
      "SparrowTraining",
      [
        "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTemplates", "SparrowTokenizers",
        "SparrowTransformer", "SparrowSparsity", "Sparrow", "SparrowPlots",
        "SparrowNumerics", "SparrowMeasure", "SparrowCalibration", "CSparrowMLX",
      ], test: ["SparrowCPU", "SparrowEngine", "SparrowReference", "CSparrowKernels"])
    + [
      .executableTarget(
        name: "sparrow-cli",
        dependencies: [
          "SparrowCore", "SparrowBlocks", "SparrowFormats", "SparrowTransformer", "SparrowSparsity",
          "SparrowHub",
          "SparrowMachine", "SparrowPlots", "Sparrow", "SparrowMeasure", "SparrowCalibration",
          "SparrowEvaluation",
          .target(name: "SparrowServer", condition: serving),
          .target(name: "SparrowTraining", condition: .when(traits: ["Training"])),
          "CSparrowSystem",
          .product(name: "ArgumentParser", package: "swift-argument-parser"),
        ], swiftSettings: swift),
      .testTarget(
        name: "sparrow-cliTests",
        dependencies: [
          "sparrow-cli", "CSparrowSystem", "SparrowCore", "SparrowBlocks", "SparrowFormats",
          "SparrowTransformer",
          "SparrowSparsity", "SparrowHub", "Sparrow", "SparrowTestSupport",
        ],
        swiftSettings: swift),
      example("Generate", ["Sparrow"]),
      example("Chat", ["Sparrow"]),
      example("Scheduler", ["Sparrow"]),
      example("Calibrate", ["Sparrow", "SparrowCalibration", "SparrowEvaluation"]),
      .testTarget(
        name: "HouseTests", dependencies: ["SparrowCore", "SparrowTestSupport"],
        swiftSettings: swift),
      .testTarget(
        name: "ExamplesTests",
        dependencies: ["SparrowCore", "SparrowHub", "SparrowTestSupport"], swiftSettings: swift),
    ],
  cLanguageStandard: .gnu2x,
  cxxLanguageStandard: .cxx20
)
