// swift-tools-version: 6.2
import PackageDescription

/// `Scripts/check` sets this: a warning in our own code is then an error.
let strict = Context.environment["AIGC_WARNINGS_AS_ERRORS"] != nil
let settings: [SwiftSetting] = strict ? [.treatAllWarnings(as: .error)] : []

func library(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
  .target(name: name, dependencies: dependencies, swiftSettings: settings)
}
func tests(
  _ name: String, _ dependencies: [Target.Dependency], fixtures: [String] = []
) -> Target {
  .testTarget(
    name: name, dependencies: dependencies, exclude: fixtures, swiftSettings: settings)
}
/// What several test targets share.
func support(_ name: String, _ folder: String, _ dependencies: [Target.Dependency]) -> Target {
  .target(
    name: name, dependencies: dependencies, path: "Tests/\(folder)", swiftSettings: settings)
}
let argumentParser = Target.Dependency.product(
  name: "ArgumentParser", package: "swift-argument-parser")

let package = Package(
  name: "aigc",
  products: [
    .executable(name: "aigc", targets: ["aigc"]),
    .library(name: "NN", targets: ["NN"]),
    .library(name: "Weights", targets: ["Weights"]),
    .library(name: "Inference", targets: ["Inference"]),
    .library(name: "Training", targets: ["Training"]),
    .library(name: "Families", targets: ["Families"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(name: "CBLAS", pkgConfig: "openblas", providers: [.apt(["libopenblas-dev"])]),
    .systemLibrary(name: "CLAPACKE", pkgConfig: "lapacke", providers: [.apt(["liblapacke-dev"])]),
    .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
    .systemLibrary(
      name: "CTurboJPEG", pkgConfig: "libturbojpeg", providers: [.apt(["libturbojpeg0-dev"])]),
    .systemLibrary(name: "CGIF", pkgConfig: "libgif", providers: [.apt(["libgif-dev"])]),
    .target(name: "CKernels", exclude: ["body"]),
    .target(name: "CSystem"),
    library("Files", ["CSystem"]),
    library("Kernels", ["Files", "CBLAS", "CLAPACKE", "CKernels", "CSystem"]),
    library("Autograd", ["Kernels", "CKernels"]),
    library("Archives", ["Files", "CZlib"]),
    library("Datasets", ["Files", "Archives", "Kernels", "CZlib", "CPNG", "CTurboJPEG", "CGIF"]),
    library("Checkpoints", ["Files", "Archives", "Kernels"]),
    library("NN", ["Autograd", "Kernels", "Files"]),
    library("Weights", ["NN", "Autograd", "Kernels", "Checkpoints", "Files"]),
    library("Inference", ["Files", "Kernels", "Datasets"]),
    library("Plots", ["Files", "Archives", "Datasets"]),
    library(
      "Training",
      [
        "Files", "Archives", "Kernels", "Autograd", "NN", "Weights", "Checkpoints", "Datasets",
        "Inference", "Plots",
      ]),
    library("Console", ["Files", "Kernels", "CSystem", argumentParser]),
    library(
      "Families",
      [
        "Files", "Archives", "Kernels", "Autograd", "NN", "Weights", "Datasets", "Checkpoints",
        "Inference", "Plots", "Training",
      ]),
    library(
      "Commands",
      [
        "Files", "Kernels", "NN", "Datasets", "Checkpoints", "Inference", "Plots", "Training",
        "Families", "Console", argumentParser,
      ]),
    .target(name: "CStartup"),
    .executableTarget(
      name: "aigc", dependencies: ["CStartup", "Commands", "Console", "Files", argumentParser],
      swiftSettings: settings),
    support("TestSupport", "Support", ["Files"]),
    tests("FilesTests", ["Files", "Kernels", "TestSupport"]),
    tests("KernelsTests", ["Kernels", "CKernels", "Files"]),
    tests("AutogradTests", ["Autograd", "Files", "Kernels"]),
    tests(
      "NNTests", ["NN", "Weights", "Autograd", "Kernels", "Checkpoints", "Files", "TestSupport"],
      fixtures: ["Fixtures"]),
    tests(
      "DatasetsTests", ["Datasets", "Archives", "Files", "Kernels", "CPNG", "TestSupport"],
      fixtures: ["Fixtures"]),
    tests(
      "CheckpointsTests", ["Checkpoints", "Archives", "Files", "Kernels", "TestSupport"],
      fixtures: ["Fixtures"]),
    tests(
      "TrainingTests",
      [
        "Training", "Inference", "Plots", "Archives", "Autograd", "NN", "Checkpoints", "Datasets",
        "Kernels", "Files", "TestSupport",
      ],
      fixtures: ["Fixtures"]),
    tests("PlotsTests", ["Plots", "Training", "Archives", "Datasets", "Files", "TestSupport"]),
    tests(
      "InferenceTests",
      ["Inference", "Datasets", "Archives", "Kernels", "Files", "TestSupport"],
      fixtures: ["Fixtures"]),
    tests("ConsoleTests", ["Console", "Files", argumentParser, "TestSupport"]),
    support(
      "FamilySupport", "FamilySupport",
      [
        "Families", "Training", "Autograd", "NN", "Weights", "Checkpoints", "Datasets", "Kernels",
        "Files", "TestSupport",
      ]),
    tests(
      "FamiliesTests",
      [
        "Families", "Autograd", "NN", "Checkpoints", "Inference", "Training", "Datasets", "Files",
        "Kernels", "TestSupport", "FamilySupport",
      ],
      fixtures: ["Fixtures"]),
    tests(
      "CommandsTests",
      [
        "Commands", "Families", "NN", "Checkpoints", "Inference", "Training", "Datasets", "Files",
        "Kernels", "Console", argumentParser, "TestSupport", "FamilySupport",
      ],
      fixtures: ["Fixtures"]),
    tests(
      "Fuzz",
      [
        "Commands", "Families", "Archives", "Autograd", "Checkpoints", "Inference", "Training",
        "Datasets", "Files", "Kernels", "TestSupport",
      ]),
  ],
  swiftLanguageModes: [.v6]
)
