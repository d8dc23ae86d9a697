import Files

/// Whole numbers in as few bytes as they need, 7 bits a byte, the lowest first (LEB128).
public enum VariableIntegers {
  /// Gathers numbers as bytes.
  public struct Writer: Sendable {
    /// The bytes of all numbers so far.
    public private(set) var bytes: [UInt8] = []

    /// Creates a writer without numbers.
    public init() {}

    /// Appends a number, in 1 to 10 bytes.
    public mutating func append(_ value: UInt64) {
      var rest = value
      while rest >= 0x80 {
        bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
        rest >>= 7
      }
      bytes.append(UInt8(rest))
    }
  }

  /// Reads numbers one after the other, from bytes that need not be sound.
  public struct Reader: Sendable {
    private let bytes: Table<UInt8>
    private let name: String
    /// The next byte.
    public private(set) var offset: Int

    /// - Parameters:
    ///   - bytes: the numbers, from `offset` on.
    ///   - offset: bytes before the first number.
    ///   - name: of the file, for errors.
    public init(_ bytes: Table<UInt8>, at offset: Int = 0, name: String) {
      self.bytes = bytes
      self.name = name
      self.offset = offset
    }

    /// How many bytes are not read yet.
    public var remaining: Int { max(bytes.count - offset, 0) }
    /// The error for bytes that are not what they should be, of code badInput; it names the file.
    public var damaged: AIGCError { .badInput("\(name): truncated or damaged") }

    /// - Throws: ``/Files/AIGCError`` (badInput) when the bytes end, or the number is `limit` or more.
    public mutating func next(below limit: UInt64) throws(AIGCError) -> UInt64 {
      var (value, shift): (UInt64, UInt64) = (0, 0)
      while offset < bytes.count, shift < 63 {
        let byte = UInt64(bytes[offset])
        offset += 1
        value |= (byte & 0x7F) << shift
        shift += 7
        if byte < 0x80 {
          guard value < limit else { throw damaged }
          return value
        }
      }
      throw damaged
    }
  }
}
