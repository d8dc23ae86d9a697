import CKernels

/// Attention of some queries of one head to the keys and values of a cache, block by block with a running maximum
/// (FlashAttention-2, Dao 2023).
///
/// The blocks and the order of operations are the same for one query as for many, so a value does not depend on
/// what is computed beside it: a query begins with the first block that its window reaches, and ends with its own.
struct CachedAttention {
  let cache: KeyValueCache
  let layer: Int
  /// The head of keys and values.
  let head: Int
  let scale: Float
  /// Positions that a query sees, its own among them; nil: all before it too.
  let window: Int?

  private static let block = KeyValueCache.blockSize
  /// Queries that are computed together.
  static let rows = 64

  /// Floats of ``run(queries:_:)``'s memory.
  static func memorySize(headSize: Int) -> Int { block * (rows + headSize + block) + 3 * rows }

  /// One position's queries of several heads that share these keys.
  /// - Parameters:
  ///   - position: of all of them, which is in the cache.
  ///   - count: how many heads, which lie one after the other in `queries` and `output`.
  ///   - memory: ``memorySize(headSize:)`` Floats.
  func run(
    position: Int, heads count: Int, _ queries: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, memory: UnsafeMutablePointer<Float>
  ) {
    let size = cache.headSize
    for first in stride(from: 0, to: count, by: Self.rows) {
      let rows = min(Self.rows, count - first)
      begin(rows: rows, output + first * size, stride: size, memory)
      for index in self.first(position) / Self.block...position / Self.block {
        step(
          index, (position, 0), rows: rows, queries + first * size, size, output + first * size,
          size,
          memory)
      }
      finish(rows: rows, output + first * size, stride: size, memory)
    }
  }

  /// Queries of one head at positions that follow each other, at most ``rows``.
  /// - Parameters:
  ///   - position: of the first one; all are in the cache.
  ///   - rows: how many.
  ///   - queries: `stride` apart, as their outputs are.
  func run(
    position: Int, rows: Int, _ queries: UnsafePointer<Float>, queryStride: Int,
    _ output: UnsafeMutablePointer<Float>, stride: Int, memory: UnsafeMutablePointer<Float>
  ) {
    let block = Self.block
    begin(rows: rows, output, stride: stride, memory)
    for index in first(position) / block...(position + rows - 1) / block {
      // Queries that see nothing of the block are left out: those before it, and those whose window is past it.
      let start = max(0, index * block - position)
      var end = rows
      if let window { end = min(rows, (index + 1) * block - 1 + window - position) }
      guard start < end else { continue }
      step(
        index, (position + start, 1), rows: end - start, queries + start * queryStride, queryStride,
        output + start * stride, stride, memory, offset: start)
    }
    finish(rows: rows, output, stride: stride, memory)
  }

  /// The first position that a query sees.
  private func first(_ position: Int) -> Int { window.map { max(0, position + 1 - $0) } ?? 0 }

  // Memory: scores [rows][64], widened panels, maximum, sum, and what the end leaves.
  private func maximum(_ memory: UnsafeMutablePointer<Float>) -> UnsafeMutablePointer<Float> {
    memory + Self.block * (Self.rows + cache.headSize + Self.block)
  }

  private func begin(
    rows: Int, _ output: UnsafeMutablePointer<Float>, stride: Int,
    _ memory: UnsafeMutablePointer<Float>
  ) {
    let maximum = maximum(memory)
    maximum.update(repeating: -.infinity, count: rows)
    (maximum + Self.rows).update(repeating: 0, count: rows)
    for row in 0..<rows { (output + row * stride).update(repeating: 0, count: cache.headSize) }
  }

  private func finish(
    rows: Int, _ output: UnsafeMutablePointer<Float>, stride: Int,
    _ memory: UnsafeMutablePointer<Float>
  ) {
    let maximum = maximum(memory)
    aigc_attention_finish(
      rows, maximum, maximum + Self.rows, output, stride, cache.headSize, maximum + 2 * Self.rows)
  }

  /// One block of keys and values.
  /// - Parameter places: the first query's position, and how much further each next one is.
  private func step(
    _ index: Int, _ places: (first: Int, step: Int), rows: Int, _ queries: UnsafePointer<Float>,
    _ queryStride: Int,
    _ output: UnsafeMutablePointer<Float>, _ stride: Int, _ memory: UnsafeMutablePointer<Float>,
    offset: Int = 0
  ) {
    let (block, size) = (Self.block, cache.headSize)
    let part = cache.head(layer, head, block: index)
    let widened = memory + block * Self.rows
    let maximum = maximum(memory) + offset
    let scores = memory
    product(
      rows, size, queries, queryStride, panel: part.keys, widened, scores, block, block, adds: false
    ) { part.widenKeys(to: widened) }
    for row in 0..<rows {
      let position = places.first + row * places.step
      let line = scores + row * block
      let seen = min(block, position + 1 - index * block)
      let hidden = max(0, first(position) - index * block)
      if hidden > 0 { line.update(repeating: -.infinity, count: hidden) }
      aigc_attention_weights(
        1, block, seen, scale, 0, line, block, maximum + row, maximum + Self.rows + row,
        output + row * stride, stride, size)
    }
    // Weights of later positions are 0: of the block's values only as many count as the last query sees.
    let depth = min(block, places.first + (rows - 1) * places.step + 1 - index * block)
    for column in Swift.stride(from: 0, to: size, by: block) {
      product(
        rows, depth, scores, block, panel: part.values(from: column), widened, output + column,
        stride, min(block, size - column), adds: true
      ) { part.widenValues(from: column, rows: depth, to: widened) }
    }
  }

  /// c (+)= a · panel: of few rows by the panel as it is kept, of many by its widened form.
  @inline(__always)
  private func product(
    _ rows: Int, _ depth: Int, _ a: UnsafePointer<Float>, _ aRow: Int,
    panel: UnsafeMutableRawPointer, _ widened: UnsafeMutablePointer<Float>,
    _ c: UnsafeMutablePointer<Float>, _ cRow: Int, _ columns: Int, adds: Bool, widen: () -> Void
  ) {
    let start = adds ? UnsafePointer(c) : nil
    if let type = cache.layout.stored, rows <= 6 {
      aigc_panel_product(
        type.rawValue, rows, depth, a, aRow, panel, start, cRow, c, cRow, columns)
      return
    }
    var source = widened
    if cache.type == .f32 {
      source = panel.assumingMemoryBound(to: Float.self)
    } else {
      widen()
    }
    aigc_gemm_panel(rows, depth, a, aRow, 1, source, start, cRow, c, cRow, columns)
  }
}
