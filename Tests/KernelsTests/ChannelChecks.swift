import CKernels

extension KernelCheck {
  /// Normalisation by channel.
  mutating func channels() {
    for channels in Self.sizes where channels > 0 {
      let rows = 7
      let count = rows * channels
      let (x, dy) = (Floats(Self.samples(count, 40)), Floats(Self.samples(count, 41)))
      let scale = Floats(Self.samples(channels, 42))
      let (offset, mean) = (Floats(Self.samples(channels, 43)), Floats(Self.samples(channels, 44)))
      let (a, b) = (Floats(Self.samples(channels, 45)), Floats(Self.samples(channels, 46)))
      let sums = Floats([Float](repeating: 1, count: 2 * channels))
      let gradients = Floats([Float](repeating: 1, count: 2 * channels))
      let (y, dx) = (Floats(zeros: count), Floats(zeros: count))
      aigc_channel_moments(rows, channels, x.base, mean.base, sums.base)
      aigc_channel_affine(rows, channels, x.base, scale.base, offset.base, 0.2, y.base)
      aigc_channel_grad_sums(
        rows, channels, dy.base, x.base, mean.base, scale.base, offset.base, 0.2, gradients.base)
      aigc_channel_grad(
        rows, channels, dy.base, x.base, scale.base, offset.base, 0.2, a.base, b.base, mean.base,
        dx.base)
      var (moments, products) = ([Double](repeating: 1, count: 2 * channels), [Double]())
      products = moments
      var (values, slopes): ([Double], [Double]) = ([], [])
      for index in 0..<count {
        let c = index % channels
        let (value, slope, center) = (x.doubles(index), dy.doubles(index), mean.doubles(c))
        let linear = value * scale.doubles(c) + offset.doubles(c)
        let g = linear > 0 ? slope : slope * Double(Float(0.2))
        values.append(linear > 0 ? linear : linear * Double(Float(0.2)))
        moments[c] += value - center
        moments[channels + c] += (value - center) * (value - center)
        products[c] += g
        products[channels + c] += g * (value - center)
        slopes.append(g * a.doubles(c) + value * b.doubles(c) + center)
      }
      compare("channel_moments", sums.values, moments, 1e-5)
      compare("channel_affine", y.values, values, 1e-5)
      compare("channel_grad_sums", gradients.values, products, 1e-5)
      compare("channel_grad", dx.values, slopes, 1e-5)
    }
  }

  /// One row of overlapping windows, with NaN in one of them.
  mutating func pooling() {
    let (size, stride, columns) = (3, 2, 2)
    for channels in Self.sizes where channels > 0 {
      let rowSize = (size + stride * (columns - 1)) * channels
      var samples = Self.samples(size * rowSize, 47)
      samples[rowSize] = .nan
      let x = Floats(samples)
      let count = columns * channels
      let (y, places) = (Floats(zeros: count), Floats(zeros: count))
      aigc_max_pool(columns, size, stride, channels, x.base, rowSize, y.base, places.base)
      var (best, chosen): ([Double], [Double]) = ([], [])
      var sums: [Double] = []
      var (spread, picked) = (
        [Double](repeating: 0, count: x.count), [Double](repeating: 0, count: x.count)
      )
      for index in 0..<count {
        let (window, channel) = (index / channels, index % channels)
        let cells = (0..<size * size).map { place in
          place / size * rowSize + (window * stride + place % size) * channels + channel
        }
        let top = cells.indices.first { x.base[cells[$0]].isNaN }
        let place = top ?? cells.indices.max { x.base[cells[$0]] < x.base[cells[$1]] } ?? 0
        best.append(x.doubles(cells[place]))
        chosen.append(Double(place))
        sums.append(cells.reduce(0) { $0 + x.doubles($1) })
        for cell in cells { spread[cell] += Double(y.base[index]) }
        picked[cells[place]] += Double(y.base[index])
      }
      compare("max_pool", y.values, best, 0)
      compare("max_pool, places", places.values, chosen, 0)
      let (total, one) = (Floats(zeros: count), Floats(zeros: count))
      aigc_pool_sum(columns, size, stride, channels, x.base, rowSize, nil, total.base)
      aigc_pool_sum(columns, size, stride, channels, x.base, rowSize, places.base, one.base)
      compare("pool_sum", total.values, sums, 1e-5)
      compare("pool_sum of places", one.values, best, 0)
      let (all, some) = (Floats(zeros: x.count), Floats(zeros: x.count))
      aigc_pool_spread(columns, size, stride, channels, y.base, nil, all.base, rowSize)
      aigc_pool_spread(columns, size, stride, channels, y.base, places.base, some.base, rowSize)
      compare("pool_spread", all.values, spread, 1e-5)
      compare("pool_spread to places", some.values, picked, 1e-5)
    }
  }

  /// What stands behind a modulated convolution, and without its parts.
  mutating func styles() {
    for channels in Self.sizes where channels > 0 {
      let rows = 5
      let count = rows * channels
      let (x, dy) = (Floats(Self.samples(count, 50)), Floats(Self.samples(count, 51)))
      let (scale, bias) = (Floats(Self.samples(channels, 52)), Floats(Self.samples(channels, 53)))
      let noise = Floats(Self.samples(rows, 54))
      for isWhole in [true, false] {
        let (y, dx) = (Floats(zeros: count), Floats(zeros: count))
        let sums = Floats([Float](repeating: 1, count: 2 * channels))
        let dnoise = Floats(zeros: rows)
        let (factor, start) = (isWhole ? scale.base : nil, isWhole ? bias.base : nil)
        aigc_style_activation(
          rows, channels, x.base, factor, isWhole ? noise.base : nil, start, 0.2, 1.5, y.base)
        aigc_style_activation_grad(
          rows, channels, dy.base, y.base, x.base, factor, 0.2, 1.5, dx.base,
          isWhole ? sums.base : nil, isWhole ? dnoise.base : nil)
        var (values, gradients) = ([Double](), [Double]())
        var (totals, noises) = (
          [Double](repeating: 1, count: 2 * channels), [Double](repeating: 0, count: rows)
        )
        for index in 0..<count {
          let (row, c) = (index / channels, index % channels)
          let factor = isWhole ? scale.doubles(c) : 1
          let offset = isWhole ? noise.doubles(row) + bias.doubles(c) : 0
          let value = x.doubles(index) * factor + offset
          let slope = value > 0 ? 1.5 : 1.5 * Double(Float(0.2))
          values.append(value * slope)
          let g = dy.doubles(index) * slope
          gradients.append(g * factor)
          totals[c] += g
          totals[channels + c] += g * x.doubles(index)
          noises[row] += g
        }
        compare("style_activation", y.values, values, 1e-5)
        compare("style_activation_grad", dx.values, gradients, 1e-5)
        if isWhole {
          compare("style_activation_grad, sums", sums.values, totals, 1e-5)
          compare("style_activation_grad, noise", dnoise.values, noises, 1e-5)
        }
      }
    }
  }

  /// A line between zeros, up and down by factors that have no common one, with taps that meet nothing.
  mutating func resampling() {
    let taps = Floats(Self.samples(7, 48))
    for inner in Self.sizes where inner > 0 {
      for (up, down, offset) in [(1, 1, 0), (2, 1, 3), (1, 2, -2), (3, 2, 9)] {
        let (inputs, outputs) = (5, 8)
        let x = Floats(Self.samples(inputs * inner, 49))
        let y = Floats(zeros: outputs * inner)
        aigc_resample(
          outputs, inputs, inner, taps.base, taps.count, up, down, offset, x.base, y.base)
        var expected: [Double] = []
        for index in 0..<outputs * inner {
          expected.append(
            (0..<taps.count).reduce(0) { sum, tap in
              let place = index / inner * down + tap - offset
              guard place >= 0, place % up == 0, place / up < inputs else { return sum }
              return sum + taps.doubles(tap) * x.doubles(place / up * inner + index % inner)
            })
        }
        compare("resample", y.values, expected, 1e-5)
      }
    }
  }
}

extension Floats {
  fileprivate func doubles(_ index: Int) -> Double { Double(base[index]) }
}
