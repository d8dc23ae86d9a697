import Files
import Kernels

/// The directions in which a model's styles differ most: principal components of the styles of many latents
/// (GANSpace, Härkönen et al. 2020).
public struct LatentDirections: Sendable {
  /// Unit vectors, those of the largest deviations first.
  public let directions: [[Float]]
  /// The standard deviation of styles along each.
  public let deviations: [Float]

  private static let count = 10_000

  /// Finds the directions of a model, always the same ones.
  /// - Throws: ``/Files/AIGCError``: failed when LAPACK refuses, and what the model throws.
  public init(of model: StyleGANModel) throws(AIGCError) {
    var random = RandomSource(seed: 0x4741_4E53)
    let latents = model.latents(Self.count, using: &random)
    let classes = UInt64(model.classes.count)
    let labels =
      classes == 0 ? [] : (0..<Self.count).map { _ in Int32(random.integer(below: classes)) }
    let styles = try model.styles(latents: latents, labels: labels)
    guard
      let found = SymmetricMatrix.principalComponents(
        styles, rows: Self.count, columns: model.styleWidth)
    else { throw .failed("the model's styles have no principal components: are they finite?") }
    (directions, deviations) = (found.vectors, found.deviations)
  }

  /// What is added to a style to move it.
  /// - Parameters:
  ///   - index: of the direction, from 0.
  ///   - strength: in standard deviations.
  /// - Throws: ``/Files/AIGCError`` (usage) for a direction that is none.
  public func shift(_ index: Int, strength: Float) throws(AIGCError) -> [Float] {
    guard directions.indices.contains(index) else {
      throw .usage(
        "`direction` \(index): the model has the directions 0 to \(directions.count - 1)")
    }
    return directions[index].map { $0 * deviations[index] * strength }
  }
}
