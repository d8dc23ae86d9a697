import Files

/// Observations as a network takes them: divided by usual values, so that all are about as large.
struct ObservationScaling {
  /// By what observations are multiplied.
  private let factors: [Float]

  /// - Parameters:
  ///   - scales: by what they are divided; nil: by nothing.
  ///   - width: values of an observation.
  init(_ scales: [Float]?, width: Int) {
    factors = scales.map { $0.map { 1 / $0 } } ?? [Float](repeating: 1, count: width)
  }

  /// Copies a row of observations into a row of a network's inputs.
  func copy(
    _ source: MutableTable<Float>, row: Int, to target: MutableTable<Float>, row place: Int
  ) {
    let width = factors.count
    for index in 0..<width {
      target[place * width + index] = source[row * width + index] * factors[index]
    }
  }
}
