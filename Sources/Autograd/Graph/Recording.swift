/// How an operation and its derivative stand in one function: compute `y` without history, then
/// `return y.recorded(from: x) { dy, x in … }`. Nothing is recorded unless an input is watched.
/// `y` must be a tensor of its own, made just before: it gets its history here.
extension Tensor {
  /// Records an operation of one input.
  ///
  /// The pullback must capture no tensor: it is handed the input, without history for a first derivative and
  /// with it for a second. Written in tensor operations, it then has one.
  func recorded(
    from x: Tensor, _ pullback: @escaping (_ dy: Tensor, _ x: Tensor) -> Tensor
  ) -> Tensor {
    guard x.node != nil else { return self }
    attach(Node(shape: shape, Edge(x, keepsValues: true), derivative: .one(pullback)))
    return self
  }

  /// The same where the derivative is told by the output: the values of the input need not be kept for it.
  func recordedByOutput(
    from x: Tensor, _ pullback: @escaping (_ dy: Tensor, _ y: Tensor) -> Tensor
  ) -> Tensor {
    guard x.node != nil else { return self }
    attach(
      Node(
        shape: shape, Edge(x, keepsValues: false), output: storage,
        derivative: .oneByOutput(pullback)))
    return self
  }

  /// Records an operation of one input whose derivative depends on neither input nor output.
  func recordedLinear(
    from x: Tensor, _ pullback: @escaping (_ dy: Tensor, _ shape: Shape) -> Tensor
  ) -> Tensor {
    guard x.node != nil else { return self }
    attach(Node(shape: shape, Edge(x, keepsValues: false), derivative: .oneLinear(pullback)))
    return self
  }

  /// Records an operation of two inputs; each gradient is computed only where it is wanted.
  func recorded(
    from a: Tensor, _ b: Tensor,
    _ da: @escaping (_ dy: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor,
    _ db: @escaping (_ dy: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor
  ) -> Tensor {
    guard a.node != nil || b.node != nil else { return self }
    attach(
      Node(
        shape: shape, Edge(a, keepsValues: true), Edge(b, keepsValues: true),
        derivative: .two(da, db)))
    return self
  }

  /// The same where the derivative depends on no values, only on shapes.
  func recordedLinear(
    from a: Tensor, _ b: Tensor, _ da: @escaping (_ dy: Tensor, _ shape: Shape) -> Tensor,
    _ db: @escaping (_ dy: Tensor, _ shape: Shape) -> Tensor
  ) -> Tensor {
    guard a.node != nil || b.node != nil else { return self }
    attach(
      Node(
        shape: shape, Edge(a, keepsValues: false), Edge(b, keepsValues: false),
        derivative: .twoLinear(da, db)))
    return self
  }

  /// Records an operation of any number of inputs.
  /// - Parameters:
  ///   - inputs: what it was computed from.
  ///   - keepsFirst: whether the pullback reads the values of the first input.
  ///   - keepsOutput: whether the pullback reads the output.
  ///   - pullback: returns a gradient for each input, nil where the context does not need one.
  func recorded(
    from inputs: [Tensor], keepsFirst: Bool = true, keepsOutput: Bool,
    _ pullback: @escaping Pullback
  ) -> Tensor {
    guard inputs.contains(where: { $0.node != nil }) else { return self }
    attach(
      Node(
        shape: shape,
        inputs: inputs.indices.map { Edge(inputs[$0], keepsValues: keepsFirst || $0 > 0) },
        output: keepsOutput ? storage : nil, derivative: .many(pullback)))
    return self
  }

  /// The same where the output costs little to compute again: operations that read it later keep it no longer than the
  /// forward pass does, and pay for it once more in the backward one (Chen et al. 2016).
  /// - Parameter again: the values of the output, from inputs that were kept.
  func recorded(
    from inputs: [Tensor], recomputing again: @escaping (PullbackContext) -> Tensor,
    _ pullback: @escaping Pullback
  ) -> Tensor {
    guard inputs.contains(where: { $0.node != nil }) else { return self }
    attach(
      Node(
        shape: shape, inputs: inputs.map { Edge($0, keepsValues: true) }, output: nil,
        derivative: .recomputable(pullback, again)))
    return self
  }

  /// Stops the program where a first-order-only operation is differentiated twice.
  static func requireFirstOrder(_ context: PullbackContext, _ name: String) {
    require(!context.withHistory, "\(name) has no second derivative")
  }
}
