import CKernels
import Kernels

/// One layer of a recurrent network and its state, for one token after the other without history.
public struct RecurrentStepper {
  /// What the layer computes.
  public enum Cell: Sendable {
    case lstm, gru
    case rnn(RNNSequence.Nonlinearity)

    var gates: Int {
      switch self {
      case .lstm: 4
      case .gru: 3
      case .rnn: 1
      }
    }
  }

  private let cell: Cell
  private let inputWeight: Tensor
  private let weights: RecurrentWeights
  /// Biases of the input's part: for LSTM and RNN both biases together.
  private let bias: Tensor
  /// [hidden].
  public private(set) var h: Tensor
  /// [hidden]; LSTM only.
  public private(set) var c: Tensor

  /// - Parameters:
  ///   - cell: of the layer.
  ///   - inputWeight: [gates · hidden, input].
  ///   - weights: the rest of the layer.
  public init(_ cell: Cell, inputWeight: Tensor, _ weights: RecurrentWeights) {
    self.cell = cell
    self.inputWeight = inputWeight.detached
    self.weights = weights
    if case .gru = cell {
      bias = weights.inputBias.detached
    } else {
      bias = weights.inputBias.detached + weights.hiddenBias.detached
    }
    let hidden = weights.hidden.shape[1]
    h = .zeros([hidden])
    c = .zeros([hidden])
  }

  /// Goes on from `h` and `c`, each of `hidden` values; a GRU and an RNN have no `c`.
  public mutating func set(h: Tensor, c: Tensor?) {
    self.h = h.detached.reshaped([h.count])
    if let c { self.c = c.detached.reshaped([c.count]) }
  }

  /// Takes one step.
  /// - Parameter x: as many values as the layer has inputs.
  /// - Returns: h.
  public mutating func step(_ x: Tensor) -> Tensor {
    let hidden = h.count
    let size = cell.gates * hidden
    let gates = Storage(count: size)
    let next = Storage(count: hidden)
    let input = RowProduct(
      weights: inputWeight.pointer, x: x.pointer, columns: inputWeight.shape[1])
    let recurrent = RowProduct(weights: weights.hidden.pointer, x: h.pointer, columns: hidden)
    switch cell {
    case .lstm:
      rowProducts(size, [input, recurrent], bias: nil, gates.base)
      let cells = Storage(count: hidden)
      aigc_lstm_cell(
        hidden, gates.base, hidden, bias.pointer, c.pointer, cells.base, next.base)
      c = Tensor(cells, [hidden])
    case .gru:
      let own = Storage(count: size)
      rowProducts(size, [input], bias: nil, gates.base)
      rowProducts(size, [recurrent], bias: nil, own.base)
      aigc_gru_cell(
        hidden, gates.base, hidden, bias.pointer, own.base, weights.hiddenBias.pointer,
        h.pointer, next.base)
    case .rnn(let nonlinearity):
      rowProducts(size, [input, recurrent], bias: bias.pointer, next.base)
      switch nonlinearity {
      case .tanh: aigc_tanh(hidden, next.base, next.base)
      case .relu: aigc_relu(hidden, next.base, next.base)
      }
    }
    h = Tensor(next, [hidden])
    return h
  }
}

extension Tensor {
  /// One row of a table, without history.
  public func row(_ index: Int) -> Tensor {
    require(rank == 2 && index >= 0 && index < shape[0], "row: \(index) of \(shape)")
    let columns = shape[1]
    return Tensor([columns]) { memory in
      memory.baseAddress?.update(from: base + index * columns, count: columns)
    }
  }

  /// W x + b for one vector, without history, into an array that is used again.
  /// - Parameters:
  ///   - x: [columns].
  ///   - bias: [rows].
  ///   - isReversed: see ``/Kernels/rowProducts(_:_:bias:isReversed:_:)``.
  ///   - y: resized to the number of rows.
  public func product(_ x: Tensor, bias: Tensor?, isReversed: Bool = false, into y: inout [Float]) {
    require(rank == 2 && x.count == shape[1], "product: \(shape) and \(x.shape)")
    let rows = shape[0]
    if y.count != rows { y = [Float](repeating: 0, count: rows) }
    y.withUnsafeMutableBufferPointer { y in
      guard let target = y.baseAddress else { return }
      rowProducts(
        rows, [RowProduct(weights: pointer, x: x.pointer, columns: shape[1])],
        bias: bias?.pointer, isReversed: isReversed, target)
    }
  }
}

/// A draw from softmax(scores): the index where the running sum passes `uniform` of the total.
/// - Parameters:
///   - scores: changed: they become weights.
///   - uniform: in [0, 1).
public func drawFromSoftmax(_ scores: inout [Float], uniform: Double) -> Int {
  scores.withUnsafeMutableBufferPointer { memory in
    guard let base = memory.baseAddress else { return 0 }
    var (top, total): (Float, Float) = (0, 0)
    aigc_max(memory.count, base, &top)
    aigc_scale_add(memory.count, 1, -top, base, base)
    aigc_exp(memory.count, base, base)
    aigc_sum(memory.count, base, &total)
    let target = Float(uniform) * total
    // Blocks first: most of them are passed over by their sum.
    var (sum, first): (Float, Int) = (0, 0)
    let block = 128
    while first + block < memory.count {
      var part: Float = 0
      aigc_sum(block, base + first, &part)
      if sum + part > target { break }
      sum += part
      first += block
    }
    var last = first
    for index in first..<memory.count where memory[index] > 0 {
      sum += memory[index]
      last = index
      if sum > target { return index }
    }
    return last
  }
}
