import Autograd
import Glibc

/// How likely pixels are, given what the decoder says of them.
struct VAELikelihood {
  /// Logarithm of the deviation: one value, or [columns, 1] of a table; nil: Bernoulli.
  let logDeviation: Tensor?
  /// Whether the decoder says the means themselves: of a table, whose numbers have no bounds.
  var isUnbounded = false

  /// -log p(x | z) of every pixel, in nats.
  /// - Parameters:
  ///   - x: values from 0 to 1.
  ///   - logits: of the decoder, in the same shape.
  func losses(_ x: Tensor, logits: Tensor) -> Tensor {
    guard let logDeviation else { return softplus(logits) - x * logits }
    let scaled = (x - mean(logits: logits)) * exp(-logDeviation)
    return square(scaled) * 0.5 + (logDeviation + 0.5 * Float(log(2 * Double.pi)))
  }

  /// The sum of ``losses(_:logits:)`` over all pixels of all pictures: one value.
  func total(_ x: Tensor, logits: Tensor) -> Tensor { losses(x, logits: logits).sum() }

  /// The mean of pixels: what a decoded picture shows, values from 0 to 1.
  func mean(logits: Tensor) -> Tensor { isUnbounded ? logits : sigmoid(logits) }
}

/// Kullback-Leibler divergence from the standard normal distribution of every number of a latent,
/// in nats: -½ (1 + log variance - mean² - variance).
func divergences(_ mean: Tensor, _ logVariance: Tensor) -> Tensor {
  (square(mean) + exp(logVariance) - logVariance - 1) * 0.5
}
