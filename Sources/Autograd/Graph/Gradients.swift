import Kernels

/// Something a gradient can be asked for.
public protocol Differentiable: AnyObject {
  /// The tensor whose gradient is meant.
  var watched: Tensor { get }
}

extension Tensor: Differentiable {
  /// The tensor itself.
  public var watched: Tensor { self }

  /// The same values as the start of a recording: operations on it are recorded, and
  /// ``gradients(of:at:createGraph:)`` finds its gradient.
  public func watchedCopy() -> Tensor {
    let leaf = Node(shape: shape)
    return Tensor(storage: storage, shape: shape, node: leaf)
  }
}

/// Runs `body` while operations on `parameters` are recorded. Gradients are asked for inside, with
/// ``gradients(of:at:createGraph:)``: one forward pass may serve several losses.
public func watching<R, E: Error>(
  _ parameters: [Parameter], _ body: () throws(E) -> R
) throws(E) -> R {
  for parameter in parameters { parameter.beginWatching() }
  defer { for parameter in parameters { parameter.endWatching() } }
  return try body()
}

/// The value of a loss and its gradients, one for each of `parameters`; only these are followed.
/// - Parameters:
///   - parameters: whose gradients are wanted.
///   - loss: computes one value.
/// - Returns: the loss without history, and the gradients in the order of `parameters`; zeros for
///   those that the loss does not depend on.
public func valueAndGradients(
  for parameters: [Parameter], _ loss: () throws -> Tensor
) rethrows -> (value: Tensor, gradients: [Tensor]) {
  try watching(parameters) {
    let value = try loss()
    return (value.detached, gradients(of: value, at: parameters))
  }
}

/// The gradients of `y`, summed over its values, at each of `inputs`.
/// - Parameters:
///   - y: computed while the inputs were watched.
///   - inputs: parameters or recorded tensors.
///   - createGraph: whether the gradients are recorded themselves, for a second derivative.
/// - Returns: one for each input; zeros where `y` does not depend on it.
public func gradients(
  of y: Tensor, at inputs: [any Differentiable], createGraph: Bool = false
) -> [Tensor] {
  gradients(of: y, times: .ones(y.shape), at: inputs, createGraph: createGraph)
}

/// The same for the sum of y · dy.
func gradients(
  of y: Tensor, times dy: Tensor, at inputs: [any Differentiable], createGraph: Bool = false
) -> [Tensor] {
  let targets = inputs.map { $0.watched }
  guard let root = y.node else { return targets.map { .zeros($0.shape) } }
  for (index, target) in targets.enumerated() {
    if let node = target.node, node.target < 0 { node.target = index }
  }
  var results = [Tensor?](repeating: nil, count: targets.count)
  root.gradient = dy
  for node in reachable(from: root) {
    guard let dy = node.takeGradient() else { continue }
    if node.target >= 0 { results[node.target] = dy }
    guard let derivative = node.derivative else { continue }
    let context = PullbackContext(node: node, withHistory: createGraph)
    passBack(createGraph ? dy : dy.detached, context, derivative)
    node.forgetRecomputedOutput()
  }
  // The same target may be asked for twice.
  let found = targets.map { target in
    target.node.flatMap { $0.target < 0 ? nil : results[$0.target] } ?? .zeros(target.shape)
  }
  for target in targets { target.node?.target = -1 }
  return found
}

/// Computes the gradients of a node's inputs that are wanted, and adds each to what its node has.
private func passBack(_ dy: Tensor, _ context: PullbackContext, _ derivative: Derivative) {
  func send(_ gradient: Tensor, _ index: Int) {
    guard let next = context.node.node(index) else { return }
    require(
      gradient.shape == next.shape,
      "a gradient of shape \(gradient.shape) for an input of shape \(next.shape)")
    accumulate(gradient, into: next)
  }
  switch derivative {
  case .one(let pullback): send(pullback(dy, context.input(0)), 0)
  case .oneByOutput(let pullback): send(pullback(dy, context.output), 0)
  case .oneLinear(let pullback): send(pullback(dy, context.node.shape(0)), 0)
  case .two(let da, let db):
    let (a, b) = (context.input(0), context.input(1))
    if context.needs(0) { send(da(dy, a, b), 0) }
    if context.needs(1) { send(db(dy, a, b), 1) }
  case .twoLinear(let da, let db):
    if context.needs(0) { send(da(dy, context.node.shape(0)), 0) }
    if context.needs(1) { send(db(dy, context.node.shape(1)), 1) }
  case .many(let pullback), .recomputable(let pullback, _):
    for (index, gradient) in pullback(dy, context).enumerated() {
      if let gradient { send(gradient, index) }
    }
  }
}

/// Every node below `root`, outputs before inputs.
private func reachable(from root: Node) -> [Node] {
  let visit = Node.newVisit()
  var nodes: [Node] = [root]
  var isSorted = true
  var lastOrder = root.order
  root.visit = visit
  var next = 0
  while next < nodes.count {
    let above = nodes[next]
    for index in 0..<above.inputCount {
      guard let node = above.node(index), node.visit != visit else { continue }
      node.visit = visit
      if lastOrder < node.order { isSorted = false }
      lastOrder = node.order
      nodes.append(node)
    }
    next += 1
  }
  // A plain chain, the most common graph of small operations, needs no sort.
  return isSorted ? nodes : nodes.sorted { $0.order > $1.order }
}

/// Adds `gradient` to what has reached `node`, in place where nobody else holds that memory.
private func accumulate(_ gradient: Tensor, into node: Node) {
  guard let sum = node.gradient else {
    node.gradient = gradient
    return
  }
  node.gradient = nil
  node.gradient = added(consume sum, gradient)
}

private func added(_ sum: consuming Tensor, _ gradient: Tensor) -> Tensor {
  if sum.node == nil, gradient.node == nil {
    let shape = sum.shape
    var storage = sum.storage
    let isOnlyOwner = isKnownUniquelyReferenced(&sum)
    if isOnlyOwner {
      // The tensor goes first; the storage is then this function's alone, or somebody else's too.
      _ = consume sum
      if isKnownUniquelyReferenced(&storage) {
        addInPlace(gradient, to: storage)
        return Tensor(storage, shape)
      }
    }
    return Tensor(storage, shape) + gradient
  }
  return sum + gradient
}
