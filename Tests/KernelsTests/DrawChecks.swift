import CKernels
import Glibc
import Kernels

extension KernelCheck {
  /// Box and Muller's formula in double precision; the same bytes at every level, and wherever a
  /// stream is entered.
  mutating func draws() {
    let key: UInt = 0x0123_4567_89AB_CDEF
    for size in Self.sizes {
      let y = Floats(zeros: size)
      aigc_draw_normal(size, key, 0, 3, 0.5, y.base)
      compare("draw_normal", y.values, Self.normals(size, key).map { 3 + 0.5 * $0 }, 1e-6)
      let whole = Floats(zeros: size + 96)
      aigc_draw_normal(size + 96, key, 0, 3, 0.5, whole.base)
      aigc_draw_normal(size, key, 96, 3, 0.5, y.base)
      compare("draw_normal, later", y.values, whole.doubles.suffix(size), 0)
      _ = aigc_set_level(0)
      let base = Floats(zeros: size)
      aigc_draw_normal(size, key, 96, 3, 0.5, base.base)
      _ = aigc_set_level(level)
      compare("draw_normal, bytes", y.values, base.doubles, 0)
    }
    moments(key)
  }

  private mutating func moments(_ key: UInt) {
    let count = 1 << 20
    let y = Floats(zeros: count)
    aigc_draw_normal(count, key, 0, 0, 1, y.base)
    var powers = [0.0, 0, 0, 0]
    for x in y.doubles {
      powers[0] += x
      powers[1] += x * x
      powers[2] += x * x * x
      powers[3] += x * x * x * x
    }
    // Five standard errors.
    compare("moments", powers.map { Float($0 / Double(count)) }, [0, 1, 0, 3], 0.02)
  }

  private static func normals(_ count: Int, _ key: UInt) -> [Double] {
    var values = [Double](repeating: 0, count: (count + 31) / 32 * 32)
    for pair in 0..<values.count / 2 {
      var z = UInt64(key) &+ UInt64(pair + 1) &* 0x9E37_79B9_7F4A_7C15
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      z ^= z >> 31
      let share = (Double(z & 0x7FFF_FFFF) + 0.5) * 0x1p-31
      let (radius, angle) = ((-2 * log(share)).squareRoot(), Double(z >> 34) * 0x1p-29 * Double.pi)
      let place = pair / 16 * 32 + pair % 16
      values[place] = radius * cos(angle)
      values[place + 16] = radius * sin(angle)
    }
    return Array(values.prefix(count))
  }
}
