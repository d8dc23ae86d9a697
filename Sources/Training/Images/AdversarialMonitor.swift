import Autograd
import Checkpoints
import Datasets
import Files
import Kernels

/// How a discriminator did in one step.
public struct AdversarialOutcome {
  /// Share of the real and of the generated images that it knew for what they are; nil where its
  /// logits have no zero.
  public var realAccuracy: Double?
  /// The share of the generated images that it knew for what they are; nil where its logits have no
  /// zero.
  public var fakeAccuracy: Double?
  /// Mean logit of real images minus that of generated ones.
  public var margin: Double

  /// Creates the outcome of one step.
  public init(realAccuracy: Double?, fakeAccuracy: Double?, margin: Double) {
    self.realAccuracy = realAccuracy
    self.fakeAccuracy = fakeAccuracy
    self.margin = margin
  }
}

/// How a generator is at an evaluation.
public struct AdversarialHealth {
  /// To the data; see ``SlicedWasserstein``.
  public var distance: Double
  /// Mean squared distance between two generated images over that between two of the data, its
  /// root: about 1 when healthy, 0 when all are the same.
  public var diversity: Double
  /// The distance of a generated image to the most similar one of as many, its median, over that
  /// of the data: small when some few images come again and again.
  public var spread: Double

  /// Shares of the data's below which a generator counts as collapsed.
  static let leastDiversity = 0.25
  static let leastSpread = 0.05

  /// Whether the generator has lost its variety: its images differ by less than a quarter of what
  /// the data's do, or their nearest neighbours lie closer than a twentieth of the data's distance.
  public var isCollapsed: Bool {
    diversity < Self.leastDiversity || spread < Self.leastSpread
  }

  /// One line about a collapse; nil when there is none.
  public var problem: String? {
    func percent(_ share: Double) -> String { "\(Int((share * 100).rounded()))%" }
    if diversity < 0.01 {
      return "the generator has collapsed: its images are all the same"
    }
    if diversity < Self.leastDiversity {
      return
        "the generator has collapsed: its images differ by \(percent(diversity)) of what the "
        + "data's do"
    }
    if spread < Self.leastSpread {
      return "the generator has collapsed: it makes some few images again and again (nearest "
        + "neighbours at \(percent(spread)) of the data's distance)"
    }
    return nil
  }
}

/// Watches two networks that train against each other: names a collapse of the generator and a
/// discriminator that nothing can be learned from, and scores the generator without a network that
/// knows images.
public final class AdversarialMonitor {
  private let generator: any ImageModel
  private let set: ImageSet
  /// Of the data, once it is needed.
  private var reference: Reference?
  /// Exponential averages over about 200 steps.
  private var accuracy = 0.5
  private var margin = 1.0
  /// Steps since the start or the last warning.
  private var steps = 0
  private var isWarned = false

  private struct Reference {
    let distance: SlicedWasserstein
    let diversity: Double
    let spread: Double
  }

  private static let imageCount = 1000
  private static let pairedCount = 256
  private static let smoothing = 0.995
  private static let patience = 500

  /// - Parameters:
  ///   - generator: what is scored.
  ///   - set: the data.
  public init(_ generator: any ImageModel, _ set: ImageSet) {
    self.generator = generator
    self.set = set
  }

  // MARK: Steps

  /// Takes in one step.
  /// - Returns: a line when something has just gone wrong, and for long enough.
  public func observe(_ outcome: AdversarialOutcome) -> String? {
    steps += 1
    let new = 1 - Self.smoothing
    margin += (abs(outcome.margin) - margin) * new
    if let real = outcome.realAccuracy, let fake = outcome.fakeAccuracy {
      accuracy += ((real + fake) / 2 - accuracy) * new
    }
    let problem = problem
    if problem == nil { isWarned = false }
    guard let problem, !isWarned, steps >= Self.patience else { return nil }
    (isWarned, steps) = (true, 0)
    return problem
  }

  private var problem: String? {
    if accuracy > 0.999 {
      return
        "the discriminator has known nearly every image for hundreds of steps: the generator "
        + "learns little from it"
    }
    if margin < 1e-3 {
      return "the discriminator has told nothing apart for hundreds of steps: it is dead"
    }
    return nil
  }

  // MARK: Evaluations

  /// Compares as many generated images as there are, up to 1,000, with those of the data.
  /// - Throws: ``/Files/AIGCError``: badInput when images cannot be read, interrupted after Ctrl-C.
  public func evaluate() throws(AIGCError) -> AdversarialHealth {
    let count = min(set.count, Self.imageCount)
    let reference = if let known = reference { known } else { try measureData(count) }
    self.reference = reference
    // The same latents each time.
    var random = RandomSource(seed: 0x4556_414C)
    let values = try generator.images(generator.request(count, using: &random))
    let images = Tensor(values, [count, values.count / count])
    let (diversity, spread) = Self.differences(images)
    // Data that are all the same ask for no differences.
    func share(_ value: Double, of data: Double) -> Double { data > 1e-6 ? value / data : 1 }
    return AdversarialHealth(
      distance: reference.distance.distance(to: images),
      diversity: share(diversity, of: reference.diversity),
      spread: share(spread, of: reference.spread))
  }

  private func measureData(_ count: Int) throws(AIGCError) -> Reference {
    let values = try set.values((0..<count).map { $0 * set.count / count })
    let images = Tensor(values, [count, values.count / count])
    let (diversity, spread) = Self.differences(images)
    return Reference(
      distance: SlicedWasserstein(images), diversity: diversity, spread: spread)
  }

  /// The root of the mean squared distance of two images, and the median distance to the nearest
  /// other.
  private static func differences(_ images: Tensor) -> (Double, Double) {
    let count = min(images.shape[0], pairedCount)
    guard count > 1 else { return (0, 0) }
    let part = images.sliced(0..<count)
    // Around their mean the numbers are small, and their products exact enough.
    let rows = part - part.mean(axis: 0, keepsAxis: true)
    let products = matmul(rows, rows, transposeB: true).values
    func squaredDistance(_ i: Int, _ j: Int) -> Float {
      max(products[i * count + i] + products[j * count + j] - 2 * products[i * count + j], 0)
    }
    var sum = 0.0
    var nearest = [Float](repeating: .infinity, count: count)
    for i in 0..<count {
      for j in 0..<i {
        let square = squaredDistance(i, j)
        sum += Double(square)
        nearest[i] = min(nearest[i], square)
        nearest[j] = min(nearest[j], square)
      }
    }
    let pairs = Double(count * (count - 1) / 2)
    return ((sum / pairs).squareRoot(), Double(nearest.sorted()[count / 2]).squareRoot())
  }

  // MARK: Resuming

  /// The state for ``TrainingTask/progress()``: the exponential moving averages of accuracy and
  /// margin, the steps since the last warning, and whether one was given.
  public func progress() -> [NewTensor] {
    let numbers = [accuracy, margin].map { Int64(bitPattern: $0.bitPattern) }
    return [
      NewTensor(
        name: "monitor", shape: [4], integers: numbers + [Int64(steps), isWarned ? 1 : 0])
    ]
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is damaged.
  public func restore(_ progress: Checkpoint, prefix: String) throws(AIGCError) {
    let numbers = try progress.tensor("\(prefix)monitor").integers()
    guard numbers.count == 4, (0...1 << 53).contains(numbers[2]) else {
      throw .badInput("\(progress.path): the state of the monitor is damaged")
    }
    accuracy = Double(bitPattern: UInt64(bitPattern: numbers[0]))
    margin = Double(bitPattern: UInt64(bitPattern: numbers[1]))
    (steps, isWarned) = (Int(numbers[2]), numbers[3] != 0)
  }
}
