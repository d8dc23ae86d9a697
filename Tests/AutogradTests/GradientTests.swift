import Autograd
import Kernels
import Testing

/// The gradient table against central differences.
@Suite struct GradientTests {
  /// First derivative: that of a random projection of the output.
  @Test(arguments: gradientTable) func first(_ row: GradientRow) {
    var random = RandomSource(seed: 11)
    let inputs = row.inputs(&random)
    let weights = Tensor.normal(row.apply(inputs).shape, using: &random)
    let watched = inputs.map { $0.watchedCopy() }
    let output = (row.apply(watched) * weights).sum()
    let found = gradients(of: output, at: watched)
    for index in inputs.indices {
      let expected = NumericGradient(step: 4e-3).of(
        { dot(row.apply($0).values, weights.values) }, inputs, index)
      expectNear(found[index].values, expected, tolerance: 4e-3, "\(row.name), input \(index)")
    }
    // Without a watched input nothing is recorded.
    #expect(!row.apply(inputs).isRecorded && row.apply(watched).isRecorded)
  }

  /// Second derivative: the gradient of a projection of the first one.
  @Test(arguments: gradientTable.filter { $0.hasSecond }) func second(_ row: GradientRow) {
    var random = RandomSource(seed: 12)
    let inputs = row.inputs(&random)
    let weights = Tensor.normal(row.apply(inputs).shape, using: &random)
    let directions = inputs.map { Tensor.normal($0.shape, using: &random) }
    func firstGradients(_ inputs: [Tensor]) -> [Tensor] {
      let watched = inputs.map { $0.watchedCopy() }
      return gradients(of: (row.apply(watched) * weights).sum(), at: watched)
    }
    let watched = inputs.map { $0.watchedCopy() }
    let first = gradients(
      of: (row.apply(watched) * weights).sum(), at: watched, createGraph: true)
    var projection = Tensor(0)
    for (gradient, direction) in zip(first, directions) {
      projection = projection + (gradient * direction).sum()
    }
    let found = gradients(of: projection, at: watched)
    for index in inputs.indices {
      let expected = NumericGradient(step: 4e-3).of(
        { changed in
          zip(firstGradients(changed), directions).reduce(0.0) {
            $0 + dot($1.0.values, $1.1.values)
          }
        }, inputs, index)
      expectNear(found[index].values, expected, tolerance: 6e-3, "\(row.name), input \(index)")
    }
  }

  /// exp'' = exp: the output enters a pullback with its own history.
  @Test func outputsCarryTheirHistory() {
    let x = Tensor([0.5], [1]).watchedCopy()
    let first = gradients(of: exp(x), at: [x], createGraph: true)[0]
    let second = gradients(of: first, at: [x], createGraph: true)[0]
    let third = gradients(of: second, at: [x])[0]
    for value in [first, second, third] { #expect(abs(value.values[0] - 1.6487213) < 1e-5) }
  }

  @Test func oneForwardSeveralLosses() {
    let a = Parameter(Tensor([2], [1]))
    let b = Parameter(Tensor([3], [1]))
    watching([a, b]) {
      let product = a.value * b.value
      let sum = product + a.value
      #expect(gradients(of: product, at: [a, b]).map { $0.values } == [[3], [2]])
      #expect(gradients(of: sum, at: [a, a, b]).map { $0.values } == [[4], [4], [2]])
      #expect(gradients(of: Tensor([1], [1]), at: [a])[0].values == [0])
    }
    // Only what is named is followed.
    let (_, only) = valueAndGradients(for: [b]) { a.value * b.value }
    #expect(only.map { $0.values } == [[2]])
  }
}
