/// Growing bytes for writing text fast: room is asked for once a line, not once a byte.
public struct ByteBuffer: ~Copyable {
  private var base: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// The number of bytes appended so far.
  public private(set) var count = 0

  /// Creates an empty buffer.
  /// - Parameter capacity: how many bytes fit before the memory has to grow; 64 at least.
  public init(capacity: Int) {
    self.capacity = max(capacity, 64)
    base = .allocate(capacity: self.capacity)
  }

  deinit { base.deallocate() }

  /// The bytes so far.
  public var bytes: [UInt8] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Appends one byte.
  @inline(__always)
  public mutating func append(_ byte: UInt8) {
    reserve(1)
    base[count] = byte
    count &+= 1
  }

  /// Elements `range` of `table`.
  public mutating func append(_ table: Table<UInt8>, _ range: Range<Int>) {
    require(
      range.lowerBound >= 0 && range.upperBound <= table.count, "range outside the table")
    reserve(range.count)
    (base + count).update(from: table.base + range.lowerBound, count: range.count)
    count &+= range.count
  }

  /// The first `length` bytes of another buffer.
  public mutating func append(_ other: borrowing ByteBuffer) {
    reserve(other.count)
    (base + count).update(from: other.base, count: other.count)
    count &+= other.count
  }

  /// Removes all bytes; the memory is kept for those that follow.
  public mutating func removeAll() { count = 0 }

  /// A decimal with at most 7 digits after the point, without trailing zeros: "-1.2278343", "0".
  /// Values beyond ±10⁹ are written as that.
  public mutating func append(decimal value: Float) {
    reserve(24)
    let magnitude = value.magnitude < 1e9 ? value.magnitude : 1e9
    var scaled = UInt64((Double(magnitude) * 1e7).rounded())
    guard scaled > 0 else {
      append(48)
      return
    }
    if value < 0 { append(45) }
    var digits = 7
    while digits > 0, scaled % 10 == 0 {
      scaled /= 10
      digits &-= 1
    }
    // Backwards from the last digit; one digit at least stands before the point.
    var length = 0
    var rest = scaled
    while rest > 0 || length <= digits {
      length &+= 1
      rest /= 10
    }
    var index = count &+ length &+ (digits > 0 ? 1 : 0)
    count = index
    for place in 0..<length {
      if place == digits, digits > 0 {
        index &-= 1
        base[index] = 46
      }
      index &-= 1
      base[index] = UInt8(truncatingIfNeeded: 48 &+ scaled % 10)
      scaled /= 10
    }
  }

  @inline(__always)
  private mutating func reserve(_ more: Int) {
    if count &+ more > capacity { grow(more) }
  }

  private mutating func grow(_ more: Int) {
    let larger = max(capacity * 2, count + more)
    let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: larger)
    memory.update(from: base, count: count)
    base.deallocate()
    base = memory
    capacity = larger
  }
}
