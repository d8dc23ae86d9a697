import Autograd
import Kernels

/// The last layer of a policy, which scores tokens by states: [n, width] to [n, tokens].
public enum PolicyHead {
  /// Weights [tokens, width] and maybe a bias [tokens], which learn.
  case trained(weight: Tensor, bias: Tensor?)
  /// Weights that stay as they are.
  case frozen(FrozenMatrix)

  /// What a sum of functions of each token's log-probability is, without ever holding the scores of all.
  /// - Parameters:
  ///   - states: [n, width].
  ///   - targets: n tokens.
  ///   - temperature: divides the scores.
  ///   - term: as that of ``/Autograd/linearTokenLoss(_:_:_:_:_:)``.
  func tokenLoss(
    _ states: Tensor, _ targets: [Int32], temperature: Float,
    _ term: @escaping @Sendable (Int, Float) -> (value: Float, slope: Float)
  ) -> Tensor {
    let states = tempered(states, temperature)
    switch self {
    case .trained(let weight, let bias):
      return linearTokenLoss(
        states, weight, bias.map { tempered($0, temperature) }, targets, term)
    case .frozen(let weight): return frozenTokenLoss(states, weight, targets, term)
    }
  }

  /// The log-probability of each of n tokens, without history.
  func logProbabilities(_ states: Tensor, _ targets: [Int32], temperature: Float) -> [Float] {
    let states = tempered(states, temperature)
    let losses =
      switch self {
      case .trained(let weight, let bias):
        linearCrossEntropyLosses(
          states, weight, bias.map { tempered($0, temperature) }, targets)
      case .frozen(let weight): frozenCrossEntropyLosses(states, weight, targets)
      }
    return losses.map { -$0 }
  }

  /// Scores that are divided by a temperature come of states, and of a bias, that are.
  private func tempered(_ values: Tensor, _ temperature: Float) -> Tensor {
    temperature == 1 ? values : values * (1 / temperature)
  }
}
