import Files

/// Values of few bits back to float32, bit for bit as GGML's `dequantize_row_*` have them: each is a
/// product of a scale and an integer that float32 holds exactly, less a minimum, rounded once.
extension BlockType {
  /// Values that one task decodes at least.
  private static let taskValues = 1 << 16

  /// The values of whole blocks, on several threads.
  /// - Throws: ``/Files/AIGCError``: mismatch when `bytes` are no whole blocks, failed when the system
  ///   refuses memory.
  public func decode(_ bytes: Table<UInt8>) throws(AIGCError) -> MutableTable<Float> {
    guard bytes.count % self.bytes == 0, bytes.count / self.bytes <= Int.max / 1024 else {
      throw .mismatch("\(bytes.count) bytes are no whole blocks of \(rawValue)")
    }
    let blocks = bytes.count / self.bytes
    let output = try MutableTable<Float>(count: blocks * values)
    bytes.withUnsafeBuffer { source in
      output.withUnsafeMutableBuffer { target in
        guard let source = source.baseAddress, let target = target.baseAddress else { return }
        nonisolated(unsafe) let (from, to) = (UnsafeRawPointer(source), target)
        parallelBlocks(blocks, size: Self.taskValues / values) { first, end in
          decode(from + first * self.bytes, blocks: end - first, to: to + first * values)
        }
      }
    }
    return output
  }

  /// The values of `blocks` blocks on the calling thread.
  /// - Parameters:
  ///   - source: `blocks` × ``bytes`` bytes, aligned or not.
  ///   - blocks: how many.
  ///   - target: room for `blocks` × ``values`` values.
  public func decode(
    _ source: UnsafeRawPointer, blocks: Int, to target: UnsafeMutablePointer<Float>
  ) {
    switch self {
    case .q80: each(source, blocks, target) { $0.q8($1) }
    case .q40: each(source, blocks, target) { $0.q4($1, isShifted: false) }
    case .q41: each(source, blocks, target) { $0.q4($1, isShifted: true) }
    case .q50: each(source, blocks, target) { $0.q5($1, isShifted: false) }
    case .q51: each(source, blocks, target) { $0.q5($1, isShifted: true) }
    case .q2K: each(source, blocks, target) { $0.q2K($1) }
    case .q3K: each(source, blocks, target) { $0.q3K($1) }
    case .q4K: each(source, blocks, target) { $0.q4K($1) }
    case .q5K: each(source, blocks, target) { $0.q5K($1) }
    case .q6K: each(source, blocks, target) { $0.q6K($1) }
    case .iq4NL: each(source, blocks, target) { $0.iq4NL($1) }
    case .iq4XS: each(source, blocks, target) { $0.iq4XS($1) }
    }
  }

  @inline(__always)
  private func each(
    _ source: UnsafeRawPointer, _ blocks: Int, _ target: UnsafeMutablePointer<Float>,
    _ body: (BlockReader, UnsafeMutablePointer<Float>) -> Void
  ) {
    for index in 0..<blocks {
      body(
        BlockReader(bytes: (source + index * bytes).assumingMemoryBound(to: UInt8.self)),
        target + index * values)
    }
  }
}

/// One block's bytes.
struct BlockReader {
  let bytes: UnsafePointer<UInt8>

  /// The half-precision number at byte `offset`.
  @inline(__always)
  func half(_ offset: Int) -> Float {
    float(halfBits: UInt16(bytes[offset]) | UInt16(bytes[offset &+ 1]) << 8)
  }

  /// Half a byte, as a number from 0 to 15.
  @inline(__always)
  func low(_ offset: Int) -> Float { Float(Int32(bytes[offset] & 0xF)) }
  @inline(__always)
  func high(_ offset: Int) -> Float { Float(Int32(bytes[offset] >> 4)) }
}

// MARK: Blocks of 32

extension BlockReader {
  /// A scale and 32 bytes.
  @inline(__always)
  func q8(_ target: UnsafeMutablePointer<Float>) {
    let scale = half(0)
    for index in 0..<32 {
      target[index] = Float(Int32(Int8(bitPattern: bytes[2 &+ index]))) * scale
    }
  }

  /// A scale, with `isShifted` a minimum, and 16 bytes: values 0 … 15 in the low halves, 16 … 31 in
  /// the high ones. Without a minimum 8 stands for 0.
  @inline(__always)
  func q4(_ target: UnsafeMutablePointer<Float>, isShifted: Bool) {
    let scale = half(0)
    let (minimum, zero): (Float, Float) = isShifted ? (half(2), 0) : (0, 8)
    let start = isShifted ? 4 : 2
    for index in 0..<16 {
      let (low, high) = (low(start &+ index) - zero, high(start &+ index) - zero)
      // A minimum that is not there must not turn -0 into 0.
      target[index] = isShifted ? low * scale + minimum : low * scale
      target[index &+ 16] = isShifted ? high * scale + minimum : high * scale
    }
  }

  /// As ``q4(_:isShifted:)``, with the fifth bits of all values in 4 bytes before the others.
  @inline(__always)
  func q5(_ target: UnsafeMutablePointer<Float>, isShifted: Bool) {
    let scale = half(0)
    let (minimum, zero): (Float, Int32) = isShifted ? (half(2), 0) : (0, 16)
    let start = isShifted ? 4 : 2
    var fifth: UInt32 = 0
    for index in 0..<4 { fifth |= UInt32(bytes[start &+ index]) << UInt32(8 &* index) }
    for index in 0..<16 {
      let byte = bytes[start &+ 4 &+ index]
      let place = UInt32(truncatingIfNeeded: index)
      let low = Int32(byte & 0xF) | Int32(bitPattern: (fifth >> place & 1) << 4)
      let high = Int32(byte >> 4) | Int32(bitPattern: (fifth >> (place &+ 16) & 1) << 4)
      let (a, b) = (Float(low &- zero) * scale, Float(high &- zero) * scale)
      target[index] = isShifted ? a + minimum : a
      target[index &+ 16] = isShifted ? b + minimum : b
    }
  }

  /// A scale and 16 bytes of indices into ``nonlinear``, in the order of ``q4(_:isShifted:)``.
  @inline(__always)
  func iq4NL(_ target: UnsafeMutablePointer<Float>) {
    nonlinear(scale: half(0), start: 2, target)
  }

  @inline(__always)
  fileprivate func nonlinear(scale: Float, start: Int, _ target: UnsafeMutablePointer<Float>) {
    for index in 0..<16 {
      let byte = Int(bytes[start &+ index])
      target[index] = scale * Self.nonlinear(byte & 0xF)
      target[index &+ 16] = scale * Self.nonlinear(byte >> 4)
    }
  }

  /// The 16 values that IQ4_NL and IQ4_XS multiply by a scale.
  @inline(__always)
  static func nonlinear(_ index: Int) -> Float { nonlinearValues[index] }
  private static let nonlinearValues: InlineArray<16, Float> = [
    -127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113,
  ]
}

// MARK: Blocks of 256

extension BlockReader {
  /// Scales and minima of 16 runs in 4 bits each, 64 bytes of values, the scale and the minimum of all.
  @inline(__always)
  func q2K(_ target: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (half(80), half(82))
    for run in 0..<16 {
      let own = scale * low(run)
      let least = minimum * high(run)
      let (start, shift) = Self.run(run)
      for index in 0..<16 {
        let value = bytes[16 &+ start &+ index] &>> shift & 3
        target[16 &* run &+ index] = own * Float(Int32(value)) - least
      }
    }
  }

  /// Where the 16 values of a run of Q2_K and Q3_K begin among the bytes of two bits, and their shift:
  /// the runs of 128 values share 32 bytes.
  @inline(__always)
  private static func run(_ run: Int) -> (start: Int, shift: UInt8) {
    (32 &* (run / 8) &+ 16 &* (run & 1), UInt8(truncatingIfNeeded: run & 6))
  }

  /// The third bits in 32 bytes, two bits in 64, scales of 6 bits of 16 runs in 12, the scale of all.
  @inline(__always)
  func q3K(_ target: UnsafeMutablePointer<Float>) {
    let scale = half(108)
    for run in 0..<16 {
      // Four bits in the first 8 bytes, low halves first; two more in the last 4.
      let four = run < 8 ? bytes[96 &+ run] & 0xF : bytes[88 &+ run] >> 4
      let two = bytes[104 &+ (run & 3)] &>> UInt8(truncatingIfNeeded: 2 &* (run >> 2)) & 3
      let own = scale * Float(Int32(four | two << 4) &- 32)
      let (start, shift) = Self.run(run)
      let mask = UInt8(1) &<< UInt8(truncatingIfNeeded: run >> 1)
      for index in 0..<16 {
        let value = Int32(bytes[32 &+ start &+ index] &>> shift & 3)
        let isHigh = bytes[16 &* (run & 1) &+ index] & mask != 0
        target[16 &* run &+ index] = own * Float(value &- (isHigh ? 0 : 4))
      }
    }
  }

  /// The scale and the minimum of run `run` of 8 in Q4_K and Q5_K: 6 bits each in 12 bytes from `start`.
  @inline(__always)
  func scaleAndMinimum(_ run: Int, start: Int) -> (Float, Float) {
    let packed = bytes + start
    if run < 4 { return (Float(Int32(packed[run] & 63)), Float(Int32(packed[run &+ 4] & 63))) }
    let scale = packed[run &+ 4] & 0xF | (packed[run &- 4] >> 6) << 4
    let minimum = packed[run &+ 4] >> 4 | (packed[run] >> 6) << 4
    return (Float(Int32(scale)), Float(Int32(minimum)))
  }

  /// The scale and the minimum of all, those of 8 runs, 128 bytes: two runs in the halves of 32 bytes.
  @inline(__always)
  func q4K(_ target: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (half(0), half(2))
    for pair in 0..<4 {
      let (scales, minima) = pairOfRuns(pair, scale, minimum)
      let start = 16 &+ 32 &* pair
      let output = target + 64 &* pair
      for index in 0..<32 {
        output[index] = scales.0 * low(start &+ index) - minima.0
        output[index &+ 32] = scales.1 * high(start &+ index) - minima.1
      }
    }
  }

  @inline(__always)
  private func pairOfRuns(
    _ pair: Int, _ scale: Float, _ minimum: Float
  ) -> (scales: (Float, Float), minima: (Float, Float)) {
    let first = scaleAndMinimum(2 &* pair, start: 4)
    let second = scaleAndMinimum(2 &* pair &+ 1, start: 4)
    return ((scale * first.0, scale * second.0), (minimum * first.1, minimum * second.1))
  }

  /// As ``q4K(_:)``, with the fifth bits of all values in 32 bytes before the others, a bit a run.
  @inline(__always)
  func q5K(_ target: UnsafeMutablePointer<Float>) {
    let (scale, minimum) = (half(0), half(2))
    for pair in 0..<4 {
      let (scales, minima) = pairOfRuns(pair, scale, minimum)
      let start = 48 &+ 32 &* pair
      let output = target + 64 &* pair
      let shift = UInt8(truncatingIfNeeded: 2 &* pair)
      for index in 0..<32 {
        let (byte, fifth) = (bytes[start &+ index], bytes[16 &+ index] &>> shift)
        let low = Float(Int32(byte & 0xF | (fifth & 1) << 4))
        let high = Float(Int32(byte >> 4 | (fifth & 2) << 3))
        output[index] = scales.0 * low - minima.0
        output[index &+ 32] = scales.1 * high - minima.1
      }
    }
  }

  /// Four bits in 128 bytes, two more in 64, scales of 16 runs in a byte each, the scale of all; 32
  /// stands for 0.
  @inline(__always)
  func q6K(_ target: UnsafeMutablePointer<Float>) {
    let scale = half(208)
    for run in 0..<16 {
      let own = scale * Float(Int32(Int8(bitPattern: bytes[192 &+ run])))
      // Of 128 values 32 share a place: two in the halves of a byte, the other two 32 bytes behind.
      let (half, quarter, part) = (run >> 3, run >> 1 & 3, 16 &* (run & 1))
      let four = bytes + (64 &* half &+ 32 &* (quarter & 1) &+ part)
      let two = bytes + (128 &+ 32 &* half &+ part)
      let fourShift = UInt8(truncatingIfNeeded: 4 &* (quarter >> 1))
      let twoShift = UInt8(truncatingIfNeeded: 2 &* quarter)
      for index in 0..<16 {
        let value = four[index] &>> fourShift & 0xF | (two[index] &>> twoShift & 3) << 4
        target[16 &* run &+ index] = own * Float(Int32(value) &- 32)
      }
    }
  }

  /// The scale of all, scales of 6 bits of 8 runs (two bits in 2 bytes, four in 4), 128 bytes of
  /// indices as in ``iq4NL(_:)``.
  @inline(__always)
  func iq4XS(_ target: UnsafeMutablePointer<Float>) {
    let scale = half(0)
    let two = Int32(bytes[2]) | Int32(bytes[3]) << 8
    for run in 0..<8 {
      let four = Int32(bytes[4 &+ run >> 1] &>> UInt8(truncatingIfNeeded: 4 &* (run & 1)) & 0xF)
      let own = four | (two >> Int32(truncatingIfNeeded: 2 &* run) & 3) << 4
      nonlinear(
        scale: scale * Float(own &- 32), start: 8 &+ 16 &* run, target + 32 &* run)
    }
  }
}

/// The number that 16 bits are in half precision.
@inline(__always)
func float(halfBits: UInt16) -> Float {
  // The exponent is moved by a multiplication, which is right for subnormal numbers too; what was an
  // infinity or not a number comes out as 2¹⁶ or more.
  let magnitude = Float(bitPattern: UInt32(halfBits & 0x7FFF) << 13) * 0x1p112
  let exponent: UInt32 = magnitude >= 0x1p16 ? 0xFF << 23 : 0
  return Float(bitPattern: magnitude.bitPattern | exponent | UInt32(halfBits & 0x8000) << 16)
}
