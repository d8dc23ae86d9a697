import Autograd
import Kernels

/// Path length regularisation (Karras et al. 2020): how far an image moves with its styles, in a random
/// direction of pixels, is brought to the mean of all images.
enum PathLength {
  /// What a step keeps of the running mean.
  private static let kept: Float = 0.99

  /// - Parameters:
  ///   - generator: whose parameters are watched.
  ///   - styles: of each layer, [batch, w].
  ///   - mean: the running mean of lengths.
  ///   - noise: of the layers.
  ///   - direction: of pixels, [batch, side, side, channels]; nil: drawn.
  ///   - context: draws the direction.
  /// - Returns: the mean squared distance of lengths to the mean, and the new mean.
  static func penalty(
    _ generator: StyleGenerator, _ styles: [Tensor], mean: Float, _ noise: StyleNoiseSource,
    _ direction: Tensor?, _ context: Context
  ) -> (loss: Tensor, mean: Float, lengths: Tensor) {
    // Each layer's style has a gradient of its own.
    let layers = styles.map { $0 * 1 }
    let image = generator.image(layers, noise, context)
    let pixels = Float(image.shape[1] * image.shape[2])
    let direction =
      direction ?? .normal(image.shape, using: &context.random) / pixels.squareRoot()
    let moved = gradients(of: (image * direction).sum(), at: layers, createGraph: true)
    var squares = Tensor.zeros([image.shape[0]])
    for gradient in moved { squares = squares + square(gradient).sum(axis: 1) }
    let lengths = sqrt(squares / Float(layers.count))
    let newMean = lengths.mean() * (1 - kept) + mean * kept
    return (square(lengths - newMean).mean(), newMean.item, lengths)
  }
}
