import CKernels

extension KernelCheck {
  private static let panel = 64

  /// Where column c of row r lies in panels of 64 columns with `rows` rows.
  private static func inPanels(_ rows: Int, _ r: Int, _ c: Int) -> Int {
    c / panel * panel * rows + r * panel + c % panel
  }

  /// A map of 2 images, cut into tiles of 4 x 4 outputs that reach beyond it.
  private struct Map {
    let height = 7
    let width = 10
    let channels = 37
    /// Of tiles.
    let rows = 2
    let columns = 3
    let values: Floats
    init() { values = Floats(KernelCheck.samples(2 * 7 * 10 * 37, 80)) }

    var tiles: aigc_winograd_tiles {
      aigc_winograd_tiles(
        height: height, width: width, channels: channels, rows: rows, columns: columns, plane: 0)
    }

    /// Pixels of a tile from `offset` before its first one on, 0 outside.
    func window(_ tile: Int, _ size: Int, offset: Int, _ channel: Int) -> [[Double]] {
      let (image, place) = (tile / (rows * columns), tile % (rows * columns))
      let (top, left) = (place / columns * 4 - offset, place % columns * 4 - offset)
      return (0..<size).map { i in
        (0..<size).map { j in
          let (y, x) = (top + i, left + j)
          guard (0..<height).contains(y), (0..<width).contains(x) else { return 0 }
          return Double(values.base[((image * height + y) * width + x) * channels + channel])
        }
      }
    }
  }

  mutating func winogradMaps() {
    let (map, first, count) = (Map(), 1, 11)
    let filtering = Filtering.ofThree
    for padding in 0...2 {
      var tiles = map.tiles
      let row = 48
      tiles.plane = count * row + 16
      let v = Floats(zeros: 36 * tiles.plane)
      aigc_winograd_input(
        &tiles, padding, first, count, map.values.base, 3, map.channels - 3, v.base, row)
      for t in 0..<count {
        for c in 0..<map.channels - 3 {
          let expected = filtering.inputs.around(
            map.window(first + t, 6, offset: padding, c + 3))
          let found = (0..<36).map { v.values(at: $0 * tiles.plane + t * row + c) }
          compare("winograd_input", found, expected.flatMap { $0 }, 1e-5)
        }
      }
    }
    var tiles = map.tiles
    tiles.plane = count * Self.panel + 16
    let z = Floats(zeros: 36 * tiles.plane)
    aigc_winograd_gradient(&tiles, first, count, map.values.base, z.base, count)
    for t in 0..<count {
      for c in 0..<map.channels {
        let expected = filtering.outputs.transposed.around(
          map.window(first + t, 4, offset: 0, c))
        let found = (0..<36).map {
          z.values(at: $0 * tiles.plane + Self.inPanels(count, t, c))
        }
        compare("winograd_gradient", found, expected.flatMap { $0 }, 1e-5)
      }
    }
    winogradOutput(map)
  }

  private mutating func winogradOutput(_ map: Map) {
    let count = 12
    var tiles = map.tiles
    tiles.plane = count * Self.panel + 16
    let m = Floats(Self.samples(36 * tiles.plane, 81))
    let bias = Floats(Self.samples(map.channels, 82))
    let y = Floats([Float](repeating: .nan, count: map.values.count))
    aigc_winograd_output(&tiles, 0, count, m.base, 0, bias.base, y.base)
    var expected = [Double](repeating: .nan, count: y.count)
    for t in 0..<count {
      for c in 0..<map.channels {
        let planes = (0..<6).map { i in
          (0..<6).map { Double(m.base[(i * 6 + $0) * tiles.plane + t * Self.panel + c]) }
        }
        let out = Filtering.ofThree.outputs.around(planes)
        for i in 0..<4 {
          for j in 0..<4 {
            let (row, column) = (t % 6 / 3 * 4 + i, t % 3 * 4 + j)
            guard row < map.height, column < map.width else { continue }
            let pixel = (t / 6 * map.height + row) * map.width + column
            expected[pixel * map.channels + c] = out[i][j] + Double(bias.base[c])
          }
        }
      }
    }
    compare("winograd_output", y.values, expected, 2e-5)
  }

  mutating func winogradWeights() {
    let (channels, kernels) = (19, 37)
    let w = Floats(Self.samples(9 * channels * kernels, 83))
    func window(_ c: Int, _ k: Int, turned: Bool) -> [[Double]] {
      (0..<3).map { i in
        (0..<3).map { j in
          let place = turned ? 8 - (i * 3 + j) : i * 3 + j
          return Double(w.base[(place * channels + c) * kernels + k])
        }
      }
    }
    let plane = Self.panel * max(channels, kernels) + 16
    let (u, turned) = (Floats(zeros: 36 * plane), Floats(zeros: 36 * plane))
    aigc_winograd_weight(channels, kernels, 0, channels, w.base, u.base, plane)
    aigc_winograd_weight_turned(channels, kernels, 0, kernels, w.base, turned.base, plane)
    for c in 0..<channels {
      for k in 0..<kernels {
        let found = (0..<36).map { u.values(at: $0 * plane + Self.inPanels(channels, c, k)) }
        compare(
          "winograd_weight", found,
          Filtering.ofThree.weights.around(window(c, k, turned: false)).flatMap { $0 }, 1e-5)
        let other = (0..<36).map { turned.values(at: $0 * plane + Self.inPanels(kernels, k, c)) }
        compare(
          "winograd_weight_turned", other,
          Filtering.ofThree.weights.around(window(c, k, turned: true)).flatMap { $0 }, 1e-5)
      }
    }
    let (first, count, parts) = (3, 5, 2)
    let (size, part) = (count * kernels, 36 * (count * kernels + 5))
    let sums = Floats(Self.samples(parts * part, 84))
    let gradient = Floats(w.values)
    aigc_winograd_weight_gradient(
      channels, kernels, first, count, sums.base, size + 5, parts, part, gradient.base)
    var expected = w.doubles
    for c in first..<first + count {
      for k in 0..<kernels {
        let planes = (0..<6).map { i in
          (0..<6).map { j in
            let place = (i * 6 + j) * (size + 5) + (c - first) * kernels + k
            return Double(sums.base[place]) + Double(sums.base[place + part])
          }
        }
        let out = Filtering.ofThree.weights.transposed.around(planes)
        for i in 0..<9 { expected[(i * channels + c) * kernels + k] = out[i / 3][i % 3] }
      }
    }
    compare("winograd_weight_gradient", gradient.values, expected, 1e-5)
  }

  mutating func winogradProducts() {
    for (rows, depth, columns) in [(1, 3, 32), (13, 20, 64), (6, 33, 32)] {
      let (vPlane, uPlane, mPlane) = (rows * 40 + 16, depth * 64 + 16, rows * 64 + 16)
      let v = Floats(Self.samples(36 * vPlane, 85))
      let u = Floats(Self.samples(36 * uPlane, 86))
      let m = Floats(zeros: 36 * mPlane)
      aigc_winograd_multiply(
        rows, depth, columns, v.base, 40, vPlane, u.base, uPlane, m.base, mPlane)
      for f in 0..<36 {
        for i in 0..<rows {
          let expected = (0..<columns).map { j in
            (0..<depth).reduce(0.0) {
              $0 + Double(v.base[f * vPlane + i * 40 + $1])
                * Double(u.base[f * uPlane + $1 * 64 + j])
            }
          }
          let found = (0..<columns).map { m.values(at: f * mPlane + i * 64 + $0) }
          compare("winograd_multiply", found, expected, 1e-5)
        }
      }
    }
  }
}

extension Floats {
  func values(at index: Int) -> Float { base[index] }
}
