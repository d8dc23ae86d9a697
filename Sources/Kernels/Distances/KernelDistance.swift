import Files

/// The unbiased estimate of the squared maximum mean discrepancy (Gretton et al. 2012) under the kernel
/// (x · y / size + 1)³.
public enum KernelDistance {
  /// - Parameters:
  ///   - x: [count, size].
  ///   - y: [count, size], as many.
  ///   - size: values of a row.
  /// - Returns: 0 for fewer than 2 rows.
  public static func polynomial(_ x: [Float], _ y: [Float], size: Int) -> Double {
    require(x.count == y.count, "KernelDistance: tables of \(x.count) and \(y.count) values")
    let count = x.count / max(size, 1)
    guard count > 1 else { return 0 }
    let memory = MemoryPool.take(count * count)
    defer { MemoryPool.give(memory, count: count * count) }
    /// The sum of the kernel over all pairs, and over those of one row with itself.
    func sums(_ a: [Float], _ b: [Float]) -> (all: Double, own: Double) {
      a.withUnsafeBufferPointer { a in
        b.withUnsafeBufferPointer { b in
          guard let left = a.baseAddress, let right = b.baseAddress else { return (0, 0) }
          gemmTile(
            count, count, size, MatrixView(left, stride: size),
            MatrixView(right, stride: size, isTransposed: true), beta: 0, memory, stride: count)
          var (all, own) = (0.0, 0.0)
          for row in 0..<count {
            var sum = 0.0
            for column in 0..<count {
              let value = Double(memory[row * count + column]) / Double(size) + 1
              sum += value * value * value
            }
            let diagonal = Double(memory[row * count + row]) / Double(size) + 1
            all += sum
            own += diagonal * diagonal * diagonal
          }
          return (all, own)
        }
      }
    }
    let (n, first, second, cross) = (Double(count), sums(x, x), sums(y, y), sums(x, y))
    return (first.all - first.own + second.all - second.own) / (n * (n - 1))
      - 2 * cross.all / (n * n)
  }
}
