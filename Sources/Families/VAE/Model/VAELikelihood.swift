import Autograd
import Glibc

/// How likely pixels are, given what the decoder says of them.
struct VAELikelihood {
  /// Logarithm of the deviation, one value or one a column; nil: Bernoulli.
  let logDeviation: Tensor?

  /// -log p(x | z) of every picture, in nats.
  /// - Parameters:
  ///   - x: [batch, …], values from 0 to 1.
  ///   - logits: of the decoder, in the same shape.
  /// - Returns: [batch].
  func losses(_ x: Tensor, logits: Tensor) -> Tensor {
    let rows: Shape = [x.shape[0], x.count / max(x.shape[0], 1)]
    guard let logDeviation else {
      return binaryCrossEntropyRows(logits: logits.reshaped(rows), x.reshaped(rows))
    }
    let scaled = (x - sigmoid(logits)) * exp(-logDeviation)
    let each = square(scaled) * 0.5 + (logDeviation + 0.5 * Float(log(2 * Double.pi)))
    return each.reshaped(rows).sum(axis: 1)
  }

  /// The mean of pixels: what a decoded picture shows, values from 0 to 1.
  func mean(logits: Tensor) -> Tensor { sigmoid(logits) }
}

/// Kullback-Leibler divergence from the standard normal distribution of every number of a latent,
/// in nats: -½ (1 + log variance - mean² - variance).
func divergences(_ mean: Tensor, _ logVariance: Tensor) -> Tensor {
  (square(mean) + exp(logVariance) - logVariance - 1) * 0.5
}
