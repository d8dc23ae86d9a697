import Autograd
import Glibc

extension VAELikelihood {
  /// -log p(x | z) at a decoder that says x itself, in nats: what no reconstruction can be below.
  /// - Parameter x: one example's values as the networks see them.
  func leastLoss(_ x: ArraySlice<Float>) -> Double {
    guard let logDeviation else {
      // The entropy of grey values as probabilities.
      return x.reduce(0.0) { sum, value in
        let p = Double(value)
        return p > 0 && p < 1 ? sum - p * log(p) - (1 - p) * log(1 - p) : sum
      }
    }
    let values = logDeviation.values
    return x.indices.reduce(0.0) { sum, index in
      sum + Double(values[(index - x.startIndex) % values.count]) + 0.5 * log(2 * Double.pi)
    }
  }
}

/// The total variation of an image: the sum of the differences of neighbours (Rudin et al. 1992), of all
/// channels.
/// - Parameter x: [height, width, channels].
func totalVariation(_ x: ArraySlice<Float>, width: Int, channels: Int) -> Double {
  let (row, start) = (width * channels, x.startIndex)
  var sum = 0.0
  for place in 0..<x.count {
    if place % row + channels < row {
      sum += Double(abs(x[start + place + channels] - x[start + place]))
    }
    if place + row < x.count { sum += Double(abs(x[start + place + row] - x[start + place])) }
  }
  return sum
}
