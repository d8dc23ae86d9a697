import CKernels

/// Keys and values of the tokens that a decoder has read, of one sequence.
///
/// They lie in blocks of 64 positions, which are added as the sequence grows and nothing is copied;
/// in a block each head's keys are a panel [head size][64] and its values panels [64][64], the form in
/// which `aigc_gemm_panel` takes them. A ``fork()`` shares the blocks until one side writes.
public final class KeyValueCache: @unchecked Sendable {
  let layers: Int
  let heads: Int
  let headSize: Int
  /// Positions that are filled.
  public internal(set) var count = 0
  private var blocks: [CacheBlock] = []
  /// Where they are: threads that read do not count references.
  private var bases: [UnsafeMutablePointer<Float>] = []
  // Of a block: from one layer to the next, one head to the next, and from keys to values.
  private let layerStride: Int
  private let headStride: Int
  private let valueOffset: Int

  static let blockSize = PackedPanels.width

  /// An empty cache for a decoder with such weights.
  public convenience init(for weights: DecoderWeights) {
    self.init(layers: weights.layers.count, heads: weights.heads, headSize: weights.headSize)
  }

  init(layers: Int, heads: Int, headSize: Int) {
    self.layers = layers
    self.heads = heads
    self.headSize = headSize
    let size = Self.blockSize
    valueOffset = headSize * size
    headStride = valueOffset + (headSize + size - 1) / size * size * size
    layerStride = heads * headStride
  }

  /// A copy that goes its own way.
  public func fork() -> KeyValueCache {
    let copy = KeyValueCache(layers: layers, heads: heads, headSize: headSize)
    copy.count = count
    copy.blocks = blocks
    copy.bases = bases
    return copy
  }

  /// Forgets all from position `count` on.
  public func truncate(to count: Int) {
    guard count < self.count else { return }
    self.count = max(count, 0)
    let kept = (self.count + Self.blockSize - 1) / Self.blockSize
    blocks.removeLast(blocks.count - kept)
    bases.removeLast(bases.count - kept)
  }

  /// Makes place for positions ``count`` to `end`, in memory that is only this cache's.
  func reserve(_ end: Int) {
    for index in count / Self.blockSize..<max(blocks.count, count / Self.blockSize)
    where !isKnownUniquelyReferenced(&blocks[index]) {
      blocks[index] = CacheBlock(copy: blocks[index])
      bases[index] = blocks[index].base
    }
    while blocks.count * Self.blockSize < end {
      let block = CacheBlock(count: layers * layerStride)
      blocks.append(block)
      bases.append(block.base)
    }
  }

  /// The keys of a head in a block of positions.
  @inline(__always)
  func keys(_ layer: Int, _ head: Int, block: Int) -> UnsafeMutablePointer<Float> {
    bases[block] + layer * layerStride + head * headStride
  }

  /// The first panel of values.
  @inline(__always)
  func values(_ layer: Int, _ head: Int, block: Int) -> UnsafeMutablePointer<Float> {
    keys(layer, head, block: block) + valueOffset
  }

  /// Keeps a head's keys and values of `rows` positions from `position` on, rows `stride` apart.
  func store(
    _ layer: Int, _ head: Int, position: Int, rows: Int, keys: UnsafePointer<Float>,
    values: UnsafePointer<Float>, stride: Int
  ) {
    let size = Self.blockSize
    var row = 0
    while row < rows {
      let (block, place) = ((position + row) / size, (position + row) % size)
      let count = min(size - place, rows - row)
      let source = keys + row * stride
      let panel = self.keys(layer, head, block: block)
      if place == 0, count > 1 {
        aigc_pack_panel(headSize, count, source, 1, stride, panel)
      } else {
        for index in 0..<count {
          for d in 0..<headSize { panel[d * size + place + index] = source[index * stride + d] }
        }
      }
      let target = self.values(layer, head, block: block)
      for index in 0..<count {
        let line = values + (row + index) * stride
        for first in Swift.stride(from: 0, to: headSize, by: size) {
          (target + first * size + (place + index) * size).update(
            from: line + first, count: min(size, headSize - first))
        }
      }
      row += count
    }
  }

  /// Keys and values of a layer as they were stored: each [count, heads · head size].
  public func contents(layer: Int) -> (keys: [Float], values: [Float]) {
    let (size, width) = (Self.blockSize, heads * headSize)
    var keys = [Float](repeating: 0, count: count * width)
    var values = keys
    for position in 0..<count {
      let (block, place) = (position / size, position % size)
      for head in 0..<heads {
        let (k, v) = (
          self.keys(layer, head, block: block), self.values(layer, head, block: block)
        )
        for d in 0..<headSize {
          let index = position * width + head * headSize + d
          keys[index] = k[d * size + place]
          values[index] = v[d / size * size * size + place * size + d % size]
        }
      }
    }
    return (keys, values)
  }

  /// An empty cache becomes one of `count` positions with such contents, layer after layer.
  /// - Returns: false, and nothing is done, when the sizes are not those of this cache.
  public func restore(count: Int, _ contents: [(keys: [Float], values: [Float])]) -> Bool {
    let (size, overflow) = count.multipliedReportingOverflow(by: heads * headSize)
    guard self.count == 0, count >= 0, !overflow, contents.count == layers,
      contents.allSatisfy({ $0.keys.count == size && $0.values.count == size })
    else { return false }
    guard count > 0 else { return true }
    reserve(count)
    for (layer, content) in contents.enumerated() {
      content.keys.withUnsafeBufferPointer { keys in
        content.values.withUnsafeBufferPointer { values in
          guard let keys = keys.baseAddress, let values = values.baseAddress else { return }
          for head in 0..<heads {
            store(
              layer, head, position: 0, rows: count, keys: keys + head * headSize,
              values: values + head * headSize, stride: heads * headSize)
          }
        }
      }
    }
    self.count = count
    return true
  }
}

/// Memory of one block of positions, zeroed at first: nothing is ever computed with what another
/// one left there.
private final class CacheBlock {
  let base: UnsafeMutablePointer<Float>
  let count: Int

  init(count: Int) {
    self.count = count
    base = MemoryPool.take(count)
    base.update(repeating: 0, count: count)
  }

  convenience init(copy other: CacheBlock) {
    self.init(count: other.count)
    base.update(from: other.base, count: count)
  }

  deinit { MemoryPool.give(base, count: count) }
}
