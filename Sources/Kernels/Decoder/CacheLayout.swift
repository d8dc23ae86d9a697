import CKernels

/// Where the keys and values of a head lie in a block of 64 positions: a panel of keys [head size][64], panels
/// of values [64][64], and for eight bits their factors: of keys [head size / 32][64], of values
/// [64][head size / 32].
struct CacheLayout {
  let type: CacheType
  /// Values of a head.
  let size: Int
  /// Bytes from the keys to the values, to the factors of each, of a whole head and of all heads of a layer.
  let valueOffset: Int
  let keyFactorOffset: Int
  let valueFactorOffset: Int
  let headSize: Int
  let layerSize: Int

  private static let block = KeyValueCache.blockSize
  /// Values that share a factor.
  static let group = 32

  init(heads: Int, headSize size: Int, type: CacheType) {
    (self.type, self.size) = (type, size)
    let block = Self.block
    let bytes = type == .f32 ? 4 : type == .f16 ? 2 : 1
    let groups = type == .q8 ? (size + Self.group - 1) / Self.group : 0
    valueOffset = size * block * bytes
    keyFactorOffset = valueOffset + (size + block - 1) / block * block * block * bytes
    valueFactorOffset = keyFactorOffset + groups * block * 4
    headSize = valueFactorOffset + groups * block * 4
    layerSize = heads * headSize
  }

  /// The type of the panels in products; nil for eight bits, which are widened first.
  var stored: StoredType? {
    switch type {
    case .f32: .f32
    case .f16: .f16
    case .q8: nil
    }
  }
}

/// One head's keys and values of one block of positions.
struct CachedHead {
  let base: UnsafeMutableRawPointer
  let layout: CacheLayout
  private static let block = KeyValueCache.blockSize

  var keys: UnsafeMutableRawPointer { base }
  /// The panel of values that holds those from `first` on, a multiple of 64.
  func values(from first: Int) -> UnsafeMutableRawPointer {
    let bytes = layout.type == .f32 ? 4 : layout.type == .f16 ? 2 : 1
    return base + layout.valueOffset + first * Self.block * bytes
  }
  private var keyFactors: UnsafeMutablePointer<Float> {
    (base + layout.keyFactorOffset).assumingMemoryBound(to: Float.self)
  }
  private var valueFactors: UnsafeMutablePointer<Float> {
    (base + layout.valueFactorOffset).assumingMemoryBound(to: Float.self)
  }

  // MARK: Writing

  func storeKey(_ key: UnsafePointer<Float>, place: Int) {
    let (size, block) = (layout.size, Self.block)
    switch layout.type {
    case .f32:
      let panel = keys.assumingMemoryBound(to: Float.self)
      for d in 0..<size { panel[d * block + place] = key[d] }
    case .f16:
      let panel = keys.assumingMemoryBound(to: UInt16.self)
      withUnsafeTemporaryAllocation(of: UInt16.self, capacity: size) { halves in
        guard let base = halves.baseAddress else { return }
        aigc_narrow(StoredType.f16.rawValue, size, key, base)
        for d in 0..<size { panel[d * block + place] = base[d] }
      }
    case .q8:
      let panel = keys.assumingMemoryBound(to: Int8.self)
      for first in stride(from: 0, to: size, by: CacheLayout.group) {
        let factor = Self.quantize(key, first, size) { panel[$0 * block + place] = $1 }
        keyFactors[first / CacheLayout.group * block + place] = factor
      }
    }
  }

  func storeValue(_ value: UnsafePointer<Float>, place: Int) {
    let (size, block) = (layout.size, Self.block)
    let groups = (size + CacheLayout.group - 1) / CacheLayout.group
    for first in stride(from: 0, to: size, by: block) {
      let count = min(block, size - first)
      let panel = values(from: first)
      switch layout.type {
      case .f32:
        (panel.assumingMemoryBound(to: Float.self) + place * block).update(
          from: value + first, count: count)
      case .f16:
        aigc_narrow(StoredType.f16.rawValue, count, value + first, panel + place * block * 2)
      case .q8:
        let line = panel.assumingMemoryBound(to: Int8.self) + place * block
        for start in stride(from: first, to: first + count, by: CacheLayout.group) {
          valueFactors[place * groups + start / CacheLayout.group] = Self.quantize(
            value, start, first + count
          ) { line[$0 - first] = $1 }
        }
      }
    }
  }

  /// Eight bits of the values of one group, to the nearest.
  /// - Returns: the factor.
  @inline(__always)
  private static func quantize(
    _ x: UnsafePointer<Float>, _ first: Int, _ end: Int, _ store: (Int, Int8) -> Void
  ) -> Float {
    let range = first..<min(first + CacheLayout.group, end)
    // As whole numbers, of which what is no number is the largest.
    var bits: UInt32 = 0
    for index in range { bits = max(bits, x[index].bitPattern & 0x7FFF_FFFF) }
    let largest = Float(bitPattern: bits)
    let factor = largest / 127
    guard largest.isFinite, factor > 0 else {
      for index in range { store(index, 0) }
      // What is not finite stays so, and is found in the scores.
      return largest.isFinite ? 0 : .nan
    }
    for index in range {
      let steps = (x[index] / factor).rounded(.toNearestOrEven)
      store(index, Int8(min(max(steps, -127), 127)))
    }
    return factor
  }

  // MARK: Reading

  /// The panel of keys as float32.
  /// - Parameter target: [head size][64].
  func widenKeys(to target: UnsafeMutablePointer<Float>) {
    let (size, block) = (layout.size, Self.block)
    if let type = layout.stored {
      aigc_widen(type.rawValue, 1, size * block, keys, 0, target, 0)
      return
    }
    let panel = keys.assumingMemoryBound(to: Int8.self)
    for d in 0..<size {
      let factors = keyFactors + d / CacheLayout.group * block
      for place in 0..<block {
        target[d * block + place] = Float(panel[d * block + place]) * factors[place]
      }
    }
  }

  /// The first `rows` positions of the panel of values from `first` on, as float32.
  /// - Parameter target: [rows][64].
  func widenValues(from first: Int, rows: Int, to target: UnsafeMutablePointer<Float>) {
    let block = Self.block
    if let type = layout.stored {
      aigc_widen(type.rawValue, 1, rows * block, values(from: first), 0, target, 0)
      return
    }
    let panel = values(from: first).assumingMemoryBound(to: Int8.self)
    let groups = (layout.size + CacheLayout.group - 1) / CacheLayout.group
    for place in 0..<rows {
      for column in 0..<min(block, layout.size - first) {
        target[place * block + column] =
          Float(panel[place * block + column])
          * valueFactors[place * groups + (first + column) / CacheLayout.group]
      }
    }
  }
}
