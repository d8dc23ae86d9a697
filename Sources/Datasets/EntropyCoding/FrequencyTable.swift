/// Whole-number frequencies of symbols 0, 1, …, which sum to 2^``bits``: what an entropy coder works with.
/// Every symbol has a frequency of 1 at least, so that any can be coded.
public struct FrequencyTable: Sendable {
  /// The logarithm of the sum: fine enough for alphabets of thousands, coarse enough for a state of 39
  /// bits.
  public static let bits = 20
  /// The sum of the frequencies of all symbols, 2^``bits``.
  public static let total = 1 << bits
  /// The most symbols of a table.
  public static let largest = 4096

  /// Sums of the frequencies before each symbol, and of all.
  private let starts: [UInt32]

  /// - Parameter weights: of 1 to ``largest`` symbols, from 0 up, in proportion. Where they are all 0, or not
  ///   finite, all symbols are alike.
  public init(_ weights: [Double]) {
    require(
      (1...Self.largest).contains(weights.count), "FrequencyTable: \(weights.count) symbols")
    let sum = weights.reduce(0, +)
    let isSound = sum > 0 && sum.isFinite
    let scale = Double(Self.total - weights.count) / (isSound ? sum : Double(weights.count))
    // What rounding down leaves goes to the likeliest, where it changes least.
    var (frequencies, rest, likeliest) = ([UInt32](), Self.total, 0)
    frequencies.reserveCapacity(weights.count)
    for (symbol, weight) in weights.enumerated() {
      let share = (isSound ? weight : 1) * scale
      let frequency = 1 + UInt32(min(max(share, 0), Double(Self.total)))
      rest -= Int(frequency)
      if weight > weights[likeliest] { likeliest = symbol }
      frequencies.append(frequency)
    }
    frequencies[likeliest] = UInt32(Int(frequencies[likeliest]) + rest)
    var starts: [UInt32] = [0]
    starts.reserveCapacity(weights.count + 1)
    var start: UInt32 = 0
    for frequency in frequencies {
      start += frequency
      starts.append(start)
    }
    self.starts = starts
  }

  /// The number of symbols.
  public var count: Int { starts.count - 1 }

  /// The cumulative frequency: the sum of the frequencies of all symbols before this one.
  public func start(_ symbol: Int) -> UInt32 { starts[symbol] }
  /// The frequency of a symbol; over ``total`` it is the symbol's probability.
  public func frequency(_ symbol: Int) -> UInt32 { starts[symbol + 1] - starts[symbol] }

  /// The symbol that a place from 0 to 2^``bits`` - 1 belongs to.
  public func symbol(at place: UInt32) -> Int {
    var (low, high) = (0, count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if starts[middle] <= place { low = middle } else { high = middle }
    }
    return low
  }
}
