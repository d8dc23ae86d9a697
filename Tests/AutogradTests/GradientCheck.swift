import Autograd
import Kernels
import Testing

/// One row of the gradient table: an operation on inputs of given shapes.
struct GradientRow: CustomTestStringConvertible, Sendable {
  let name: String
  let shapes: [[Int]]
  /// Inputs are drawn from here: away from kinks, poles and negative numbers where that matters.
  var low: Float = -1
  var high: Float = 1
  /// Whether a second derivative is promised.
  var hasSecond = true
  let apply: @Sendable ([Tensor]) -> Tensor

  init(
    _ name: String, _ shapes: [[Int]], from low: Float = -1, to high: Float = 1,
    second: Bool = true, _ apply: @escaping @Sendable ([Tensor]) -> Tensor
  ) {
    self.name = name
    self.shapes = shapes
    self.low = low
    self.high = high
    hasSecond = second
    self.apply = apply
  }

  var testDescription: String { name }

  func inputs(_ random: inout RandomSource) -> [Tensor] {
    shapes.map { .uniform(Shape($0), low, high, using: &random) }
  }
}

/// Central differences of a function of all values of some tensors.
struct NumericGradient {
  let step: Float

  /// The derivative of `function` by every value of input `index`.
  func of(
    _ function: ([Tensor]) -> Double, _ inputs: [Tensor], _ index: Int
  ) -> [Double] {
    var result: [Double] = []
    for position in 0..<inputs[index].count {
      func moved(_ distance: Float) -> (Double, Float) {
        var values = inputs[index].values
        values[position] += distance
        var changed = inputs
        changed[index] = Tensor(values, inputs[index].shape)
        return (function(changed), values[position])
      }
      let (above, high) = moved(step)
      let (below, low) = moved(-step)
      result.append((above - below) / Double(high - low))
    }
    return result
  }
}

/// The sum of products in double precision.
func dot(_ a: [Float], _ b: [Float]) -> Double {
  zip(a, b).reduce(0) { $0 + Double($1.0) * Double($1.1) }
}

/// Whether each value is near its expected one, by the size of the largest.
func expectNear(
  _ values: [Float], _ expected: [Double], tolerance: Double, _ name: String,
  sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(values.count == expected.count, "\(name)", sourceLocation: sourceLocation)
  let scale = max(expected.map { abs($0) }.max() ?? 0, 0.05)
  let worst = zip(values, expected).map { abs(Double($0) - $1) }.max() ?? 0
  #expect(
    worst <= tolerance * scale && worst.isFinite, "\(name): off by \(worst) of \(scale)",
    sourceLocation: sourceLocation)
}
