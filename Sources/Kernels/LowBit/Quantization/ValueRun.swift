/// Neighbouring values that share a scale: 8 at a time, as their sums are taken in one order on every machine.
///
/// The square of an error counts by the values' root mean square + the value's magnitude, as GGML has it in Q4_K: large
/// weights matter more than their share of the squares says. (SmolLM2 in Q4_0: mean KL 0.257, with equal weights 0.295.)
struct ValueRun {
  typealias Vector = SIMD8<Float>

  let start: UnsafePointer<Float>
  /// Vectors of 8 values.
  let count: Int
  private let rootMeanSquare: Float

  init(_ start: UnsafePointer<Float>, values: Int) {
    self.start = start
    count = values / 8
    var squares = Vector()
    for index in 0..<values / 8 {
      let part = UnsafeRawPointer(start + 8 &* index).loadUnaligned(as: Vector.self)
      squares += part * part
    }
    rootMeanSquare = (squares.sum() / Float(values)).squareRoot()
  }

  /// By what the squares of errors count.
  @inline(__always)
  func weights(_ values: Vector) -> Vector {
    rootMeanSquare + values.replacing(with: -values, where: values .< 0)
  }

  @inline(__always)
  subscript(index: Int) -> Vector {
    UnsafeRawPointer(start + 8 &* index).loadUnaligned(as: Vector.self)
  }

  /// The value farthest from 0, the first of several.
  var peak: Float {
    var peak: Float = 0
    for index in 0..<8 &* count where start[index].magnitude > peak.magnitude {
      peak = start[index]
    }
    return peak
  }

  /// The smallest and the largest value.
  var bounds: (low: Float, high: Float) {
    var (low, high) = (start[0], start[0])
    for index in 1..<8 &* count {
      low = min(low, start[index])
      high = max(high, start[index])
    }
    return (low, high)
  }
}

/// The nearest integers from `low` to `high`; of two equally near ones the even one.
@inline(__always)
func nearest(_ values: ValueRun.Vector, from low: Float, to high: Float) -> ValueRun.Vector {
  // Where a unit is the last place of a Float, adding rounds. Bounds are integers.
  let magic: Float = 0x1.8p23
  let above = values.replacing(with: low, where: values .< low)
  return (above.replacing(with: high, where: above .> high) + magic) - magic
}

/// The nearest half-precision number; of two equally near ones the even one. Infinite beyond ±65504.
@inline(__always)
func halfBits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  let sign = UInt16(truncatingIfNeeded: bits >> 16 & 0x8000)
  let magnitude = bits & 0x7FFF_FFFF
  if magnitude < 0x3880_0000 {
    // Below 2⁻¹⁴: a multiple of 2⁻²⁴, which is the last place of a Float from ½ to 1.
    let moved = Float(bitPattern: magnitude) + 0.5
    return sign | UInt16(truncatingIfNeeded: moved.bitPattern &- 0x3F00_0000)
  }
  let rounded = (magnitude &+ 0xFFF &+ (magnitude >> 13 & 1)) >> 13 &- (112 << 10)
  return sign | UInt16(truncatingIfNeeded: min(rounded, 0x7C00))
}

/// The value of ``halfBits(_:)``.
@inline(__always)
func halfRounded(_ value: Float) -> Float { float(halfBits: halfBits(value)) }
