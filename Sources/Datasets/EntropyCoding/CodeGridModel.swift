import Files
import Glibc
import Kernels

/// Probabilities of grids of codes, as a VQ-VAE makes them: each code given its left and its upper
/// neighbour and its place, learned by counting. Grids are coded with it, and drawn from it.
///
/// What is known of both neighbours together is often little; it is interpolated with what each of them says
/// by itself (their product, as if they were independent), those with what the place says, and that with the
/// codes' frequencies: each distribution counts as `weight` observations of the next finer one.
public struct CodeGridModel: Sendable {
  public let entries: Int
  public let height: Int
  public let width: Int
  /// Counts of (left, up, code), sorted by them; `entries` stands for outside the grid.
  let triples: CodeTriples
  /// Counts of [place, code], which the triples do not say.
  let places: [UInt32]

  /// [code], [place, code], [left, code], [up, code].
  private let base: [Double]
  private let placed: [Double]
  private let left: [Double]
  private let up: [Double]

  /// How many observations a coarser distribution counts as.
  private static let neighborWeight = 16.0
  private static let placeWeight = 16.0
  private static let pairWeight = 16.0
  /// The most entries: tables of neighbours grow with their square.
  public static let largest = 1024

  /// Learns of `codes`, [grids, height, width], each below `entries`.
  public init(entries: Int, height: Int, width: Int, codes: [Int32]) {
    let size = height * width
    var places = [UInt32](repeating: 0, count: size * entries)
    for (index, code) in codes.enumerated() { places[index % size * entries + Int(code)] += 1 }
    self.init(
      entries: entries, height: height, width: width, places: places,
      triples: CodeTriples(entries: entries, height: height, width: width, codes: codes))
  }

  init(entries: Int, height: Int, width: Int, places: [UInt32], triples: CodeTriples) {
    (self.entries, self.height, self.width) = (entries, height, width)
    self.places = places
    self.triples = triples
    var (counts, lefts, ups) = (
      [Double](repeating: 0, count: entries),
      [Double](repeating: 0, count: (entries + 1) * entries),
      [Double](repeating: 0, count: (entries + 1) * entries)
    )
    triples.forEach { left, up, code, count in
      counts[code] += Double(count)
      lefts[left * entries + code] += Double(count)
      ups[up * entries + code] += Double(count)
    }
    let uniform = [Double](repeating: 1 / Double(entries), count: entries)
    base = Self.interpolated(counts, with: uniform, weight: Double(entries) / 2)
    placed = Self.interpolated(
      places.map { Double($0) }, with: base, weight: Self.placeWeight)
    left = Self.interpolated(lefts, with: base, weight: Self.neighborWeight)
    up = Self.interpolated(ups, with: base, weight: Self.neighborWeight)
  }

  /// Each row of `counts` as probabilities, with `coarser` as so many observations more.
  private static func interpolated(
    _ counts: [Double], with coarser: [Double], weight: Double
  ) -> [Double] {
    let size = coarser.count
    var result = counts
    for start in stride(from: 0, to: counts.count, by: size) {
      let total = counts[start..<start + size].reduce(0, +) + weight
      for index in 0..<size {
        result[start + index] = (counts[start + index] + weight * coarser[index]) / total
      }
    }
    return result
  }

  /// The probabilities of the code at `place` (row by row, from 0) of the grid that begins at `start`;
  /// the codes before it are known.
  func probabilities(_ codes: [Int32], _ start: Int, _ place: Int) -> [Double] {
    let leftCode = place % width == 0 ? entries : Int(codes[start + place - 1])
    let upCode = place < width ? entries : Int(codes[start + place - width])
    var result = [Double](repeating: 0, count: entries)
    var sum = 0.0
    let (l, u, p) = (leftCode * entries, upCode * entries, place * entries)
    for code in 0..<entries {
      let value = left[l + code] * up[u + code] * placed[p + code] / (base[code] * base[code])
      result[code] = value
      sum += value
    }
    let range = triples.range(left: leftCode, up: upCode)
    let total = Double(triples.total(range)) + Self.pairWeight
    let scale = Self.pairWeight / (sum * total)
    for code in 0..<entries { result[code] *= scale }
    for index in range { result[triples.code(index)] += Double(triples.count(index)) / total }
    return result
  }

  // MARK: Coding

  /// Bytes of `codes`, [grids, height, width].
  public func encoded(_ codes: [Int32]) -> [UInt8] {
    let size = height * width
    let blocks = (codes.count / size + Self.block - 1) / Self.block
    let parts = ParallelSlots<ANSEncoder>(count: blocks)
    parallelFor(blocks) { block in
      var encoder = ANSEncoder()
      let first = block * Self.block
      for grid in first..<min(first + Self.block, codes.count / size) {
        for place in 0..<size {
          let table = FrequencyTable(probabilities(codes, grid * size, place))
          encoder.append(Int(codes[grid * size + place]), table)
        }
      }
      parts.set(block, encoder)
    }
    var encoder = ANSEncoder()
    for block in 0..<blocks { if let part = parts.get(block) { encoder.append(part) } }
    return encoder.finished()
  }

  /// Grids of which each thread codes some.
  private static let block = 64

  /// What ``encoded(_:)`` made bytes of.
  /// - Parameters:
  ///   - bytes: all that it gave.
  ///   - grids: how many.
  ///   - name: of the file, for errors.
  /// - Throws: ``AIGCError``: badInput for damaged bytes, interrupted.
  public func decoded(
    _ bytes: Table<UInt8>, grids: Int, name: String
  ) throws(AIGCError) -> [Int32] {
    var decoder = try ANSDecoder(bytes, name: name)
    var codes: [Int32] = []
    for grid in 0..<grids {
      for place in 0..<height * width {
        let table = FrequencyTable(probabilities(codes, grid * height * width, place))
        codes.append(Int32(try decoder.next(table)))
      }
      if grid % Self.block == 0 { try Interruption.check() }
    }
    try decoder.finish()
    return codes
  }

  /// A grid drawn from the model.
  /// - Parameter normals: a number of the standard normal distribution for each place; the same ones give
  ///   the same grid.
  public func drawn(_ normals: some Collection<Float>) -> [Int32] {
    precondition(
      normals.count == height * width, "CodeGridModel: \(normals.count) numbers for a grid")
    var codes: [Int32] = []
    for (place, normal) in normals.enumerated() {
      let table = FrequencyTable(probabilities(codes, 0, place))
      let uniform = NormalDistribution.cumulative(Double(normal)) * Double(FrequencyTable.total)
      codes.append(
        Int32(table.symbol(at: UInt32(min(max(uniform, 0), Double(FrequencyTable.total - 1))))))
    }
    return codes
  }

  /// What `codes` cost by the model's probabilities, in bits: the logarithm of their probability.
  public func bits(of codes: [Int32]) -> Double {
    let size = height * width
    return codes.indices.reduce(0) { sum, index in
      let chances = probabilities(codes, index / size * size, index % size)
      return sum - log2(chances[Int(codes[index])])
    }
  }
}
