import CKernels

/// A plain recurrent layer (Elman 1990) over a sequence: h = f(x W_ihᵀ + h' W_hhᵀ + b).
public struct RNNSequence: @unchecked Sendable {
  /// f.
  public enum Nonlinearity: String, Codable, Sendable { case tanh, relu }

  /// The sizes, with 1 gate.
  public let shape: RecurrentShape
  let weights: UnsafePointer<Float>
  let h0: UnsafePointer<Float>?
  let nonlinearity: Nonlinearity

  /// - Parameters:
  ///   - shape: with 1 gate.
  ///   - weights: [hidden, hidden].
  ///   - h0: [batch, hidden]; nil: zeros.
  ///   - nonlinearity: f.
  public init(
    _ shape: RecurrentShape, weights: UnsafePointer<Float>, h0: UnsafePointer<Float>?,
    nonlinearity: Nonlinearity
  ) {
    self.shape = shape
    self.weights = weights
    self.h0 = h0
    self.nonlinearity = nonlinearity
  }

  /// - Parameters:
  ///   - input: x W_ihᵀ.
  ///   - bias: the sum of both biases, [hidden].
  ///   - states: gets h, [steps, batch, hidden].
  public func forward(
    input: RecurrentInput, bias: UnsafePointer<Float>, states: UnsafeMutablePointer<Float>
  ) {
    let product = RecurrentProduct(
      shape: shape, input: input, panels: GatePanels(shape, weights), firstState: h0,
      states: states, output: states)
    nonisolated(unsafe) let bias = bias
    let (shape, nonlinearity) = (shape, nonlinearity)
    parallelSteps(shape.steps, tasks: shape.blocks) { step, block in
      product.apply(step, block)
      let first = block * PackedPanels.width
      let width = shape.width(block)
      for row in 0..<shape.batch {
        let state = product.output + step * shape.stateSize + row * shape.hidden + first
        aigc_add(width, state, bias + first, state)
        switch nonlinearity {
        case .tanh: aigc_tanh(width, state, state)
        case .relu: aigc_relu(width, state, state)
        }
      }
    }
  }

  /// - Parameters:
  ///   - dy: the gradient of all h.
  ///   - states: as the forward direction left them.
  ///   - dgates: gets the gradient of the pre-activations, [steps, batch, hidden].
  ///   - dh0: gets the gradient of h0 where wanted.
  public func backward(
    dy: UnsafePointer<Float>, states: UnsafePointer<Float>, dgates: UnsafeMutablePointer<Float>,
    dh0: UnsafeMutablePointer<Float>?
  ) {
    let product = RecurrentBackward(shape, weights: weights, dy: dy, dhidden: dgates)
    let memory = Zeros(shape.stateSize)
    nonisolated(unsafe) let pointers = (states: states, dgates: dgates)
    let (shape, nonlinearity) = (shape, nonlinearity)
    parallelSteps(shape.steps, tasks: shape.blocks) { index, block in
      let step = shape.steps - 1 - index
      product.apply(step, block, memory.mutable)
      let first = block * PackedPanels.width
      let width = shape.width(block)
      for row in 0..<shape.batch {
        let unit = row * shape.hidden + first
        let state = step * shape.stateSize + unit
        let slope = memory.mutable + unit
        switch nonlinearity {
        case .tanh:
          aigc_tanh_grad(width, slope, pointers.states + state, pointers.dgates + state)
        case .relu:
          aigc_step(width, pointers.states + state, pointers.dgates + state)
          aigc_multiply(width, slope, pointers.dgates + state, pointers.dgates + state)
        }
      }
    }
    if let dh0, shape.steps > 0 {
      nonisolated(unsafe) let dh0 = dh0
      parallelFor(shape.blocks) { product.through(0, $0, start: nil, dh0) }
    }
  }
}
