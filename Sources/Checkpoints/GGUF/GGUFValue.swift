import Files

/// A value of a GGUF file's metadata, with the type that it has there.
public enum GGUFValue: Sendable {
  case uint8(UInt8)
  case int8(Int8)
  case uint16(UInt16)
  case int16(Int16)
  case uint32(UInt32)
  case int32(Int32)
  case uint64(UInt64)
  case int64(Int64)
  case float32(Float)
  case float64(Double)
  case bool(Bool)
  /// Shown with U+FFFD where it is not UTF-8.
  case string(String)
  case array(GGUFArray)

  /// What may stand in a file, by its number there.
  enum Kind: UInt32 {
    case uint8, int8, uint16, int16, uint32, int32, float32, bool, string, array, uint64, int64
    case float64

    /// Bytes of a value; nil for texts and arrays.
    var size: Int? {
      switch self {
      case .uint8, .int8, .bool: 1
      case .uint16, .int16: 2
      case .uint32, .int32, .float32: 4
      case .uint64, .int64, .float64: 8
      case .string, .array: nil
      }
    }
  }

  var kind: Kind {
    switch self {
    case .uint8: .uint8
    case .int8: .int8
    case .uint16: .uint16
    case .int16: .int16
    case .uint32: .uint32
    case .int32: .int32
    case .uint64: .uint64
    case .int64: .int64
    case .float32: .float32
    case .float64: .float64
    case .bool: .bool
    case .string: .string
    case .array: .array
    }
  }

  /// The number of an integer type; nil for others, and for what an Int does not hold.
  public var int: Int? {
    switch self {
    case .uint8(let value): Int(value)
    case .int8(let value): Int(value)
    case .uint16(let value): Int(value)
    case .int16(let value): Int(value)
    case .uint32(let value): Int(value)
    case .int32(let value): Int(value)
    case .uint64(let value): Int(exactly: value)
    case .int64(let value): Int(value)
    default: nil
    }
  }

  /// A floating-point number, or an integer as one.
  public var float: Float? {
    switch self {
    case .float32(let value): value
    case .float64(let value): Float(value)
    default: int.map { Float($0) }
    }
  }

  /// As a person reads it: of a long array the first values.
  public var summary: String {
    switch self {
    case .uint64(let value): String(value)
    case .float32(let value): "\(value)"
    case .float64(let value): "\(value)"
    case .bool(let value): value ? "true" : "false"
    case .string(let text): text
    case .array(let array): array.summary
    default: int.map { String($0) } ?? ""
    }
  }
}
