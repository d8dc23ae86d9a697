import CKernels
import Kernels

/// The last layer of a language model and its loss in one: the mean cross-entropy of
/// softmax(x Wᵀ + b), without ever holding the logits of the whole batch.
///
/// Some rows at a time get logits, losses, and their part of every gradient while they are in the
/// cache. First derivative only.
/// - Parameters:
///   - x: [n, in].
///   - weight: [classes, in].
///   - bias: [classes].
///   - targets: n class numbers; those below 0 are left out of the mean.
/// - Returns: one value.
public func linearCrossEntropy(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ targets: [Int32]
) -> Tensor {
  let inputs = [x, weight] + (bias.map { [$0] } ?? [])
  let isRecorded = inputs.contains { $0.isRecorded }
  let pass = LinearCrossEntropyPass(x, weight, bias, targets, withGradients: isRecorded)
  pass.run()
  return pass.loss(inputs, isRecorded, "linearCrossEntropy", pass.totalLoss / Float(pass.count))
}

/// The loss of each row of ``linearCrossEntropy(_:_:_:_:)``, without history: for evaluation.
public func linearCrossEntropyLosses(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ targets: [Int32]
) -> [Float] {
  let pass = LinearCrossEntropyPass(x, weight, bias, targets, withGradients: false)
  pass.run()
  return pass.losses.values
}

/// A loss that is a sum of functions of each token's log-probability log softmax(x Wᵀ + b)[target], without ever
/// holding the logits of the whole batch: the surrogates of policy gradients.
///
/// What a token adds and its derivative are asked for once, in the forward pass. First derivative only.
/// - Parameters:
///   - x: [n, in].
///   - weight: [classes, in].
///   - bias: [classes].
///   - targets: n class numbers; those below 0 add nothing.
///   - term: of a row with its log-probability, what it adds and the derivative of that by the log-probability;
///     called on several threads.
/// - Returns: one value, the sum.
public func linearTokenLoss(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ targets: [Int32],
  _ term: @escaping @Sendable (_ row: Int, _ logProbability: Float) -> (value: Float, slope: Float)
) -> Tensor {
  let inputs = [x, weight] + (bias.map { [$0] } ?? [])
  let isRecorded = inputs.contains { $0.isRecorded }
  let pass = LinearCrossEntropyPass(
    x, weight, bias, targets, withGradients: isRecorded, term: term)
  pass.run()
  return pass.loss(inputs, isRecorded, "linearTokenLoss", pass.totalLoss)
}

/// The loss of knowledge distillation (Hinton et al. 2015) of the last layer of a language model, without ever holding the
/// logits of the whole batch: the mean over rows of (1 - r) times the cross-entropy of softmax(x Wᵀ + b), and r T² times
/// the Kullback-Leibler divergence of softmax((x Wᵀ + b) / T) from a teacher's distribution at the temperature T, r being
/// ``SoftTargets/ratio``.
///
/// First derivative only.
/// - Parameters:
///   - x: [n, in].
///   - weight: [classes, in].
///   - bias: [classes].
///   - targets: n class numbers; rows below 0 are left out of the mean.
///   - soft: what the teacher says of each of the n rows; its ids are below the number of classes.
/// - Returns: one value.
public func linearDistillation(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ targets: [Int32], _ soft: SoftTargets
) -> Tensor {
  let inputs = [x, weight] + (bias.map { [$0] } ?? [])
  let isRecorded = inputs.contains { $0.isRecorded }
  let pass = LinearCrossEntropyPass(
    x, weight, bias, targets, withGradients: isRecorded, soft: soft)
  pass.run()
  return pass.loss(inputs, isRecorded, "linearDistillation", pass.totalLoss / Float(pass.count))
}

private final class LinearCrossEntropyPass: @unchecked Sendable {
  private let rows: Int
  private let input: Int
  private let classes: Int
  private let x: Tensor
  private let weight: Tensor
  private let bias: Tensor?
  private let targets: [Int32]
  private let withGradients: Bool
  /// What each row adds, where that is not its part of a mean cross-entropy.
  private let term: (@Sendable (Int, Float) -> (value: Float, slope: Float))?
  /// What a teacher says of each row, where that is learned too.
  private let soft: SoftTargets?
  let losses: Tensor
  /// Rows that count.
  let count: Int
  private let dx: Tensor
  private let dweight: Tensor
  private let dbias: Tensor
  /// The gradient of the bias from each block of rows, taken while its logits are in the cache.
  private let biasParts: Storage
  /// Rows of one task: enough for the packed weights to be read once for many, few enough that their
  /// logits stay in the cache.
  private static let block = 96
  /// Logits held at a time, in values.
  private static let memory = 6 << 20

  init(
    _ x: Tensor, _ weight: Tensor, _ bias: Tensor?, _ targets: [Int32], withGradients: Bool,
    term: (@Sendable (Int, Float) -> (value: Float, slope: Float))? = nil, soft: SoftTargets? = nil
  ) {
    (self.term, self.soft) = (term, soft)
    require(
      x.rank == 2 && weight.rank == 2 && x.shape[1] == weight.shape[1]
        && x.shape[0] == targets.count,
      "linearCrossEntropy: \(x.shape), \(weight.shape), \(targets.count) targets")
    (rows, input, classes) = (x.shape[0], x.shape[1], weight.shape[0])
    for target in targets {
      require(target < weight.shape[0], "linearCrossEntropy: class \(target)")
    }
    (self.x, self.weight, self.bias, self.targets) = (x, weight, bias, targets)
    self.withGradients = withGradients
    soft?.check(rows: x.shape[0], classes: weight.shape[0])
    count = max(targets.reduce(0) { $0 + ($1 >= 0 ? 1 : 0) }, 1)
    losses = Tensor(Storage(count: rows), [rows])
    dx = Tensor(Storage(count: withGradients ? x.count : 0), withGradients ? x.shape : [0])
    dweight = Tensor(
      Storage(count: withGradients ? weight.count : 0), withGradients ? weight.shape : [0])
    biasParts = Storage(count: withGradients ? (rows + Self.block - 1) / Self.block * classes : 0)
    dbias = Tensor(Storage(count: withGradients ? classes : 0), [withGradients ? classes : 0])
  }

  var gradients: [Tensor] { [dx, dweight, dbias] }
  /// The loss as a value with its history.
  func loss(
    _ inputs: [Tensor], _ isRecorded: Bool, _ name: StaticString, _ value: Float
  ) -> Tensor {
    let loss = Tensor(value)
    guard isRecorded else { return loss }
    let results = gradients
    return loss.recorded(from: inputs, keepsOutput: false) { dy, context in
      Tensor.requireFirstOrder(context, "\(name)")
      // A loss usually ends the graph: its own gradient is 1.
      let factor = dy.item
      return results.prefix(context.inputCount).map { factor == 1 ? $0 : $0 * factor }
    }
  }
  var totalLoss: Float { Float(losses.values.reduce(0.0) { $0 + Double($1) }) }

  func run() {
    let forward = PackedPanels(
      depth: input, columns: classes, weight.pointer, depthStride: 1, columnStride: input)
    let backward =
      withGradients
      ? PackedPanels(
        depth: classes, columns: input, weight.pointer, depthStride: input, columnStride: 1) : nil
    let blocks = max(1, Self.memory / max(classes, 1) / Self.block)
    let chunk = min(rows, blocks * Self.block)
    let logits = Storage(count: chunk * classes)
    for first in stride(from: 0, to: rows, by: max(chunk, 1)) {
      let size = min(chunk, rows - first)
      parallelFor((size + Self.block - 1) / Self.block) { [self] index in
        let start = index * Self.block
        rowsOf(
          first + start, min(Self.block, size - start), logits.base + start * classes, forward,
          backward)
      }
      if withGradients { addWeightGradient(first, size, logits.base) }
    }
    if withGradients, rows == 0 { dweight.base.update(repeating: 0, count: dweight.count) }
    if withGradients {
      aigc_column_sum(
        biasParts.count / max(classes, 1), classes, biasParts.base, classes, 0, dbias.base)
    }
  }

  /// Logits, losses, and the gradient of x for some rows.
  private func rowsOf(
    _ first: Int, _ size: Int, _ logits: UnsafeMutablePointer<Float>, _ forward: PackedPanels,
    _ backward: PackedPanels?
  ) {
    let source = x.pointer + first * input
    for panel in 0..<forward.count {
      let column = panel * PackedPanels.width
      forward.multiply(
        panel: panel, rows: size, source, stride: input, start: bias.map { $0.pointer + column },
        startStride: 0, logits + column, cStride: classes)
    }
    if let soft {
      soft.learn(
        first..<first + size, targets, classes: classes, scale: 1 / Float(count), logits,
        losses.base + first)
    } else {
      scoreTargets(first, size, logits)
    }
    guard let backward else { return }
    aigc_column_sum(
      size, classes, logits, classes, 0, biasParts.base + first / Self.block * classes)
    for panel in 0..<backward.count {
      backward.multiply(
        panel: panel, rows: size, logits, stride: classes, start: nil, startStride: 0,
        dx.base + first * input + panel * PackedPanels.width, cStride: input)
    }
  }

  /// Losses, and what they are by the logits in the place of these.
  private func scoreTargets(_ first: Int, _ size: Int, _ logits: UnsafeMutablePointer<Float>) {
    targets.withUnsafeBufferPointer { targets in
      guard let targets = targets.baseAddress else { return }
      aigc_cross_entropy(
        size, classes, logits, targets + first, term == nil ? 1 / Float(count) : 1,
        losses.base + first)
    }
    if let term { weigh(first, size, logits, term) }
  }

  /// Puts what a row adds in the place of its cross-entropy, and its derivative by the logits in that of
  /// softmax - one hot.
  private func weigh(
    _ first: Int, _ size: Int, _ logits: UnsafeMutablePointer<Float>,
    _ term: (Int, Float) -> (value: Float, slope: Float)
  ) {
    for row in first..<first + size where targets[row] >= 0 {
      let (value, slope) = term(row, -losses.base[row])
      losses.base[row] = value
      let line = logits + (row - first) * classes
      if withGradients { aigc_scale_add(classes, -slope, 0, line, line) }
    }
  }

  private func addWeightGradient(
    _ first: Int, _ size: Int, _ logits: UnsafeMutablePointer<Float>
  ) {
    gemm(
      classes, input, size, MatrixView(logits, stride: classes, isTransposed: true),
      MatrixView(x.pointer + first * input, stride: input), beta: first == 0 ? 0 : 1,
      dweight.base, stride: input)
  }
}
