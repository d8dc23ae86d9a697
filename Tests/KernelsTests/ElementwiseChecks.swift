import CKernels
import Glibc
import Kernels

extension KernelCheck {
  typealias Unary = (Int, UnsafePointer<Float>, UnsafeMutablePointer<Float>) -> Void
  typealias Binary = (
    Int, UnsafePointer<Float>, UnsafePointer<Float>, UnsafeMutablePointer<Float>
  ) -> Void

  static func samples(_ count: Int, _ seed: UInt64, scale: Double = 1) -> [Float] {
    var random = RandomSource(seed: seed)
    return (0..<count).map { _ in Float(random.normal() * scale) }
  }

  static func logistic(_ x: Double) -> Double { 1 / (1 + exp(-x)) }

  static func normalCDF(_ x: Double) -> Double { 0.5 * erfc(-x * 0.5.squareRoot()) }
  /// sqrt(2 / pi) (x + 0.044715 x³).
  static func geluInner(_ x: Double) -> Double {
    (2 / Double.pi).squareRoot() * (x + 0.044715 * x * x * x)
  }
  /// Far out their limits, also at -infinity, where the formulas give NaN.
  static func geluTanh(_ x: Double) -> Double {
    x < -20 ? 0 : 0.5 * x * (1 + tanh(geluInner(x)))
  }
  static func gelu(_ x: Double) -> Double { x < -20 ? 0 : x * normalCDF(x) }
  static func geluTanhSlope(_ x: Double) -> Double {
    if abs(x) > 20 { return x > 0 ? 1 : 0 }
    let t = tanh(geluInner(x))
    let inner = (2 / Double.pi).squareRoot() * (1 + 3 * 0.044715 * x * x)
    return 0.5 * (1 + t) + 0.5 * x * (1 - t * t) * inner
  }
  static func geluSlope(_ x: Double) -> Double {
    if abs(x) > 20 { return x > 0 ? 1 : 0 }
    return normalCDF(x) + x * exp(-x * x / 2) / (2 * Double.pi).squareRoot()
  }

  static var unary: [(String, Unary, (Double) -> Double)] {
    [
      ("exp", aigc_exp, { exp($0) }),
      (
        "log",
        {
          aigc_abs($0, $1, $2); aigc_log($0, $2, $2)
        }, { log(abs($0)) }
      ),
      (
        "sqrt",
        {
          aigc_abs($0, $1, $2); aigc_sqrt($0, $2, $2)
        }, { abs($0).squareRoot() }
      ),
      ("tanh", aigc_tanh, { tanh($0) }),
      ("sigmoid", aigc_sigmoid, { logistic($0) }),
      ("relu", aigc_relu, { max($0, 0) }),
      ("silu", aigc_silu, { $0 * logistic($0) }),
      ("softplus", aigc_softplus, { log1p(exp($0)) }),
      ("abs", aigc_abs, { abs($0) }),
      ("sign", aigc_sign, { $0 > 0 ? 1 : -1 }),
      ("step", aigc_step, { $0 > 0 ? 1 : 0 }),
      (
        "leaky_relu", { aigc_leaky_relu($0, 0.1, $1, $2) },
        { $0 > 0 ? $0 : Double(Float(0.1)) * $0 }
      ),
      ("scale_add", { aigc_scale_add($0, 3, -0.5, $1, $2) }, { 3 * $0 - 0.5 }),
      ("normal_cdf", aigc_normal_cdf, normalCDF),
      ("gelu_tanh", aigc_gelu_tanh, geluTanh),
      ("gelu_erf", aigc_gelu_erf, gelu),
    ]
  }

  static var binary: [(String, Binary, (Double, Double) -> Double)] {
    [
      ("add", aigc_add, { $0 + $1 }),
      ("subtract", aigc_subtract, { $0 - $1 }),
      ("multiply", aigc_multiply, { $0 * $1 }),
      ("divide", aigc_divide, { $0 / $1 }),
      ("tanh_grad", aigc_tanh_grad, { $0 * (1 - $1 * $1) }),
      ("sigmoid_grad", aigc_sigmoid_grad, { $0 * $1 * (1 - $1) }),
      (
        "silu_grad", aigc_silu_grad,
        { $0 * logistic($1) * (1 + $1 * (1 - logistic($1))) }
      ),
      ("gelu_tanh_grad", aigc_gelu_tanh_grad, { $0 * geluTanhSlope($1) }),
      ("gelu_erf_grad", aigc_gelu_erf_grad, { $0 * geluSlope($1) }),
      (
        "axpy",
        { n, a, b, y in
          y.update(from: b, count: n)
          aigc_axpy(n, 0.7, a, y)
        }, { Double(Float(0.7)) * $0 + $1 }
      ),
    ]
  }

  mutating func elementwise() {
    for size in Self.sizes {
      let x = Floats(Self.samples(size, 1, scale: 3))
      for (name, kernel, formula) in Self.unary {
        let y = Floats(zeros: size)
        kernel(size, x.base, y.base)
        compare(name, y.values, x.doubles.map(formula), 2e-6)
        let own = Floats(x.values)
        kernel(size, own.base, own.base)
        compare("\(name) in place", own.values, x.doubles.map(formula), 2e-6)
      }
      let b = Floats(Self.samples(size, 2))
      for (name, kernel, formula) in Self.binary {
        let y = Floats(zeros: size)
        kernel(size, x.base, b.base, y.base)
        compare(name, y.values, zip(x.doubles, b.doubles).map(formula), 2e-6)
      }
    }
    wideRanges()
  }

  /// Relative errors over the whole range, where `compare` sees absolute ones only.
  private mutating func wideRanges() {
    let x = (0...4000).map { Float(-87.2 + 175.8 * Double($0) / 4000) }
    let tiny = (0...2000).map { Float(exp(-80 + 80 * Double($0) / 2000)) }
    func ratios(_ kernel: Unary, _ x: [Float], _ formula: (Double) -> Double) -> [Float] {
      let (input, y) = (Floats(x), Floats(zeros: x.count))
      kernel(x.count, input.base, y.base)
      return zip(y.values, x).map { Float(Double($0) / formula(Double($1))) }
    }
    let ones = { (count: Int) in [Double](repeating: 1, count: count) }
    compare("exp, wide", ratios(aigc_exp, x) { exp($0) }, ones(x.count), 5e-7)
    compare("sigmoid, wide", ratios(aigc_sigmoid, x) { Self.logistic($0) }, ones(x.count), 1e-6)
    compare("tanh, tiny", ratios(aigc_tanh, tiny) { tanh($0) }, ones(tiny.count), 1e-6)
    let below = (0...500).map { Float(-5 * Double($0) / 500) }
    compare(
      "normal_cdf, tail", ratios(aigc_normal_cdf, below, Self.normalCDF), ones(below.count), 1e-4)
    compare("log, tiny", ratios(aigc_log, tiny.map { $0 / 2 }) { log($0) }, ones(tiny.count), 1e-6)
  }

  mutating func specialValues() {
    let infinity = Float.infinity
    let special: [Float] = [infinity, -infinity, .nan, 0, -0.0, 100, -100, 1e30, -1e30, -1]
    // Each of them in the whole vectors and in the rest.
    let x = Floats(special + Self.samples(11, 3) + special)
    let same: [(String, Unary, (Double) -> Double)] = [
      ("exp", aigc_exp, { $0 >= 100 ? .infinity : exp($0) }),
      ("log", aigc_log, { log($0) }),
      ("sqrt", aigc_sqrt, { $0.squareRoot() }),
      ("tanh", aigc_tanh, { tanh($0) }),
      ("sigmoid", aigc_sigmoid, { Self.logistic($0) }),
      ("relu", aigc_relu, { $0 < 0 ? 0 : $0 }),
      ("softplus", aigc_softplus, { $0 > 50 ? $0 : log1p(exp($0)) }),
      ("abs", aigc_abs, { abs($0) }),
      ("sign", aigc_sign, { $0 > 0 ? 1 : $0 < 0 ? -1 : $0 }),
      ("leaky_relu", { aigc_leaky_relu($0, 0.5, $1, $2) }, { $0 < 0 ? $0 / 2 : $0 }),
      ("scale_add", { aigc_scale_add($0, 2, 1, $1, $2) }, { 2 * $0 + 1 }),
      ("normal_cdf", aigc_normal_cdf, Self.normalCDF),
      ("gelu_tanh", aigc_gelu_tanh, Self.geluTanh),
      ("gelu_erf", aigc_gelu_erf, Self.gelu),
    ]
    for (name, kernel, formula) in same {
      let y = Floats(zeros: x.count)
      kernel(x.count, x.base, y.base)
      compare("\(name), special", y.values, x.doubles.map(formula), 1e-6)
    }
    let y = Floats(zeros: x.count)
    aigc_abs(x.count, x.base, y.base)
    // 1 / |0| must not be -infinity.
    compare("sign of |0|", [1 / y.base[3], 1 / y.base[4]], [.infinity, .infinity], 0)
    for (name, kernel, formula) in Self.binary {
      let b = Floats(Array(x.values.reversed()))
      kernel(x.count, x.base, b.base, y.base)
      let expected = zip(x.values, b.values).map { a, b in
        // In single precision, where 1e30 * 1e30 is infinite.
        let value = formula(Double(a), Double(b))
        return abs(value) > Double(Float.greatestFiniteMagnitude) ? value * .infinity : value
      }
      compare("\(name), special", y.values, expected, 1e-6)
    }
  }

  mutating func optimizers() {
    for size in Self.sizes {
      let (start, slope) = (Self.samples(size, 4), Self.samples(size, 5))
      let g = Floats(slope)
      for (momentum, isFirst) in [(0.0, true), (0.9, true), (0.9, false)] {
        let (p, v) = (Floats(start), Floats(Self.samples(size, 6)))
        var (expected, speeds) = (p.doubles, v.doubles)
        aigc_sgd(
          size, p.base, g.base, momentum == 0 ? nil : v.base, 0.1, Float(momentum), 0.01, 0.5,
          isFirst ? 1 : 0)
        for i in 0..<size {
          let gradient = 0.5 * Double(slope[i]) + 0.01 * expected[i]
          let speed = momentum == 0 || isFirst ? gradient : momentum * speeds[i] + gradient
          if momentum != 0 { speeds[i] = speed }
          expected[i] -= 0.1 * speed
        }
        compare("sgd \(momentum)", p.values, expected, 1e-6)
        compare("sgd \(momentum), velocity", v.values, speeds, 1e-6)
      }
      for isDecoupled in [false, true] { adam(start, g, isDecoupled) }
    }
  }

  private mutating func adam(_ start: [Float], _ g: Floats, _ isDecoupled: Bool) {
    let size = start.count
    let (p, m) = (Floats(start), Floats(Self.samples(size, 7)))
    let v = Floats(Self.samples(size, 8).map { abs($0) })
    var (expected, means, squares) = (p.doubles, m.doubles, v.doubles)
    var settings = aigc_adam_settings(
      rate: 0.01, beta1: 0.9, beta2: 0.99, epsilon: 1e-3, decay: 0.1,
      decoupled: isDecoupled ? 1 : 0, scale: 0.5, correction1: 0.3, correction2_sqrt: 0.6)
    aigc_adam(size, p.base, g.base, m.base, v.base, &settings)
    for i in 0..<size {
      let gradient = 0.5 * Double(g.base[i]) + (isDecoupled ? 0 : 0.1 * expected[i])
      if isDecoupled { expected[i] *= 1 - 0.01 * 0.1 }
      means[i] = 0.9 * means[i] + 0.1 * gradient
      squares[i] = 0.99 * squares[i] + 0.01 * gradient * gradient
      expected[i] -= 0.01 / 0.3 * means[i] / (squares[i].squareRoot() / 0.6 + 1e-3)
    }
    compare("adam", p.values, expected, 2e-6)
    compare("adam, mean", m.values, means, 2e-6)
    compare("adam, square", v.values, squares, 2e-6)
  }
}
