import Autograd
import Kernels
import NN

/// RNN, GRU or LSTM layers over the values of all columns, and a projection to the next value of
/// each.
struct ForecastNetwork: Module {
  /// The sizes of a network.
  struct Sizes: Codable, Equatable, Sendable {
    var kind = RecurrentKind.lstm
    var columns = 1
    var hidden = 32
    var layers = 1
    var dropout: Float = 0
  }

  let recurrent: Recurrent
  let fc: Linear

  init(_ sizes: Sizes, using plan: inout ParameterPlan) {
    recurrent = Recurrent(
      sizes.kind, input: sizes.columns, hidden: sizes.hidden, layers: sizes.layers,
      dropout: sizes.dropout, using: &plan)
    fc = Linear(sizes.hidden, sizes.columns, using: &plan)
  }

  /// - Parameter x: [steps, batch, columns].
  /// - Returns: [steps, batch, columns]: after each step, the value of the next.
  func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    fc(recurrent(x, nil, context).output)
  }

  /// The value after the last step.
  /// - Returns: [batch, columns].
  func next(_ x: Tensor) -> Tensor {
    let states = recurrent(x, nil, .inference).state.hidden
    guard let last = states.last else { preconditionFailure("ForecastNetwork: no layers") }
    return fc(last)
  }
}
