import Files
import Glibc
import NN

/// Examples as rows of features.
protocol DesignMatrix: Sendable {
  var rowCount: Int { get }
  var columnCount: Int { get }
  /// The sum over the features of each row of value times weight, plus `bias`: one a row.
  func products(_ weights: [Double], bias: Double) -> [Double]
  /// The sum over the rows of each column of value times factor: one a column.
  func transposedProducts(_ factors: [Double]) -> [Double]
}

extension FeatureMatrix: DesignMatrix {}

/// Logistic regression of one class against the others, features each scaled by a factor of its own, with
/// a penalty on the squares of how far the scaled weights are from where they start.
struct LogisticRegression<Matrix: DesignMatrix> {
  let matrix: Matrix
  /// 1 for texts of the class, -1 for others.
  let signs: [Double]
  /// How much each text counts.
  let textWeights: [Double]
  /// One a column: a feature counts as value times scale.
  let scales: [Double]
  /// The penalty's factor: 1 divided by what liblinear calls the cost.
  let penalty: Double

  /// Weights that fit, for the features as they are, and the bias.
  /// - Parameter start: weights for the features as they are, and a bias; nil: zeros.
  /// - Throws: ``/Files/AIGCError`` (interrupted) after Ctrl-C.
  func fit(
    from start: (weights: [Double], bias: Double)? = nil
  ) throws(AIGCError) -> (weights: [Double], bias: Double, loss: Double) {
    let count = matrix.columnCount
    var first = [Double](repeating: 0, count: count + 1)
    if let start {
      for column in 0..<count {
        first[column] = scales[column] == 0 ? 0 : start.weights[column] / scales[column]
      }
      first[count] = start.bias
    }
    let origin = first
    var search = LBFGS()
    search.tolerance = 1e-3
    let (x, value) = try search.minimize(from: first) { x, gradient in
      evaluate(x, origin, &gradient)
    }
    let total = max(textWeights.reduce(0, +), 1e-12)
    return (zip(x, scales).map { $0 * $1 }, x[count], value / total)
  }

  private func evaluate(_ x: [Double], _ origin: [Double], _ gradient: inout [Double]) -> Double {
    let count = matrix.columnCount
    let margins = matrix.products(zip(x, scales).map { $0 * $1 }, bias: x[count])
    var factors = [Double](repeating: 0, count: margins.count)
    var value = 0.0
    for row in margins.indices where textWeights[row] > 0 {
      let margin = signs[row] * margins[row]
      // log(1 + e^-m) without overflow.
      let tail = exp(-Swift.abs(margin))
      value += textWeights[row] * (log1p(tail) + max(-margin, 0))
      let share = margin > 0 ? tail / (1 + tail) : 1 / (1 + tail)
      factors[row] = -signs[row] * share * textWeights[row]
    }
    let sums = matrix.transposedProducts(factors)
    for column in 0..<count {
      let distance = x[column] - origin[column]
      gradient[column] = sums[column] * scales[column] + penalty * distance
      value += penalty / 2 * distance * distance
    }
    let distance = x[count] - origin[count]
    gradient[count] = factors.reduce(0, +) + penalty * distance
    return value + penalty / 2 * distance * distance
  }
}
