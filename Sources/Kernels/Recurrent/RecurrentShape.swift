/// The sizes of a recurrent layer over a sequence. All arrays are [steps, batch, …]: time first, so
/// that one step is one block of memory.
public struct RecurrentShape: Sendable {
  /// Time steps of the sequence.
  public let steps: Int
  /// The number of sequences that are processed together.
  public let batch: Int
  /// Units of the layer: values of one hidden state.
  public let hidden: Int
  /// Pre-activations of one unit: 4 for an LSTM, 3 for a GRU, 1 for a plain RNN.
  public let gates: Int

  /// Creates the sizes of a layer with `hidden` units and `gates` pre-activations for each of them.
  public init(steps: Int, batch: Int, hidden: Int, gates: Int) {
    self.steps = steps
    self.batch = batch
    self.hidden = hidden
    self.gates = gates
  }

  /// Units are computed in blocks of one panel's width; a block is one task of a step.
  var blocks: Int { (hidden + PackedPanels.width - 1) / PackedPanels.width }
  func width(_ block: Int) -> Int { min(PackedPanels.width, hidden - block * PackedPanels.width) }

  /// Values of one step's states and of its pre-activations.
  var stateSize: Int { batch * hidden }
  var gateSize: Int { batch * gates * hidden }
}

/// The input's part of the pre-activations, x W_ihᵀ.
public struct RecurrentInput: @unchecked Sendable {
  let base: UnsafePointer<Float>
  let rows: UnsafePointer<Int32>?

  /// - Parameters:
  ///   - base: [steps, batch, gates * hidden], or a table [anything, gates * hidden].
  ///   - rows: for a table, which of its rows each step and batch entry takes: [steps, batch].
  public init(_ base: UnsafePointer<Float>, rows: UnsafePointer<Int32>? = nil) {
    self.base = base
    self.rows = rows
  }
}

/// Recurrent weights [gates * hidden, hidden] packed for the forward direction, a gate a matrix.
struct GatePanels: Sendable {
  let gates: [PackedPanels]

  init(_ shape: RecurrentShape, _ weights: UnsafePointer<Float>) {
    let size = shape.hidden * shape.hidden
    gates = (0..<shape.gates).map { gate in
      PackedPanels(
        depth: shape.hidden, columns: shape.hidden, weights + gate * size, depthStride: 1,
        columnStride: shape.hidden)
    }
  }
}

/// Adds the recurrent part to one block's pre-activations of one step.
struct RecurrentProduct: @unchecked Sendable {
  let shape: RecurrentShape
  let input: RecurrentInput?
  let panels: GatePanels
  /// [batch, hidden] before the first step; nil: zeros.
  let firstState: UnsafePointer<Float>?
  /// [steps, batch, hidden].
  let states: UnsafePointer<Float>
  /// [steps, batch, gates * hidden].
  let output: UnsafeMutablePointer<Float>

  /// The state before `step`, nil for zeros.
  @inline(__always)
  func before(_ step: Int) -> UnsafePointer<Float>? {
    step == 0 ? firstState : states + (step - 1) * shape.stateSize
  }

  /// output[step, :, gate, block] = input + state before · weights, for all gates.
  func apply(_ step: Int, _ block: Int) {
    let first = block * PackedPanels.width
    let width = shape.width(block)
    let stride = shape.gates * shape.hidden
    let before = before(step)
    for gate in 0..<shape.gates {
      let offset = gate * shape.hidden + first
      let target = output + step * shape.gateSize + offset
      var start = input.map { $0.base + offset }
      if let input, let rows = input.rows {
        for row in 0..<shape.batch {
          let source = input.base + Int(rows[step * shape.batch + row]) * stride + offset
          (target + row * stride).update(from: source, count: width)
        }
        start = UnsafePointer(target)
      } else if let base = start {
        start = base + step * shape.gateSize
      }
      if let before {
        panels.gates[gate].multiply(
          panel: block, rows: shape.batch, before, stride: shape.hidden, start: start,
          startStride: stride, target, cStride: stride)
      } else {
        for row in 0..<shape.batch {
          let line = target + row * stride
          if let start {
            if start != UnsafePointer(target) {
              line.update(from: start + row * stride, count: width)
            }
          } else {
            line.update(repeating: 0, count: width)
          }
        }
      }
    }
  }
}

/// The gradient of one block's states: what comes from above, and through the weights from the later
/// step.
struct RecurrentBackward: @unchecked Sendable {
  let shape: RecurrentShape
  /// W_hh as a right operand [gates * hidden, hidden].
  let panels: PackedPanels
  /// The gradient of all states from above: [steps, batch, hidden].
  let dy: UnsafePointer<Float>
  /// The gradient of U h: [steps, batch, gates * hidden], written step by step from the last.
  let dhidden: UnsafePointer<Float>

  init(
    _ shape: RecurrentShape, weights: UnsafePointer<Float>, dy: UnsafePointer<Float>,
    dhidden: UnsafePointer<Float>
  ) {
    self.shape = shape
    self.dy = dy
    self.dhidden = dhidden
    panels = PackedPanels(
      depth: shape.gates * shape.hidden, columns: shape.hidden, weights,
      depthStride: shape.hidden, columnStride: 1)
  }

  /// dh[:, block] of `step`, rows `hidden` apart.
  func apply(_ step: Int, _ block: Int, _ dh: UnsafeMutablePointer<Float>) {
    let first = block * PackedPanels.width
    let above = dy + step * shape.stateSize + first
    if step + 1 < shape.steps {
      through(step + 1, block, start: above, dh)
    } else {
      for row in 0..<shape.batch {
        (dh + first + row * shape.hidden).update(
          from: above + row * shape.hidden, count: shape.width(block))
      }
    }
  }

  /// dh[:, block] = start + dhidden[step] · weights.
  func through(
    _ step: Int, _ block: Int, start: UnsafePointer<Float>?, _ dh: UnsafeMutablePointer<Float>
  ) {
    panels.multiply(
      panel: block, rows: shape.batch, dhidden + step * shape.gateSize,
      stride: shape.gates * shape.hidden, start: start, startStride: shape.hidden,
      dh + block * PackedPanels.width, cStride: shape.hidden)
  }
}
