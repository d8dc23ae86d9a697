import Glibc

/// Memory behind tables: a mapped file or an anonymous mapping, released with the last table.
final class TableStorage: @unchecked Sendable {
  let base: UnsafeMutableRawPointer
  let byteCount: Int
  private let owner: AnyObject?

  /// Whether a file's pages are behind it, which are there again when they are read again.
  var isFile: Bool { owner is FileMapping }

  /// Memory that `owner` keeps alive.
  init(base: UnsafeMutableRawPointer, byteCount: Int, owner: AnyObject) {
    self.base = base
    self.byteCount = byteCount
    self.owner = owner
  }

  /// Zeroed anonymous memory. Large blocks ask for huge pages: a first touch of 64 MiB costs 79 ms
  /// in 4 KiB pages.
  init(byteCount: Int) throws(AIGCError) {
    let size = max(byteCount, 1)
    let flags = MAP_PRIVATE | MAP_ANONYMOUS
    guard let memory = mmap(nil, size, PROT_READ | PROT_WRITE, flags, -1, 0), memory != MAP_FAILED
    else { throw .outOfMemory(byteCount) }
    if size >= 4 << 20 { madvise(memory, size, MADV_HUGEPAGE) }
    base = memory
    self.byteCount = byteCount
    owner = nil
  }

  deinit {
    if owner == nil { munmap(base, max(byteCount, 1)) }
  }
}

/// A read-only array of plain values inside a mapped file or a finished ``MutableTable``.
///
/// Every subscript is checked against the bounds. Copying a table copies a reference.
public struct Table<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  @usableFromInline let base: UnsafePointer<Element>
  /// The number of elements.
  public let count: Int
  @usableFromInline let storage: AnyObject & Sendable

  init(base: UnsafePointer<Element>, count: Int, storage: AnyObject & Sendable) {
    self.base = base
    self.count = count
    self.storage = storage
  }

  /// The element at `index`. An index that is not in ``indices`` stops the program.
  @inlinable @inline(__always)
  public subscript(index: Int) -> Element {
    require(UInt(bitPattern: index) < UInt(bitPattern: count), "Table: index out of range")
    return base[index]
  }

  /// The same value with a 32-bit index.
  @inlinable @inline(__always)
  public subscript(index: UInt32) -> Element { self[Int(index)] }

  /// Reads the elements as one block of memory.
  @inlinable
  public func withUnsafeBuffer<R>(_ body: (UnsafeBufferPointer<Element>) throws -> R) rethrows -> R
  {
    try body(UnsafeBufferPointer(start: base, count: count))
  }

  /// The indices of all elements: `0..<count`.
  @inlinable @inline(__always)
  public var indices: Range<Int> { 0..<count }
}

/// A zeroed array of plain values that several threads may fill, each its own indices.
///
/// Every subscript is checked against the bounds. Reference semantics: copies share the memory.
public struct MutableTable<Element: BitwiseCopyable & Sendable>: @unchecked Sendable {
  @usableFromInline let base: UnsafeMutablePointer<Element>
  /// The number of elements.
  public let count: Int
  @usableFromInline let storage: AnyObject & Sendable

  /// - Parameter count: number of elements, all bits zero at first.
  /// - Throws: ``AIGCError`` (failed) when the system refuses the memory.
  public init(count: Int) throws(AIGCError) {
    let storage = try TableStorage(byteCount: count * MemoryLayout<Element>.stride)
    base = storage.base.bindMemory(to: Element.self, capacity: count)
    self.count = count
    self.storage = storage
  }

  /// The element at `index`. An index that is not in `0..<count` stops the program.
  @inlinable @inline(__always)
  public subscript(index: Int) -> Element {
    get {
      require(UInt(bitPattern: index) < UInt(bitPattern: count), "Table: index out of range")
      return base[index]
    }
    nonmutating set {
      require(UInt(bitPattern: index) < UInt(bitPattern: count), "Table: index out of range")
      base[index] = newValue
    }
  }

  /// Reads or writes the elements as one block of memory, which is valid inside `body` only.
  @inlinable
  public func withUnsafeMutableBuffer<R>(
    _ body: (UnsafeMutableBufferPointer<Element>) throws -> R
  ) rethrows -> R {
    try body(UnsafeMutableBufferPointer(start: base, count: count))
  }

  /// A copy of all elements.
  public var values: [Element] { Array(UnsafeBufferPointer(start: base, count: count)) }

  /// Copies `source` to the elements from `offset` on.
  public func copy(_ source: [Element], at offset: Int) {
    require(offset >= 0 && offset + source.count <= count, "Table: copy out of range")
    source.withUnsafeBufferPointer { buffer in
      guard let start = buffer.baseAddress else { return }
      (base + offset).update(from: start, count: buffer.count)
    }
  }

  /// A copy with `count` elements: those behind the old ones are zeros.
  /// - Throws: ``AIGCError`` (failed) when the system refuses the memory.
  package func resized(to count: Int) throws(AIGCError) -> MutableTable<Element> {
    let copy = try MutableTable<Element>(count: count)
    copy.base.update(from: base, count: min(count, self.count))
    return copy
  }

  /// The first `count` elements, read-only. The memory is shared: do not write to it afterwards.
  public func frozen(count: Int? = nil) -> Table<Element> {
    let length = min(count ?? self.count, self.count)
    return Table(sharing: self, count: length)
  }
}

extension Table {
  fileprivate init(sharing table: MutableTable<Element>, count: Int) {
    base = UnsafePointer(table.base)
    self.count = count
    storage = table.storage
  }

  /// Combines elements `range` from first to last; the range is checked once, not each element.
  @inlinable @inline(__always)
  public func reduce<Result>(
    _ range: Range<Int>, into start: Result, _ body: (inout Result, Element) -> Void
  ) -> Result {
    require(range.lowerBound >= 0 && range.upperBound <= count, "Table: range out of bounds")
    var result = start
    for index in range { body(&result, base[index]) }
    return result
  }

  /// The first `count` elements, in the same memory.
  public func prefix(_ count: Int) -> Table {
    Table(base: base, count: min(max(count, 0), self.count), storage: storage)
  }

  /// A table with the values of `elements`.
  public init(_ elements: [Element]) throws(AIGCError) {
    let table = try MutableTable<Element>(count: elements.count)
    table.copy(elements, at: 0)
    self = table.frozen()
  }
}

extension Array where Element: BitwiseCopyable & Sendable {
  /// A copy of the elements of `table`.
  public init(_ table: Table<Element>) { self = table.withUnsafeBuffer { Array($0) } }
}

extension Table<UInt8> {
  /// The text without the byte order mark that some editors put before it (U+FEFF in UTF-8), which is
  /// no character of it.
  public var withoutByteOrderMark: Table<UInt8> {
    let isMarked = count >= 3 && self[0] == 0xEF && self[1] == 0xBB && self[2] == 0xBF
    return isMarked ? slice(3..<count) : self
  }

  /// Bytes of its memory before it: those of a byte order mark that was left out.
  public var bytesBefore: Int {
    (storage as? TableStorage).map { UnsafeRawPointer(base) - UnsafeRawPointer($0.base) } ?? 0
  }
}

extension String {
  /// See ``Table/withoutByteOrderMark``.
  public var withoutByteOrderMark: String {
    unicodeScalars.first == "\u{FEFF}" ? String(unicodeScalars.dropFirst()) : self
  }
}
