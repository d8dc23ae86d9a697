import CKernels

/// A GRU layer (Cho et al. 2014) over a sequence, gates in PyTorch's order r z n, with the reset gate
/// after the product as cuDNN has it.
public struct GRUSequence: @unchecked Sendable {
  /// The sizes, with 3 gates.
  public let shape: RecurrentShape
  let weights: UnsafePointer<Float>
  let h0: UnsafePointer<Float>?

  /// - Parameters:
  ///   - shape: with 3 gates.
  ///   - weights: [3 * hidden, hidden].
  ///   - h0: [batch, hidden]; nil: zeros.
  public init(
    _ shape: RecurrentShape, weights: UnsafePointer<Float>, h0: UnsafePointer<Float>?
  ) {
    self.shape = shape
    self.weights = weights
    self.h0 = h0
  }

  /// - Parameters:
  ///   - input: x W_ihᵀ.
  ///   - bias: of the input's part, [3 * hidden].
  ///   - hiddenBias: of the recurrent part.
  ///   - gates: gets the activations, [steps, batch, 3 * hidden].
  ///   - hidden: gets U h with bias in its last third, [steps, batch, 3 * hidden].
  ///   - states: gets h, [steps, batch, hidden].
  public func forward(
    input: RecurrentInput, bias: UnsafePointer<Float>, hiddenBias: UnsafePointer<Float>,
    gates: UnsafeMutablePointer<Float>, hidden: UnsafeMutablePointer<Float>,
    states: UnsafeMutablePointer<Float>
  ) {
    let zeros = h0 == nil ? Zeros(shape.stateSize) : nil
    let product = RecurrentProduct(
      shape: shape, input: nil, panels: GatePanels(shape, weights), firstState: h0,
      states: states, output: hidden)
    nonisolated(unsafe) let pointers = (
      bias: bias, hiddenBias: hiddenBias, gates: gates, states: states
    )
    nonisolated(unsafe) let firstState = h0 ?? zeros?.base ?? bias
    let shape = shape
    parallelSteps(shape.steps, tasks: shape.blocks) { step, block in
      product.apply(step, block)
      let first = block * PackedPanels.width
      let width = shape.width(block)
      let before = product.before(step) ?? firstState
      for row in 0..<shape.batch {
        let entry = step * shape.batch + row
        let source = input.rows.map { Int($0[entry]) } ?? entry
        let gate = entry * 3 * shape.hidden + first
        for part in 0..<3 {
          let offset = part * shape.hidden
          (pointers.gates + gate + offset).update(
            from: input.base + source * 3 * shape.hidden + first + offset, count: width)
        }
        aigc_gru_cell(
          width, pointers.gates + gate, shape.hidden, pointers.bias + first,
          product.output + gate, pointers.hiddenBias + first, before + row * shape.hidden + first,
          pointers.states + entry * shape.hidden + first)
      }
    }
    withExtendedLifetime(zeros) {}
  }

  /// - Parameters:
  ///   - dy: the gradient of all h.
  ///   - gates: as the forward direction left them, and so `hidden` and `states`.
  ///   - hidden: see above.
  ///   - states: see above.
  ///   - dgates: gets the gradient of the input's part, [steps, batch, 3 * hidden].
  ///   - dhidden: gets the gradient of U h, the same size.
  ///   - dh0: gets the gradient of h0; needed as memory in any case.
  public func backward(
    dy: UnsafePointer<Float>, gates: UnsafePointer<Float>, hidden: UnsafePointer<Float>,
    states: UnsafePointer<Float>, dgates: UnsafeMutablePointer<Float>,
    dhidden: UnsafeMutablePointer<Float>, dh0: UnsafeMutablePointer<Float>
  ) {
    let zeros = h0 == nil ? Zeros(shape.stateSize) : nil
    let product = RecurrentBackward(shape, weights: weights, dy: dy, dhidden: dhidden)
    let memory = Zeros(shape.stateSize)
    dh0.update(repeating: 0, count: shape.stateSize)
    nonisolated(unsafe) let pointers = (
      gates: gates, hidden: hidden, states: states, dgates: dgates, dhidden: dhidden, carry: dh0
    )
    nonisolated(unsafe) let firstState = h0 ?? zeros?.base ?? states
    let shape = shape
    parallelSteps(shape.steps, tasks: shape.blocks) { index, block in
      let step = shape.steps - 1 - index
      product.apply(step, block, memory.mutable)
      let first = block * PackedPanels.width
      let width = shape.width(block)
      let before = step == 0 ? firstState : pointers.states + (step - 1) * shape.stateSize
      for row in 0..<shape.batch {
        let unit = row * shape.hidden + first
        let gate = step * shape.gateSize + row * 3 * shape.hidden + first
        // What passed the later step's update gate.
        aigc_add(width, memory.base + unit, pointers.carry + unit, memory.mutable + unit)
        aigc_gru_cell_grad(
          width, pointers.gates + gate, shape.hidden, pointers.hidden + gate + 2 * shape.hidden,
          before + unit, memory.base + unit, pointers.dgates + gate, pointers.dhidden + gate,
          pointers.carry + unit)
      }
    }
    if shape.steps > 0 {
      parallelFor(shape.blocks) {
        let first = $0 * PackedPanels.width
        product.through(0, $0, start: pointers.carry + first, pointers.carry)
      }
    }
    withExtendedLifetime(zeros) {}
  }
}
