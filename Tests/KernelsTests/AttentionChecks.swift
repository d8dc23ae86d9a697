import CKernels
import Glibc

extension KernelCheck {
  /// One block of queries by two of keys, against the definition.
  mutating func attention() {
    for (rows, columns, width) in [(1, 1, 1), (3, 5, 7), (6, 16, 16), (5, 17, 33), (9, 64, 64)] {
      for allowed in [-2, 0, 1, 3, 100] { attention(rows, columns, width, allowed) }
    }
  }

  private mutating func attention(_ rows: Int, _ columns: Int, _ width: Int, _ allowed: Int) {
    let scale: Float = 0.3
    let (stride, oStride) = (columns + 2, width + 1)
    // Of the first block every row sees all keys, of the second `allowed` and one more a row.
    let scores = (0..<2).map { Self.samples(rows * stride, 50 + UInt64($0), scale: 4) }
    let start = Self.samples(rows * oStride, 52)
    let (maximum, sum) = (Floats(zeros: rows), Floats(zeros: rows))
    let (o, logSums) = (Floats(start), Floats(zeros: rows))
    let weights = scores.map { Floats($0) }
    for (index, block) in weights.enumerated() {
      aigc_attention_weights(
        rows, columns, index == 0 ? 1000 : allowed, scale, index == 0 ? 1 : 0, block.base, stride,
        maximum.base, sum.base, o.base, oStride, width)
    }
    let kept = (0..<rows).map { row in
      (0..<2).map { $0 == 0 ? columns : max(0, min(columns, allowed + row)) }
    }
    func score(_ block: Int, _ row: Int, _ column: Int) -> Double {
      Double(scores[block][row * stride + column]) * Double(scale)
    }
    let tops = (0..<rows).map { row in
      (0..<2).map { block in
        (0..<kept[row][block]).map { score(block, row, $0) }.max() ?? -.infinity
      }
    }
    let all = tops.map { max($0[0], $0[1]) }
    let sums = (0..<rows).map { row in
      (0..<2).reduce(0.0) { sum, block in
        (0..<kept[row][block]).reduce(sum) { $0 + exp(score(block, row, $1) - all[row]) }
      }
    }
    compare("attention, maximum", maximum.values, all, 1e-6)
    compare("attention, sum", sum.values, sums, 1e-5)
    for block in 0..<2 {
      let expected = (0..<rows * stride).map { index -> Double in
        let (row, column) = (index / stride, index % stride)
        if column >= columns { return Double(scores[block][index]) }
        let top = block == 0 ? tops[row][0] : all[row]
        return column < kept[row][block] ? exp(score(block, row, column) - top) : 0
      }
      compare("attention, weights", weights[block].values, expected, 1e-5)
    }
    aigc_attention_finish(
      rows, maximum.base, sum.base, o.base, oStride, width, logSums.base)
    compare(
      "attention, log sum", logSums.values, zip(all, sums).map { $0 + log($1) }, 1e-5)
    let outputs = start.enumerated().map { index, value -> Double in
      let row = index / oStride
      if index % oStride >= width { return Double(value) }
      return Double(value) * exp(tops[row][0] - all[row]) / sums[row]
    }
    compare("attention, output", o.values, outputs, 1e-5)
    attentionSlopes(rows, columns, allowed, scale, scores[0], logSums)
  }

  private mutating func attentionSlopes(
    _ rows: Int, _ columns: Int, _ allowed: Int, _ scale: Float, _ scores: [Float],
    _ logSums: Floats
  ) {
    let stride = columns + 2
    let (s, dp) = (Floats(scores), Floats(Self.samples(rows * stride, 53)))
    let (delta, slopes) = (Floats(Self.samples(rows, 54)), dp.doubles)
    aigc_attention_grad(
      rows, columns, allowed, scale, s.base, dp.base, stride, logSums.base, delta.base)
    let weights = (0..<rows * stride).map { index -> Double in
      let (row, column) = (index / stride, index % stride)
      if column >= columns { return Double(scores[index]) }
      if column >= allowed + row { return 0 }
      return exp(Double(scores[index]) * Double(scale) - Double(logSums.base[row]))
    }
    compare("attention_grad, weights", s.values, weights, 1e-5)
    let expected = (0..<rows * stride).map { index -> Double in
      let (row, column) = (index / stride, index % stride)
      if column >= columns { return slopes[index] }
      return weights[index] * (slopes[index] - Double(delta.base[row])) * Double(scale)
    }
    compare("attention_grad", dp.values, expected, 1e-5)
  }
}
