import Synchronization

/// What an operation needs of one of its inputs: its values, and where its gradient goes.
struct Edge {
  var storage: Storage?
  var shape: Shape
  var node: Node?

  @inline(__always)
  init(_ tensor: Tensor, keepsValues: Bool) {
    storage = keepsValues ? tensor.storage : nil
    shape = tensor.shape
    node = tensor.node
  }

  /// The input as a pullback sees it. Without its values only the shape may be used.
  @inline(__always)
  func tensor(withHistory: Bool) -> Tensor? {
    storage.map { Tensor(storage: $0, shape: shape, node: withHistory ? node : nil) }
  }
}

/// Computes the gradients of an operation's inputs from that of its output.
typealias Pullback = (_ dy: Tensor, _ context: PullbackContext) -> [Tensor?]

/// How the gradients of an operation's inputs are computed. Operations of one and of two inputs, nearly
/// all there are, have cases of their own, which cost no memory beside the node's.
enum Derivative {
  /// From dy and the input.
  case one((_ dy: Tensor, _ x: Tensor) -> Tensor)
  /// From dy and the output.
  case oneByOutput((_ dy: Tensor, _ y: Tensor) -> Tensor)
  /// From dy and the shape of the input.
  case oneLinear((_ dy: Tensor, _ shape: Shape) -> Tensor)
  case two(
    (_ dy: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor,
    (_ dy: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor)
  case twoLinear(
    (_ dy: Tensor, _ shape: Shape) -> Tensor, (_ dy: Tensor, _ shape: Shape) -> Tensor)
  case many(Pullback)
  /// The same, and how the values of the output are computed again from inputs that were kept.
  case recomputable(Pullback, (PullbackContext) -> Tensor)
}

/// The inputs and the output of a recorded operation, for its pullback.
struct PullbackContext {
  let node: Node
  let withHistory: Bool

  var inputCount: Int { node.inputCount }

  /// Input `index`, whose values were kept.
  func input(_ index: Int) -> Tensor {
    guard let tensor = node.input(index).tensor(withHistory: withHistory) else {
      preconditionFailure("a pullback reads an input that was not kept")
    }
    return tensor
  }

  func inputShape(_ index: Int) -> Shape { node.shape(index) }

  /// The values of input `index` without history: as they were kept, or computed again.
  func values(_ index: Int) -> Tensor {
    let edge = node.input(index)
    guard let storage = edge.storage ?? edge.node?.recomputedOutput() else {
      preconditionFailure("a pullback reads an input that was not kept")
    }
    return Tensor(storage: storage, shape: edge.shape, node: nil)
  }

  /// Whether somebody wants the gradient of input `index`.
  @inline(__always)
  func needs(_ index: Int) -> Bool { node.hasNode(index) }

  /// The output. With history it hangs on its own node, so that a second derivative sees how it
  /// depends on the inputs.
  var output: Tensor {
    guard let storage = node.output else {
      preconditionFailure("a pullback reads an output that was not kept")
    }
    return Tensor(storage: storage, shape: node.shape, node: withHistory ? node : nil)
  }
}

/// One recorded operation. It holds memory, shapes and the nodes of its inputs, never tensors, so
/// there is no reference cycle.
final class Node {
  /// Increases with each operation: an order in which inputs come before outputs.
  let order: Int
  let shape: Shape
  /// The first two inputs stand in place: nearly all operations have no more, and an array would cost
  /// each node memory of its own.
  @exclusivity(unchecked) private var first: Edge?
  @exclusivity(unchecked) private var second: Edge?
  @exclusivity(unchecked) private var others: [Edge]?
  let inputCount: Int
  @exclusivity(unchecked) private(set) var output: Storage?
  let derivative: Derivative?
  /// The sum of what has come back so far, while gradients are computed.
  @exclusivity(unchecked) var gradient: Tensor?
  /// The last traversal that met this node.
  @exclusivity(unchecked) var visit = 0
  /// Which of the gradients that are asked for is this node's, while they are computed; -1: none.
  @exclusivity(unchecked) var target = -1

  private static let counter = Atomic<Int>(0)

  /// A node of two inputs, one or none.
  @inline(__always)
  init(
    shape: Shape, _ first: consuming Edge? = nil, _ second: consuming Edge? = nil,
    output: Storage? = nil, derivative: consuming Derivative? = nil
  ) {
    order = Self.counter.add(1, ordering: .relaxed).newValue
    self.shape = shape
    inputCount = first == nil ? 0 : second == nil ? 1 : 2
    self.first = first
    self.second = second
    self.output = output
    self.derivative = derivative
  }

  init(shape: Shape, inputs: [Edge], output: Storage?, derivative: Derivative) {
    order = Self.counter.add(1, ordering: .relaxed).newValue
    self.shape = shape
    inputCount = inputs.count
    first = inputs.first
    second = inputs.dropFirst().first
    if inputs.count > 2 { others = Array(inputs.dropFirst(2)) }
    self.output = output
    self.derivative = derivative
  }

  /// A number no traversal had before.
  static func newVisit() -> Int { counter.add(1, ordering: .relaxed).newValue }

  func input(_ index: Int) -> Edge {
    guard let edge = index == 0 ? first : index == 1 ? second : others?[index - 2] else {
      preconditionFailure("an operation has no input \(index)")
    }
    return edge
  }

  /// Where the gradient of input `index` goes.
  @inline(__always)
  func node(_ index: Int) -> Node? {
    index == 0 ? first?.node : index == 1 ? second?.node : others?[index - 2].node
  }

  @inline(__always)
  func shape(_ index: Int) -> Shape {
    (index == 0 ? first?.shape : index == 1 ? second?.shape : others?[index - 2].shape) ?? []
  }

  @inline(__always)
  func hasNode(_ index: Int) -> Bool {
    index == 0
      ? first?.node != nil : index == 1 ? second?.node != nil : others?[index - 2].node != nil
  }

  /// The gradient that has come back, which the node then lets go of.
  @inline(__always)
  func takeGradient() -> Tensor? {
    defer { gradient = nil }
    return gradient
  }

  /// Whether those that read the output need not keep it.
  var isRecomputable: Bool {
    if case .recomputable = derivative { true } else { false }
  }

  /// The output, computed again for the first of those that read it and kept until this node's own pullback has run.
  func recomputedOutput() -> Storage? {
    if output == nil, case .recomputable(_, let again) = derivative {
      output = again(PullbackContext(node: self, withHistory: false)).storage
    }
    return output
  }

  func forgetRecomputedOutput() {
    if isRecomputable { output = nil }
  }

  /// A chain of nodes is freed one by one: the language's own way is recursive and overflows the
  /// stack at some 40,000 of them.
  deinit {
    // Most often nothing below goes with this node.
    guard ownsInput else { return }
    var pending: [Node] = []
    moveInputs(to: &pending)
    while var node = pending.popLast() {
      if isKnownUniquelyReferenced(&node) { node.moveInputs(to: &pending) }
    }
  }

  /// Whether the node of some input has, perhaps, no other owner.
  private var ownsInput: Bool {
    if others != nil { return true }
    if second?.node != nil { return true }
    guard var edge = first.take(), edge.node != nil else { return false }
    defer { first = edge }
    return isKnownUniquelyReferenced(&edge.node)
  }

  private func moveInputs(to pending: inout [Node]) {
    for index in 0..<inputCount { if let node = node(index) { pending.append(node) } }
    first?.node = nil
    second?.node = nil
    others = nil
  }
}
