import Datasets
import Files
import Glibc
import Kernels
import Testing

@Suite struct EntropyCodingTests {
  /// Symbols drawn by weights, and what they cost at least, in bits.
  private func draw(
    _ count: Int, _ weights: [Double], _ random: inout RandomSource
  ) -> (symbols: [Int], bits: Double) {
    let sum = weights.reduce(0, +)
    var (symbols, bits): ([Int], Double) = ([], 0)
    for _ in 0..<count {
      var (place, symbol) = (random.uniform() * sum, 0)
      while symbol < weights.count - 1, place >= weights[symbol] {
        place -= weights[symbol]
        symbol += 1
      }
      symbols.append(symbol)
      bits -= log2(weights[symbol] / sum)
    }
    return (symbols, bits)
  }

  private func coded(_ symbols: [Int], _ table: FrequencyTable) -> [UInt8] {
    var encoder = ANSEncoder()
    for symbol in symbols { encoder.append(symbol, table) }
    return encoder.finished()
  }

  private func decoded(_ bytes: [UInt8], _ count: Int, _ table: FrequencyTable) throws -> [Int] {
    var decoder = try ANSDecoder(Table(bytes), name: "x")
    var symbols: [Int] = []
    for _ in 0..<count { symbols.append(try decoder.next(table)) }
    try decoder.finish()
    return symbols
  }

  private static let quadratic = (0..<256).map { 1 / Double(1 + $0 * $0) }
  private static let alike = [Double](repeating: 1, count: 4096)
  static let weights: [[Double]] = [
    [1], [1, 1], [0.999_99, 0.000_01], [5, 0, 3, 0], [0, 0], [.infinity, 1], alike, quadratic,
  ]

  @Test(arguments: weights) func tables(_ weights: [Double]) throws {
    let table = FrequencyTable(weights)
    let frequencies = weights.indices.map { Int(table.frequency($0)) }
    #expect(frequencies.reduce(0, +) == FrequencyTable.total)
    #expect(frequencies.allSatisfy { $0 >= 1 })
    for symbol in weights.indices {
      let (first, last) = (table.start(symbol), table.start(symbol) + table.frequency(symbol) - 1)
      #expect(table.symbol(at: first) == symbol && table.symbol(at: last) == symbol)
    }
    var random = RandomSource(seed: 4)
    let symbols = (0..<500).map { _ in Int(random.integer(below: UInt64(weights.count))) }
    #expect(try decoded(coded(symbols, table), symbols.count, table) == symbols)
  }

  @Test func sizeIsTheEntropy() throws {
    var random = RandomSource(seed: 2)
    let harmonic = (0..<200).map { 1 / Double(1 + $0) }
    for weights in [[0.98, 0.02], harmonic, [1, 2, 3, 4]] {
      let (symbols, bits) = draw(20_000, weights, &random)
      let table = FrequencyTable(weights)
      let bytes = coded(symbols, table)
      #expect(
        Double(8 * (bytes.count - 5)) < bits * 1.002 && Double(8 * bytes.count) > bits * 0.998)
      #expect(try decoded(bytes, symbols.count, table) == symbols)
    }
  }

  @Test func damagedBytesAreTold() throws {
    var random = RandomSource(seed: 3)
    let weights = (0..<64).map { 1 / Double(1 + $0) }
    let (symbols, _) = draw(300, weights, &random)
    let table = FrequencyTable(weights)
    let bytes = coded(symbols, table)
    for length in 0..<bytes.count {
      #expect(throws: AIGCError.self) { try decoded(Array(bytes[..<length]), 300, table) }
    }
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 1 << UInt8(index % 8)
      #expect(throws: AIGCError.self) { try decoded(changed, 300, table) }
    }
    #expect(throws: AIGCError.self) { try decoded(bytes + [0], 300, table) }
  }

  @Test func normalDistribution() {
    let known = [
      (0.0, 0.5), (1.96, 0.975_002_104_851_780), (-3, 0.001_349_898_031_630_1), (9.5, 1),
    ]
    for (x, value) in known {
      #expect(abs(NormalDistribution.cumulative(x) - value) < 1e-14)
    }
    for x in stride(from: -8.0, to: 8, by: 0.37) {
      #expect(abs(NormalDistribution.cumulative(x) - erfc(-x / 2.0.squareRoot()) / 2) < 1e-14)
    }
  }

  @Test func normalNumbers() throws {
    var random = RandomSource(seed: 6)
    let (mean, deviation, step) = (0.7, 1.3, 0.25)
    let model = try #require(GaussianSymbols(mean: mean, deviation: deviation, step: step))
    let values = (0..<20_000).map { _ in Float(mean + deviation * random.normal()) }
    let symbols = values.map { model.symbol($0) }
    #expect(zip(values, symbols).allSatisfy { abs($0 - model.value($1)) <= Float(step / 2) + 1e-6 })
    // The entropy of the density, ½ log₂ 2πe σ², less the logarithm of the step.
    let entropy = 0.5 * log2(2 * .pi * exp(1) * deviation * deviation) - log2(step)
    let bytes = coded(symbols, model.table)
    #expect(abs(Double(8 * bytes.count) / 20_000 / entropy - 1) < 0.01)
    // What lies far outside comes to the edge; what is no number to somewhere.
    #expect(abs(model.value(model.symbol(1e30)) - 11.1) < 0.3)
    #expect(model.symbol(-.infinity) == 0 && model.symbol(.nan) == 0)
    #expect(GaussianSymbols(mean: 0, deviation: 1, step: 1e-3) == nil)
    #expect(GaussianSymbols(mean: .nan, deviation: 1, step: 1) == nil)
    let constant = try #require(GaussianSymbols(mean: 0.5, deviation: 0, step: 0.5))
    #expect(constant.value(constant.symbol(9)) == 0.5)
  }
}
