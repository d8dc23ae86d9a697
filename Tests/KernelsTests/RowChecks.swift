import CKernels
import Glibc

extension KernelCheck {
  mutating func reductions() {
    for size in Self.sizes {
      let (x, y) = (Floats(Self.samples(size, 10)), Floats(Self.samples(size, 11)))
      var (sum, top, dot): (Float, Float, Float) = (0, 0, 0)
      var squares = 0.0
      aigc_sum(size, x.base, &sum)
      aigc_max(size, x.base, &top)
      aigc_dot(size, x.base, y.base, &dot)
      aigc_square_sum_double(size, x.base, &squares)
      compare("sum", [sum], [x.doubles.reduce(0, +)], 1e-5)
      compare("max", [top], [x.doubles.max() ?? -.infinity], 0)
      compare("dot", [dot], [zip(x.doubles, y.doubles).reduce(0) { $0 + $1.0 * $1.1 }], 1e-5)
      let exact = x.doubles.reduce(0) { $0 + $1 * $1 }
      if abs(squares - exact) > 1e-12 * max(exact, 1) {
        problems.append("square_sum_double \(size)")
      }
      columnSums(size)
    }
    for value in [Float.nan, .infinity, -.infinity] {
      for place in [0, 20, 34] {
        var values = Self.samples(35, 12)
        values[place] = value
        let x = Floats(values)
        var (sum, dot): (Float, Float) = (0, 0)
        aigc_sum(35, x.base, &sum)
        aigc_dot(35, x.base, x.base, &dot)
        compare("sum with \(value)", [sum], [Double(value)], 0)
        compare("dot with \(value)", [dot], [Double(value * value)], 0)
      }
    }
  }

  private mutating func columnSums(_ columns: Int) {
    let (rows, stride) = (5, columns + 3)
    let x = Floats(Self.samples(rows * stride, 13))
    var expected = [Double](repeating: 0, count: columns)
    for row in 0..<rows {
      for column in 0..<columns { expected[column] += Double(x.base[row * stride + column]) }
    }
    let out = Floats([Float](repeating: 7, count: columns))
    aigc_column_sum(rows, columns, x.base, stride, 0, out.base)
    compare("column_sum", out.values, expected, 1e-6)
    aigc_column_sum(rows, columns, x.base, stride, 1, out.base)
    compare("column_sum, added", out.values, expected.map { 2 * $0 }, 1e-6)
    aigc_column_sum(0, columns, x.base, stride, 0, out.base)
    compare("column_sum of none", out.values, [Double](repeating: 0, count: columns), 0)
  }

  private static func softmax(_ x: [Double]) -> [Double] {
    let top = x.max() ?? 0
    let terms = x.map { exp($0 - top) }
    let sum = terms.reduce(0, +)
    return terms.map { $0 / sum }
  }

  private static func rowed(_ x: [Double], _ columns: Int, _ body: ([Double]) -> [Double])
    -> [Double]
  {
    stride(from: 0, to: x.count, by: max(columns, 1)).flatMap {
      body(Array(x[$0..<$0 + columns]))
    }
  }

  mutating func rows() {
    for columns in Self.sizes {
      let rows = 3
      let size = rows * columns
      let x = Floats(Self.samples(size, 14, scale: 4))
      let (y, dy, dx) = (
        Floats(zeros: size), Floats(Self.samples(size, 15)), Floats(zeros: size)
      )
      aigc_softmax(rows, columns, x.base, y.base)
      let expected = Self.rowed(x.doubles, columns, Self.softmax)
      compare("softmax", y.values, expected, 1e-6)
      aigc_softmax_grad(rows, columns, dy.base, y.base, dx.base)
      var slopes: [Double] = []
      for row in 0..<rows {
        let range = row * columns..<(row + 1) * columns
        let total = range.reduce(0.0) { $0 + expected[$1] * Double(dy.base[$1]) }
        slopes += range.map { expected[$0] * (Double(dy.base[$0]) - total) }
      }
      compare("softmax_grad", dx.values, slopes, 1e-6)
      aigc_log_softmax(rows, columns, x.base, y.base)
      compare("log_softmax", y.values, expected.map { log($0) }, 2e-6)
      if columns > 0 { crossEntropy(x, rows, columns, expected) }
      binaryCrossEntropy(x, dy, rows, columns)
      if columns > 1 { layerNorm(x, dy, rows, columns) }
      if columns > 0 { rmsNorm(x, dy, rows, columns) }
    }
    let huge = Floats([1000, 999, -1000, 1000])
    aigc_softmax(1, 4, huge.base, huge.base)
    compare("softmax of large values", huge.values, Self.softmax([1000, 999, -1000, 1000]), 1e-6)
    let broken = Floats([1, .nan, 2] + Self.samples(20, 16))
    aigc_softmax(1, broken.count, broken.base, broken.base)
    compare("softmax with NaN", broken.values, broken.doubles.map { _ in .nan }, 0)
  }

  private mutating func crossEntropy(
    _ x: Floats, _ rows: Int, _ columns: Int, _ softmax: [Double]
  ) {
    let targets: [Int32] = [Int32(columns - 1), -1, 0]
    let (gradient, losses) = (Floats(x.values), Floats(zeros: rows))
    aigc_cross_entropy(rows, columns, gradient.base, targets, 0.25, losses.base)
    var expected: [Double] = []
    for (index, value) in softmax.enumerated() {
      let (row, column) = (index / columns, index % columns)
      let own = targets[row] == column ? 1.0 : 0
      expected.append(targets[row] < 0 ? 0 : 0.25 * (value - own))
    }
    compare("cross_entropy, gradient", gradient.values, expected, 1e-6)
    let wanted = (0..<rows).map {
      targets[$0] < 0 ? 0 : -log(softmax[$0 * columns + Int(targets[$0])])
    }
    compare("cross_entropy, losses", losses.values, wanted, 2e-6)
  }

  private mutating func binaryCrossEntropy(_ x: Floats, _ dy: Floats, _ rows: Int, _ columns: Int) {
    let (t, dx) = (Floats(Self.samples(columns, 19)), Floats(zeros: x.count))
    let losses = Floats(zeros: rows)
    // One row of targets for all.
    aigc_binary_cross_entropy(rows, columns, x.base, t.base, 0, losses.base)
    aigc_binary_cross_entropy_grad(rows, columns, dy.base, x.base, t.base, 0, dx.base)
    let targets = t.doubles
    let wanted = Self.rowed(x.doubles, columns) { row in
      [zip(row, targets).reduce(0.0) { $0 + log1p(exp($1.0)) - $1.0 * $1.1 }]
    }
    compare("binary_cross_entropy", losses.values, columns > 0 ? wanted : [0, 0, 0], 2e-6)
    let slopes = x.doubles.enumerated().map { index, value in
      Double(dy.base[index / columns]) * (1 / (1 + exp(-value)) - targets[index % columns])
    }
    compare("binary_cross_entropy_grad", dx.values, slopes, 1e-6)
  }

  private mutating func layerNorm(_ x: Floats, _ dy: Floats, _ rows: Int, _ columns: Int) {
    let (weight, bias) = (Floats(Self.samples(columns, 17)), Floats(Self.samples(columns, 18)))
    let (y, dx) = (Floats(zeros: x.count), Floats(zeros: x.count))
    let (means, inverses) = (Floats(zeros: rows), Floats(zeros: rows))
    let ones = [Float](repeating: 1, count: columns)
    let (dweight, dbias) = (Floats(ones), Floats(ones))
    aigc_layer_norm(
      rows, columns, x.base, weight.base, bias.base, 1e-5, y.base, means.base, inverses.base)
    aigc_layer_norm_grad(
      rows, columns, dy.base, x.base, weight.base, means.base, inverses.base, dx.base,
      dweight.base, dbias.base)
    let (n, w) = (Double(columns), weight.doubles)
    var (values, slopes): ([Double], [Double]) = ([], [])
    var sums = [[Double]](repeating: [Double](repeating: 1, count: columns), count: 2)
    for row in 0..<rows {
      let line = (0..<columns).map { Double(x.base[row * columns + $0]) }
      let mean = line.reduce(0, +) / n
      let variance = line.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / n
      let inverse = 1 / (variance + 1e-5).squareRoot()
      let normal = line.map { ($0 - mean) * inverse }
      values += (0..<columns).map { normal[$0] * w[$0] + Double(bias.base[$0]) }
      let g = (0..<columns).map { Double(dy.base[row * columns + $0]) * w[$0] }
      let total = g.reduce(0, +) / n
      let projection = zip(g, normal).reduce(0) { $0 + $1.0 * $1.1 } / n
      slopes += (0..<columns).map { inverse * (g[$0] - total - normal[$0] * projection) }
      for column in 0..<columns {
        let slope = Double(dy.base[row * columns + column])
        sums[0][column] += slope * normal[column]
        sums[1][column] += slope
      }
    }
    compare("layer_norm", y.values, values, 1e-5)
    compare("layer_norm_grad", dx.values, slopes, 1e-5)
    compare("layer_norm_grad, weight", dweight.values, sums[0], 1e-5)
    compare("layer_norm_grad, bias", dbias.values, sums[1], 1e-5)
  }
}
