import CKernels
import Files

/// A multilayer perceptron with its gradient written by hand, for networks so small that recording their operations
/// would take longer than the operations: a policy with 4 inputs and 64 units.
///
/// Parameters lie one after the other: of each layer the weights [outputs, inputs], row by row, and the biases, in
/// PyTorch's order of `Linear`. All layers but the last have the activation. A network keeps what the forward
/// direction computed for the backward one.
public final class Perceptron {
  /// f of hidden layers.
  public enum Activation: String, Codable, CaseIterable, Sendable { case tanh, relu }

  /// The sizes of a network.
  public struct Shape: Equatable, Sendable {
    /// Values of each layer, inputs first and outputs last.
    public let sizes: [Int]
    /// f of hidden layers.
    public let activation: Activation

    /// - Parameters:
    ///   - sizes: values of each layer, inputs first and outputs last; two at least.
    ///   - activation: f of hidden layers.
    public init(_ sizes: [Int], _ activation: Activation) {
      require(sizes.count >= 2, "Perceptron: inputs and outputs are needed")
      (self.sizes, self.activation) = (sizes, activation)
    }

    /// The number of layers with weights.
    public var layers: Int { sizes.count - 1 }
    /// Where a layer's weights begin.
    public func weights(_ layer: Int) -> Int {
      (0..<layer).reduce(0) { $0 + (sizes[$1] + 1) * sizes[$1 + 1] }
    }
    /// Where a layer's biases begin.
    public func biases(_ layer: Int) -> Int {
      weights(layer) + sizes[layer] * sizes[layer + 1]
    }
    /// All weights and biases.
    public var parameters: Int { weights(layers) }
  }

  /// The sizes.
  public let shape: Shape
  /// The most rows at a time.
  public let rows: Int
  /// What each layer gives, [rows, outputs]; the last one's are the network's outputs.
  private let values: [MutableTable<Float>]
  /// The gradients of what layers give; the last one's is set by the caller.
  private let gradients: [MutableTable<Float>]

  /// - Parameters:
  ///   - shape: the sizes.
  ///   - rows: the most rows at a time.
  /// - Throws: ``/Files/AIGCError`` (failed) when there is no memory.
  public init(_ shape: Shape, rows: Int) throws(AIGCError) {
    (self.shape, self.rows) = (shape, rows)
    var (values, gradients): ([MutableTable<Float>], [MutableTable<Float>]) = ([], [])
    for size in shape.sizes.dropFirst() {
      values.append(try MutableTable(count: rows * size))
      gradients.append(try MutableTable(count: rows * size))
    }
    (self.values, self.gradients) = (values, gradients)
  }

  /// What the last ``forward(_:at:_:from:rows:)`` gave, [rows, outputs].
  public var outputs: MutableTable<Float> { values[values.count - 1] }
  /// The gradient of ``outputs``, to be set before ``backward(_:at:_:from:rows:to:)``.
  public var outputGradients: MutableTable<Float> { gradients[gradients.count - 1] }

  /// Computes ``outputs``.
  /// - Parameters:
  ///   - parameters: where the weights lie.
  ///   - offset: of the first one.
  ///   - inputs: [rows, inputs].
  ///   - first: the first row that is taken.
  ///   - rows: how many.
  public func forward(
    _ parameters: MutableTable<Float>, at offset: Int, _ inputs: MutableTable<Float>,
    from first: Int = 0, rows: Int
  ) {
    check(parameters, offset, inputs, first, rows)
    parameters.withUnsafeMutableBuffer { parameters in
      inputs.withUnsafeMutableBuffer { inputs in
        guard let weights = parameters.baseAddress, var x = inputs.baseAddress else { return }
        x += first * shape.sizes[0]
        for layer in 0..<shape.layers {
          let next = values[layer]
          next.withUnsafeMutableBuffer { next in
            guard let y = next.baseAddress else { return }
            forward(layer, weights + offset, x, y, rows)
            x = y
          }
        }
      }
    }
  }

  private func check(
    _ parameters: MutableTable<Float>, _ offset: Int, _ inputs: MutableTable<Float>, _ first: Int,
    _ rows: Int
  ) {
    require(
      offset >= 0 && offset + shape.parameters <= parameters.count,
      "Perceptron: too few parameters")
    require(
      rows >= 0 && rows <= self.rows && first >= 0
        && (first + rows) * shape.sizes[0] <= inputs.count, "Perceptron: rows out of range")
  }

  private func forward(
    _ layer: Int, _ parameters: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ y: UnsafeMutablePointer<Float>, _ rows: Int
  ) {
    let (inputs, outputs) = (shape.sizes[layer], shape.sizes[layer + 1])
    let bias = parameters + shape.biases(layer)
    for row in 0..<rows { (y + row * outputs).update(from: bias, count: outputs) }
    gemm(
      rows, outputs, inputs, MatrixView(x, stride: inputs),
      MatrixView(parameters + shape.weights(layer), stride: inputs, isTransposed: true), beta: 1,
      y, stride: outputs)
    guard layer < shape.layers - 1 else { return }
    switch shape.activation {
    case .tanh: aigc_tanh(rows * outputs, y, y)
    case .relu: aigc_relu(rows * outputs, y, y)
    }
  }

  /// Computes the gradient of all parameters from ``outputGradients``, after ``forward(_:at:_:from:rows:)`` of the
  /// same rows.
  /// - Parameters:
  ///   - parameters: as there.
  ///   - offset: as there.
  ///   - inputs: as there.
  ///   - first: as there.
  ///   - rows: as there.
  ///   - gradient: gets the gradient, at the same places as the parameters.
  public func backward(
    _ parameters: MutableTable<Float>, at offset: Int, _ inputs: MutableTable<Float>,
    from first: Int = 0, rows: Int, to gradient: MutableTable<Float>
  ) {
    check(parameters, offset, inputs, first, rows)
    require(gradient.count >= offset + shape.parameters, "Perceptron: no room for the gradient")
    for layer in (0..<shape.layers).reversed() {
      let before = layer == 0 ? inputs : values[layer - 1]
      let start = layer == 0 ? first * shape.sizes[0] : 0
      parameters.withUnsafeMutableBuffer { parameters in
        gradient.withUnsafeMutableBuffer { gradient in
          before.withUnsafeMutableBuffer { before in
            gradients[layer].withUnsafeMutableBuffer { dy in
              guard let weights = parameters.baseAddress, let result = gradient.baseAddress,
                let x = before.baseAddress, let dy = dy.baseAddress
              else { return }
              backward(layer, weights + offset, x + start, dy, result + offset, rows)
            }
          }
        }
      }
    }
  }

  private func backward(
    _ layer: Int, _ parameters: UnsafePointer<Float>, _ x: UnsafePointer<Float>,
    _ dy: UnsafePointer<Float>, _ gradient: UnsafeMutablePointer<Float>, _ rows: Int
  ) {
    let (inputs, outputs) = (shape.sizes[layer], shape.sizes[layer + 1])
    gemm(
      outputs, inputs, rows, MatrixView(dy, stride: outputs, isTransposed: true),
      MatrixView(x, stride: inputs), beta: 0, gradient + shape.weights(layer), stride: inputs)
    aigc_column_sum(rows, outputs, dy, outputs, 0, gradient + shape.biases(layer))
    guard layer > 0 else { return }
    gradients[layer - 1].withUnsafeMutableBuffer { dx in
      guard let dx = dx.baseAddress else { return }
      gemm(
        rows, inputs, outputs, MatrixView(dy, stride: outputs),
        MatrixView(parameters + shape.weights(layer), stride: inputs), beta: 0, dx, stride: inputs)
      switch shape.activation {
      case .tanh: aigc_tanh_grad(rows * inputs, dx, x, dx)
      // Where f gave 0 there is no gradient, as where its input was below 0.
      case .relu: aigc_leaky_relu_grad(rows * inputs, 0, dx, x, dx)
      }
    }
  }
}
