/// Values from the pool for the length of a task.
struct PoolMemory: ~Copyable, @unchecked Sendable {
  let base: UnsafeMutablePointer<Float>
  private let count: Int

  init(_ count: Int) {
    self.count = count
    base = MemoryPool.take(count)
  }

  deinit { MemoryPool.give(base, count: count) }
}
