import CKernels
import Kernels

/// One step of stochastic gradient descent on one parameter, in place.
/// - Parameters:
///   - parameter: to be changed.
///   - gradient: of its shape.
///   - velocity: what is remembered for momentum; nil: no momentum.
///   - rate: the learning rate.
///   - momentum: share of the velocity that is kept.
///   - decay: times the parameter is added to the gradient.
///   - scale: a factor of the gradient.
///   - isFirst: whether the velocity starts here.
public func sgdStep(
  _ parameter: Parameter, _ gradient: Tensor, velocity: Parameter?, rate: Float, momentum: Float,
  decay: Float, scale: Float, isFirst: Bool
) {
  forBlocks(parameter, gradient, [velocity].compactMap { $0 }) { count, p, g, state in
    aigc_sgd(count, p, g, state.first, rate, momentum, decay, scale, isFirst ? 1 : 0)
  }
}

/// The settings of one Adam step.
public struct AdamStep: Sendable {
  /// The learning rate.
  public var rate: Float
  /// β₁, the share of the running mean of gradients that a step keeps.
  public var beta1: Float
  /// β₂, the share of the running mean of squared gradients that a step keeps.
  public var beta2: Float
  /// ε, which is added to the square root in the denominator for numerical stability.
  public var epsilon: Float
  /// Weight decay: taken from the parameter (AdamW) or added to the gradient.
  public var decay: Float
  /// Whether the decay is taken from the parameter itself (AdamW) and not added to the gradient.
  public var isDecoupled: Bool
  /// A factor of the gradient.
  public var scale: Float
  /// 1 - beta1ᵗ and 1 - beta2ᵗ at step t.
  public var correction1: Double
  /// The bias correction of the squared gradients, 1 - beta2ᵗ.
  public var correction2: Double

  /// Creates the settings of a step from all of their values.
  public init(
    rate: Float, beta1: Float, beta2: Float, epsilon: Float, decay: Float, isDecoupled: Bool,
    scale: Float, correction1: Double, correction2: Double
  ) {
    self.rate = rate
    self.beta1 = beta1
    self.beta2 = beta2
    self.epsilon = epsilon
    self.decay = decay
    self.isDecoupled = isDecoupled
    self.scale = scale
    self.correction1 = correction1
    self.correction2 = correction2
  }
}

/// One step of Adam or AdamW on one parameter, in place, in one pass over its memory.
/// - Parameters:
///   - parameter: to be changed.
///   - gradient: of its shape.
///   - mean: the running mean of gradients.
///   - square: the running mean of their squares.
///   - step: the settings.
public func adamStep(
  _ parameter: Parameter, _ gradient: Tensor, mean: Parameter, square: Parameter, _ step: AdamStep
) {
  let settings = aigc_adam_settings(
    rate: step.rate, beta1: step.beta1, beta2: step.beta2, epsilon: step.epsilon,
    decay: step.decay, decoupled: step.isDecoupled ? 1 : 0, scale: step.scale,
    correction1: Float(step.correction1), correction2_sqrt: Float(step.correction2.squareRoot()))
  forBlocks(parameter, gradient, [mean, square]) { count, p, g, state in
    withUnsafePointer(to: settings) { aigc_adam(count, p, g, state[0], state[1], $0) }
  }
}

/// Runs a loop over blocks of one parameter on all threads; `body` gets a block's size and where it
/// starts in the parameter, the gradient, and what the optimizer remembers.
private func forBlocks(
  _ parameter: Parameter, _ gradient: Tensor, _ state: [Parameter],
  _ body: (
    Int, UnsafeMutablePointer<Float>, UnsafePointer<Float>, [UnsafeMutablePointer<Float>]
  ) -> Void
) {
  require(
    gradient.shape == parameter.shape,
    "optimizer: a gradient of shape \(gradient.shape) for \(parameter.shape)")
  var bases: [UnsafeMutablePointer<Float>] = []
  for memory in state {
    require(memory.count == parameter.count, "optimizer: a state of another size")
    memory.update { if let base = $0.baseAddress { bases.append(base) } }
  }
  parameter.update { values in
    guard let p = values.baseAddress else { return }
    let g = gradient.pointer
    parallelElements(values.count) { first, end in
      body(end - first, p + first, g + first, bases.map { $0 + first })
    }
  }
}

extension Tensor {
  /// The sum of squares in double precision: blocks of a fixed size, added in order.
  public func squareSum() -> Double {
    let source = pointer
    let blocks = (count + elementBlock - 1) / elementBlock
    var sums = [Double](repeating: 0, count: max(blocks, 1))
    sums.withUnsafeMutableBufferPointer { sums in
      guard let results = sums.baseAddress else { return }
      parallelElements(count, block: elementBlock) { first, end in
        aigc_square_sum_double(end - first, source + first, results + first / elementBlock)
      }
    }
    return sums.reduce(0, +)
  }
}

/// average = average · kept + value · (1 - kept), in place.
public func follow(_ average: Parameter, _ value: Tensor, kept: Float) {
  forBlocks(average, value, []) { count, target, source, _ in
    aigc_scale_add(count, kept, 0, target, target)
    aigc_axpy(count, 1 - kept, source, target)
  }
}
