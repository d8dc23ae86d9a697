import CKernels
import Files

/// A plain product of two square float32 matrices, to be timed: what training could reach here if
/// it were nothing but ``gemm(_:_:_:_:_:beta:_:stride:)``.
public final class ProductProbe {
  /// Rows and columns.
  public let size: Int
  private let a: UnsafeMutablePointer<Float>
  private let b: UnsafeMutablePointer<Float>
  private let c: UnsafeMutablePointer<Float>

  /// - Parameter size: rows and columns, at least 1.
  public init(size: Int) {
    self.size = max(size, 1)
    let count = self.size * self.size
    (a, b, c) = (MemoryPool.take(count), MemoryPool.take(count), MemoryPool.take(count))
    for index in 0..<count {
      // Small whole numbers: sums of their products are exact, and none is subnormal.
      a[index] = Float(index % 7) - 3
      b[index] = Float(index % 5) - 2
    }
    c.update(repeating: 0, count: count)
  }

  deinit {
    for block in [a, b, c] { MemoryPool.give(block, count: size * size) }
  }

  /// `c = a b`, on all threads.
  /// - Returns: the last value of `c`.
  @discardableResult public func run() -> Float {
    gemm(
      size, size, size, MatrixView(a, stride: size), MatrixView(b, stride: size), beta: 0, c,
      stride: size)
    return c[size * size - 1]
  }
}

/// A plain loop that reads float32 weights, to be timed: no generation of one token at a time is
/// faster than reading each weight once a token.
public final class ReadProbe {
  /// As many as ``rowProducts(_:_:bias:_:)`` uses at most.
  private static let blocks = 8

  /// Weights.
  public let count: Int
  private let weights: UnsafeMutablePointer<Float>
  private let sums: UnsafeMutablePointer<Float>

  /// - Parameter count: how many weights, at least 1; all of them are 1.
  public init(count: Int) {
    self.count = max(count, 1)
    weights = MemoryPool.take(self.count)
    weights.update(repeating: 1, count: self.count)
    sums = MemoryPool.take(Self.blocks)
  }

  deinit {
    MemoryPool.give(weights, count: count)
    MemoryPool.give(sums, count: Self.blocks)
  }

  /// Reads every weight once, in eight blocks, on all threads.
  /// - Returns: the sum of the weights.
  @discardableResult public func run() -> Float {
    let (count, blocks) = (count, Self.blocks)
    let size = (count + blocks - 1) / blocks
    nonisolated(unsafe) let (weights, sums) = (weights, sums)
    parallelFor(blocks) { block in
      let first = min(count, block * size)
      aigc_sum(min(size, count - first), weights + first, sums + block)
    }
    return (0..<blocks).reduce(0) { $0 + sums[$1] }
  }
}

/// A plain sum over memory as weights for inference lie in it: the speed at which memory is read.
/// Each thread adds up one part.
public final class MemoryProbe: Sendable {
  /// Bytes of a run.
  public let byteCount: Int
  private let values: Table<Float>

  /// - Throws: ``/Files/AIGCError`` (failed) when the system refuses the memory.
  public init(byteCount: Int) throws(AIGCError) {
    self.byteCount = byteCount
    let memory = try MutableTable<Float>(count: byteCount / 4)
    memory.withUnsafeMutableBuffer { $0.update(repeating: 1) }
    values = memory.frozen()
  }

  /// Reads all of it once, on all threads.
  public func run() {
    let threads = Threads.count
    values.withUnsafeBuffer { buffer in
      guard let base = buffer.baseAddress else { return }
      nonisolated(unsafe) let start = base
      let count = buffer.count
      parallelFor(threads) { thread in
        var sum: Float = 0
        let first = count * thread / threads
        aigc_sum(count * (thread + 1) / threads - first, start + first, &sum)
        require(sum > 0, "MachineProbes: a sum of \(sum)")
      }
    }
  }
}
