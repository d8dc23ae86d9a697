import Files
import Kernels

/// The two links of a context whose values are codes.
struct ContextLinks: BitwiseCopyable, Sendable {
  var firstChild: UInt32
  var suffix: UInt32
}

/// A level whose logarithms are 8-bit codes into tables of at most 256 values (as KenLM's `-q` and
/// `-b`; the values are means of equally filled bins).
struct QuantizedLevel: Sendable {
  /// All levels but the highest, one entry more than n-grams.
  var links: Table<ContextLinks>
  /// The highest level.
  var suffixes: Table<UInt32>
  var probabilityCodes: Table<UInt8>
  /// Empty at the highest level.
  var backoffCodes: Table<UInt8>
  /// 512 values: those of probability codes, then those of back-off codes.
  var values: Table<Float>

  static let codes = 256

  /// Empty tables: of a level that is not quantised.
  static func none() throws(AIGCError) -> QuantizedLevel {
    QuantizedLevel(
      links: try Table([]), suffixes: try Table([]), probabilityCodes: try Table([]),
      backoffCodes: try Table([]), values: try Table([]))
  }
}

extension NGramLevel {
  /// The same level with its logarithms as 8-bit codes.
  func quantize() throws(AIGCError) -> NGramLevel {
    let view = NGramLevelView(self)
    let probabilities = try values { node in view.probability(node) }
    let probabilityBins = Bins(probabilities, exact: [0, logZero])
    let isContext = contexts.count > 0
    let backoffs = isContext ? try values { node in contexts[node].backoff } : try Table([])
    let backoffBins = Bins(backoffs, exact: [0, logZero])
    var level = self
    level.quantized = QuantizedLevel(
      links: isContext ? try linkTable() : try Table([]),
      suffixes: isContext ? try Table([]) : try suffixTable(),
      probabilityCodes: try probabilityBins.encode(probabilities),
      backoffCodes: try backoffBins.encode(backoffs),
      values: try Table(probabilityBins.padded + backoffBins.padded))
    level.isQuantized = true
    level.contexts = try Table([])
    level.leaves = try Table([])
    return level
  }

  private func values(_ value: (Int) -> Float) throws(AIGCError) -> Table<Float> {
    let table = try MutableTable<Float>(count: count)
    for node in 0..<count { table[node] = value(node) }
    return table.frozen()
  }

  private func linkTable() throws(AIGCError) -> Table<ContextLinks> {
    let table = try MutableTable<ContextLinks>(count: contexts.count)
    for node in contexts.indices {
      let context = contexts[node]
      table[node] = ContextLinks(firstChild: context.firstChild, suffix: context.suffix)
    }
    return table.frozen()
  }

  private func suffixTable() throws(AIGCError) -> Table<UInt32> {
    let table = try MutableTable<UInt32>(count: count)
    for node in 0..<count { table[node] = leaves[node].suffix }
    return table.frozen()
  }
}

/// A code book: values that must stay exact, and the means of bins that hold equally many of the
/// others.
private struct Bins {
  /// Ascending.
  let means: [Float]

  init(_ values: Table<Float>, exact: [Float]) {
    var others: [Float] = []
    others.reserveCapacity(values.count)
    for node in values.indices where !exact.contains(values[node]) { others.append(values[node]) }
    others.sort()
    let bins = QuantizedLevel.codes - exact.count
    var means = exact
    for bin in 0..<bins {
      let range = others.count * bin / bins..<others.count * (bin + 1) / bins
      if range.isEmpty { continue }
      means.append(Float(others[range].reduce(0.0) { $0 + Double($1) } / Double(range.count)))
    }
    self.means = Array(Set(means)).sorted()
  }

  /// 256 values; codes without a meaning have the last one's.
  var padded: [Float] {
    means + [Float](repeating: means.last ?? 0, count: QuantizedLevel.codes - means.count)
  }

  /// The code of the nearest value for each entry.
  func encode(_ values: Table<Float>) throws(AIGCError) -> Table<UInt8> {
    let codes = try MutableTable<UInt8>(count: values.count)
    parallelBlocks(values.count, size: 1 << 15) { first, end in
      for node in first..<end { codes[node] = code(values[node]) }
    }
    return codes.frozen()
  }

  private func code(_ value: Float) -> UInt8 {
    var (low, high) = (0, means.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if means[middle] < value { low = middle + 1 } else { high = middle }
    }
    if low > 0, value - means[low - 1] < means[low] - value { low -= 1 }
    return UInt8(truncatingIfNeeded: low)
  }
}
