/// e to the power of `x`, for `x` ≤ 0; 0 below -708. Relative error below 4e-16.
///
/// The system's `exp` differs in the last bit between machines with and without fused
/// multiply-add; additions and products alone do not, so a seed draws the same token everywhere.
@inlinable @inline(__always)
public func exponential(_ x: Double) -> Double {
  let bounded = x < -708 ? -708 : x
  // Adding 1.5 · 2^52 rounds to an integer, which then stands in the low bits.
  let shifted = bounded * 1.442695040888963407 + 0x1.8p52
  let power = shifted - 0x1.8p52
  let r = (bounded - power * 0x1.62e42feep-1) - power * 0x1.a39ef35793c76p-33
  let r2 = r * r
  let r4 = r2 * r2
  let low = (1 + r) + r2 * (1.0 / 2 + r * (1.0 / 6))
  let middle = (1.0 / 24 + r * (1.0 / 120)) + r2 * (1.0 / 720 + r * (1.0 / 5040))
  let high =
    (1.0 / 40320 + r * (1.0 / 362880)) + r2 * (1.0 / 3_628_800 + r * (1.0 / 39_916_800))
    + r4 * (1.0 / 479_001_600)
  let value = low + r4 * (middle + r4 * high)
  let scale = Double(bitPattern: (shifted.bitPattern &+ 1023) << 52)
  return x < -708 ? 0 : value * scale
}

/// The standard normal distribution, by operations alone that give the same bits on every machine: what
/// one machine codes with it another one must read.
public enum NormalDistribution {
  /// Φ(x), the probability of values below `x`, with an absolute error below 1e-14: ½ and the density
  /// times x + x³/3 + x⁵/(3 · 5) + … (Marsaglia 2004). 0 or 1 beyond ±9.
  public static func cumulative(_ x: Double) -> Double {
    guard x > -9 else { return 0 }
    guard x < 9 else { return 1 }
    let square = x * x
    var (sum, term, odd) = (x, x, 1.0)
    while term.magnitude > 1e-17 * sum.magnitude {
      odd += 2
      term *= square / odd
      sum += term
    }
    let value = 0.5 + sum * exponential(-square / 2) * 0.398942280401432678
    return min(max(value, 0), 1)
  }
}
