import Datasets
import Files
import Glibc
import Kernels
import Training

/// Mean and deviation, over images, of each number of a latent: what rounded latents are coded by.
public struct LatentStatistics: Codable, Equatable, Sendable {
  /// The mean of each number of a latent.
  public var means: [Double]
  /// The standard deviation of each number of a latent.
  public var deviations: [Double]

  /// Those of the prior.
  static func standard(_ count: Int) -> LatentStatistics {
    LatentStatistics(
      means: [Double](repeating: 0, count: count),
      deviations: [Double](repeating: 1, count: count))
  }

  /// Whether they are those of `count` numbers.
  func fits(_ count: Int) -> Bool {
    means.count == count && deviations.count == count
      && means.allSatisfy { $0.magnitude < 1e6 } && deviations.allSatisfy { (0..<1e6).contains($0) }
  }

  /// Images that are measured.
  private static let limit = 10_000
  private static let batch = 256

  /// Measures the means of latents of images, and writes what was found into the model's
  /// configuration.
  /// - Throws: ``/Files/AIGCError``: as opening the model, failed when the disk refuses, interrupted.
  static func measure(_ images: any ExampleSet, in folder: String) throws(AIGCError) {
    let model = try VAEModel(folder: folder)
    let count = min(limit, images.count)
    var sums = [Double](repeating: 0, count: model.latentCount)
    var squares = sums
    for first in stride(from: 0, to: count, by: batch) {
      let rows = Array(first..<min(first + batch, count))
      let labels = model.classes.isEmpty ? [] : rows.map { images.labels?[$0] ?? 0 }
      let means = try model.posterior(try images.values(rows), labels: labels).means
      for (index, value) in means.enumerated() {
        sums[index % sums.count] += Double(value)
        squares[index % sums.count] += Double(value) * Double(value)
      }
    }
    let share = 1 / Double(max(count, 1))
    let means = sums.map { $0 * share }
    let deviations = zip(squares, means).map { max($0 * share - $1 * $1, 0).squareRoot() }
    let found = LatentStatistics(means: means, deviations: deviations)
    var configuration = model.configuration
    guard found.fits(model.latentCount) else { return }
    configuration.latents = found
    try ModelConfiguration.write(
      configuration, to: "\(folder)/\(ModelConfiguration.fileName)")
  }
}
