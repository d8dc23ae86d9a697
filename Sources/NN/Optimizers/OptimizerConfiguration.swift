import Autograd

/// Which optimizer, with what settings, as the command line and checkpoints have them.
public struct OptimizerConfiguration: Codable, Equatable, Sendable {
  /// The optimizers, under the names of the command line and of checkpoints.
  public enum Kind: String, Codable, CaseIterable, Sendable {
    case sgd, adam, adamw
  }

  /// Which optimizer is used.
  public var kind = Kind.adamw
  /// Of SGD.
  public var momentum: Float = 0
  /// Of Adam and AdamW.
  public var beta1: Float = 0.9
  /// β₂ of Adam and AdamW.
  public var beta2: Float = 0.999
  /// ε of Adam and AdamW, which keeps the denominator above 0.
  public var epsilon: Float = 1e-8
  /// The strength of weight decay, for all optimizers; 0: none.
  public var weightDecay: Float = 0
  /// The longest allowed gradient, for ``clippingScale(norm:limit:)``; nil: any.
  public var gradClip: Double?

  enum CodingKeys: String, CodingKey {
    case kind, momentum, beta1, beta2, epsilon
    case weightDecay = "weight_decay"
    case gradClip = "grad_clip"
  }

  /// AdamW without decay or clipping.
  public init() {}

  /// The optimizer of `parameters`.
  /// - Parameters:
  ///   - parameters: those that it changes.
  ///   - decays: for each parameter whether weight decay applies to it; nil: to all. SGD applies it to all.
  public func make(_ parameters: [Parameter], decays: [Bool]? = nil) -> any Optimizer {
    if kind == .sgd { return SGD(parameters, momentum: momentum, weightDecay: weightDecay) }
    var settings = Adam.Configuration()
    settings.beta1 = beta1
    settings.beta2 = beta2
    settings.epsilon = epsilon
    settings.weightDecay = weightDecay
    settings.isDecoupled = kind == .adamw
    return Adam(parameters, settings, decays: decays)
  }
}
