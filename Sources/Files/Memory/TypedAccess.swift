import Glibc

/// Typed reads of raw bytes, bounds-checked, for files whose numbers stand at any offset.
extension Table where Element == UInt8 {
  /// The value at byte `offset`, which need not be aligned; nil when it reaches beyond the end.
  /// Values are as the machine has them (little-endian). Only for types in which every bit pattern
  /// is a value: numbers.
  @inlinable @inline(__always)
  public func load<Value: BitwiseCopyable>(
    _ type: Value.Type = Value.self, at offset: Int
  ) -> Value? {
    guard offset >= 0, offset <= count - MemoryLayout<Value>.size else { return nil }
    return UnsafeRawPointer(base).loadUnaligned(fromByteOffset: offset, as: type)
  }

  /// All bytes as values of `type`, in the same memory; nil when they are not aligned or the last one
  /// is not whole. Only for types in which every bit pattern is a value.
  public func view<Value>(as type: Value.Type) -> Table<Value>?
  where Value: BitwiseCopyable & Sendable {
    let start = UnsafeRawPointer(base)
    guard Int(bitPattern: start) % MemoryLayout<Value>.alignment == 0,
      count % MemoryLayout<Value>.stride == 0
    else { return nil }
    return Table<Value>(
      base: start.assumingMemoryBound(to: type), count: count / MemoryLayout<Value>.stride,
      storage: storage)
  }

  /// All bytes read as values of `source`, aligned or not, each turned by `transform`. A rest that is
  /// no whole value is left out.
  @inlinable
  public func map<Source: BitwiseCopyable, Result>(
    as source: Source.Type, _ transform: (Source) -> Result
  ) -> [Result] {
    let length = count / MemoryLayout<Source>.size
    let start = UnsafeRawPointer(base)
    return [Result](unsafeUninitializedCapacity: length) { buffer, initialized in
      guard let output = buffer.baseAddress else { return }
      for index in 0..<length {
        let offset = index &* MemoryLayout<Source>.size
        (output + index).initialize(
          to: transform(start.loadUnaligned(fromByteOffset: offset, as: source)))
      }
      initialized = length
    }
  }

  /// All bytes copied as values of `type` in one block, aligned or not.
  public func array<Value: BitwiseCopyable>(of type: Value.Type) -> [Value] {
    let length = count / MemoryLayout<Value>.stride
    return [Value](unsafeUninitializedCapacity: length) { buffer, initialized in
      if let output = buffer.baseAddress, length > 0 {
        memcpy(output, base, length * MemoryLayout<Value>.stride)
      }
      initialized = length
    }
  }

  /// Whether both hold the same bytes.
  public func holdsSame(as other: Table<UInt8>) -> Bool {
    count == other.count && (base == other.base || memcmp(base, other.base, count) == 0)
  }

  /// The text in bytes `range`, with U+FFFD where it is not UTF-8.
  public func text(_ range: Range<Int>) -> String {
    String(
      decoding: UnsafeBufferPointer(start: slice(range).base, count: range.count), as: UTF8.self)
  }
}

extension Table {
  /// Elements `range`, in the same memory.
  public func slice(_ range: Range<Int>) -> Table {
    require(range.lowerBound >= 0 && range.upperBound <= count, "Table: range out of bounds")
    return Table(base: base + range.lowerBound, count: range.count, storage: storage)
  }

  /// The memory of the elements as bytes.
  public var rawBytes: Table<UInt8> {
    let size = count * MemoryLayout<Element>.stride
    return Table<UInt8>(
      base: UnsafeRawPointer(base).assumingMemoryBound(to: UInt8.self), count: size,
      storage: storage)
  }
}
