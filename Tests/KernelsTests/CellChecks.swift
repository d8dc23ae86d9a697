import CKernels
import Glibc

extension KernelCheck {
  mutating func panels() {
    for (rows, depth, columns) in [
      (1, 1, 64), (6, 7, 64), (7, 3, 64), (5, 9, 1), (13, 17, 63), (6, 0, 64), (4, 0, 5),
      (12, 5, 16),
      (0, 3, 64), (2, 33, 40), (8, 9, 32), (7, 5, 33), (4, 2, 8), (13, 20, 64), (20, 33, 64),
    ] {
      for isColumnMajor in [false, true] {
        let (rowStride, depthStride) = isColumnMajor ? (1, rows + 2) : (depth + 3, 1)
        let a = Floats(Self.samples(rows * (depth + 3) + depth * (rows + 2), 20))
        let b = Floats(Self.samples((depth + 2) * (columns + 2), 21))
        let (bDepth, bColumn) = isColumnMajor ? (1, depth + 2) : (columns + 2, 1)
        let panel = Floats([Float](repeating: 9, count: depth * 64))
        aigc_pack_panel(depth, columns, b.base, bDepth, bColumn, panel.base)
        let packed = (0..<depth * 64).map { index -> Double in
          let (k, j) = (index / 64, index % 64)
          return j < columns ? Double(b.base[k * bDepth + j * bColumn]) : 0
        }
        compare("pack_panel \(depth) \(columns)", panel.values, packed, 0)
        for start in 0..<4 {
          multiply(rows, depth, columns, a, rowStride, depthStride, panel, start: start)
        }
      }
    }
  }

  /// start: 0 none, 1 another matrix, 2 one row for all, 3 c itself.
  private mutating func multiply(
    _ rows: Int, _ depth: Int, _ columns: Int, _ a: Floats, _ rowStride: Int, _ depthStride: Int,
    _ panel: Floats, start: Int
  ) {
    let stride = columns + 5
    let (c, other) = (
      Floats(Self.samples(rows * stride, 22)), Floats(Self.samples(rows * stride + 64, 23))
    )
    var expected = c.doubles
    for row in 0..<rows {
      for column in 0..<columns {
        var sum = 0.0
        switch start {
        case 1: sum = Double(other.base[row * stride + column])
        case 2: sum = Double(other.base[column])
        case 3: sum = Double(c.base[row * stride + column])
        default: break
        }
        for k in 0..<depth {
          sum +=
            Double(a.base[row * rowStride + k * depthStride])
            * Double(panel.base[k * 64 + column])
        }
        expected[row * stride + column] = sum
      }
    }
    let source = start == 0 ? nil : UnsafePointer(start == 3 ? c.base : other.base)
    if depthStride == 1 {
      // Before c is written, which may be its own start.
      let ahead = Floats(c.values)
      let begin = start == 3 ? UnsafePointer(ahead.base) : source
      aigc_gemm_panel_ahead(
        rows, depth, a.base, rowStride, panel.base, begin, start == 2 ? 0 : stride, ahead.base,
        stride, columns)
      compare("gemm_panel_ahead \(rows) \(depth) \(columns) \(start)", ahead.values, expected, 1e-5)
    }
    aigc_gemm_panel(
      rows, depth, a.base, rowStride, depthStride, panel.base, source, start == 2 ? 0 : stride,
      c.base, stride, columns)
    compare("gemm_panel \(rows) \(depth) \(columns) \(start)", c.values, expected, 1e-5)
  }

  mutating func lstmCell() {
    for n in Self.sizes {
      let stride = n + 2
      let start = Self.samples(4 * stride, 24)
      let (gates, bias) = (Floats(start), Floats(Self.samples(4 * stride, 25)))
      let (before, c, h) = (
        Floats(Self.samples(n, 26)), Floats(zeros: n), Floats(zeros: n)
      )
      aigc_lstm_cell(n, gates.base, stride, bias.base, before.base, c.base, h.base)
      let (dh, dc, dgates) = (
        Floats(Self.samples(n, 27)), Floats(Self.samples(n, 28)), Floats(start)
      )
      var (activations, cells, states) = (start.map { Double($0) }, before.doubles, h.doubles)
      var (slopes, later) = (activations, dc.doubles)
      for i in 0..<n {
        let pre = (0..<4).map {
          Double(start[$0 * stride + i]) + Double(bias.base[$0 * stride + i])
        }
        let (a, f, o) = (Self.logistic(pre[0]), Self.logistic(pre[1]), Self.logistic(pre[3]))
        let (g, old) = (tanh(pre[2]), Double(before.base[i]))
        cells[i] = f * old + a * g
        states[i] = o * tanh(cells[i])
        for (gate, value) in [a, f, g, o].enumerated() { activations[gate * stride + i] = value }
        let (slope, squashed) = (Double(dh.base[i]), tanh(cells[i]))
        let cell = later[i] + slope * o * (1 - squashed * squashed)
        let found = [
          cell * g * a * (1 - a), cell * old * f * (1 - f), cell * a * (1 - g * g),
          slope * squashed * o * (1 - o),
        ]
        for (gate, value) in found.enumerated() { slopes[gate * stride + i] = value }
        later[i] = cell * f
      }
      compare("lstm_cell, gates", gates.values, activations, 2e-6)
      compare("lstm_cell, c", c.values, cells, 2e-6)
      compare("lstm_cell, h", h.values, states, 2e-6)
      aigc_lstm_cell_grad(
        n, gates.base, stride, before.base, c.base, dh.base, dc.base, dgates.base)
      compare("lstm_cell_grad, gates", dgates.values, slopes, 5e-6)
      compare("lstm_cell_grad, c", dc.values, later, 5e-6)
    }
  }

  mutating func gruCell() {
    for n in Self.sizes {
      let stride = n + 2
      let (start, startHidden) = (Self.samples(3 * stride, 29), Self.samples(3 * stride, 30))
      let (gates, hidden) = (Floats(start), Floats(startHidden))
      let (bias, hiddenBias) = (
        Floats(Self.samples(3 * stride, 31)), Floats(Self.samples(3 * stride, 32))
      )
      let (before, h, dh) = (
        Floats(Self.samples(n, 33)), Floats(zeros: n), Floats(Self.samples(n, 34))
      )
      aigc_gru_cell(
        n, gates.base, stride, bias.base, hidden.base, hiddenBias.base, before.base, h.base)
      let (dgates, dhidden, dbefore) = (Floats(start), Floats(startHidden), Floats(zeros: n))
      aigc_gru_cell_grad(
        n, gates.base, stride, hidden.base + 2 * stride, before.base, dh.base, dgates.base,
        dhidden.base, dbefore.base)
      var (activations, states) = (start.map { Double($0) }, before.doubles)
      var (slopes, hiddenSlopes) = (activations, startHidden.map { Double($0) })
      var passed = states
      for i in 0..<n {
        func at(_ values: Floats, _ gate: Int) -> Double { Double(values.base[gate * stride + i]) }
        let x = (0..<3).map { Double(start[$0 * stride + i]) + at(bias, $0) }
        let u = (0..<3).map { Double(startHidden[$0 * stride + i]) + at(hiddenBias, $0) }
        let (r, z, old) = (Self.logistic(x[0] + u[0]), Self.logistic(x[1] + u[1]), states[i])
        let new = tanh(x[2] + r * u[2])
        states[i] = (1 - z) * new + z * old
        for (gate, value) in [r, z, new].enumerated() { activations[gate * stride + i] = value }
        let slope = Double(dh.base[i])
        let inner = slope * (1 - z) * (1 - new * new)
        let found = [inner * u[2] * r * (1 - r), slope * (old - new) * z * (1 - z), inner]
        for (gate, value) in found.enumerated() {
          slopes[gate * stride + i] = value
          hiddenSlopes[gate * stride + i] = gate == 2 ? value * r : value
        }
        passed[i] = slope * z
      }
      compare("gru_cell, gates", gates.values, activations, 2e-6)
      compare("gru_cell, h", h.values, states, 2e-6)
      compare("gru_cell_grad, gates", dgates.values, slopes, 5e-6)
      compare("gru_cell_grad, hidden", dhidden.values, hiddenSlopes, 5e-6)
      compare("gru_cell_grad, h", dbefore.values, passed, 5e-6)
    }
  }
}
