import Datasets
import Files
import Glibc
import Kernels

/// What a ``CodeGridModel`` is made of: how often each code stood beside others, and at each place of grids of
/// several classes.
struct CodeGridCounts: Sendable {
  let entries: Int
  let height: Int
  let width: Int
  /// Classes of grids, which look alike.
  let classes: Int
  /// [class, place, code].
  var placed: [UInt32]
  /// [neighbour, code], of the left, the upper and the upper right one; `entries` stands for outside.
  var neighbors: [[UInt32]]

  /// Which neighbours there are: rows and columns away.
  static let offsets = [(row: 0, column: -1), (row: -1, column: 0), (row: -1, column: 1)]

  /// The most classes, numbers of all their tables together, and grids that must speak for a class.
  private static let (classLimit, numberLimit, leastGrids) = (64, 1 << 23, 100)
  private static let rounds = 8
  private static let block = 256
  /// How many observations the places' frequencies count as in a class.
  static let placeWeight = 8.0

  init(entries: Int, height: Int, width: Int, classes: Int) {
    (self.entries, self.height, self.width) = (entries, height, width)
    self.classes = classes
    placed = [UInt32](repeating: 0, count: classes * height * width * entries)
    neighbors = Self.offsets.map { _ in
      [UInt32](repeating: 0, count: (entries + 1) * entries)
    }
  }

  /// The most classes of such grids; 0 for sizes whose tables would be too large.
  static func mostClasses(entries: Int, height: Int, width: Int) -> Int {
    min(classLimit, numberLimit / (entries * height * width))
  }

  /// Counts in `codes`, [grids, height, width]. Classes are found by their likelihood (hard
  /// expectation maximisation), from some of the grids.
  static func learn(
    entries: Int, height: Int, width: Int, codes: [Int32]
  ) -> CodeGridCounts {
    let size = height * width
    let grids = codes.count / size
    let most = mostClasses(entries: entries, height: height, width: width)
    let classes = max(1, min(most, grids / leastGrids))
    var result = CodeGridCounts(entries: entries, height: height, width: width, classes: classes)
    result.countNeighbors(codes)
    var members = [UInt16](repeating: 0, count: grids)
    if classes > 1 {
      // A grid for each class to begin with: those nearest to it are its members.
      var scores = [Float](repeating: 0, count: classes * size * entries)
      for index in 0..<classes {
        let grid = index * (grids / classes)
        for place in 0..<size {
          scores[(place * entries + Int(codes[grid * size + place])) * classes + index] = 1
        }
      }
      members = result.best(codes, scores, [Float](repeating: 0, count: classes))
    }
    result.place(codes, members)
    for _ in 0..<(classes > 1 ? rounds : 0) {
      let (scores, shares) = result.scores()
      let found = result.best(codes, scores, shares)
      if found == members { break }
      members = found
      result.place(codes, members)
    }
    return result
  }

  private mutating func countNeighbors(_ codes: [Int32]) {
    for (neighbor, offset) in Self.offsets.enumerated() {
      for index in codes.indices {
        let other = code(offset, codes, index - index % (height * width), index % (height * width))
        neighbors[neighbor][other * entries + Int(codes[index])] += 1
      }
    }
  }

  /// The code of a neighbour of `place` in the grid that begins at `start`; `entries` for none.
  func code(
    _ offset: (row: Int, column: Int), _ codes: [Int32], _ start: Int, _ place: Int
  ) -> Int {
    let (row, column) = (place / width + offset.row, place % width + offset.column)
    guard row >= 0, column >= 0, column < width else { return entries }
    return Int(codes[start + row * width + column])
  }

  private mutating func place(_ codes: [Int32], _ members: [UInt16]) {
    let size = height * width
    for index in placed.indices { placed[index] = 0 }
    for (index, code) in codes.enumerated() {
      let place = Int(members[index / size]) * size + index % size
      placed[place * entries + Int(code)] += 1
    }
  }

  /// The class with the largest sum of `scores`, [place, code, class], for each grid.
  private func best(_ codes: [Int32], _ scores: [Float], _ shares: [Float]) -> [UInt16] {
    let size = height * width
    let grids = codes.count / size
    let blocks = (grids + Self.block - 1) / Self.block
    let parts = ParallelSlots<[UInt16]>(count: blocks)
    parallelFor(blocks) { block in
      var found: [UInt16] = []
      for grid in block * Self.block..<min((block + 1) * Self.block, grids) {
        var sums = shares
        for place in 0..<size {
          let row = (place * entries + Int(codes[grid * size + place])) * classes
          for index in 0..<classes { sums[index] += scores[row + index] }
        }
        var best = 0
        for index in 0..<classes where sums[index] > sums[best] { best = index }
        found.append(UInt16(best))
      }
      parts.set(block, found)
    }
    return (0..<blocks).flatMap { parts.get($0) ?? [] }
  }

  /// Logarithms of the probabilities, [place, code, class], and of the classes' shares.
  private func scores() -> (scores: [Float], shares: [Float]) {
    let (chances, shares) = probabilities()
    let size = height * width * entries
    var scores = [Float](repeating: 0, count: chances.count)
    for index in 0..<classes {
      for place in 0..<size {
        scores[place * classes + index] = logf(chances[index * size + place])
      }
    }
    return (scores, shares.map { Float(log($0)) })
  }

  /// Of [class, place, code], and of classes. What a class does not say follows from all grids.
  func probabilities() -> (placed: [Float], shares: [Double]) {
    let (size, base) = (height * width, frequencies())
    var result = [Float](repeating: 0, count: placed.count)
    for place in 0..<size {
      var all = [Double](repeating: 0, count: entries)
      for index in 0..<classes {
        for code in 0..<entries {
          all[code] += Double(placed[(index * size + place) * entries + code])
        }
      }
      all = Self.interpolated(all, with: base, weight: 16)
      for index in 0..<classes {
        let row = (index * size + place) * entries
        let own = placed[row..<row + entries].map { Double($0) }
        let found = Self.interpolated(own, with: all, weight: Self.placeWeight)
        for code in 0..<entries { result[row + code] = Float(found[code]) }
      }
    }
    let ofClass = (0..<classes).map { index in
      placed[index * size * entries..<index * size * entries + entries].reduce(1.0) {
        $0 + Double($1)
      }
    }
    let total = ofClass.reduce(0, +)
    return (result, ofClass.map { $0 / total })
  }

  /// Of the codes in all grids.
  func frequencies() -> [Double] {
    var counts = [Double](repeating: 0, count: entries)
    for (index, count) in neighbors[0].enumerated() { counts[index % entries] += Double(count) }
    let uniform = [Double](repeating: 1 / Double(entries), count: entries)
    return Self.interpolated(counts, with: uniform, weight: Double(entries) / 2)
  }

  /// `counts` as probabilities, with `coarser` as so many observations more.
  static func interpolated(
    _ counts: [Double], with coarser: [Double], weight: Double
  ) -> [Double] {
    let total = counts.reduce(0, +) + weight
    return counts.indices.map { (counts[$0] + weight * coarser[$0]) / total }
  }

  // MARK: Storage

  /// Sizes and counts: zeros as their number, each followed by a count that is none.
  func write(to output: inout VariableIntegers.Writer) {
    for size in [entries, height, width, classes] { output.append(UInt64(size)) }
    for table in [placed] + neighbors {
      var zeros: UInt64 = 0
      for count in table {
        if count == 0 {
          zeros += 1
        } else {
          output.append(zeros)
          output.append(UInt64(count))
          zeros = 0
        }
      }
      output.append(zeros)
    }
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) for what ``write(to:)`` cannot have written.
  init(from input: inout VariableIntegers.Reader) throws(AIGCError) {
    let entries = Int(try input.next(below: UInt64(CodeGridModel.largest) + 1))
    let height = Int(try input.next(below: UInt64(CodeGridModel.longestSide) + 1))
    let width = Int(try input.next(below: UInt64(CodeGridModel.longestSide) + 1))
    guard CodeGridModel.fits(entries: entries, height: height, width: width) else {
      throw input.damaged
    }
    let most = Self.mostClasses(entries: entries, height: height, width: width)
    let classes = Int(try input.next(below: UInt64(most) + 1))
    guard classes > 0 else { throw input.damaged }
    self.init(entries: entries, height: height, width: width, classes: classes)
    placed = try Self.table(placed.count, &input)
    for index in neighbors.indices {
      neighbors[index] = try Self.table(neighbors[index].count, &input)
    }
  }

  private static func table(
    _ count: Int, _ input: inout VariableIntegers.Reader
  ) throws(AIGCError) -> [UInt32] {
    var result = [UInt32](repeating: 0, count: count)
    var place = Int(try input.next(below: UInt64(count) + 1))
    while place < count {
      result[place] = UInt32(try input.next(below: 1 << 32))
      place += 1 + Int(try input.next(below: UInt64(count - place)))
    }
    return result
  }
}
