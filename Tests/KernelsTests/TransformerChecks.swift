import CKernels
import Glibc

/// What Llama and its kin need beside GPT-2's kernels.
extension KernelCheck {
  mutating func rmsNorm(_ x: Floats, _ dy: Floats, _ rows: Int, _ columns: Int) {
    for offset in [Float(0), 1] {
      let weight = Floats(Self.samples(columns, 17))
      let (y, dx) = (Floats(zeros: x.count), Floats(zeros: x.count))
      let (inverses, dweight) = (
        Floats(zeros: rows), Floats([Float](repeating: 1, count: columns))
      )
      aigc_rms_norm(rows, columns, x.base, weight.base, offset, 1e-5, y.base, inverses.base)
      aigc_rms_norm_grad(
        rows, columns, dy.base, x.base, weight.base, offset, inverses.base, dx.base, dweight.base)
      let (n, factors) = (Double(columns), weight.doubles.map { $0 + Double(offset) })
      var (values, slopes): ([Double], [Double]) = ([], [])
      var sums = [Double](repeating: 1, count: columns)
      for row in 0..<rows {
        let line = (0..<columns).map { Double(x.base[row * columns + $0]) }
        let inverse = 1 / (line.reduce(0) { $0 + $1 * $1 } / n + 1e-5).squareRoot()
        let slope = (0..<columns).map { Double(dy.base[row * columns + $0]) }
        let projection =
          (0..<columns).reduce(0) { $0 + slope[$1] * factors[$1] * line[$1] * inverse } / n
        for column in 0..<columns {
          let normal = line[column] * inverse
          values.append(normal * factors[column])
          slopes.append(inverse * (slope[column] * factors[column] - normal * projection))
          sums[column] += slope[column] * normal
        }
      }
      compare("rms_norm", y.values, values, 1e-5)
      compare("rms_norm_grad", dx.values, slopes, 1e-5)
      compare("rms_norm_grad, weight", dweight.values, sums, 1e-5)
    }
  }

  mutating func rotary() {
    for half in Self.sizes {
      let (x, angles) = (Floats(Self.samples(6 * half, 20)), Self.samples(half, 21, scale: 3))
      let cosines = Floats(angles.map { Float(cos(Double($0))) })
      let sines = Floats(angles.map { Float(sin(Double($0))) })
      let (y, back) = (Floats(zeros: 6 * half), Floats(zeros: 6 * half))
      aigc_rotary(3, half, 1, x.base, cosines.base, sines.base, y.base)
      aigc_rotary(3, half, -1, y.base, cosines.base, sines.base, back.base)
      let wanted = (0..<6 * half).map { place in
        let (pair, isSecond) = (place % max(half, 1), place % max(2 * half, 1) >= half)
        let other = Double(x.base[isSecond ? place - half : place + half])
        let angle = Double(angles[pair])
        return Double(x.base[place]) * cos(angle) + (isSecond ? other : -other) * sin(angle)
      }
      compare("rotary", y.values, wanted, 1e-6)
      compare("rotary and back", back.values, x.doubles, 1e-6)
    }
  }
}
