/// The elements of a ``Table`` without a share in its memory, for loops that look into many tables for
/// each item: counting shares would cost them more than the looks.
///
/// Whoever keeps a view keeps its table beside it. Every subscript is checked against the bounds.
public struct TableView<Element: BitwiseCopyable & Sendable>: BitwiseCopyable, @unchecked Sendable {
  @usableFromInline let base: UnsafePointer<Element>
  /// The number of elements.
  public let count: Int

  /// Creates a view of `table`, which must stay alive as long as the view is used.
  public init(_ table: Table<Element>) {
    base = table.base
    count = table.count
  }

  /// The element at `index`. An index that is not in ``indices`` stops the program.
  @inlinable @inline(__always)
  public subscript(index: Int) -> Element {
    require(UInt(bitPattern: index) < UInt(bitPattern: count), "Table: index out of range")
    return base[index]
  }

  /// The indices of all elements: `0..<count`.
  @inlinable @inline(__always)
  public var indices: Range<Int> { 0..<count }

  /// The address of an element that is read soon, for a prefetch; nil outside the table.
  @inlinable @inline(__always)
  public func address(of index: Int) -> UnsafePointer<Element>? {
    UInt(bitPattern: index) < UInt(bitPattern: count) ? base + index : nil
  }
}
