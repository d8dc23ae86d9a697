import Autograd
import Files
import Kernels

/// Changes that a discriminator sees real and generated images through, so that few images of
/// data do for it; gradients go through them (Zhao et al. 2020).
public struct Augmentation: Codable, Equatable, Sendable {
  /// One sort of change.
  public enum Kind: String, Codable, CaseIterable, Sendable {
    /// Brightness, saturation and contrast.
    case color
    /// By up to an eighth of the image.
    case translation
    /// A square of half the image's sides is left out.
    case cutout
  }

  /// The changes, in the order in which they are made.
  public let kinds: [Kind]

  /// Creates an augmentation of these changes, in this order; none leaves images as they are.
  public init(_ kinds: [Kind]) { self.kinds = kinds }

  /// "color,translation,cutout".
  /// - Throws: ``/Files/AIGCError`` (usage) for another word.
  public init(parsing text: String) throws(AIGCError) {
    var kinds: [Kind] = []
    for word in text.split(separator: ",", omittingEmptySubsequences: false) {
      guard let kind = Kind(rawValue: String(word)), !kinds.contains(kind) else {
        let known = Kind.allCases.map { $0.rawValue }.joined(separator: ",")
        throw .usage("`augmentation` \(text): some of \(known)")
      }
      kinds.append(kind)
    }
    self.kinds = kinds
  }

  /// Changes each image by chance of its own.
  /// - Parameters:
  ///   - x: [batch, height, width, channels], values from -1 to 1.
  ///   - random: draws what is done.
  public func callAsFunction(_ x: Tensor, using random: inout RandomSource) -> Tensor {
    var x = x
    for kind in kinds {
      switch kind {
      case .color: x = Self.colored(x, &random)
      case .translation: x = Self.moved(x, &random)
      case .cutout: x = x * Self.holes(x.shape, &random)
      }
    }
    return x
  }

  private static func colored(_ x: Tensor, _ random: inout RandomSource) -> Tensor {
    let one: Shape = [x.shape[0], 1, 1, 1]
    var x = x + .uniform(one, -0.5, 0.5, using: &random)
    let saturation = Tensor.uniform(one, 0, 2, using: &random)
    if x.shape[3] > 1 {
      let grey = x.mean(axis: 3, keepsAxis: true)
      x = (x - grey) * saturation + grey
    }
    let contrast = Tensor.uniform(one, 0.5, 1.5, using: &random)
    let mean = x.reshaped([x.shape[0], x.count / max(x.shape[0], 1)]).mean(axis: 1).reshaped(one)
    return (x - mean) * contrast + mean
  }

  private static func moved(_ x: Tensor, _ random: inout RandomSource) -> Tensor {
    func shifts(_ size: Int) -> [Int] {
      let most = (size + 4) / 8
      return (0..<x.shape[0]).map { _ in
        Int(random.integer(below: UInt64(2 * most + 1))) - most
      }
    }
    let rows = shifts(x.shape[1])
    return x.shifted(rows: rows, columns: shifts(x.shape[2]))
  }

  /// 1, and 0 in a rectangle around a place of each image.
  private static func holes(_ shape: Shape, _ random: inout RandomSource) -> Tensor {
    let (height, width) = (shape[1], shape[2])
    let (high, wide) = ((height + 1) / 2, (width + 1) / 2)
    var values = [Float](repeating: 1, count: shape[0] * height * width)
    for image in 0..<shape[0] {
      let top = Int(random.integer(below: UInt64(height + 1 - high % 2))) - high / 2
      let left = Int(random.integer(below: UInt64(width + 1 - wide % 2))) - wide / 2
      for y in max(top, 0)..<min(top + high, height) {
        for x in max(left, 0)..<min(left + wide, width) {
          values[(image * height + y) * width + x] = 0
        }
      }
    }
    return Tensor(values, [shape[0], height, width, 1])
  }
}
