import Autograd
import Kernels

/// The kinds of recurrent layers, named as in PyTorch.
public enum RecurrentKind: String, Codable, CaseIterable, Sendable {
  case rnn, gru, lstm

  /// Pre-activations of one unit.
  public var gates: Int {
    switch self {
    case .rnn: 1
    case .gru: 3
    case .lstm: 4
    }
  }
}

/// What a recurrent network remembers between two pieces of a sequence, one entry a layer; without
/// history.
public struct RecurrentState {
  /// [batch, hidden].
  public var hidden: [Tensor]
  /// [batch, hidden]; LSTM only, else empty.
  public var cells: [Tensor]

  /// Creates a state from one tensor a layer, the first layer first.
  public init(hidden: [Tensor], cells: [Tensor] = []) {
    self.hidden = hidden
    self.cells = cells
  }
}

/// RNN, GRU or LSTM layers, one on top of the other, over sequences [steps, batch, …]. Parameters have
/// the names and shapes of PyTorch's `nn.RNN`, `nn.GRU` and `nn.LSTM`.
public struct Recurrent: Module {
  /// The kind of all layers.
  public let kind: RecurrentKind
  /// What a plain RNN applies.
  public let nonlinearity: RNNSequence.Nonlinearity
  /// The layers; the first one reads the input.
  public let layers: [RecurrentLayer]
  /// Between layers, while training.
  public let dropout: Float

  /// The names of the parameters begin with the kind: `lstm.weight_ih_l0`.
  public var prefix: ModulePrefix { .own(kind.rawValue) }

  /// - Parameters:
  ///   - kind: of all layers.
  ///   - input: size of the last axis of x.
  ///   - hidden: units of a layer.
  ///   - layers: how many.
  ///   - dropout: rate between layers.
  ///   - nonlinearity: of a plain RNN.
  ///   - plan: takes all, which start uniformly within ±1/√hidden, as in PyTorch.
  public init(
    _ kind: RecurrentKind, input: Int, hidden: Int, layers: Int, dropout: Float = 0,
    nonlinearity: RNNSequence.Nonlinearity = .tanh, using plan: inout ParameterPlan
  ) {
    self.kind = kind
    self.dropout = dropout
    self.nonlinearity = nonlinearity
    var made: [RecurrentLayer] = []
    for index in 0..<layers {
      made.append(
        RecurrentLayer(
          index, gates: kind.gates, input: index == 0 ? input : hidden, hidden: hidden,
          using: &plan))
    }
    self.layers = made
  }

  /// - Parameters:
  ///   - x: [steps, batch, input].
  ///   - state: where the sequence goes on from; nil: zeros.
  ///   - context: for dropout.
  /// - Returns: the last layer's states [steps, batch, hidden], and where the next piece goes on from.
  public func callAsFunction(
    _ x: Tensor, _ state: RecurrentState?, _ context: Context
  ) -> (output: Tensor, state: RecurrentState) {
    run({ .sequence(linear(x, $0)) }, state, context)
  }

  /// The same for embedded tokens [steps, batch]. Where the vocabulary is smaller than the batch, the
  /// embedding as a whole goes through the first layer's weight, and its rows are looked up after.
  public func callAsFunction(
    _ indices: Indices, _ embedding: Embedding, _ state: RecurrentState?, _ context: Context
  ) -> (output: Tensor, state: RecurrentState) {
    let table = embedding.weight.value
    guard table.shape[0] < indices.values.count else {
      return self(embedding(indices), state, context)
    }
    return run({ .table(linear(table, $0), indices) }, state, context)
  }

  /// The first layers alone, with the same parameters.
  /// - Parameter count: 1 to the number of layers.
  public func first(_ count: Int) -> Recurrent {
    require((1...layers.count).contains(count), "Recurrent: \(count) of \(layers.count) layers")
    return Recurrent(kind, nonlinearity, Array(layers.prefix(count)), dropout)
  }

  private init(
    _ kind: RecurrentKind, _ nonlinearity: RNNSequence.Nonlinearity, _ layers: [RecurrentLayer],
    _ dropout: Float
  ) {
    (self.kind, self.nonlinearity) = (kind, nonlinearity)
    (self.layers, self.dropout) = (layers, dropout)
  }

  /// The layers for one token after the other, without history.
  public func steppers() -> [RecurrentStepper] {
    let cell: RecurrentStepper.Cell =
      switch kind {
      case .lstm: .lstm
      case .gru: .gru
      case .rnn: .rnn(nonlinearity)
      }
    return layers.map { RecurrentStepper(cell, inputWeight: $0.inputWeight.value, $0.weights) }
  }

  private func run(
    _ first: (Tensor) -> RecurrentGates, _ state: RecurrentState?, _ context: Context
  ) -> (output: Tensor, state: RecurrentState) {
    var next = RecurrentState(hidden: [])
    var output: Tensor?
    for (index, layer) in layers.enumerated() {
      let weight = layer.inputWeight.value
      let gates: RecurrentGates
      if let below = output {
        gates = .sequence(linear(below.dropout(dropout, context), weight))
      } else {
        gates = first(weight)
      }
      let h0 = state?.hidden[index]
      let states: Tensor
      switch kind {
      case .lstm:
        let (all, cell) = lstm(gates, layer.weights, h0: h0, c0: state?.cells[index])
        states = all
        next.cells.append(cell)
      case .gru: states = gru(gates, layer.weights, h0: h0)
      case .rnn: states = rnn(gates, layer.weights, nonlinearity, h0: h0)
      }
      let steps = states.shape[0]
      next.hidden.append(
        states.detached.sliced(steps - 1..<steps).reshaped([states.shape[1], states.shape[2]]))
      output = states
    }
    guard let output else { preconditionFailure("Recurrent: no layers") }
    return (output, next)
  }
}

/// The parameters of one layer, which PyTorch keeps in its network under numbered names.
public struct RecurrentLayer: Module {
  /// [gates · hidden, input].
  public let inputWeight: Parameter
  /// [gates · hidden, hidden].
  public let hiddenWeight: Parameter
  /// [gates · hidden] each.
  public let inputBias: Parameter
  /// The bias of the hidden state's part, [gates · hidden].
  public let hiddenBias: Parameter

  /// The names of the parameters begin with nothing: they hold the layer's number, `weight_ih_l0`.
  public var prefix: ModulePrefix { .none }

  init(_ index: Int, gates: Int, input: Int, hidden: Int, using plan: inout ParameterPlan) {
    let size = gates * hidden
    func parameter(_ name: String, _ sizes: [Int]) -> Parameter {
      plan.parameter(sizes, .fanIn(hidden), name: "\(name)_l\(index)")
    }
    inputWeight = parameter("weight_ih", [size, input])
    hiddenWeight = parameter("weight_hh", [size, hidden])
    inputBias = parameter("bias_ih", [size])
    hiddenBias = parameter("bias_hh", [size])
  }

  /// The current values of all parameters but ``inputWeight``.
  public var weights: RecurrentWeights {
    RecurrentWeights(
      hidden: hiddenWeight.value, inputBias: inputBias.value, hiddenBias: hiddenBias.value)
  }
}
