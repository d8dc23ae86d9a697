import Files
import Glibc

/// A position in a block of bytes, for loops over text in which every instruction counts.
///
/// In a release build it is an address and nothing else, and nothing is checked. A debug build also
/// carries the bounds of the block, and stops at every read that is not inside of them. The position
/// itself may lie anywhere: loops stand at the end of their block, or look ahead of it.
///
/// Whoever keeps a cursor keeps the memory beside it.
struct ByteCursor: Comparable, BitwiseCopyable, @unchecked Sendable {
  private var address: UnsafePointer<UInt8>
  #if DEBUG
    private let blockStart: UnsafePointer<UInt8>
    private let blockEnd: UnsafePointer<UInt8>
  #endif

  /// The start of a block of `count` bytes; nil is the address of an empty one.
  @inline(__always)
  fileprivate init(start: UnsafePointer<UInt8>?, count: Int) {
    address = start ?? UnsafePointer(bitPattern: 64).unsafelyUnwrapped
    #if DEBUG
      blockStart = address
      blockEnd = address + count
    #endif
  }

  /// The start of a block.
  @inline(__always)
  init(_ block: UnsafeBufferPointer<UInt8>) {
    self.init(start: block.baseAddress, count: block.count)
  }

  /// The start of a copy of `bytes` that stays as long as the program runs: for tables that are made
  /// once.
  init(keeping bytes: [UInt8]) {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
    _ = memory.initialize(from: bytes)
    self.init(UnsafeBufferPointer(memory))
  }

  // MARK: Positions

  @inline(__always)
  static func == (a: ByteCursor, b: ByteCursor) -> Bool { a.address == b.address }

  @inline(__always)
  static func < (a: ByteCursor, b: ByteCursor) -> Bool { a.address < b.address }

  /// The number of bytes from `b` to `a`.
  @inline(__always)
  static func - (a: ByteCursor, b: ByteCursor) -> Int { a.address - b.address }

  @inline(__always)
  static func + (cursor: ByteCursor, count: Int) -> ByteCursor {
    var moved = cursor
    moved.address += count
    return moved
  }

  @inline(__always)
  static func - (cursor: ByteCursor, count: Int) -> ByteCursor { cursor + -count }

  @inline(__always)
  static func += (cursor: inout ByteCursor, count: Int) { cursor.address += count }

  @inline(__always)
  static func -= (cursor: inout ByteCursor, count: Int) { cursor.address -= count }

  // MARK: Reads

  /// In a debug build, stops unless the `count` bytes at `offset` are in the block.
  @inline(__always)
  private func check(_ offset: Int, count: Int) {
    #if DEBUG
      let start = address + offset
      assert(
        start >= blockStart && count >= 0 && count <= blockEnd - start,
        "ByteCursor: a read outside of the block")
    #endif
  }

  /// The byte here.
  @inline(__always)
  var byte: UInt8 { self[0] }

  /// The byte at a distance from here.
  @inline(__always)
  subscript(offset: Int) -> UInt8 {
    check(offset, count: 1)
    return address[offset]
  }

  /// The eight bytes from here on as one number, the first byte its lowest.
  @inline(__always)
  var word: UInt64 {
    check(0, count: 8)
    return UInt64(littleEndian: UnsafeRawPointer(address).loadUnaligned(as: UInt64.self))
  }

  /// The character here and its length in bytes; length 0 for what is not UTF-8. Here is before `end`.
  @inline(__always)
  func scalar(before end: ByteCursor) -> (scalar: UInt32, length: Int) {
    check(0, count: end - self)
    return decodeUTF8(address, end.address)
  }

  /// The first place from here on that holds `byte`; nil when there is none before `end`.
  @inline(__always)
  func first(_ byte: UInt8, before end: ByteCursor) -> ByteCursor? {
    check(0, count: end - self)
    guard let found = memchr(address, Int32(byte), end - self) else { return nil }
    return self + (UnsafePointer(found.assumingMemoryBound(to: UInt8.self)) - address)
  }

  /// A copy of the `count` bytes from here on.
  func bytes(_ count: Int) -> [UInt8] { Array(run(count)) }

  /// Feeds the `count` bytes from here on to a hasher.
  func hash(_ count: Int, into hasher: inout Hasher) {
    hasher.combine(bytes: UnsafeRawBufferPointer(run(count)))
  }

  @inline(__always)
  fileprivate func run(_ count: Int) -> UnsafeBufferPointer<UInt8> {
    check(0, count: count)
    return UnsafeBufferPointer(start: address, count: count)
  }
}

extension Table<UInt8> {
  /// The first byte. The table must stay alive as long as the cursor is used.
  @inline(__always)
  var start: ByteCursor { withUnsafeBuffer { ByteCursor($0) } }

  /// The place behind the last byte.
  @inline(__always)
  var end: ByteCursor { start + count }
}

extension [UInt8] {
  /// Appends the `count` bytes from `start` on.
  @inline(__always)
  mutating func append(_ start: ByteCursor, count: Int) { append(contentsOf: start.run(count)) }

  /// Hands the first byte and the place behind the last one to `body`; they are valid inside of it only.
  @inline(__always)
  func withCursors<R>(_ body: (_ start: ByteCursor, _ end: ByteCursor) -> R) -> R {
    withUnsafeBufferPointer { body(ByteCursor($0), ByteCursor($0) + $0.count) }
  }
}

extension ArraySlice<UInt8> {
  /// As with an array.
  @inline(__always)
  func withCursors<R>(_ body: (_ start: ByteCursor, _ end: ByteCursor) -> R) -> R {
    withUnsafeBufferPointer { body(ByteCursor($0), ByteCursor($0) + $0.count) }
  }
}
