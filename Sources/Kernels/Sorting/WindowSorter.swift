import Files

/// Sorts the windows of a token stream: one window a position, `order` tokens long or cut after the
/// first end token, or at the end of the stream. Equal windows then stand together, which counts
/// n-grams of every order at once.
public struct WindowSorter: Sendable {
  /// In ``sort(_:_:shared:)``: the window equals the one before.
  public static let identical = UInt8.max
  /// The longest window that can be sorted.
  public static let largestOrder = 64

  let tokens: Table<UInt32>
  let order: Int
  let endToken: UInt32
  /// Bits a token takes in a sorting key.
  let bits: Int

  /// - Parameters:
  ///   - tokens: ids from 1 to below `vocabularySize`; fewer than 2³² of them.
  ///   - order: tokens of a window, at most ``largestOrder``.
  ///   - endToken: a window ends with it.
  ///   - vocabularySize: all ids are below it.
  public init(tokens: Table<UInt32>, order: Int, endToken: UInt32, vocabularySize: Int) {
    require(
      order <= Self.largestOrder && tokens.count < UInt32.max,
      "WindowSorter: windows of \(order) of \(tokens.count) tokens")
    self.tokens = tokens
    self.order = order
    self.endToken = endToken
    bits = Int.bitWidth - max(vocabularySize - 1, 1).leadingZeroBitCount
  }

  /// All positions, grouped by the token there, in text order within a group.
  /// - Returns: the positions, and where each token's group starts (one entry more than tokens).
  public func positionsByToken(
    vocabularySize: Int
  ) throws(AIGCError) -> (positions: MutableTable<UInt32>, starts: [Int]) {
    let positions = try MutableTable<UInt32>(count: tokens.count)
    var starts = [Int](repeating: 0, count: vocabularySize + 1)
    for position in tokens.indices {
      try Interruption.check(at: position)
      starts[Int(tokens[position]) + 1] += 1
    }
    for id in 0..<vocabularySize { starts[id + 1] += starts[id] }
    var next = starts
    for position in tokens.indices {
      try Interruption.check(at: position)
      let id = Int(tokens[position])
      positions[next[id]] = UInt32(truncatingIfNeeded: position)
      next[id] += 1
    }
    return (positions, starts)
  }

  /// Sorts the positions of one group by their windows.
  /// - Parameters:
  ///   - positions: of ``positionsByToken(vocabularySize:)``; those of the group are put in order.
  ///   - group: the places in `positions` that one token has.
  ///   - shared: for each sorted position, how many tokens its window shares with the one before it in the
  ///     group, or ``identical``; the group's first has 0.
  public func sort(
    _ positions: MutableTable<UInt32>, _ group: Range<Int>, shared: MutableTable<UInt8>
  ) {
    guard !group.isEmpty else { return }
    shared[group.lowerBound] = 0
    guard group.count > 1 else { return }
    tokens.withUnsafeBuffer { tokens in
      positions.withUnsafeMutableBuffer { positions in
        shared.withUnsafeMutableBuffer { shared in
          let items = UnsafeMutablePointer<KeyedIndex>.allocate(capacity: group.count * 2)
          defer { items.deallocate() }
          let histogram = UnsafeMutablePointer<UInt32>.allocate(capacity: radixHistogramSize)
          defer { histogram.deallocate() }
          let run = Run(
            tokens: tokens, positions: UnsafeMutableBufferPointer(rebasing: positions[group]),
            shared: UnsafeMutableBufferPointer(rebasing: shared[group]),
            items: items, scratch: items + group.count, histogram: histogram, sorter: self)
          run.sort(0..<group.count, depth: 1)
        }
      }
    }
  }

  /// The pointers of one call.
  private struct Run {
    let tokens: UnsafeBufferPointer<UInt32>
    let positions: UnsafeMutableBufferPointer<UInt32>
    let shared: UnsafeMutableBufferPointer<UInt8>
    let items: UnsafeMutablePointer<KeyedIndex>
    let scratch: UnsafeMutablePointer<KeyedIndex>
    let histogram: UnsafeMutablePointer<UInt32>
    let sorter: WindowSorter

    /// Sorts positions whose windows agree in their first `depth` tokens. The keys hold as many
    /// tokens more as fit into 96 bits; ties among longer windows are sorted by what follows.
    func sort(_ range: Range<Int>, depth: Int) {
      // After Ctrl-C nobody asks for the result.
      if range.count > Interruption.interval, Interruption.isRequested { return }
      let width = min(sorter.order - depth, 96 / sorter.bits)
      guard width > 0 else {
        for i in range.dropFirst() { shared[i] = WindowSorter.identical }
        return
      }
      let (items, count) = (items + range.lowerBound, range.count)
      for i in 0..<count {
        let position = positions[range.lowerBound + i]
        items[i] = KeyedIndex(key: key(Int(position) + depth, width), index: position)
      }
      radixSort(
        items, scratch: scratch + range.lowerBound, histogram: histogram, count: count,
        lowestDigit: (96 - width * sorter.bits) / 8)
      positions[range.lowerBound] = items[0].index
      var tieStart = 0
      for i in 1..<count {
        positions[range.lowerBound + i] = items[i].index
        let bits = items[i].sharedBits(with: items[i - 1])
        if bits == 96 {
          shared[range.lowerBound + i] = WindowSorter.identical
        } else {
          shared[range.lowerBound + i] = UInt8(truncatingIfNeeded: depth + bits / sorter.bits)
          resolveTie(tieStart..<i, in: range, depth: depth + width)
          tieStart = i
        }
      }
      resolveTie(tieStart..<count, in: range, depth: depth + width)
    }

    @inline(__always)
    private func resolveTie(_ tie: Range<Int>, in range: Range<Int>, depth: Int) {
      guard tie.count > 1, depth < sorter.order else { return }
      let first = Int(positions[range.lowerBound + tie.lowerBound])
      for position in first..<min(first + depth, tokens.count)
      where tokens[position] == sorter.endToken { return }
      sort(range.lowerBound + tie.lowerBound..<range.lowerBound + tie.upperBound, depth: depth)
    }

    /// The tokens from `position` on, the first in the highest of 96 bits; zeros after an end.
    @inline(__always)
    private func key(_ position: Int, _ width: Int) -> UInt128 {
      var key: UInt128 = 0
      var position = position
      var ended = tokens[position - 1] == sorter.endToken
      for _ in 0..<width {
        key <<= UInt128(sorter.bits)
        if !ended, position < tokens.count {
          let token = tokens[position]
          key |= UInt128(token)
          ended = token == sorter.endToken
          position += 1
        }
      }
      return key << UInt128(96 - width * sorter.bits)
    }
  }
}
