import Files
import Glibc
import Synchronization

/// Blocks of float32 memory that are handed out again after use: fresh memory costs a page fault
/// every 4 KiB, ten times what filling it costs. One for the process; any thread may use it.
///
/// Sizes are rounded up to one of eight classes between two powers of two, so at most an eighth of a
/// block is lost. Blocks are 64-byte aligned and not cleared.
public enum MemoryPool {
  /// Free blocks of one size class.
  private struct Pool {
    var free: [[UnsafeMutableRawPointer]]
    var bytesInUse = 0
    var bytesKept = 0
  }
  private static let classCount = 8 * 48
  // Guarded by `lock`: held for some nanoseconds, so waiting threads look again and again.
  nonisolated(unsafe) private static var pool = Pool(
    free: [[UnsafeMutableRawPointer]](repeating: [], count: classCount))
  private static let lock = Atomic<Bool>(false)

  /// Memory in use and memory kept for reuse, in bytes.
  public static var byteCounts: (inUse: Int, kept: Int) {
    withPool { ($0.bytesInUse, $0.bytesKept) }
  }

  /// A block of `count` values with arbitrary contents, to be given back with
  /// ``give(_:count:)``.
  public static func take(_ count: Int) -> UnsafeMutablePointer<Float> {
    let (index, size) = sizeClass(max(count, 1) * MemoryLayout<Float>.stride)
    let block = withPool { pool -> UnsafeMutableRawPointer? in
      pool.bytesInUse += size
      guard let block = pool.free[index].popLast() else { return nil }
      pool.bytesKept -= size
      return block
    }
    return (block ?? fresh(size)).assumingMemoryBound(to: Float.self)
  }

  /// Gives back a block of ``take(_:)`` with the same `count`.
  public static func give(_ block: UnsafeMutablePointer<Float>, count: Int) {
    let (index, size) = sizeClass(max(count, 1) * MemoryLayout<Float>.stride)
    withPool { pool in
      pool.free[index].append(UnsafeMutableRawPointer(block))
      pool.bytesInUse -= size
      pool.bytesKept += size
    }
  }

  /// Returns all kept blocks to the system, and what `malloc` keeps of other freed memory.
  public static func trim() {
    let blocks = withPool { pool in
      let free = pool.free
      for index in pool.free.indices { pool.free[index] = [] }
      pool.bytesKept = 0
      return free
    }
    for list in blocks { for block in list { free(block) } }
    SystemMemory.returnFreed()
  }

  /// Large blocks ask for huge pages: a first touch of 64 MiB costs 79 ms in 4 KiB pages. Memory that the
  /// system refuses, or for which it would kill the process once it is touched, ends it in order.
  private static func fresh(_ size: Int) -> UnsafeMutableRawPointer {
    var block: UnsafeMutableRawPointer?
    let isLarge = size >= 4 << 20
    if isLarge {
      if byteCounts.inUse + byteCounts.kept > SystemMemory.bound { trim() }
      if byteCounts.inUse > SystemMemory.bound { OutOfMemory.end(size) }
    }
    guard posix_memalign(&block, isLarge ? 1 << 21 : 64, size) == 0, let block else {
      OutOfMemory.end(size)
    }
    if isLarge { madvise(block, size, MADV_HUGEPAGE) }
    return block
  }

  /// The class and its size in bytes.
  @inline(__always)
  private static func sizeClass(_ bytes: Int) -> (index: Int, size: Int) {
    let needed = max(bytes, 64)
    let exponent = Int.bitWidth - 1 - (needed - 1).leadingZeroBitCount
    // Steps of an eighth of the power of two below.
    let step = 1 << max(exponent - 3, 3)
    let size = (needed + step - 1) / step * step
    let eighth = (needed - 1) >> max(exponent - 3, 3) & 7
    return (exponent * 8 + eighth, size)
  }

  @inline(__always)
  private static func withPool<R>(_ body: (inout Pool) -> R) -> R {
    while lock.exchange(true, ordering: .acquiring) { sched_yield() }
    defer { lock.store(false, ordering: .releasing) }
    return body(&pool)
  }
}
