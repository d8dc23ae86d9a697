import Files

/// Random numbers that are the same on every machine: xoshiro256** (Blackman and Vigna 2018),
/// seeded through SplitMix64. Passed in wherever chance is needed; its state goes into checkpoints.
public struct RandomSource: RandomNumberGenerator, Equatable, BitwiseCopyable, Sendable {
  /// The four words of state, for checkpoints.
  public private(set) var state: (UInt64, UInt64, UInt64, UInt64)

  /// Creates a source from a random seed; any number is a good one.
  public init(seed: UInt64) {
    var mix = seed
    func next() -> UInt64 {
      mix &+= 0x9E37_79B9_7F4A_7C15
      var z = mix
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
    state = (next(), next(), next(), next())
  }

  /// A stream of its own for item `index` of seed `seed` (sample 3 of a batch, say).
  public init(seed: UInt64, stream index: Int) {
    self.init(seed: seed &+ UInt64(truncatingIfNeeded: index) &* 0xD1B5_4A32_D192_ED03)
  }

  /// The next 64 random bits.
  public mutating func next() -> UInt64 {
    let product = state.1 &* 5
    let result = ((product << 7) | (product >> 57)) &* 9
    let shifted = state.1 << 17
    state.2 ^= state.0
    state.3 ^= state.1
    state.1 ^= state.2
    state.0 ^= state.3
    state.2 ^= shifted
    state.3 = (state.3 << 45) | (state.3 >> 19)
    return result
  }

  /// Uniform in [0, 1), 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  /// Uniform from `low` to below `high`.
  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// Uniform in 0..<bound (Lemire's multiplication, without bias).
  public mutating func integer(below bound: UInt64) -> UInt64 {
    require(bound > 0, "RandomSource: empty range")
    var (high, low) = bound.multipliedFullWidth(by: next())
    if low < bound {
      let threshold = (0 &- bound) % bound
      while low < threshold { (high, low) = bound.multipliedFullWidth(by: next()) }
    }
    return high
  }

  /// Restores a source from ``state``.
  public init(state: (UInt64, UInt64, UInt64, UInt64)) { self.state = state }

  /// From the standard normal distribution: Marsaglia's polar method (1964), with a logarithm of our
  /// own, so that the numbers are the same on every machine. The second number of each pair is dropped:
  /// the state then says all.
  public mutating func normal() -> Double {
    // This state gives zeros only, of which no pair is accepted; a damaged file may hold it.
    if state == (0, 0, 0, 0) { return 0 }
    while true {
      let (x, y) = (2 * uniform() - 1, 2 * uniform() - 1)
      let square = x * x + y * y
      if square > 0, square < 1 {
        return x * (-2 * Self.logarithm(square) / square).squareRoot()
      }
    }
  }

  /// ln x for x > 0, only by operations that IEEE 754 rounds exactly: 2 atanh((m - 1) / (m + 1)) of
  /// the significand, and the exponent's part.
  private static func logarithm(_ x: Double) -> Double {
    var (m, e) = (x.significand, Double(x.exponent))
    if m > 1.4142135623730951 { (m, e) = (m / 2, e + 1) }
    let s = (m - 1) / (m + 1)
    let square = s * s
    var sum = 0.0
    var n = 21.0
    while n >= 1 {
      sum = sum * square + 1 / n
      n -= 2
    }
    return 2 * s * sum + e * 0.6931471805599453
  }

  /// Whether both sources are in the same state, and so give the same numbers from here on.
  public static func == (a: RandomSource, b: RandomSource) -> Bool { a.state == b.state }
}

extension RandomSource {
  /// Puts elements into a random order (Fisher and Yates).
  public mutating func shuffle<Element>(_ elements: inout [Element]) {
    for index in elements.indices.dropFirst().reversed() {
      elements.swapAt(index, Int(integer(below: UInt64(index + 1))))
    }
  }
}
