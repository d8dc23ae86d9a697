import Autograd

/// Batch normalisation (Ioffe and Szegedy 2015) of images, by channel: with the statistics of the
/// batch while training, else with those of training so far.
public struct BatchNorm2d: Normalization {
  /// The factor of each channel (γ), [channels].
  public let weight: Parameter
  /// The offset of each channel (β), [channels].
  public let bias: Parameter
  /// The exponential moving average of the batches' means, [channels].
  public let runningMean: Parameter
  /// The exponential moving average of the batches' unbiased variances, [channels].
  public let runningVariance: Parameter
  /// Batches seen in training.
  public let batchCount: Parameter
  /// ε, which is added to the variance for numerical stability.
  public let epsilon: Float
  /// The share of the newest batch in the running statistics.
  public let momentum: Float

  /// - Parameters:
  ///   - channels: of the images.
  ///   - epsilon: added to the variance.
  ///   - momentum: share of a batch in the running statistics.
  ///   - plan: takes the factors and running variances, which start with 1, and the offsets and running
  ///     means, with 0.
  public init(
    _ channels: Int, epsilon: Float = 1e-5, momentum: Float = 0.1, using plan: inout ParameterPlan
  ) {
    weight = plan.parameter([channels], .constant(1))
    bias = plan.parameter([channels], .constant(0))
    runningMean = plan.parameter(
      [channels], .constant(0), name: "running_mean", isTrainable: false)
    runningVariance = plan.parameter(
      [channels], .constant(1), name: "running_var", isTrainable: false)
    batchCount = plan.parameter(
      [], .constant(0), name: "num_batches_tracked", isTrainable: false, stored: .integer)
    self.epsilon = epsilon
    self.momentum = momentum
  }

  /// Normalises x, [batch, height, width, channels], and applies an activation to the result. In
  /// training the running statistics follow the batch.
  /// - Parameters:
  ///   - x: [batch, height, width, channels].
  ///   - context: whether the pass is one of training.
  ///   - slope: what negative results are multiplied by: 1 for no activation, 0 for ReLU.
  public func callAsFunction(_ x: Tensor, _ context: Context, slope: Float) -> Tensor {
    guard context.isTraining else {
      let scale = weight.value / sqrt(runningVariance.value + epsilon)
      return channelAffine(x, scale, bias.value - runningMean.value * scale, slope: slope)
    }
    let (y, mean, variance) = batchNorm2d(
      x, weight.value, bias.value, epsilon: epsilon, slope: slope)
    // The running variance is that of the distribution, not of the batch.
    let size = Float(x.count / max(x.shape[-1], 1))
    let factor = size > 1 ? size / (size - 1) : 1
    follow(runningMean, mean, 1)
    follow(runningVariance, variance, factor)
    batchCount.value = batchCount.value + 1
    return y
  }

  private func follow(_ running: Parameter, _ values: [Float], _ factor: Float) {
    running.value =
      running.value * (1 - momentum) + Tensor(values, running.shape) * (momentum * factor)
  }
}

/// Instance normalisation (Ulyanov et al. 2016): each channel of each image by itself.
public struct InstanceNorm2d: Normalization {
  /// The factor of each channel (γ), [channels]; nil when none is learned.
  public let weight: Parameter?
  /// The offset of each channel (β), [channels]; nil when none is learned.
  public let bias: Parameter?
  /// ε, which is added to the variance for numerical stability.
  public let epsilon: Float

  /// - Parameters:
  ///   - channels: of the images.
  ///   - epsilon: added to the variance.
  ///   - isAffine: whether each channel has a factor and an offset, which are learned.
  ///   - plan: takes the factors, which start with 1, and the offsets, with 0.
  public init(
    _ channels: Int, epsilon: Float = 1e-5, isAffine: Bool = false, using plan: inout ParameterPlan
  ) {
    weight = isAffine ? plan.parameter([channels], .constant(1)) : nil
    bias = isAffine ? plan.parameter([channels], .constant(0)) : nil
    self.epsilon = epsilon
  }

  /// Normalises x, [batch, height, width, channels], and applies an activation to the result, in
  /// training as in inference.
  /// - Parameters:
  ///   - x: [batch, height, width, channels].
  ///   - context: not used.
  ///   - slope: what negative results are multiplied by: 1 for no activation, 0 for ReLU.
  public func callAsFunction(_ x: Tensor, _ context: Context, slope: Float) -> Tensor {
    instanceNorm2d(x, weight?.value, bias?.value, epsilon: epsilon, slope: slope)
  }
}
