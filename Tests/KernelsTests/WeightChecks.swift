import CKernels
import Files
import Glibc
import Kernels
import Testing

extension LevelTests {
  @Test func weights() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.weights() } }
  }
  @Test func narrowing() async {
    await #expect(processExitsWith: .success) { KernelCheck.atEveryLevel { $0.narrowing() } }
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
      for (depth, columns) in [(1, 1), (3, 5), (7, 32), (64, 64), (65, 33), (130, 63), (20, 16)] {
        for rows in 1...9 { products(type, rows, depth, columns) }
        packing(type, depth, columns)
      }
    }
  }

  /// A panel's product against plain sums, and to the last bit against the product of float32 panels; of its
  /// half from column 32 on too.
  private mutating func products(_ type: StoredType, _ rows: Int, _ depth: Int, _ columns: Int) {
    let (xRow, yRow, width) = (depth + 2, columns + 3, 64)
    let x = Floats(Self.samples(rows * xRow, 31))
    let w = Weights(type, Self.samples(depth * width, 32))
    let widened = Floats(w.values.map { Float($0) })
    let start = Self.samples(rows * yRow, 33)
    for (first, count) in [(0, columns), (32, min(columns, 32))] {
      for kind in 0..<3 {
        let (y, other) = (Floats(start), Floats(start))
        // Nothing, one row for all, and y itself.
        let begin = kind == 0 ? nil : kind == 1 ? UnsafePointer(x.base) : UnsafePointer(y.base)
        let usesBias = kind == 1 && rows * xRow >= count
        aigc_panel_product(
          type.rawValue, rows, depth, x.base, xRow, w.base + first * type.size,
          kind == 1 && !usesBias ? nil : begin, kind == 2 ? yRow : 0, y.base, yRow, count)
        var expected = start.map { Double($0) }
        for row in 0..<rows {
          for column in 0..<count {
            let place = row * yRow + column
            var sum = kind == 2 ? Double(start[place]) : usesBias ? Double(x.base[column]) : 0
            for k in 0..<depth {
              sum += Double(x.base[row * xRow + k]) * w.values[k * width + first + column]
            }
            expected[place] = sum
          }
        }
        compare("panel_product, \(type), \(rows) rows", y.values, expected, 2e-5)
        guard first == 0, kind == 2 else { continue }
        aigc_gemm_panel(
          rows, depth, x.base, xRow, 1, widened.base, other.base, yRow, other.base, yRow, count)
        if y.values.map({ $0.bitPattern }) != other.values.map({ $0.bitPattern }) {
          problems.append("panel_product of \(type) at level \(level): other bytes than gemm_panel")
        }
      }
    }
  }

  /// Both layouts become the same panel, with zeros beyond the last column.
  private mutating func packing(_ type: StoredType, _ depth: Int, _ columns: Int) {
    guard type != .f32 else { return }
    let byInput = (0..<depth * columns).map { UInt16(truncatingIfNeeded: $0 &* 40503 &+ 1) }
    var byOutput = byInput
    for k in 0..<depth {
      for j in 0..<columns { byOutput[j * depth + k] = byInput[k * columns + j] }
    }
    for (source, strides) in [(byInput, (columns, 1)), (byOutput, (1, depth))] {
      var panel = [UInt16](repeating: 7, count: depth * 64)
      panel.withUnsafeMutableBytes { target in
        source.withUnsafeBytes { bytes in
          guard let to = target.baseAddress, let from = bytes.baseAddress else { return }
          aigc_pack_panel_16(depth, columns, from, strides.0, strides.1, to)
        }
      }
      let expected = (0..<depth * 64).map { place in
        place % 64 < columns ? byInput[place / 64 * columns + place % 64] : 0
      }
      if panel != expected { problems.append("pack_panel_16 of \(depth) by \(columns)") }
    }
  }

  /// Float32 to 16 bits, as the hardware rounds; what is too large for half precision becomes its largest value.
  mutating func narrowing() {
    var samples: [Float] = [
      0, -0.0, 1, 65504, 65519, 65520, 1e9, -1e9, .infinity, .nan, 6e-8, 2.9e-8, 3e-8,
    ]
    samples += [6.1e-5, 6.0975e-5, -6.09e-5, 1.00048828125, 1.00146484375, 1e-10, 0x1.ffep-15]
    for bits in stride(from: UInt32(0), to: 0x7F80_0000, by: 65_521) {
      samples.append(Float(bitPattern: bits))
      samples.append(-Float(bitPattern: bits))
    }
    let x = Floats(samples)
    for type in [StoredType.f16, .bf16] {
      var found = [UInt16](repeating: 0, count: samples.count)
      found.withUnsafeMutableBytes { bytes in
        guard let base = bytes.baseAddress else { return }
        aigc_narrow(type.rawValue, samples.count, x.base, base)
      }
      for (sample, bits) in zip(samples, found) {
        let bounded = min(max(sample, -65504), 65504)
        let expected =
          type == .f16 ? Float(Float16(sample.isFinite ? bounded : sample)) : Self.brain(sample)
        let value =
          type == .f16
          ? Float(Float16(bitPattern: bits)) : Float(bitPattern: UInt32(bits) << 16)
        if expected.isNaN ? !value.isNaN : value.bitPattern != expected.bitPattern {
          problems.append("\(type) of \(sample) at level \(level): \(value), not \(expected)")
        }
      }
    }
  }

  /// The nearer of the two neighbours in bfloat16, the even one of two as near.
  private static func brain(_ x: Float) -> Float {
    let low = Float(bitPattern: x.bitPattern & 0xFFFF_0000)
    let high = Float(bitPattern: (x.bitPattern & 0xFFFF_0000) &+ 0x10000)
    guard x.isFinite, low != x else { return low }
    let (below, above) = (abs(Double(x) - Double(low)), abs(Double(high) - Double(x)))
    let isHighFinite = high.isFinite
    if !isHighFinite { return x.bitPattern & 0xFFFF >= 0x8000 ? high : low }
    if below != above { return below < above ? low : high }
    return low.bitPattern >> 16 & 1 == 0 ? low : high
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
