import Files

/// How often each code stood beside a left and under an upper neighbour: only those that did, sorted.
struct CodeTriples: Sendable {
  /// Codes and one more, "outside".
  private let neighbors: Int
  private let entries: Int
  /// For each pair of neighbours where its codes begin, and the end of all.
  private let starts: [UInt32]
  private let codes: [UInt16]
  private let counts: [UInt32]
  /// Sums of the counts before each.
  private let sums: [UInt64]

  /// - Parameter codes: [grids, height, width].
  init(entries: Int, height: Int, width: Int, codes: [Int32]) {
    let neighbors = UInt64(entries + 1)
    var keys = [UInt64](repeating: 0, count: codes.count)
    for index in codes.indices {
      let (row, column) = (index / width % height, index % width)
      let left = column == 0 ? UInt64(entries) : UInt64(codes[index - 1])
      let up = row == 0 ? UInt64(entries) : UInt64(codes[index - width])
      keys[index] = (left * neighbors + up) * UInt64(entries) + UInt64(codes[index])
    }
    keys.sort()
    var (distinct, counts): ([UInt64], [UInt32]) = ([], [])
    for key in keys {
      if key == distinct.last {
        counts[counts.count - 1] += 1
      } else {
        distinct.append(key)
        counts.append(1)
      }
    }
    self.init(entries: entries, keys: distinct, counts: counts)
  }

  /// - Parameter keys: (left · (entries + 1) + up) · entries + code, in order.
  private init(entries: Int, keys: [UInt64], counts: [UInt32]) {
    self.entries = entries
    neighbors = entries + 1
    self.counts = counts
    codes = keys.map { UInt16($0 % UInt64(entries)) }
    var starts = [UInt32](repeating: UInt32(keys.count), count: neighbors * neighbors + 1)
    var pair = 0
    for (index, key) in keys.enumerated() {
      while pair <= Int(key / UInt64(entries)) {
        starts[pair] = UInt32(index)
        pair += 1
      }
    }
    self.starts = starts
    var (sums, sum): ([UInt64], UInt64) = ([0], 0)
    for count in counts {
      sum += UInt64(count)
      sums.append(sum)
    }
    self.sums = sums
  }

  /// The places of the codes that stood beside these neighbours; `entries` for outside.
  func range(left: Int, up: Int) -> Range<Int> {
    let pair = left * neighbors + up
    return Int(starts[pair])..<Int(starts[pair + 1])
  }

  func code(_ index: Int) -> Int { Int(codes[index]) }
  func count(_ index: Int) -> UInt32 { counts[index] }
  func total(_ range: Range<Int>) -> UInt64 { sums[range.upperBound] - sums[range.lowerBound] }

  func forEach(_ body: (_ left: Int, _ up: Int, _ code: Int, _ count: UInt32) -> Void) {
    for left in 0..<neighbors {
      for up in 0..<neighbors {
        for index in range(left: left, up: up) { body(left, up, code(index), count(index)) }
      }
    }
  }

  // MARK: Storage

  /// Differences of the keys, each with its count, as ``VariableIntegers``.
  func write(to output: inout VariableIntegers.Writer) {
    output.append(UInt64(codes.count))
    var last: UInt64 = 0
    forEach { left, up, code, count in
      let key = UInt64((left * neighbors + up) * entries + code)
      output.append(key - last)
      output.append(UInt64(count))
      last = key
    }
  }

  /// - Throws: ``AIGCError`` (badInput) for what ``write(to:)`` cannot have written.
  init(entries: Int, from input: inout VariableIntegers.Reader) throws(AIGCError) {
    let count = try input.next(below: UInt64(input.remaining) / 2 + 1)
    let end = UInt64((entries + 1) * (entries + 1) * entries)
    var (keys, counts, key): ([UInt64], [UInt32], UInt64) = ([], [], 0)
    for index in 0..<count {
      let difference = try input.next(below: end - key)
      guard index == 0 || difference > 0 else { throw input.damaged }
      key += difference
      keys.append(key)
      counts.append(UInt32(try input.next(below: 1 << 32)))
    }
    self.init(entries: entries, keys: keys, counts: counts)
  }
}
