import CKernels

/// An LSTM layer (Hochreiter and Schmidhuber 1997) over a sequence, gates in PyTorch's order i f g o.
///
/// The input's products are taken before, for all steps at once; here are only the parts that must
/// wait for the step before. Each step is cut into blocks of 64 units, whose weights stay with one core.
public struct LSTMSequence: @unchecked Sendable {
  /// The sizes, with 4 gates.
  public let shape: RecurrentShape
  /// [4 * hidden, hidden].
  let weights: UnsafePointer<Float>
  /// States before the first step, [batch, hidden]; nil: zeros.
  let h0: UnsafePointer<Float>?
  let c0: UnsafePointer<Float>?

  /// - Parameters:
  ///   - shape: with 4 gates.
  ///   - weights: [4 * hidden, hidden].
  ///   - h0: [batch, hidden]; nil: zeros.
  ///   - c0: the same.
  public init(
    _ shape: RecurrentShape, weights: UnsafePointer<Float>, h0: UnsafePointer<Float>?,
    c0: UnsafePointer<Float>?
  ) {
    self.shape = shape
    self.weights = weights
    self.h0 = h0
    self.c0 = c0
  }

  /// - Parameters:
  ///   - input: x W_ihᵀ.
  ///   - bias: the sum of both biases, [4 * hidden].
  ///   - gates: gets the activations, [steps, batch, 4 * hidden].
  ///   - cells: gets c, [steps, batch, hidden].
  ///   - states: gets h, [steps, batch, hidden].
  public func forward(
    input: RecurrentInput, bias: UnsafePointer<Float>, gates: UnsafeMutablePointer<Float>,
    cells: UnsafeMutablePointer<Float>, states: UnsafeMutablePointer<Float>
  ) {
    let zeros = c0 == nil ? Zeros(shape.stateSize) : nil
    let product = RecurrentProduct(
      shape: shape, input: input, panels: GatePanels(shape, weights), firstState: h0,
      states: states, output: gates)
    nonisolated(unsafe) let pointers = (bias: bias, cells: cells, states: states)
    nonisolated(unsafe) let firstCells = c0 ?? zeros?.base ?? bias
    let shape = shape
    parallelSteps(shape.steps, tasks: shape.blocks) { step, block in
      product.apply(step, block)
      let first = block * PackedPanels.width
      let before =
        step == 0 ? firstCells : UnsafePointer(pointers.cells + (step - 1) * shape.stateSize)
      for row in 0..<shape.batch {
        let index = row * shape.hidden + first
        let state = step * shape.stateSize + index
        aigc_lstm_cell(
          shape.width(block),
          product.output + step * shape.gateSize + row * 4 * shape.hidden + first, shape.hidden,
          pointers.bias + first, before + index, pointers.cells + state, pointers.states + state)
      }
    }
    withExtendedLifetime(zeros) {}
  }

  /// - Parameters:
  ///   - dy: the gradient of all h, [steps, batch, hidden].
  ///   - gates: as ``forward(input:bias:gates:cells:states:)`` left them.
  ///   - cells: the same.
  ///   - dgates: gets the gradient of the pre-activations, [steps, batch, 4 * hidden].
  ///   - dh0: gets the gradient of h0 where wanted.
  ///   - dc0: gets the gradient of c0; needed as memory in any case.
  public func backward(
    dy: UnsafePointer<Float>, gates: UnsafePointer<Float>, cells: UnsafePointer<Float>,
    dgates: UnsafeMutablePointer<Float>, dh0: UnsafeMutablePointer<Float>?,
    dc0: UnsafeMutablePointer<Float>
  ) {
    let zeros = c0 == nil ? Zeros(shape.stateSize) : nil
    let product = RecurrentBackward(shape, weights: weights, dy: dy, dhidden: dgates)
    let memory = Zeros(shape.stateSize)
    dc0.update(repeating: 0, count: shape.stateSize)
    nonisolated(unsafe) let pointers = (gates: gates, cells: cells, dgates: dgates, dc: dc0)
    nonisolated(unsafe) let firstCells = c0 ?? zeros?.base ?? cells
    let shape = shape
    parallelSteps(shape.steps, tasks: shape.blocks) { index, block in
      let step = shape.steps - 1 - index
      product.apply(step, block, memory.mutable)
      let first = block * PackedPanels.width
      let before = step == 0 ? firstCells : pointers.cells + (step - 1) * shape.stateSize
      for row in 0..<shape.batch {
        let unit = row * shape.hidden + first
        let gate = step * shape.gateSize + row * 4 * shape.hidden + first
        aigc_lstm_cell_grad(
          shape.width(block), pointers.gates + gate, shape.hidden, before + unit,
          pointers.cells + step * shape.stateSize + unit, memory.base + unit, pointers.dc + unit,
          pointers.dgates + gate)
      }
    }
    if let dh0, shape.steps > 0 {
      nonisolated(unsafe) let dh0 = dh0
      parallelFor(shape.blocks) { product.through(0, $0, start: nil, dh0) }
    }
    withExtendedLifetime(zeros) {}
  }
}

/// Zeroed memory for the length of a call.
final class Zeros: @unchecked Sendable {
  let mutable: UnsafeMutablePointer<Float>
  private let count: Int
  var base: UnsafePointer<Float> { UnsafePointer(mutable) }

  init(_ count: Int) {
    self.count = count
    mutable = MemoryPool.take(count)
    mutable.update(repeating: 0, count: count)
  }

  deinit { MemoryPool.give(mutable, count: count) }
}
