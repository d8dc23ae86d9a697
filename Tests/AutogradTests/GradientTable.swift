import Autograd
import Kernels
import Testing

/// One differentiable operation with inputs, away from its kinks.
struct GradientRow {
  let name: String
  let inputs: [Tensor]
  /// Whether a second derivative is promised.
  let hasSecond: Bool
  let operation: ([Tensor]) -> Tensor

  init(
    _ name: String, _ inputs: [Tensor], hasSecond: Bool = true,
    _ operation: @escaping ([Tensor]) -> Tensor
  ) {
    self.name = name
    self.inputs = inputs
    self.hasSecond = hasSecond
    self.operation = operation
  }
}

/// Random inputs for the rows.
enum Samples {
  static func normal(_ shape: Shape, _ seed: UInt64, scale: Float = 0.7) -> Tensor {
    var random = RandomSource(seed: seed)
    return .normal(shape, deviation: scale, using: &random)
  }

  static func positive(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var random = RandomSource(seed: seed)
    return .uniform(shape, 0.4, 1.6, using: &random)
  }

  /// Either sign, nothing near 0.
  static func signed(_ shape: Shape, _ seed: UInt64) -> Tensor {
    var random = RandomSource(seed: seed)
    return Tensor(shape) { memory in
      for index in memory.indices {
        let size = 0.3 + Float(random.uniform())
        memory[index] = random.next() & 1 == 0 ? size : -size
      }
    }
  }

  /// 1 and -1 by chance.
  static func signs(_ shape: Shape, using random: inout RandomSource) -> Tensor {
    Tensor(shape) { memory in
      for index in memory.indices { memory[index] = random.next() & 1 == 0 ? 1 : -1 }
    }
  }
}

/// Compares an operation's derivatives with central differences.
struct GradientCheck {
  let row: GradientRow
  private let step: Float = 4e-3
  private let tolerance = 1e-2
  private var random = RandomSource(seed: 77)

  init(_ row: GradientRow) { self.row = row }

  /// The sum of y times a projection, in double precision.
  private static func project(_ tensors: [Tensor], _ projections: [Tensor]) -> Double {
    zip(tensors, projections).reduce(0.0) { sum, pair in
      zip(pair.0.values, pair.1.values).reduce(sum) { $0 + Double($1.0) * Double($1.1) }
    }
  }

  private static func firstGradients(
    _ row: GradientRow, _ inputs: [Tensor], _ projection: Tensor
  ) -> [Tensor] {
    let watched = inputs.map { $0.watchedCopy() }
    let loss = (row.operation(watched) * projection).sum()
    return gradients(of: loss, at: watched)
  }

  mutating func run() {
    let (row, inputs) = (row, row.inputs)
    let projection = Samples.normal(row.operation(inputs).shape, 5, scale: 1)
    let first = Self.firstGradients(row, inputs, projection)
    compare("first derivative", first) {
      Self.project([row.operation($0)], [projection])
    }
    guard row.hasSecond else { return }
    let watched = inputs.map { $0.watchedCopy() }
    let loss = (row.operation(watched) * projection).sum()
    let recorded = gradients(of: loss, at: watched, createGraph: true)
    for (index, pair) in zip(first, recorded).enumerated() {
      let limit = 1e-4 * largest(pair.0)
      #expect(
        zip(pair.0.values, pair.1.values).allSatisfy { Double(abs($0 - $1)) <= limit },
        "\(row.name): input \(index): the recorded gradient differs from the plain one")
    }
    let vectors = inputs.enumerated().map {
      Samples.normal($1.shape, 100 + UInt64($0), scale: 1)
    }
    var total = Tensor(0)
    for (gradient, vector) in zip(recorded, vectors) { total = total + (gradient * vector).sum() }
    compare("second derivative", gradients(of: total, at: watched)) {
      Self.project(Self.firstGradients(row, $0, projection), vectors)
    }
  }

  private func largest(_ tensor: Tensor) -> Double {
    Double(tensor.values.reduce(1e-2) { max($0, abs($1)) })
  }

  /// Along some axes, and along random corners, in which every value takes part.
  private mutating func compare(
    _ what: String, _ found: [Tensor], _ function: ([Tensor]) -> Double
  ) {
    for (index, input) in row.inputs.enumerated() {
      guard found[index].shape == input.shape else {
        Issue.record("\(row.name): input \(index): a gradient of shape \(found[index].shape)")
        continue
      }
      let values = found[index].values
      var directions: [(Tensor, limit: Double)] = []
      let length = values.reduce(1e-4) { $0 + Double($1) * Double($1) }.squareRoot()
      for _ in 0..<2 { directions.append((Samples.signs(input.shape, using: &random), length)) }
      for _ in 0..<min(input.count, 10) {
        let place = Int(random.integer(below: UInt64(input.count)))
        let axis = Tensor(input.shape) { memory in
          memory.update(repeating: 0)
          memory[place] = 1
        }
        directions.append((axis, largest(found[index])))
      }
      for (direction, scale) in directions {
        let expected = slope(index, direction, function)
        let got = Self.project([found[index]], [direction])
        #expect(
          abs(got - expected) <= tolerance * scale,
          "\(row.name): \(what), input \(index): \(got) instead of \(expected)")
      }
    }
  }

  private func slope(
    _ index: Int, _ direction: Tensor, _ function: ([Tensor]) -> Double
  ) -> Double {
    // A corner moves all values at once: the less each, the more there are.
    let count = direction.values.reduce(0) { $0 + abs($1) }
    let step = step / max(1, count.squareRoot() / 8)
    var (above, below) = (row.inputs, row.inputs)
    above[index] = above[index] + direction * step
    below[index] = below[index] - direction * step
    return (function(above) - function(below)) / (2 * Double(step))
  }
}

@Suite struct GradientTableTests {
  @Test func arithmetic() { check(GradientRows.arithmetic) }
  @Test func functions() { check(GradientRows.functions) }
  @Test func movement() { check(GradientRows.movement) }
  @Test func products() { check(GradientRows.products) }
  @Test func rowwise() { check(GradientRows.rowwise) }
  @Test func transformers() { check(GradientRows.transformers) }
  @Test func losses() { check(GradientRows.losses) }
  @Test func frozen() { check(GradientRows.frozen) }
  @Test func recurrent() { check(GradientRows.recurrent) }
  @Test func convolutions() { check(GradientRows.convolutions) }
  @Test func borders() { check(GradientRows.borders) }
  @Test func styledActivations() { check(GradientRows.styledActivations) }
  @Test func resamplings() { check(GradientRows.resamplings) }
  @Test func channelNorms() { check(GradientRows.channelNorms) }
  @Test func pooling() { check(GradientRows.pooling) }

  private func check(_ rows: [GradientRow]) {
    for row in rows {
      var check = GradientCheck(row)
      check.run()
    }
  }
}
