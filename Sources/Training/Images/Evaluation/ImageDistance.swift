import Files
import Kernels

/// How far generated images are from real ones, on the features of a classifier.
///
/// The features are those of a classifier of this program, not of Inception: values are comparable
/// among themselves only, and are never called FID.
public struct ImageDistance: Sendable {
  /// The Fréchet distance of two normal distributions with the features' means and covariances (Heusel
  /// et al. 2017).
  public var frechetDistance: Double
  /// The kernel distance (Bińkowski et al. 2018): the mean over subsets of the squared maximum mean
  /// discrepancy under the kernel (x · y / size + 1)³.
  public var kernelDistance: Double
  /// The share of generated images among real ones, and of real ones among generated ones
  /// (Kynkäänniemi et al. 2019): within the spheres that reach each image's third neighbour. Nil where
  /// there is none.
  public var precision: Double?
  /// The share of real images that lie within the sphere of a generated one, which reaches to its
  /// third neighbour (Kynkäänniemi et al. 2019): how much of the data's variety is generated. Nil
  /// where there are too few generated images.
  public var recall: Double?
  /// Shares of the generated images that look like each class.
  public var classShares: [Double]
  /// How many images were compared.
  public var generatedCount: Int
  /// The number of real images that were compared.
  public var realCount: Int

  /// Which neighbour the spheres of ``precision`` and ``recall`` reach to: the third, as in the
  /// paper.
  public static let neighbor = 3
  private static let subsets = 100
  private static let subsetSize = 1000

  /// - Parameters:
  ///   - generated: at least 2.
  ///   - real: at least 2, of the same extractor.
  ///   - classes: of the extractor.
  ///   - random: draws the subsets of the kernel distance.
  /// - Throws: ``/Files/AIGCError``: badInput for too few images, failed for features that are not finite.
  public init(
    generated: ImageFeatures, real: ImageFeatures, classes: Int,
    using random: inout RandomSource
  ) throws(AIGCError) {
    try AIGCError.check(generated.size == real.size, "the features are of two extractors")
    guard generated.count > 1, real.count > 1 else {
      let fewer = min(generated.count, real.count)
      throw .badInput("\(counted(fewer, "image")): at least 2 are needed")
    }
    frechetDistance = try Self.frechetDistance(generated, real)
    kernelDistance = Self.kernel(generated, real, using: &random)
    try Interruption.check()
    (precision, recall) = Self.precisionAndRecall(generated, real)
    try Interruption.check()
    var counts = [Int](repeating: 0, count: classes)
    for found in generated.classes { counts[found] += 1 }
    classShares = counts.map { Double($0) / Double(generated.count) }
    (generatedCount, realCount) = (generated.count, real.count)
  }

  /// The first of them alone.
  /// - Throws: ``/Files/AIGCError`` (failed) for features that are not finite.
  public static func frechetDistance(
    _ generated: ImageFeatures, _ real: ImageFeatures
  ) throws(AIGCError) -> Double {
    let size = real.size
    let (meanA, a) = SymmetricMatrix.covariance(
      generated.values, rows: generated.count, columns: size)
    let (meanB, b) = SymmetricMatrix.covariance(real.values, rows: real.count, columns: size)
    guard let root = SymmetricMatrix.traceOfRoot(a, b, size: size) else {
      throw .failed("the features' covariances have no square root: are they finite?")
    }
    let shift = zip(meanA, meanB).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    let traces = (0..<size).reduce(0) { $0 + a[$1 * size + $1] + b[$1 * size + $1] }
    return shift + traces - 2 * root
  }

  private static func kernel(
    _ generated: ImageFeatures, _ real: ImageFeatures, using random: inout RandomSource
  ) -> Double {
    let size = min(subsetSize, generated.count, real.count)
    let draws = (0..<subsets).map { _ in
      (
        ImageFeatures.draw(size, of: generated.count, using: &random),
        ImageFeatures.draw(size, of: real.count, using: &random)
      )
    }
    // When everything is taken, every draw is the same.
    let count = size == generated.count && size == real.count ? 1 : subsets
    let results = ParallelSlots<Double>(count: count)
    parallelFor(count) { index in
      if Interruption.isRequested { return }
      results.set(
        index,
        KernelDistance.polynomial(
          generated.rows(draws[index].0), real.rows(draws[index].1), size: real.size))
    }
    return (0..<count).reduce(0) { $0 + (results.get($1) ?? 0) } / Double(count)
  }

  private static func precisionAndRecall(
    _ generated: ImageFeatures, _ real: ImageFeatures
  ) -> (Double?, Double?) {
    let size = real.size
    func knows(_ set: ImageFeatures) -> Bool {
      SampleSize.hasNeighbors(set.count, neighbor: neighbor)
    }
    // Around the real ones' mean distances keep their digits.
    var mean = [Double](repeating: 0, count: size)
    for (index, value) in real.values.enumerated() { mean[index % size] += Double(value) }
    let center = mean.map { Float($0 / Double(real.count)) }
    func centered(_ values: [Float]) -> [Float] {
      var result = values
      for index in result.indices { result[index] -= center[index % size] }
      return result
    }
    let (a, b) = (centered(generated.values), centered(real.values))
    let radiiA = Neighborhoods.radii(a, size: size, k: neighbor)
    let radiiB = Neighborhoods.radii(b, size: size, k: neighbor)
    let precise = Neighborhoods.covered(a, by: b, radii: radiiB, size: size)
    let recalled = Neighborhoods.covered(b, by: a, radii: radiiA, size: size)
    return (
      knows(real) ? Double(precise) / Double(generated.count) : nil,
      knows(generated) ? Double(recalled) / Double(real.count) : nil
    )
  }
}
