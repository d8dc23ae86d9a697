import CKernels
import Files
import Glibc
import Kernels
import Testing

/// Products with weights of few bits, at every level of this processor and with every kind of tiles, against their
/// definition, bit for bit. The level belongs to the process: those tests have a process of their own.
@Suite(.serialized) struct LowBitTests {
  @Test func everyLevelBlocksOf32() async {
    await #expect(processExitsWith: .success) {
      LowBitCheck.atEveryLevel(BlockType.allCases.filter { $0.values == 32 }) { $0.products() }
    }
  }
  @Test func everyLevelBlocksOf256() async {
    await #expect(processExitsWith: .success) {
      LowBitCheck.atEveryLevel(BlockType.allCases.filter { $0.values == 256 }) { $0.products() }
    }
  }
  @Test func everyLevelQuantizes() async {
    await #expect(processExitsWith: .success) {
      LowBitCheck.atEveryLevel([.q80]) { $0.unusualValues() }
    }
  }

  /// What products are compared with reads weights as ``BlockType/decode(_:)`` does.
  @Test(arguments: BlockType.allCases) func readerIsRight(_ type: BlockType) throws {
    let sample = LowBitSample(type, inputs: 512, outputs: 3)
    #expect(try type.decode(Table(sample.bytes)).values == sample.weights.map { $0.value })
  }

  /// No further from the product of float32 activations than their rounding allows.
  @Test(arguments: BlockType.allCases) func errorIsThatOfRounding(_ type: BlockType) throws {
    let (inputs, outputs) = (512, 40)
    let sample = LowBitSample(type, inputs: inputs, outputs: outputs)
    var x = KernelCheck.samples(inputs, 5)
    // Of the third block next to nothing is lost.
    for input in 64..<96 { x[input] *= 100 }
    let y = try LowBitCheck.product(sample, x, rows: 1, start: nil)
    for output in 0..<outputs {
      var (exact, allowed) = (0.0, 0.0)
      for input in 0..<inputs {
        let weight = Double(sample.weights[output * inputs + input].value)
        let block = x[input / 32 * 32..<input / 32 * 32 + 32]
        let step = Double(block.map { abs($0) }.max() ?? 0) / 127 / (input / 32 == 2 ? 254 : 1)
        exact += weight * Double(x[input])
        allowed += abs(weight) * (step * 0.50001 + 1e-5)
      }
      #expect(abs(Double(y[output]) - exact) <= allowed, "\(type) output \(output)")
    }
  }

  /// Threads, and where the outputs are cut among them, change nothing.
  @Test func cutsChangeNothing() throws {
    let sample = LowBitSample(.q41, inputs: 576, outputs: 100)
    let x = LowBitCheck.samplesWithOutliers(20 * 576, 6)
    let whole = try LowBitCheck.product(sample, x, rows: 20, start: nil)
    for cut in [16, 48, 96] {
      #expect(try LowBitCheck.product(sample, x, rows: 20, start: nil, cut: cut) == whole)
    }
  }

  @Test func refusals() throws {
    let bytes = try Table([UInt8](repeating: 0, count: 34 * 6))
    for (inputs, outputs) in [(32, 5), (31, 6), (0, 6), (32, 0), (64, 6), (32, Int.max), (-32, -6)]
    {
      #expect(throws: AIGCError.self) {
        try LowBitMatrix(bytes, type: .q80, inputs: inputs, outputs: outputs)
      }
    }
    #expect(throws: AIGCError.self) {
      try LowBitMatrix(bytes, type: .q4K, inputs: 32, outputs: 6)
    }
    let matrix = try LowBitMatrix(bytes, type: .q80, inputs: 64, outputs: 3)
    #expect(matrix.byteCount >= 16 * 2 * 34)
  }
}

/// Gathers what is wrong at one level.
struct LowBitCheck {
  let name: String
  let types: [BlockType]
  /// Numbers of rows to try.
  let rows: [Int]
  var problems: [String] = []

  /// Runs `body` at each level, then with each kind of tiles, which stand in for any level, and ends the process
  /// with the result.
  static func atEveryLevel(_ types: [BlockType], _ body: (inout LowBitCheck) -> Void) {
    var problems: [String] = []
    _ = aigc_lowbit_set_tiles(Int32(AIGC_TILES_NONE))
    for level in 0..<Int32(AIGC_LOWBIT_LEVELS) where aigc_lowbit_set_level(level) == 1 {
      var check = LowBitCheck(
        name: "level \(level)", types: types, rows: [1, 2, 3, 5, 8, 16, allRows])
      body(&check)
      problems += check.problems
    }
    for tiles in 1..<Int32(AIGC_TILES_COUNT) where aigc_lowbit_set_tiles(tiles) == 1 {
      var check = LowBitCheck(name: "tiles \(tiles)", types: types, rows: [16, allRows])
      body(&check)
      problems += check.problems
    }
    for problem in problems.prefix(20) { Issue.record("\(problem)") }
    exit(problems.isEmpty ? EXIT_SUCCESS : EXIT_FAILURE)
  }

  /// What products must give, once for all levels.
  nonisolated(unsafe) private static var known:
    [String: (sample: LowBitSample, expected: [Float])] = [:]
  private static let allRows = 18

  /// Alone, among few, among many, and with tiles, a row has the bits of the definition.
  mutating func products() {
    do { try checkProducts() } catch { problems.append("\(error)") }
  }
  private mutating func checkProducts() throws {
    let shapes = [(32, 1), (576, 17), (640, 5), (1536, 16), (2048, 2), (256, 36)]
    for type in types {
      for (inputs, outputs) in shapes where inputs % type.values == 0 {
        let x = Self.samplesWithOutliers(Self.allRows * inputs, 8)
        let bias = KernelCheck.samples(outputs, 9)
        let key = "\(type) \(inputs) by \(outputs)"
        let known = Self.known[key] ?? Self.definition(type, inputs, outputs, x, bias)
        Self.known[key] = known
        for rows in rows {
          let y = try Self.product(known.sample, x, rows: rows, start: bias)
          if !zip(y, known.expected).allSatisfy({ $0.bitPattern == $1.bitPattern }) {
            problems.append("\(key), \(rows) rows, \(name)")
          }
        }
      }
    }
    try startsFromY()
  }

  /// Values of which some blocks, others in each row, are far above the rest; some rows have none.
  static func samplesWithOutliers(_ count: Int, _ seed: UInt64) -> [Float] {
    var x = KernelCheck.samples(count, seed)
    for block in 0..<count / 32 where block % 11 == 3 || block % 13 == 5 {
      x[block * 32 + block % 32] *= 40
    }
    return x
  }

  private static func definition(
    _ type: BlockType, _ inputs: Int, _ outputs: Int, _ x: [Float], _ bias: [Float]
  ) -> (sample: LowBitSample, expected: [Float]) {
    let sample = LowBitSample(type, inputs: inputs, outputs: outputs)
    return (sample, sample.products(x, rows: allRows) { _ in bias })
  }

  /// y can go on from itself.
  private mutating func startsFromY() throws {
    let type = types[0]
    let (inputs, outputs, rows) = (1024, 20, 17)
    let sample = LowBitSample(type, inputs: inputs, outputs: outputs)
    let x = Self.samplesWithOutliers(rows * inputs, 10)
    let before = KernelCheck.samples(rows * outputs, 11)
    let expected = sample.products(x, rows: rows) { row in
      [Float](before[row * outputs..<row * outputs + outputs])
    }
    if try Self.product(sample, x, rows: rows, start: before, isOwn: true) != expected {
      problems.append("\(type) does not go on from y, \(name)")
    }
  }

  /// Zeros, the smallest and largest values, and such that are none.
  mutating func unusualValues() {
    do { try checkUnusualValues() } catch { problems.append("\(error)") }
  }
  private mutating func checkUnusualValues() throws {
    let sample = LowBitSample(.q80, inputs: 32, outputs: 16)
    let usual: [Float] = [0, .leastNonzeroMagnitude, 1e-38, 1e-30, 1e36]
    for value in usual + [.infinity, -.infinity, .nan] {
      var x = [Float](repeating: 0, count: 32)
      x[7] = value
      let y = try Self.product(sample, x, rows: 1, start: nil)
      let wanted: (Float) -> Bool =
        !value.isFinite ? { $0.isNaN } : abs(value) < 1e-30 ? { $0 == 0 } : { $0.isFinite }
      if !y.allSatisfy(wanted) { problems.append("\(value) gives \(y), \(name)") }
    }
  }

  /// The product of rows of x, computed in one call, or in two from output `cut` on.
  static func product(
    _ sample: LowBitSample, _ x: [Float], rows: Int, start: [Float]?, isOwn: Bool = false,
    cut: Int = 0
  ) throws -> [Float] {
    let (inputs, outputs) = (sample.inputs, sample.outputs)
    let matrix = try LowBitMatrix(
      Table(sample.bytes), type: sample.type, inputs: inputs, outputs: outputs)
    let activations = LowBitActivations(rows: rows, inputs: inputs)
    let values = Floats(x)
    activations.quantize(0..<rows, values.base, stride: inputs)
    let y = Floats(isOwn ? start ?? [] : [Float](repeating: 0, count: rows * outputs))
    let bias = start.map { Floats($0) }
    for range in [0..<cut, cut..<outputs] {
      matrix.multiply(
        range, rows: rows, activations,
        start: isOwn ? UnsafePointer(y.base) : bias.map { UnsafePointer($0.base) },
        startStride: isOwn ? outputs : 0, y.base, yStride: outputs)
    }
    return y.values
  }
}
