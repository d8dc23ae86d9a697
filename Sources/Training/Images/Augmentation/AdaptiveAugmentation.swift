import Autograd
import Files
import Glibc
import Kernels

/// Changes that a discriminator sees all images through, each with a probability that follows from how sure the
/// discriminator is of real images: adaptive discriminator augmentation (ADA, Karras et al. 2020a).
public struct AdaptiveAugmentation: Sendable {
  /// What sets the probability, under the names of `--aug`.
  public enum Mode: String, Codable, CaseIterable, Sendable {
    /// Images stay as they are.
    case noaug
    /// The probability follows the discriminator.
    case ada
    /// The probability is given.
    case fixed
  }

  /// Which changes, under the names of `--augpipe`.
  public enum Pipe: String, Codable, CaseIterable, Sendable {
    /// Mirrored, turned by quarters, moved by whole pixels.
    case blit
    /// Scaled, turned and moved by any amount.
    case geom
    /// Brightness, contrast, luma, hue and saturation.
    case color
    case bg, bgc

    var blits: Bool { self != .geom && self != .color }
    var transforms: Bool { self != .blit && self != .color }
    var colors: Bool { self == .color || self == .bgc }
  }

  /// How images are changed.
  public struct Settings: Codable, Equatable, Sendable {
    /// What sets the probability.
    public var mode = Mode.noaug
    /// Which changes.
    public var pipe = Pipe.bgc
    /// Of ``Mode/fixed``.
    public var probability: Float = 0
    /// The share of real images, from -1 to 1, by which those known as real exceed the others: above it the
    /// probability grows.
    public var target: Float = 0.6
    /// Thousands of images in which the probability can grow by 1.
    public var thousands: Float = 500

    enum CodingKeys: String, CodingKey {
      case mode
      case pipe = "augpipe"
      case probability = "p"
      case target
      case thousands = "ada_kimg"
    }

    /// Creates the settings of no augmentation.
    public init() {}
  }

  /// Steps from one change of the probability to the next.
  private static let interval = 4

  /// How images are changed.
  public let settings: Settings
  /// The present probability of each change.
  public private(set) var probability: Float
  /// The latest share of ``Settings/target``; nil before the first.
  public private(set) var excess: Float?
  private var signs: Float = 0
  private var images = 0
  private var steps = 0

  /// - Parameter settings: how images are changed.
  public init(_ settings: Settings) {
    self.settings = settings
    probability = settings.mode == .fixed ? settings.probability : 0
  }

  /// Takes in the logits of real images of one step, and every fourth step adapts the probability.
  public mutating func observe(realLogits: [Float]) {
    guard settings.mode == .ada else { return }
    signs += realLogits.reduce(0) { $0 + ($1 > 0 ? 1 : $1 < 0 ? -1 : 0) }
    images += realLogits.count
    steps += 1
    guard steps == Self.interval else { return }
    let share = signs / Float(max(images, 1))
    let change = Float(images) / (settings.thousands * 1000)
    probability += share > settings.target ? change : share < settings.target ? -change : 0
    probability = max(probability, 0)
    (excess, signs, images, steps) = (share, 0, 0, 0)
  }

  /// Changes each image by chance of its own.
  /// - Parameters:
  ///   - x: [batch, height, width, channels], values from -1 to 1.
  ///   - random: draws what is done.
  public func callAsFunction(_ x: Tensor, using random: inout RandomSource) -> Tensor {
    guard settings.mode != .noaug, probability > 0 else { return x }
    let draws = AugmentationDraws(settings.pipe, min(probability, 1), x.shape)
    var x = x
    if settings.pipe.blits || settings.pipe.transforms {
      x = GeometricChange.apply(draws.geometry(using: &random), to: x)
    }
    if settings.pipe.colors { x = ColorChange.apply(draws.colors(using: &random), to: x) }
    return x
  }

  // MARK: Resuming

  /// The state as numbers, for ``TrainingTask/progress()``.
  public var state: [Float] { [probability, excess ?? .nan, signs, Float(images), Float(steps)] }

  /// Takes the state of ``state``.
  /// - Returns: false when the numbers are none; nothing is changed then.
  public mutating func restore(_ state: [Float]) -> Bool {
    guard state.count == 5, state[0].isFinite, state[0] >= 0, state[2].isFinite,
      (0...1e9).contains(state[3]), (0..<Float(Self.interval)).contains(state[4])
    else { return false }
    (probability, signs) = (state[0], state[2])
    excess = state[1].isNaN ? nil : state[1]
    (images, steps) = (Int(state[3]), Int(state[4]))
    return true
  }
}

/// What is done to each image of a batch, by chance.
private struct AugmentationDraws {
  private let pipe: AdaptiveAugmentation.Pipe
  private let probability: Double
  private let shape: Shape

  init(_ pipe: AdaptiveAugmentation.Pipe, _ probability: Float, _ shape: Shape) {
    (self.pipe, self.probability, self.shape) = (pipe, Double(probability), shape)
  }

  /// `change` with the probability.
  private func chance(
    _ random: inout RandomSource, _ probability: Double, _ change: (inout RandomSource) -> Void
  ) {
    let isDone = random.uniform() < probability
    if isDone { change(&random) }
  }

  /// Maps from pixels of the new images to those of the old ones.
  func geometry(using random: inout RandomSource) -> [AffineMap] {
    (0..<shape[0]).map { _ in
      var map = AffineMap.identity
      if pipe.blits { blit(&map, &random) }
      if pipe.transforms { transform(&map, &random) }
      return map
    }
  }

  private func blit(_ map: inout AffineMap, _ random: inout RandomSource) {
    chance(&random, probability) { random in
      if random.integer(below: 2) == 1 { map = map.after(AffineMap(-1, 0, 0, 0, 1, 0)) }
    }
    chance(&random, probability) { random in
      map = map.after(.turned(by: Double(random.integer(below: 4)) * .pi / 2))
    }
    chance(&random, probability) { random in
      func move(_ size: Int) -> Float {
        Float(((random.uniform() * 2 - 1) * 0.125 * Double(size)).rounded(.toNearestOrEven))
      }
      let x = move(shape[2])
      map = map.after(AffineMap(1, 0, -x, 0, 1, -move(shape[1])))
    }
  }

  private func transform(_ map: inout AffineMap, _ random: inout RandomSource) {
    func turn(_ random: inout RandomSource) {
      // Before or behind the stretching, so that either is as probable as one change.
      chance(&random, 1 - (1 - probability).squareRoot()) { random in
        map = map.after(.turned(by: (random.uniform() * 2 - 1) * .pi))
      }
    }
    chance(&random, probability) { random in
      let scale = Float(exp2(random.normal() * 0.2))
      map = map.after(AffineMap(1 / scale, 0, 0, 0, 1 / scale, 0))
    }
    turn(&random)
    chance(&random, probability) { random in
      let scale = Float(exp2(random.normal() * 0.2))
      map = map.after(AffineMap(1 / scale, 0, 0, 0, scale, 0))
    }
    turn(&random)
    chance(&random, probability) { random in
      let x = Float(random.normal() * 0.125) * Float(shape[2])
      map = map.after(AffineMap(1, 0, -x, 0, 1, -Float(random.normal() * 0.125) * Float(shape[1])))
    }
  }

  /// Maps of colours.
  func colors(using random: inout RandomSource) -> [ColorMap] {
    (0..<shape[0]).map { _ in
      var map = ColorMap.identity
      chance(&random, probability) { map.brighten(Float($0.normal() * 0.2)) }
      chance(&random, probability) { map.scale(Float(exp2($0.normal() * 0.5))) }
      chance(&random, probability) { random in
        if random.integer(below: 2) == 1 { map.flipLuma() }
      }
      guard shape[3] > 1 else { return map }
      chance(&random, probability) { map.turnHue((($0.uniform() * 2 - 1) * .pi)) }
      chance(&random, probability) { map.saturate(Float(exp2($0.normal()))) }
      return map
    }
  }
}
