import CKernels
import Files

extension TableView {
  /// Asks for the cache line of an element that is read soon; nothing happens outside the table.
  @inlinable @inline(__always)
  public func prefetch(_ index: Int) {
    if let address = address(of: index) { aigc_prefetch(address) }
  }
}
