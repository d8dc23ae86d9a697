import Datasets
import Files
import Glibc
import Kernels

/// Probabilities of grids of codes, as a VQ-VAE makes them, learned by counting. Grids are coded with it, and
/// drawn from it.
///
/// A code depends on its left, its upper and its upper right neighbour, and on its place in grids of a class
/// that the codes so far tell more and more surely. Each of these four gives a distribution; the code's is
/// the root of their product, over the codes' frequencies: a product of experts (Hinton 2002) with weights of
/// ½, since what they know is partly the same. Tables of several neighbours together were no better on
/// MNIST, and ten times the size.
public struct CodeGridModel: Sendable {
  let counts: CodeGridCounts
  /// The number of different codes: they go from 0 to below it.
  public var entries: Int { counts.entries }
  /// Rows of a grid.
  public var height: Int { counts.height }
  /// Columns of a grid.
  public var width: Int { counts.width }

  /// Codes' frequencies.
  private let base: [Double]
  /// Roots of the codes' probabilities after each neighbour, [neighbour, code].
  private let neighbors: [[Float]]
  /// [class, place, code], and the classes' shares.
  private let placed: [Float]
  private let shares: [Double]

  /// How many observations the codes' frequencies count as beside a neighbour.
  private static let neighborWeight = 16.0
  /// A class that has become so unlikely is left out.
  private static let leastShare = 1e-4
  /// The most entries, and the longest side of a grid.
  public static let largest = 1024
  static let longestSide = 256

  /// Whether tables of such grids are small enough.
  public static func fits(entries: Int, height: Int, width: Int) -> Bool {
    (1...largest).contains(entries) && (1...longestSide).contains(height)
      && (1...longestSide).contains(width)
      && CodeGridCounts.mostClasses(entries: entries, height: height, width: width) > 0
  }

  /// Learns of `codes`, [grids, height, width], each below `entries`; sizes that fit.
  public init(entries: Int, height: Int, width: Int, codes: [Int32]) {
    self.init(.learn(entries: entries, height: height, width: width, codes: codes))
  }

  init(_ counts: CodeGridCounts) {
    self.counts = counts
    let (base, entries) = (counts.frequencies(), counts.entries)
    self.base = base
    neighbors = counts.neighbors.map { table -> [Float] in
      var roots: [Float] = []
      for row in stride(from: 0, to: table.count, by: entries) {
        let own = table[row..<row + entries].map { Double($0) }
        let chances = CodeGridCounts.interpolated(own, with: base, weight: Self.neighborWeight)
        roots += chances.map { Float($0.squareRoot()) }
      }
      return roots
    }
    (placed, shares) = counts.probabilities()
  }

  /// How likely a grid's classes are, given its codes so far.
  private typealias Classes = [Double]

  /// The probabilities of the code at `place` (row by row, from 0) of the grid that begins at `start`;
  /// the codes before it are known.
  private func probabilities(
    _ codes: [Int32], _ start: Int, _ place: Int, _ classes: Classes
  ) -> [Double] {
    let entries = entries
    var result = [Double](repeating: 0, count: entries)
    for (index, share) in classes.enumerated() where share > 0 {
      let row = (index * height * width + place) * entries
      for code in 0..<entries { result[code] += share * Double(placed[row + code]) }
    }
    for code in 0..<entries { result[code] = result[code].squareRoot() / base[code] }
    for (table, offset) in zip(neighbors, CodeGridCounts.offsets) {
      let row = counts.code(offset, codes, start, place) * entries
      for code in 0..<entries { result[code] *= Double(table[row + code]) }
    }
    return result
  }

  /// Takes in the code at `place`.
  private func update(_ classes: inout Classes, _ place: Int, _ code: Int32) {
    var sum = 0.0
    for (index, share) in classes.enumerated() where share > 0 {
      let value = placed[(index * height * width + place) * entries + Int(code)]
      classes[index] = share * Double(value)
      sum += classes[index]
    }
    for index in classes.indices {
      let share = classes[index] / sum
      classes[index] = share < Self.leastShare ? 0 : share
    }
  }

  // MARK: Coding

  /// Grids of which each thread codes some.
  private static let block = 64

  /// Bytes of `codes`, [grids, height, width].
  public func encoded(_ codes: [Int32]) -> [UInt8] {
    let size = height * width
    let grids = codes.count / size
    let blocks = (grids + Self.block - 1) / Self.block
    let parts = ParallelSlots<ANSEncoder>(count: blocks)
    parallelFor(blocks) { block in
      var encoder = ANSEncoder()
      for grid in block * Self.block..<min((block + 1) * Self.block, grids) {
        var classes = shares
        for place in 0..<size {
          let code = codes[grid * size + place]
          let table = FrequencyTable(probabilities(codes, grid * size, place, classes))
          encoder.append(Int(code), table)
          update(&classes, place, code)
        }
      }
      parts.set(block, encoder)
    }
    var encoder = ANSEncoder()
    for block in 0..<blocks { if let part = parts.get(block) { encoder.append(part) } }
    return encoder.finished()
  }

  /// What ``encoded(_:)`` made bytes of.
  /// - Parameters:
  ///   - bytes: all that it gave.
  ///   - grids: how many.
  ///   - name: of the file, for errors.
  /// - Throws: ``/Files/AIGCError``: badInput for damaged bytes, interrupted.
  public func decoded(
    _ bytes: Table<UInt8>, grids: Int, name: String
  ) throws(AIGCError) -> [Int32] {
    var decoder = try ANSDecoder(bytes, name: name)
    var codes: [Int32] = []
    for grid in 0..<grids {
      var classes = shares
      for place in 0..<height * width {
        let chances = probabilities(codes, grid * height * width, place, classes)
        let code = Int32(try decoder.next(FrequencyTable(chances)))
        codes.append(code)
        update(&classes, place, code)
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
    require(
      normals.count == height * width, "CodeGridModel: \(normals.count) numbers for a grid")
    var (codes, classes): ([Int32], Classes) = ([], shares)
    for (place, normal) in normals.enumerated() {
      let table = FrequencyTable(probabilities(codes, 0, place, classes))
      let uniform = NormalDistribution.cumulative(Double(normal)) * Double(FrequencyTable.total)
      let limit = Double(FrequencyTable.total - 1)
      let code = Int32(table.symbol(at: UInt32(min(max(uniform, 0), limit))))
      codes.append(code)
      update(&classes, place, code)
    }
    return codes
  }

  /// What `codes` cost by the model's probabilities, in bits: the logarithm of their probability.
  public func bits(of codes: [Int32]) -> Double {
    let size = height * width
    var (sum, classes) = (0.0, shares)
    for (index, code) in codes.enumerated() {
      if index % size == 0 { classes = shares }
      let chances = probabilities(codes, index / size * size, index % size, classes)
      sum -= log2(chances[Int(code)] / chances.reduce(0, +))
      update(&classes, index % size, code)
    }
    return sum
  }
}
