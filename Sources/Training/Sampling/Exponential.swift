/// e to the power of `x`, for `x` ≤ 0; 0 below -708. Relative error below 4e-16.
///
/// The system's `exp` differs in the last bit between machines with and without fused
/// multiply-add; additions and products alone do not, so a seed draws the same token everywhere.
@inline(__always)
func exponential(_ x: Double) -> Double {
  let bounded = x < -708 ? -708 : x
  // Adding 1.5 · 2^52 rounds to an integer, which then stands in the low bits.
  let shifted = bounded * 1.442695040888963407 + 0x1.8p52
  let power = shifted - 0x1.8p52
  let r = (bounded - power * 0x1.62e42feep-1) - power * 0x1.a39ef35793c76p-33
  let r2 = r * r
  let r4 = r2 * r2
  let low = (1 + r) + r2 * (1.0 / 2 + r * (1.0 / 6))
  let middle = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040))
  let high =
    (1.0 / 40320 + r * (1.0 / 362880)) + r2 * (1.0 / 3_628_800 + r * (1.0 / 39_916_800))
    + r4 * (1.0 / 479_001_600)
  let value = low + r4 * (middle + r4 * high)
  let scale = Double(bitPattern: (shifted.bitPattern &+ 1023) << 52)
  return x < -708 ? 0 : value * scale
}

/// Sets `results` to exp(score - maximum); 0 for a score of NaN.
func exponentials(of scores: [Float], maximum: Float, into results: inout [Double]) {
  resize(&results, to: scores.count)
  let zero = Double(maximum)
  let values = scores.span
  // A span: an array would look for other owners at each store.
  var results = results.mutableSpan
  for index in values.indices {
    let score = values[index]
    results[index] = exponential(score > -.infinity ? Double(score) - zero : -.infinity)
  }
}

/// Sets `results` to exp((logit - maximum) / temperature).
func exponentials(
  of candidates: [Candidate], maximum: Float, temperature: Double, into results: inout [Double]
) {
  resize(&results, to: candidates.count)
  let zero = Double(maximum)
  let values = candidates.span
  var results = results.mutableSpan
  for index in values.indices {
    results[index] = exponential((Double(values[index].logit) - zero) / temperature)
  }
}

private func resize(_ array: inout [Double], to count: Int) {
  if array.count > count {
    array.removeLast(array.count - count)
  } else if array.count < count {
    array.append(contentsOf: repeatElement(0, count: count - array.count))
  }
}
