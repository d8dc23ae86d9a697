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
  /// From dy, the input and the output.
  case one((_ dy: Tensor, _ x: Tensor, _ y: Tensor) -> Tensor)
  /// From dy and the shape of the input.
  case oneLinear((_ dy: Tensor, _ shape: Shape) -> Tensor)
  case two(
    (_ dy: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor,
    (_ dy: Tensor, _ a: Tensor, _ b: Tensor) -> Tensor)
  case twoLinear(
    (_ dy: Tensor, _ shape: Shape) -> Tensor, (_ dy: Tensor, _ shape: Shape) -> Tensor)
  case many(Pullback)
}

/// The inputs and the output of a recorded operation, for its pullback.
struct PullbackContext {
  let node: Node
  let withHistory: Bool

  /// Input `index`, whose values were kept.
  func input(_ index: Int) -> Tensor {
    guard let tensor = node.edges[index].tensor(withHistory: withHistory) else {
      preconditionFailure("a pullback reads an input that was not kept")
    }
    return tensor
  }

  func inputShape(_ index: Int) -> Shape { node.edges[index].shape }

  /// Whether somebody wants the gradient of input `index`.
  func needs(_ index: Int) -> Bool { node.edges[index].node != nil }

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
  var edges: [Edge]
  let output: Storage?
  let derivative: Derivative?
  /// The sum of what has come back so far, while gradients are computed.
  var gradient: Tensor?
  /// The last traversal that met this node.
  var visit = 0
  /// Which of the gradients that are asked for is this node's, while they are computed; -1: none.
  var target = -1

  private static let counter = Atomic<Int>(0)

  init(shape: Shape, edges: [Edge], output: Storage?, derivative: Derivative?) {
    order = Self.counter.add(1, ordering: .relaxed).newValue
    self.shape = shape
    self.edges = edges
    self.output = output
    self.derivative = derivative
  }

  /// A number no traversal had before.
  static func newVisit() -> Int { counter.add(1, ordering: .relaxed).newValue }

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
    for index in edges.indices where edges[index].node != nil {
      if edges.count > 1 || isKnownUniquelyReferenced(&edges[index].node) { return true }
    }
    return false
  }

  private func moveInputs(to pending: inout [Node]) {
    for index in edges.indices {
      guard let node = edges[index].node else { continue }
      edges[index].node = nil
      pending.append(node)
    }
  }
}
