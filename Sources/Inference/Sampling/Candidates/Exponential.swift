import Kernels

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
