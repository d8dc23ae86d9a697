import Autograd

/// An exponential moving average of parameters over the steps of training, which gives better
/// images than the last weights (Yazici et al. 2019).
public final class WeightAverage {
  private let source: [Parameter]
  private let averages: [Parameter]
  /// Share of the average that a step keeps.
  public let decay: Float

  /// - Parameters:
  ///   - source: what is averaged. Of those that are not trainable the latest value is kept.
  ///   - averages: as many parameters of the same shapes, which hold the averages; they start as the
  ///     source.
  ///   - decay: share of the average that a step keeps, 0.999 say.
  public init(of source: [Parameter], in averages: [Parameter], decay: Float) {
    require(
      source.map { $0.shape } == averages.map { $0.shape }, "WeightAverage: other parameters")
    for (parameter, average) in zip(source, averages) { average.value = parameter.value }
    self.source = source
    self.averages = averages
    self.decay = decay
  }

  /// Takes in the parameters after step `step`, counted from 0. The first steps weigh less, so that
  /// the start is soon forgotten.
  public func update(step: Int) {
    update(kept: min(decay, Float(1 + step) / Float(10 + step)))
  }

  /// Takes in the parameters with a share of its own.
  /// - Parameter kept: what the average keeps of itself, 0 to 1.
  public func update(kept: Float) {
    for (parameter, average) in zip(source, averages) {
      if parameter.isTrainable {
        follow(average, parameter.value, kept: kept)
      } else {
        average.value = parameter.value
      }
    }
  }
}
