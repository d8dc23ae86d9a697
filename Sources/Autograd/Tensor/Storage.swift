import Kernels

/// The memory of a tensor: float32 values from the pool, given back with the last reference.
final class Storage: @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  /// `count` values with arbitrary contents.
  @inline(__always)
  init(count: Int) {
    self.count = count
    base = MemoryPool.take(count)
  }

  deinit { MemoryPool.give(base, count: count) }
}
