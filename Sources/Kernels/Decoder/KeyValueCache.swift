import CKernels
import Files

/// How a decoder keeps keys and values.
public enum CacheType: String, CaseIterable, Sendable {
  case f32, f16
  /// Eight bits a value and a factor for each 32 values of a head.
  case q8 = "q8_0"
}

/// Keys and values of the tokens that a decoder has read, of one sequence.
///
/// They lie in blocks of 64 positions, which are added as the sequence grows and nothing is copied; in a block each
/// head's keys are a panel [head size][64] and its values panels [64][64], the form in which products take
/// them. A ``fork()`` shares the blocks until one side writes.
public final class KeyValueCache: @unchecked Sendable {
  /// How values are kept.
  public let type: CacheType
  let layers: Int
  /// Heads of keys and values.
  let heads: Int
  let headSize: Int
  /// Positions that are filled.
  public internal(set) var count = 0
  let layout: CacheLayout
  private var blocks: [CacheBlock] = []
  /// Where they are: threads that read do not count references.
  private var bases: [UnsafeMutableRawPointer] = []

  static let blockSize = PackedPanels.width

  /// An empty cache for a decoder with such weights.
  public convenience init(for weights: DecoderWeights, type: CacheType = .f32) {
    self.init(
      layers: weights.shape.layers, heads: weights.shape.keyValueHeads,
      headSize: weights.shape.headSize, type: type)
  }

  init(layers: Int, heads: Int, headSize: Int, type: CacheType) {
    (self.layers, self.heads, self.headSize, self.type) = (layers, heads, headSize, type)
    layout = CacheLayout(heads: heads, headSize: headSize, type: type)
  }

  /// A copy that goes its own way.
  public func fork() -> KeyValueCache {
    let copy = KeyValueCache(layers: layers, heads: heads, headSize: headSize, type: type)
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
      let block = CacheBlock(byteCount: layers * layout.layerSize)
      blocks.append(block)
      bases.append(block.base)
    }
  }

  /// A head's part of a block of positions.
  @inline(__always)
  func head(_ layer: Int, _ head: Int, block: Int) -> CachedHead {
    CachedHead(
      base: bases[block] + layer * layout.layerSize + head * layout.headSize, layout: layout)
  }

  /// Keeps a head's keys and values of `rows` positions from `position` on.
  /// - Parameters:
  ///   - keys: rows `stride` apart; nil: they are kept by another call.
  ///   - values: likewise.
  func store(
    _ layer: Int, _ head: Int, position: Int, rows: Int, keys: UnsafePointer<Float>?,
    values: UnsafePointer<Float>?, stride: Int
  ) {
    var row = 0
    while row < rows {
      let (block, place) = (position + row).quotientAndRemainder(dividingBy: Self.blockSize)
      let count = min(Self.blockSize - place, rows - row)
      let part = self.head(layer, head, block: block)
      for index in 0..<count {
        let offset = (row + index) * stride
        if let keys { part.storeKey(keys + offset, place: place + index) }
        if let values { part.storeValue(values + offset, place: place + index) }
      }
      row += count
    }
  }

  // MARK: Files

  /// All that is kept of the filled positions, block after block, as it lies in memory.
  public func contents() -> [[UInt8]] {
    let filled = (count + Self.blockSize - 1) / Self.blockSize
    return blocks.prefix(filled).map { block in
      Array(UnsafeRawBufferPointer(start: block.base, count: block.byteCount))
    }
  }

  /// Bytes of one of the blocks of ``contents()``.
  public var blockByteCount: Int { layers * layout.layerSize }

  /// Whether all that is kept of the filled positions are numbers: of a damaged file they need not be.
  public var areContentsFinite: Bool {
    let size = Self.blockSize
    let memory = PoolMemory(max(headSize, size) * size)
    for block in 0..<(count + size - 1) / size {
      let filled = min(size, count - block * size)
      for place in 0..<layers * heads {
        let part = head(place / heads, place % heads, block: block)
        part.widenKeys(to: memory.base)
        for d in 0..<headSize where !areFinite(memory.base + d * size, filled) { return false }
        for first in stride(from: 0, to: headSize, by: size) {
          part.widenValues(from: first, rows: filled, to: memory.base)
          let columns = min(size, headSize - first)
          for row in 0..<filled where !areFinite(memory.base + row * size, columns) { return false }
        }
      }
    }
    return true
  }

  private func areFinite(_ values: UnsafePointer<Float>, _ count: Int) -> Bool {
    (0..<count).allSatisfy { values[$0].isFinite }
  }

  /// An empty cache becomes one of `count` positions with such contents.
  /// - Returns: false, and nothing is done, when the sizes are not those of this cache.
  public func restore(count: Int, _ contents: [[UInt8]]) -> Bool {
    guard self.count == 0, count >= 0, count <= Int.max / 2,
      contents.count == (count + Self.blockSize - 1) / Self.blockSize,
      contents.allSatisfy({ $0.count == blockByteCount })
    else { return false }
    reserve(count)
    for (block, bytes) in zip(blocks, contents) {
      UnsafeMutableRawBufferPointer(start: block.base, count: block.byteCount).copyBytes(
        from: bytes)
    }
    self.count = count
    return true
  }
}

/// Memory of one block of positions, zeroed at first: nothing is ever computed with what another
/// one left there.
private final class CacheBlock {
  let base: UnsafeMutableRawPointer
  let byteCount: Int

  init(byteCount: Int) {
    self.byteCount = byteCount
    base = UnsafeMutableRawPointer(MemoryPool.take((byteCount + 3) / 4))
    base.initializeMemory(as: UInt8.self, repeating: 0, count: byteCount)
  }

  convenience init(copy other: CacheBlock) {
    self.init(byteCount: other.byteCount)
    base.copyMemory(from: other.base, byteCount: byteCount)
  }

  deinit {
    MemoryPool.give(base.assumingMemoryBound(to: Float.self), count: (byteCount + 3) / 4)
  }
}
