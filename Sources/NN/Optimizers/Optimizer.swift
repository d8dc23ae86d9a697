import Autograd

/// Changes parameters by their gradients. What it remembers between steps goes into checkpoints.
public protocol Optimizer: AnyObject {
  /// Takes one step.
  /// - Parameters:
  ///   - gradients: one for each parameter, in the order given at creation.
  ///   - rate: the learning rate of this step.
  ///   - scale: a factor of all gradients, from ``clippingScale(norm:limit:)``.
  func step(_ gradients: [Tensor], rate: Float, scale: Float)

  /// Steps taken so far.
  var steps: Int { get set }

  /// What is remembered of each parameter, by the name it has in PyTorch's optimizer:
  /// `exp_avg`, `exp_avg_sq`, `momentum_buffer`. In the order of the parameters.
  var memory: [(name: String, values: [Parameter])] { get }
}

/// Plain or momentum gradient descent, as `torch.optim.SGD`.
public final class SGD: Optimizer {
  private let parameters: [Parameter]
  private let momentum: Float
  private let weightDecay: Float
  private let velocities: [Parameter]
  /// Steps taken so far; a run that goes on sets it to where the earlier one stopped.
  public var steps = 0

  /// - Parameters:
  ///   - parameters: to be trained.
  ///   - momentum: share of the last step that is repeated; 0: none.
  ///   - weightDecay: times the parameter is added to its gradient.
  public init(_ parameters: [Parameter], momentum: Float = 0, weightDecay: Float = 0) {
    self.parameters = parameters
    self.momentum = momentum
    self.weightDecay = weightDecay
    velocities = momentum == 0 ? [] : parameters.map { Parameter(.zeros($0.shape)) }
  }

  /// `momentum_buffer`, the velocity of each parameter; nothing without momentum.
  public var memory: [(name: String, values: [Parameter])] {
    velocities.isEmpty ? [] : [("momentum_buffer", velocities)]
  }

  /// Takes one step of gradient descent; see ``Optimizer/step(_:rate:scale:)``.
  public func step(_ gradients: [Tensor], rate: Float, scale: Float) {
    require(gradients.count == parameters.count, "SGD: a gradient for each parameter")
    for (index, parameter) in parameters.enumerated() {
      sgdStep(
        parameter, gradients[index], velocity: velocities.isEmpty ? nil : velocities[index],
        rate: rate, momentum: momentum, decay: weightDecay, scale: scale, isFirst: steps == 0)
    }
    steps += 1
  }
}

/// Adam (Kingma and Ba 2015) and AdamW (Loshchilov and Hutter 2019), as in `torch.optim`.
public final class Adam: Optimizer {
  /// The settings, with PyTorch's defaults.
  public struct Configuration: Codable, Equatable, Sendable {
    /// β₁, the decay rate of the running mean of gradients.
    public var beta1: Float = 0.9
    /// β₂, the decay rate of the running mean of squared gradients.
    public var beta2: Float = 0.999
    /// ε, which is added to the square root in the denominator for numerical stability.
    public var epsilon: Float = 1e-8
    /// λ, the strength of weight decay; 0: none.
    public var weightDecay: Float = 0
    /// Whether decay is taken from the parameter itself (AdamW) instead of joining the gradient.
    public var isDecoupled = false

    /// Adam with PyTorch's defaults and without weight decay.
    public init() {}

    /// AdamW with PyTorch's defaults, weight decay 0.01 among them.
    public static var adamW: Configuration {
      var result = Configuration()
      result.weightDecay = 0.01
      result.isDecoupled = true
      return result
    }
  }

  private let parameters: [Parameter]
  private let configuration: Configuration
  private let decays: [Bool]
  private let means: [Parameter]
  private let squares: [Parameter]
  /// Steps taken so far; a run that goes on sets it to where the earlier one stopped.
  public var steps = 0

  /// - Parameters:
  ///   - parameters: to be trained.
  ///   - configuration: betas, epsilon, decay.
  ///   - decays: for each parameter whether weight decay applies to it; nil: to all.
  public init(
    _ parameters: [Parameter], _ configuration: Configuration = Configuration(),
    decays: [Bool]? = nil
  ) {
    self.parameters = parameters
    self.configuration = configuration
    self.decays = decays ?? parameters.map { _ in true }
    means = parameters.map { Parameter(.zeros($0.shape)) }
    squares = parameters.map { Parameter(.zeros($0.shape)) }
  }

  /// `exp_avg` and `exp_avg_sq`: the running means of each gradient and of its square.
  public var memory: [(name: String, values: [Parameter])] {
    [("exp_avg", means), ("exp_avg_sq", squares)]
  }

  /// Takes one step of Adam or AdamW; see ``Optimizer/step(_:rate:scale:)``.
  public func step(_ gradients: [Tensor], rate: Float, scale: Float) {
    require(gradients.count == parameters.count, "Adam: a gradient for each parameter")
    steps += 1
    for (index, parameter) in parameters.enumerated() {
      adamStep(
        parameter, gradients[index], mean: means[index], square: squares[index],
        settings(rate: rate, scale: scale, decays: decays[index]))
    }
  }

  private func settings(rate: Float, scale: Float, decays: Bool) -> AdamStep {
    AdamStep(
      rate: rate, beta1: configuration.beta1, beta2: configuration.beta2,
      epsilon: configuration.epsilon, decay: decays ? configuration.weightDecay : 0,
      isDecoupled: configuration.isDecoupled, scale: scale,
      correction1: 1 - power(Double(configuration.beta1), steps),
      correction2: 1 - power(Double(configuration.beta2), steps))
  }
}

/// baseⁿ by repeated squaring: the same on every machine.
private func power(_ base: Double, _ exponent: Int) -> Double {
  var (result, factor, rest) = (1.0, base, exponent)
  while rest > 0 {
    if rest & 1 == 1 { result *= factor }
    factor *= factor
    rest >>= 1
  }
  return result
}
