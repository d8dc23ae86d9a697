import CKernels
import Files
import Glibc
import Kernels
import Testing

extension LevelTests {
  @Test func weights() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.weights() } }
  }
  @Test func halfPrecision() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.halfPrecision() } }
  }
}

/// Weights of one type at an address that only their own size divides.
private final class Weights {
  let base: UnsafeMutableRawPointer
  let values: [Double]
  private let memory: UnsafeMutableRawPointer

  init(_ type: StoredType, _ samples: [Float]) {
    memory = .allocate(byteCount: samples.count * type.size + 64, alignment: 64)
    base = memory + type.size
    var values: [Double] = []
    for (index, sample) in samples.enumerated() {
      switch type {
      case .f32:
        base.storeBytes(of: sample, toByteOffset: index * 4, as: Float.self)
        values.append(Double(sample))
      case .f16:
        base.storeBytes(
          of: Float16(sample).bitPattern, toByteOffset: index * 2, as: UInt16.self)
        values.append(Double(Float16(sample)))
      case .bf16:
        let bits = UInt16(sample.bitPattern >> 16)
        base.storeBytes(of: bits, toByteOffset: index * 2, as: UInt16.self)
        values.append(Double(Float(bitPattern: UInt32(bits) << 16)))
      }
    }
    self.values = values
  }

  deinit { memory.deallocate() }
}

extension KernelCheck {
  mutating func weights() {
    for type in StoredType.allCases {
      for (depth, columns) in [(1, 1), (3, 5), (4, 16), (7, 33), (64, 64), (65, 100), (130, 31)] {
        for rows in 1...9 { products(type, rows, depth, columns) }
        cuts(type, depth, columns)
      }
    }
  }

  /// Both layouts against plain sums; what is there already is added to.
  private mutating func products(_ type: StoredType, _ rows: Int, _ depth: Int, _ columns: Int) {
    let (xRow, yRow) = (depth + 2, columns + 3)
    let x = Floats(Self.samples(rows * xRow, 31))
    let w = Weights(type, Self.samples(depth * columns, 32))
    let start = Self.samples(rows * yRow, 33)
    for isByInput in [true, false] {
      let y = Floats(start)
      if isByInput {
        aigc_weights_by_input(
          type.rawValue, rows, depth, columns, x.base, xRow, w.base, columns, y.base, yRow)
      } else {
        aigc_weights_by_output(
          type.rawValue, rows, depth, columns, x.base, xRow, w.base, depth, y.base, yRow)
      }
      var expected = start.map { Double($0) }
      for row in 0..<rows {
        for column in 0..<columns {
          for k in 0..<depth {
            let weight = w.values[isByInput ? k * columns + column : column * depth + k]
            expected[row * yRow + column] += Double(x.base[row * xRow + k]) * weight
          }
        }
      }
      let name = "weights \(isByInput ? "by input" : "by output"), \(type), \(rows) rows"
      compare(name, y.values, expected, 2e-5)
    }
  }

  /// A value has the same bytes wherever the matrix is cut, and with any number of rows.
  private mutating func cuts(_ type: StoredType, _ depth: Int, _ columns: Int) {
    let rows = 5
    let x = Floats(Self.samples(rows * depth, 34))
    let w = Weights(type, Self.samples(depth * columns, 35))
    for isByInput in [true, false] {
      let (whole, parts) = (Floats(zeros: rows * columns), Floats(zeros: rows * columns))
      func run(_ first: Int, _ count: Int, _ row: Int, _ rows: Int, _ y: Floats) {
        let (xs, ys) = (x.base + row * depth, y.base + row * columns + first)
        if isByInput {
          aigc_weights_by_input(
            type.rawValue, rows, depth, count, xs, depth, w.base + first * type.size, columns, ys,
            columns)
        } else {
          aigc_weights_by_output(
            type.rawValue, rows, depth, count, xs, depth, w.base + first * depth * type.size,
            depth, ys, columns)
        }
      }
      run(0, columns, 0, rows, whole)
      let middle = columns / 3
      for row in 0..<rows {
        run(0, middle, row, 1, parts)
        run(middle, columns - middle, row, 1, parts)
      }
      if whole.values.map({ $0.bitPattern }) != parts.values.map({ $0.bitPattern }) {
        problems.append("\(type) by \(isByInput ? "input" : "output") differs where it is cut")
      }
    }
  }

  /// All 65536 values of both 16-bit types.
  mutating func halfPrecision() {
    let bits = (0...UInt16.max).map { $0 }
    let y = Floats(zeros: bits.count)
    bits.withUnsafeBytes { buffer in
      guard let base = buffer.baseAddress else { return }
      for type in [StoredType.f16, .bf16] {
        aigc_widen(type.rawValue, 1, bits.count, base, bits.count, y.base, bits.count)
        for (index, value) in y.values.enumerated() {
          let half = UInt16(index)
          let expected =
            type == .f16
            ? Float(Float16(bitPattern: half)) : Float(bitPattern: UInt32(half) << 16)
          let isEqual = expected.isNaN ? value.isNaN : value.bitPattern == expected.bitPattern
          if !isEqual { problems.append("\(type) \(half) at level \(level): \(value)") }
        }
      }
    }
  }
}
