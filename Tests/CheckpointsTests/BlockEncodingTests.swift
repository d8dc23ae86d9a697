import Files
import Kernels
import TestSupport
import Testing

@testable import Checkpoints

/// Values to blocks, beside what GGML makes of the same values (Fixtures/quantized.gguf).
@Suite(.serialized) struct BlockEncodingTests {
  private let theirs: Checkpoint
  private let values: Table<Float>

  init() throws {
    theirs = try Checkpoint.open(fixture("quantized.gguf"))
    values = try #require(theirs["values"]?.floatTable())
  }

  /// Squares of errors, weighted as GGML has them in Q4_K: by the root mean square of 32 values and the
  /// value's own magnitude.
  private func weightedError(_ decoded: [Float], _ range: Range<Int>) -> Double {
    stride(from: range.lowerBound, to: range.upperBound, by: 32).reduce(0) { total, first in
      let run = (first..<first + 32).map { Double(values[$0]) }
      let mean = (run.reduce(0) { $0 + $1 * $1 } / 32).squareRoot()
      return zip(run, decoded[first..<first + 32]).reduce(total) { sum, pair in
        let error = pair.0 - Double(pair.1)
        return sum + (mean + abs(pair.0)) * error * error
      }
    }
  }

  @Test func roundsQ8AsGGML() throws {
    let blocks = try BlockType.q80.encode(values, name: "values")
    #expect(Array(blocks) == Array(try #require(theirs["Q8_0"]?.blockBytes)))
  }

  /// Each distribution loses no more than with GGML's own search; of Q4_K's exponential row 1% more.
  @Test(arguments: BlockType.encodable) func losesNoMoreThanGGML(_ type: BlockType) throws {
    let ours = try type.decode(try type.encode(values, name: "values")).values
    let other = try theirs.tensor(type.rawValue).floats()
    for rows in [0..<2, 2..<4, 4..<5, 5..<6] {
      let range = rows.lowerBound * 512..<rows.upperBound * 512
      let (own, ggml) = (weightedError(ours, range), weightedError(other, range))
      #expect(own <= 1.03 * ggml, "\(type.rawValue), rows \(rows): \(own), \(ggml)")
    }
    // Of a row of zeros and one value that value is what remains, where 0 is one of the integers.
    if type == .q41 || type == .q4K { return }
    #expect(ours[2560..<3072].indices.filter { ours[$0] != 0 } == [2560 + 300])
    #expect(abs(ours[2560 + 300] + 0.5) < 0.001)
  }

  /// Values that lie on a grid of the type come back as they were.
  @Test(arguments: BlockType.encodable) func gridsAreKept(_ type: BlockType) throws {
    let grid = try theirs.tensor(type.rawValue).floats()
    let again = try type.decode(try type.encode(try Table(grid), name: "grid")).values
    let (lost, size) = zip(grid, again).reduce((Float(0), Float(0))) {
      ($0.0 + ($1.0 - $1.1) * ($1.0 - $1.1), $0.1 + $1.0 * $1.0)
    }
    // Superblocks have scales of their own, found anew.
    #expect(lost <= (type.values == 32 ? 1e-6 : 4e-4) * size, "\(type.rawValue): \(lost / size)")
  }

  @Test(arguments: BlockType.encodable) func anyNumberOfThreads(_ type: BlockType) throws {
    let count = Threads.count
    defer { Threads.count = count }
    var random = UInt64(5)
    let many = (0..<12_288).map { _ in
      random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Float(Int64(bitPattern: random) >> 40) / 0x1p23
    }
    let table = try Table(many)
    Threads.count = 1
    let one = try Array(type.encode(table, name: "many"))
    let decoded = try type.decode(Table(one)).values
    Threads.count = 3
    #expect(try Array(type.encode(table, name: "many")) == one)
    #expect(try type.decode(Table(one)).values == decoded)
  }

  @Test(arguments: BlockType.encodable) func extremeValues(_ type: BlockType) throws {
    for value: Float in [.leastNonzeroMagnitude, 1e-30, 3e-8, 1e-6, 65504, -65504] {
      for pattern in 0..<3 {
        let row = (0..<256).map { index -> Float in
          pattern == 0
            ? value : pattern == 1 ? (index % 2 == 0 ? value : -value) : index == 9 ? value : 0
        }
        let decoded = try type.decode(try type.encode(try Table(row), name: "row")).values
        for (result, original) in zip(decoded, row) {
          #expect(abs(result - original) <= abs(value) * 0.14 + 1e-6, "\(value) \(pattern)")
        }
      }
    }
  }

  @Test func refusals() throws {
    for value: Float in [.nan, .infinity, -.infinity, 65505, -1e30] {
      var row = [Float](repeating: 0.5, count: 256)
      row[200] = value
      for type in BlockType.encodable {
        let table = try Table(row)
        let message = refuses([.badInput]) { _ = try type.encode(table, name: "w\n") }
        #expect(message.hasPrefix("tensor w\u{FFFD}: a value is not a number"))
      }
    }
    let short = try Table([Float](repeating: 0, count: 128))
    refuses([.mismatch]) { _ = try BlockType.q4K.encode(short, name: "w") }
    #expect(
      refuses([.mismatch]) { _ = try BlockType.iq4NL.encode(short, name: "w") }.contains("Q6_K"))
    refuses([.mismatch]) { _ = try BlockType.q4K.decode(Table([UInt8](repeating: 0, count: 143))) }
  }
}
