import Files

/// Distances between the rows of two tables, in blocks that stay in the second cache: tables of any length
/// need no memory beside themselves.
public enum Neighborhoods {
  private static let rowBlock = 64
  private static let columnBlock = 1024

  /// For each row the squared distance to its `k`-th nearest other row of the table.
  /// - Parameters:
  ///   - values: [count, size], near 0: far from it distances lose digits.
  ///   - size: values of a row.
  ///   - k: 1 to 16; infinite where there are fewer other rows.
  public static func radii(_ values: [Float], size: Int, k: Int) -> [Float] {
    require((1...16).contains(k), "Neighborhoods: the \(k)th neighbour")
    let count = values.count / max(size, 1)
    var result = [Float](repeating: 0, count: count)
    result.withUnsafeMutableBufferPointer { memory in
      nonisolated(unsafe) let radii = memory
      forBlocks(values, values, size: size) { first, rows, scan in
        // The smallest so far, in order, of each row.
        var best = [Float](repeating: .infinity, count: rows * k)
        scan { row, column, distances in
          for index in distances.indices where first + row != column + index {
            var distance = distances[index]
            guard distance < best[row * k + k - 1] else { continue }
            for place in row * k..<(row + 1) * k where distance < best[place] {
              (best[place], distance) = (distance, best[place])
            }
          }
        }
        for row in 0..<rows { radii[first + row] = max(best[row * k + k - 1], 0) }
      }
    }
    return result
  }

  /// How many rows of `points` lie in the sphere of some row of `centers`.
  /// - Parameters:
  ///   - points: [count, size].
  ///   - centers: [centers, size].
  ///   - radii: squared, one for each center.
  ///   - size: values of a row.
  public static func covered(
    _ points: [Float], by centers: [Float], radii: [Float], size: Int
  ) -> Int {
    let count = points.count / max(size, 1)
    let tasks = (count + rowBlock - 1) / rowBlock
    let counts = ParallelSlots<Int>(count: tasks)
    forBlocks(points, centers, size: size) { first, rows, scan in
      var isCovered = [Bool](repeating: false, count: rows)
      scan { row, column, distances in
        if isCovered[row] { return }
        for index in distances.indices where distances[index] <= radii[column + index] {
          isCovered[row] = true
          return
        }
      }
      counts.set(first / rowBlock, isCovered.reduce(0) { $0 + ($1 ? 1 : 0) })
    }
    return (0..<tasks).reduce(0) { $0 + (counts.get($1) ?? 0) }
  }

  /// For each row of `points` the place of the nearest row of `table`; of equally near ones the first.
  /// - Parameters:
  ///   - points: [count, size].
  ///   - table: [entries, size], at least one row.
  ///   - size: values of a row.
  public static func nearest(_ points: [Float], in table: [Float], size: Int) -> [Int32] {
    let count = points.count / max(size, 1)
    var result = [Int32](repeating: 0, count: count)
    result.withUnsafeMutableBufferPointer { memory in
      nonisolated(unsafe) let places = memory
      forBlocks(points, table, size: size, isWhole: true) { first, rows, scan in
        var best = [Float](repeating: .infinity, count: rows)
        scan { row, column, distances in
          var (least, place) = (best[row], -1)
          for index in distances.indices where distances[index] < least {
            (least, place) = (distances[index], index)
          }
          guard place >= 0 else { return }
          best[row] = least
          places[first + row] = Int32(column + place)
        }
      }
    }
    return result
  }

  /// Squared distances of some columns from one row.
  private typealias Scan = (
    _ body: (_ row: Int, _ firstColumn: Int, _ distances: UnsafeBufferPointer<Float>) -> Void
  ) -> Void

  /// Calls `body` for blocks of rows of `a`, on all threads, with a function that goes through the
  /// distances to all rows of `b`.
  private static func forBlocks(
    _ a: [Float], _ b: [Float], size: Int, isWhole: Bool = false,
    _ body: @Sendable (_ first: Int, _ rows: Int, _ scan: Scan) -> Void
  ) {
    let (m, n) = (a.count / max(size, 1), b.count / max(size, 1))
    let (normsA, normsB) = (norms(a, size: size), norms(b, size: size))
    a.withUnsafeBufferPointer { a in
      b.withUnsafeBufferPointer { b in
        guard let baseA = a.baseAddress, let baseB = b.baseAddress else { return }
        nonisolated(unsafe) let (left, right) = (baseA, baseB)
        parallelFor((m + rowBlock - 1) / rowBlock) { task in
          // After Ctrl-C nobody asks for the result, except in a step of training.
          if !isWhole, Interruption.isRequested { return }
          let first = task * rowBlock
          let rows = min(rowBlock, m - first)
          let products = MemoryPool.take(rowBlock * columnBlock)
          defer { MemoryPool.give(products, count: rowBlock * columnBlock) }
          body(first, rows) { visit in
            for column in stride(from: 0, to: n, by: columnBlock) {
              let columns = min(columnBlock, n - column)
              gemmTile(
                rows, columns, size, MatrixView(left + first * size, stride: size),
                MatrixView(right + column * size, stride: size, isTransposed: true), beta: 0,
                products, stride: columns)
              for row in 0..<rows {
                let line = products + row * columns
                let norm = normsA[first + row]
                for index in 0..<columns {
                  line[index] = norm + normsB[column + index] - 2 * line[index]
                }
                visit(row, column, UnsafeBufferPointer(start: line, count: columns))
              }
            }
          }
        }
      }
    }
  }

  private static func norms(_ values: [Float], size: Int) -> [Float] {
    stride(from: 0, to: values.count, by: max(size, 1)).map { first in
      var sum = 0.0
      for value in values[first..<first + size] { sum += Double(value) * Double(value) }
      return Float(sum)
    }
  }
}
