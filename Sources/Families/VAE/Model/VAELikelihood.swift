import Autograd
import Glibc

/// How likely pixels are, given what the decoder says of them.
struct VAELikelihood {
  /// Logarithm of the deviation: one value, or [columns, 1] of a table; nil: Bernoulli.
  let logDeviation: Tensor?
  /// Whether the decoder says the means themselves: of a table, whose numbers have no bounds.
  var isUnbounded = false

  /// -log p(x | z) of every image, in nats.
  /// - Parameters:
  ///   - x: [images, height, width, channels], as the networks see them.
  ///   - logits: of the decoder, as many for each image, those of one after the other.
  /// - Returns: one value for each of the decoder's.
  func losses(_ x: Tensor, logits: Tensor) -> Tensor {
    let (count, rows) = (x.shape[0], logits.shape[0])
    let size = x.count / max(count, 1)
    guard let logDeviation else {
      return binaryCrossEntropyRows(
        logits: logits.reshaped([rows, size]), x.reshaped([count, size]))
    }
    let image = x.shape.dimensions.dropFirst()
    let means = mean(logits: logits).reshaped(Shape([count, rows / max(count, 1)] + image))
    let scaled = (x.reshaped(Shape([count, 1] + image)) - means) * exp(-logDeviation)
    let each = square(scaled) * 0.5 + (logDeviation + 0.5 * Float(log(2 * Double.pi)))
    return each.reshaped([rows, size]).sum(axis: 1)
  }

  /// The mean of pixels: what a decoded image shows, values from 0 to 1.
  func mean(logits: Tensor) -> Tensor { isUnbounded ? logits : sigmoid(logits) }
}

/// Kullback-Leibler divergence from the standard normal distribution of every number of a latent,
/// in nats: -½ (1 + log variance - mean² - variance).
func divergences(_ mean: Tensor, _ logVariance: Tensor) -> Tensor {
  (square(mean) + exp(logVariance) - logVariance - 1) * 0.5
}
