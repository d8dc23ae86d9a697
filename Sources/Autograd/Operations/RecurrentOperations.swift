import CKernels
import Kernels

/// The input's part of a recurrent layer's pre-activations, x W_ihᵀ.
public enum RecurrentGates {
  /// [steps, batch, gates · hidden].
  case sequence(Tensor)
  /// A table [tokens, gates · hidden] and which of its rows each step takes, [steps, batch]. With few
  /// tokens, the product of a whole embedding with W_ihᵀ is smaller than that of a batch.
  case table(Tensor, Indices)

  var tensor: Tensor {
    switch self {
    case .sequence(let tensor), .table(let tensor, _): tensor
    }
  }
  var indices: Indices? {
    if case .table(_, let indices) = self { return indices }
    return nil
  }

  func shape(gates: Int) -> RecurrentShape {
    let (tensor, indices) = (tensor, indices)
    let leading = indices?.shape ?? tensor.shape
    require(
      leading.rank == (indices == nil ? 3 : 2) && tensor.shape[-1] % gates == 0,
      "recurrent layer: gates of shape \(tensor.shape)")
    return RecurrentShape(
      steps: leading[0], batch: leading[1], hidden: tensor.shape[-1] / gates, gates: gates)
  }

  func withInput<R>(_ body: (RecurrentInput) -> R) -> R {
    guard let indices else { return body(RecurrentInput(tensor.pointer)) }
    return indices.values.withUnsafeBufferPointer { rows in
      body(RecurrentInput(tensor.pointer, rows: rows.baseAddress))
    }
  }
}

/// Weights and biases of one recurrent layer, the input's weight apart.
public struct RecurrentWeights {
  /// [gates · hidden, hidden].
  public var hidden: Tensor
  /// [gates · hidden] each.
  public var inputBias: Tensor
  /// The bias of the hidden state's part, [gates · hidden].
  public var hiddenBias: Tensor

  /// Creates the weights from tensors of the shapes that the properties have.
  public init(hidden: Tensor, inputBias: Tensor, hiddenBias: Tensor) {
    self.hidden = hidden
    self.inputBias = inputBias
    self.hiddenBias = hiddenBias
  }
}

/// An LSTM layer over a sequence; see ``/Kernels/LSTMSequence``. First derivative only.
/// - Parameters:
///   - input: with 4 gates, i f g o.
///   - weights: of the recurrent part.
///   - h0: [batch, hidden]; nil: zeros.
///   - c0: the same.
/// - Returns: all h [steps, batch, hidden], and the last c without history.
public func lstm(
  _ input: RecurrentGates, _ weights: RecurrentWeights, h0: Tensor? = nil, c0: Tensor? = nil
) -> (states: Tensor, lastCell: Tensor) {
  let shape = input.shape(gates: 4)
  let size = shape.steps * shape.batch * shape.hidden
  let (gates, cells, states) = (
    Storage(count: 4 * size), Storage(count: size), Storage(count: size)
  )
  let sequence = LSTMSequence(
    shape, weights: weights.hidden.pointer, h0: h0?.pointer, c0: c0?.pointer)
  let bias = weights.inputBias.detached + weights.hiddenBias.detached
  input.withInput {
    sequence.forward(
      input: $0, bias: bias.pointer, gates: gates.base, cells: cells.base, states: states.base)
  }
  let result = Tensor(states, [shape.steps, shape.batch, shape.hidden])
  let lastCell = Tensor([shape.batch, shape.hidden]) { memory in
    guard shape.steps > 0, let base = memory.baseAddress else { return }
    base.update(
      from: cells.base + (shape.steps - 1) * shape.batch * shape.hidden, count: memory.count)
  }
  let indices = input.indices
  let layer = RecurrentBuffers(shape, indices, hasState: h0 != nil, hasCell: c0 != nil)
  let inputs =
    [input.tensor, weights.hidden, weights.inputBias, weights.hiddenBias]
    + [h0, c0].compactMap { $0 }
  let recorded = result.recorded(from: inputs, keepsOutput: true) { dy, context in
    Tensor.requireFirstOrder(context, "lstm")
    let dgates = Storage(count: gates.count)
    let (dh0, dc0) = (
      Storage(count: shape.batch * shape.hidden), Storage(count: shape.batch * shape.hidden)
    )
    let h0 = layer.hasState ? context.input(4) : nil
    let c0 = layer.hasCell ? context.input(layer.hasState ? 5 : 4) : nil
    LSTMSequence(
      shape, weights: context.input(1).pointer, h0: h0?.pointer, c0: c0?.pointer
    ).backward(
      dy: dy.pointer, gates: gates.base, cells: cells.base, dgates: dgates.base,
      dh0: h0 == nil ? nil : dh0.base, dc0: dc0.base)
    return layer.gradients(
      context, dgates: dgates, dhidden: dgates, h0: h0, stateGradients: [dh0, dc0])
  }
  return (recorded, lastCell)
}

/// A GRU layer over a sequence; see ``/Kernels/GRUSequence``. First derivative only.
/// - Parameters:
///   - input: with 3 gates, r z n.
///   - weights: of the recurrent part.
///   - h0: [batch, hidden]; nil: zeros.
/// - Returns: all h, [steps, batch, hidden].
public func gru(_ input: RecurrentGates, _ weights: RecurrentWeights, h0: Tensor? = nil) -> Tensor {
  let shape = input.shape(gates: 3)
  let size = shape.steps * shape.batch * shape.hidden
  let (gates, hidden, states) = (
    Storage(count: 3 * size), Storage(count: 3 * size), Storage(count: size)
  )
  let sequence = GRUSequence(shape, weights: weights.hidden.pointer, h0: h0?.pointer)
  input.withInput {
    sequence.forward(
      input: $0, bias: weights.inputBias.pointer, hiddenBias: weights.hiddenBias.pointer,
      gates: gates.base, hidden: hidden.base, states: states.base)
  }
  let layer = RecurrentBuffers(shape, input.indices, hasState: h0 != nil, hasCell: false)
  let inputs =
    [input.tensor, weights.hidden, weights.inputBias, weights.hiddenBias] + [h0].compactMap { $0 }
  return Tensor(states, [shape.steps, shape.batch, shape.hidden]).recorded(
    from: inputs, keepsOutput: true
  ) { dy, context in
    Tensor.requireFirstOrder(context, "gru")
    let (dgates, dhidden) = (Storage(count: gates.count), Storage(count: gates.count))
    let dh0 = Storage(count: shape.batch * shape.hidden)
    let h0 = layer.hasState ? context.input(4) : nil
    GRUSequence(shape, weights: context.input(1).pointer, h0: h0?.pointer).backward(
      dy: dy.pointer, gates: gates.base, hidden: hidden.base, states: context.output.pointer,
      dgates: dgates.base, dhidden: dhidden.base, dh0: dh0.base)
    return layer.gradients(
      context, dgates: dgates, dhidden: dhidden, h0: h0, stateGradients: [dh0])
  }
}

/// A plain recurrent layer over a sequence; see ``/Kernels/RNNSequence``. First derivative only.
/// - Parameters:
///   - input: with 1 gate.
///   - weights: of the recurrent part.
///   - nonlinearity: tanh or relu.
///   - h0: [batch, hidden]; nil: zeros.
/// - Returns: all h, [steps, batch, hidden].
public func rnn(
  _ input: RecurrentGates, _ weights: RecurrentWeights, _ nonlinearity: RNNSequence.Nonlinearity,
  h0: Tensor? = nil
) -> Tensor {
  let shape = input.shape(gates: 1)
  let states = Storage(count: shape.steps * shape.batch * shape.hidden)
  let bias = weights.inputBias.detached + weights.hiddenBias.detached
  let sequence = RNNSequence(
    shape, weights: weights.hidden.pointer, h0: h0?.pointer, nonlinearity: nonlinearity)
  input.withInput { sequence.forward(input: $0, bias: bias.pointer, states: states.base) }
  let layer = RecurrentBuffers(shape, input.indices, hasState: h0 != nil, hasCell: false)
  let inputs =
    [input.tensor, weights.hidden, weights.inputBias, weights.hiddenBias] + [h0].compactMap { $0 }
  return Tensor(states, [shape.steps, shape.batch, shape.hidden]).recorded(
    from: inputs, keepsOutput: true
  ) { dy, context in
    Tensor.requireFirstOrder(context, "rnn")
    let dgates = Storage(count: dy.count)
    let dh0 = Storage(count: shape.batch * shape.hidden)
    let h0 = layer.hasState ? context.input(4) : nil
    RNNSequence(
      shape, weights: context.input(1).pointer, h0: h0?.pointer, nonlinearity: nonlinearity
    ).backward(
      dy: dy.pointer, states: context.output.pointer, dgates: dgates.base,
      dh0: h0 == nil ? nil : dh0.base)
    return layer.gradients(
      context, dgates: dgates, dhidden: dgates, h0: h0, stateGradients: [dh0])
  }
}

/// What the gradients of all three layers have in common.
private struct RecurrentBuffers {
  let shape: RecurrentShape
  let indices: Indices?
  let hasState: Bool
  let hasCell: Bool

  init(_ shape: RecurrentShape, _ indices: Indices?, hasState: Bool, hasCell: Bool) {
    self.shape = shape
    self.indices = indices
    self.hasState = hasState
    self.hasCell = hasCell
  }

  /// In the order of the inputs: gates, weight, both biases, then the states that were given.
  func gradients(
    _ context: PullbackContext, dgates: Storage, dhidden: Storage, h0: Tensor?,
    stateGradients: [Storage]
  ) -> [Tensor?] {
    let width = shape.gates * shape.hidden
    let sequence = Tensor(dgates, [shape.steps, shape.batch, width])
    let rows = Tensor(dgates, [shape.steps * shape.batch, width])
    let inputBias = context.needs(2) ? rows.sum(axis: 0) : nil
    var results: [Tensor?] = [
      context.needs(0)
        ? indices.map { sequence.scattered($0, rows: context.inputShape(0)[0]) } ?? sequence : nil,
      context.needs(1) ? weightGradient(dhidden, states: context.output, h0: h0) : nil,
      inputBias,
    ]
    if context.needs(3) {
      let isSame = dhidden === dgates && inputBias != nil
      results.append(
        isSame
          ? inputBias : Tensor(dhidden, [shape.steps * shape.batch, width]).sum(axis: 0))
    } else {
      results.append(nil)
    }
    for (index, gradient) in stateGradients.enumerated()
    where results.count < context.inputCount {
      // A cell given without a state takes the second gradient.
      let source = !hasState && hasCell ? stateGradients[index + 1] : gradient
      results.append(Tensor(source, [shape.batch, shape.hidden]))
    }
    return results
  }

  /// dhiddenᵀ · (the state before each step).
  private func weightGradient(_ dhidden: Storage, states: Tensor, h0: Tensor?) -> Tensor {
    let width = shape.gates * shape.hidden
    let result = Storage(count: width * shape.hidden)
    let later = max(shape.steps - 1, 0) * shape.batch
    if later == 0 { result.base.update(repeating: 0, count: result.count) }
    if later > 0 {
      gemm(
        width, shape.hidden, later,
        MatrixView(dhidden.base + shape.batch * width, stride: width, isTransposed: true),
        MatrixView(states.pointer, stride: shape.hidden), beta: 0, result.base,
        stride: shape.hidden)
    }
    if let h0, shape.steps > 0 {
      gemm(
        width, shape.hidden, shape.batch,
        MatrixView(dhidden.base, stride: width, isTransposed: true),
        MatrixView(h0.pointer, stride: shape.hidden), beta: 1, result.base, stride: shape.hidden)
    }
    return Tensor(result, [width, shape.hidden])
  }
}
