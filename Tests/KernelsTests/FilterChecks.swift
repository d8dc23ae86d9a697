import CKernels

/// Filtering of windows of 2 x 2.
extension KernelCheck {
  /// Tiles of every second pixel from one before the map on.
  private static let tiles = aigc_filter_tiles(
    height: 9, width: 11, pixel: 45, down: 2, across: 2, step: 2, row: -1, column: -1)

  /// The place of pixel (i, j) of a tile in a map, nil outside.
  private static func pixel(_ tile: Int, _ i: Int, _ j: Int) -> Int? {
    let t = tiles
    let row = t.step * (4 * (tile / t.across % t.down) + i) + t.row
    let column = t.step * (4 * (tile % t.across) + j) + t.column
    guard (0..<t.height).contains(row), (0..<t.width).contains(column) else { return nil }
    return ((tile / (t.across * t.down) * t.height + row) * t.width + column) * t.pixel
  }

  mutating func filterMaps() {
    var tiles = Self.tiles
    let (first, count, channels) = (1, 7, 41)
    let map = Floats(Self.samples(2 * 9 * 11 * 45 + 64, 87))
    let plane = count * 64 + 16
    func window(_ tile: Int, _ size: Int, _ c: Int) -> [[Double]] {
      (0..<size).map { i in
        (0..<size).map { j in Self.pixel(tile, i, j).map { Double(map.base[$0 + c]) } ?? 0 }
      }
    }
    let (windows, gradients) = (Floats(zeros: 25 * plane), Floats(zeros: 25 * plane))
    aigc_filter_windows(&tiles, first, count, channels, map.base, windows.base, plane)
    aigc_filter_gradients(&tiles, first, count, channels, map.base, gradients.base, plane)
    for t in 0..<count {
      for c in 0..<channels {
        let places = (0..<25).map { $0 * plane + t * 64 + c }
        compare(
          "filter_windows", places.map { windows.base[$0] },
          Filtering.ofTwo.inputs.around(window(first + t, 5, c)).flatMap { $0 }, 1e-5)
        compare(
          "filter_gradients", places.map { gradients.base[$0] },
          Filtering.ofTwo.outputs.transposed.around(window(first + t, 4, c)).flatMap { $0 }, 1e-5)
      }
    }
    let planes = Floats(Self.samples(25 * plane, 88))
    let bias = Floats(Self.samples(channels, 89))
    let outputs = Floats(map.values)
    aigc_filter_outputs(
      &tiles, first, count, channels, planes.base, plane, bias.base, outputs.base)
    var expected = map.doubles
    for t in 0..<count {
      for c in 0..<channels {
        let points = (0..<5).map { r in
          (0..<5).map { Double(planes.base[(5 * r + $0) * plane + t * 64 + c]) }
        }
        let out = Filtering.ofTwo.outputs.around(points)
        for i in 0..<4 {
          for j in 0..<4 {
            guard let place = Self.pixel(first + t, i, j) else { continue }
            expected[place + c] = out[i][j] + Double(bias.base[c])
          }
        }
      }
    }
    compare("filter_outputs", outputs.values, expected, 3e-5)
  }

  mutating func filterWeights() {
    let (rows, columns, row, down, across) = (9, 43, 50, 600, 1300)
    let w = Floats(Self.samples(rows * row + down + across + 64, 90))
    let plane = rows * 64 + 16
    let points = Floats(zeros: 25 * plane)
    aigc_filter_weights(rows, columns, w.base, row, down, across, points.base, plane)
    let planes = Floats(Self.samples(25 * plane, 91))
    let gradient = Floats(w.values)
    aigc_filter_weight_gradients(
      rows, columns, planes.base, plane, gradient.base, row, down, across)
    var expected = w.doubles
    for k in 0..<rows {
      for c in 0..<columns {
        let taps = (0..<2).map { a in
          (0..<2).map { Double(w.base[k * row + c + a * down + $0 * across]) }
        }
        compare(
          "filter_weights", (0..<25).map { points.base[$0 * plane + k * 64 + c] },
          Filtering.ofTwo.weights.around(taps).flatMap { $0 }, 1e-5)
        let square = (0..<5).map { r in
          (0..<5).map { Double(planes.base[(5 * r + $0) * plane + k * 64 + c]) }
        }
        let out = Filtering.ofTwo.weights.transposed.around(square)
        for a in 0..<2 {
          for b in 0..<2 { expected[k * row + c + a * down + b * across] = out[a][b] }
        }
      }
    }
    compare("filter_weight_gradients", gradient.values, expected, 1e-5)
  }

  /// Rows and columns of a that are listed, in any order.
  mutating func listedPanels() {
    for (rows, depth, columns) in [(1, 3, 64), (13, 9, 32), (7, 20, 50), (6, 1, 7)] {
      let a = Floats(Self.samples(rows * depth * 3, 92))
      let b = Floats(Self.samples(depth * 70, 93))
      let rowAt = (0..<rows).map { ($0 * 5 + 2) % rows * depth * 3 }
      let depthAt = (0..<depth).map { ($0 * 7 + 1) % depth * 3 }
      let cAt = (0..<rows).map { ($0 * 3 + 1) % rows * 70 }
      let bias = Floats(Self.samples(64, 94))
      for start in 0..<3 {
        // Of three steps some rows are the same: each row of c once.
        let places = Set(cAt).count == rows ? cAt : (0..<rows).map { $0 * 70 }
        let c = Floats(Self.samples(rows * 70, 95))
        var expected = c.doubles
        for i in 0..<rows {
          for j in 0..<columns {
            var sum = start == 0 ? 0 : start == 1 ? expected[places[i] + j] : Double(bias.base[j])
            for k in 0..<depth {
              sum += Double(a.base[rowAt[i] + depthAt[k]]) * Double(b.base[k * 70 + j])
            }
            expected[places[i] + j] = sum
          }
        }
        aigc_gemm_panel_at(
          rows, depth, a.base, rowAt, depthAt, b.base, 70,
          start == 0 ? nil : start == 1 ? UnsafePointer(c.base) : UnsafePointer(bias.base), c.base,
          places, columns)
        compare("gemm_panel_at \(rows) \(depth) \(columns)", c.values, expected, 1e-5)
      }
    }
    // Nothing comes of it but a warm cache.
    let rows = Floats(zeros: 640)
    aigc_fetch_rows(10, 256, rows.base, 256)
    compare("fetch_rows", rows.values, rows.doubles, 0)
  }

  mutating func leakyGradient() {
    for size in Self.sizes {
      let (dy, x) = (Floats(Self.samples(size, 96)), Floats(Self.samples(size, 97)))
      let dx = Floats(zeros: size)
      aigc_leaky_relu_grad(size, 0.2, dy.base, x.base, dx.base)
      let expected = (0..<size).map {
        Double(dy.base[$0]) * (x.base[$0] > 0 ? 1 : Double(Float(0.2)))
      }
      compare("leaky_relu_grad", dx.values, expected, 1e-6)
    }
  }
}
