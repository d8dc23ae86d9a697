import CKernels
import Files

extension Table {
  /// Asks for the cache line of an element that is read soon; nothing happens outside the table.
  @inlinable @inline(__always)
  public func prefetch(_ index: Int) {
    guard UInt(bitPattern: index) < UInt(bitPattern: count) else { return }
    withUnsafeBuffer { buffer in
      if let base = buffer.baseAddress { aigc_prefetch(base + index) }
    }
  }
}
