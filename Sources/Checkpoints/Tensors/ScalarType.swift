import Files

/// The type of a tensor's values. The raw value is the spelling of safetensors.
public enum ScalarType: String, CaseIterable, Codable, Sendable {
  // From the last to the first in a file that the safetensors crate writes (its enum `Dtype`).
  case bool = "BOOL"
  case u8 = "U8"
  case i8 = "I8"
  case i16 = "I16"
  case f16 = "F16"
  case bf16 = "BF16"
  case i32 = "I32"
  case f32 = "F32"
  case f64 = "F64"
  case i64 = "I64"

  /// Bytes a value.
  public var size: Int {
    switch self {
    case .bool, .u8, .i8: 1
    case .i16, .f16, .bf16: 2
    case .i32, .f32: 4
    case .f64, .i64: 8
    }
  }

  /// Whether the values are floating-point numbers: F64, F32, F16 or BF16.
  public var isFloatingPoint: Bool {
    switch self {
    case .f64, .f32, .f16, .bf16: true
    default: false
    }
  }

  /// The type that safetensors calls `spelling`.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is none of these; `place` says where it stands.
  init(spelling: String, place: String) throws(AIGCError) {
    guard let type = ScalarType(rawValue: spelling) else {
      let known = Self.allCases.reversed().map { $0.rawValue }.joined(separator: ", ")
      throw .badInput(
        "\(place): values of type \(printable(spelling)) are not read; known are: \(known)")
    }
    self = type
  }
}

/// The number that 16 bits are in IEEE half precision.
@inlinable @inline(__always)
public func float(half bits: UInt16) -> Float {
  // The exponent is moved by a multiplication, which is right for subnormal numbers too; what was
  // an infinity or not a number comes out as 2¹⁶ or more. No branches: the loop is vectorised.
  let magnitude = Float(bitPattern: UInt32(bits & 0x7FFF) << 13) * 0x1p112
  let exponent: UInt32 = magnitude >= 0x1p16 ? 0xFF << 23 : 0
  return Float(bitPattern: magnitude.bitPattern | exponent | UInt32(bits & 0x8000) << 16)
}

/// The number that 16 bits are as bfloat16: the upper half of a Float.
@inlinable @inline(__always)
public func float(brain bits: UInt16) -> Float { Float(bitPattern: UInt32(bits) << 16) }

/// The nearest bfloat16; of two equally near ones the even one.
@inlinable @inline(__always)
public func brainBits(_ value: Float) -> UInt16 {
  let bits = value.bitPattern
  if value.isNaN { return UInt16(truncatingIfNeeded: bits >> 16) | 0x40 }
  return UInt16(truncatingIfNeeded: (bits &+ 0x7FFF &+ (bits >> 16 & 1)) >> 16)
}
