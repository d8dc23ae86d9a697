import Kernels

@testable import Autograd

extension GradientRows {
  /// Windows that overlap and that leave pixels over, strides, paddings, with and without bias.
  static var convolutions: [GradientRow] {
    var rows: [GradientRow] = []
    for (index, (kernel, stride, padding)) in [(3, 1, 1), (4, 2, 1), (1, 1, 0), (2, 3, 2)]
      .enumerated()
    {
      let seed = UInt64(200 + 10 * index)
      let x = Samples.normal([2, 5, 6, 3], seed)
      let small = Samples.normal([2, 3, 2, 4], seed + 1)
      let weight = Samples.normal([kernel, kernel, 3, 4], seed + 2)
      let (bias, inputBias) = (Samples.normal([4], seed + 3), Samples.normal([3], seed + 4))
      let name = "\(kernel)x\(kernel) every \(stride)"
      rows += [
        GradientRow("conv2d \(name)", [x, weight, bias]) {
          conv2d($0[0], $0[1], $0[2], stride: stride, padding: padding, mode: .exact)
        },
        GradientRow("conv2d \(name) without bias", [x, weight]) {
          conv2d($0[0], $0[1], stride: stride, padding: padding, mode: .exact)
        },
        GradientRow("convTranspose2d \(name)", [small, weight, inputBias]) {
          convTranspose2d(
            $0[0], $0[1], $0[2], stride: stride, padding: padding, outputPadding: stride - 1,
            mode: .exact)
        },
      ]
    }
    let weights = [Samples.normal([4, 4, 2, 3], 250), Samples.normal([3, 3, 3, 2], 251)]
    return rows + [
      GradientRow("two convolutions", [Samples.normal([1, 6, 6, 2], 252)] + weights) {
        let hidden = tanh(conv2d($0[0], $0[1], stride: 2, padding: 1, mode: .exact))
        return tanh(conv2d(hidden, $0[2], padding: 1, mode: .exact))
      }
    ]
  }

  /// Borders as wide as images allow, and narrower ones.
  static var borders: [GradientRow] {
    [1, 2, 3].map { padding in
      GradientRow(
        "reflectionPad2d \(padding)", [Samples.normal([2, 4, 5, 3], UInt64(290 + padding))]
      ) { square(reflectionPad2d($0[0], padding: padding)) }
    }
  }

  /// Filters that enlarge and reduce, whole and fractional factors, with zeros around and pixels left out.
  static var resamplings: [GradientRow] {
    let filters = [
      ResamplingFilter.doubling, .halving,
      ResamplingFilter([0.5, -0.25, 0.125], before: 2, after: -1),
      ResamplingFilter([0.1, 0.2, 0.3, 0.4, 0.5], up: 3, down: 2, before: -1, after: 3),
    ]
    let maps = [AffineMap(0.8, 0.3, 0.7, -0.4, 1.1, -0.2), AffineMap(-1, 0, 2.3, 0, 2, 0.1)]
    return filters.enumerated().map { index, filter in
      GradientRow("resample2d \(index)", [Samples.normal([2, 4, 5, 3], UInt64(280 + index))]) {
        square(resample2d($0[0], filter))
      }
    } + [
      GradientRow("sampleAffine2d", [Samples.normal([2, 4, 5, 3], 288)]) {
        square(sampleAffine2d($0[0], maps, height: 5, width: 3))
      }
    ]
  }

  /// With and without each part; values stay away from the kink.
  static var styledActivations: [GradientRow] {
    let x = Samples.signed([2, 3, 4, 5], 310)
    let scale = Samples.signed([2, 5], 311)
    let bias = Samples.normal([5], 312, scale: 0.01)
    let noises = [
      Samples.normal([1, 3, 4, 1], 313, scale: 0.01),
      Samples.normal([2, 3, 4, 1], 314, scale: 0.01),
    ]
    return [
      GradientRow("styledActivation", [x, scale, noises[0], bias]) {
        square(
          styledActivation(
            $0[0], scale: $0[1], noise: $0[2], bias: $0[3], slope: 0.2, gain: 1.5))
      },
      GradientRow("styledActivation with own noise", [x, noises[1]]) {
        square(styledActivation($0[0], noise: $0[1], slope: 0.2))
      },
      GradientRow("styledActivation of a scale", [x, scale]) {
        square(styledActivation($0[0], scale: $0[1], gain: 2))
      },
      GradientRow("styledActivation of a bias", [x, bias]) {
        square(styledActivation($0[0], bias: $0[1], slope: 0.2, gain: 1.5))
      },
    ]
  }

  static var channelNorms: [GradientRow] {
    let x = Samples.normal([3, 2, 5, 4], 260, scale: 1)
    let weight = Samples.signed([4], 261)
    // Far from the activation's kink: channels are all above or all below it.
    let bias = Tensor([9, -9, 8, -8], [4])
    let scale = Samples.signed([4], 262)
    var rows: [GradientRow] = []
    for slope: Float in [1, 0.2, 0] {
      rows += [
        GradientRow("batchNorm2d, slope \(slope)", [x, weight, bias]) {
          batchNorm2d($0[0], $0[1], $0[2], epsilon: 1e-3, slope: slope).y
        },
        GradientRow("instanceNorm2d, slope \(slope)", [x, weight, bias]) {
          instanceNorm2d($0[0], $0[1], $0[2], epsilon: 1e-3, slope: slope)
        },
        GradientRow("channelAffine, slope \(slope)", [x, scale, bias]) {
          square(channelAffine($0[0], $0[1], $0[2], slope: slope))
        },
      ]
    }
    return rows + [
      GradientRow("instanceNorm2d without parameters", [x]) {
        instanceNorm2d($0[0], epsilon: 1e-3)
      },
      GradientRow("channelSum", [x]) { square($0[0]).channelSum() },
      GradientRow(
        "batchNorm2d, wide", [Samples.normal([2, 3, 3, 70], 263), .ones([70]), .zeros([70])]
      ) {
        batchNorm2d($0[0], $0[1], $0[2], epsilon: 1e-3).y
      },
    ]
  }

  static var pooling: [GradientRow] {
    // Values of a window far enough apart that none overtakes another.
    let x = Tensor([2, 5, 6, 3]) { memory in
      for index in memory.indices { memory[index] = Float(index * 7919 % 181) / 90 - 1 }
    }
    // Texts whose values rise: the largest window of a map is the last or the first one by far.
    let rising = Tensor([2, 6, 3]) { memory in
      for index in memory.indices { memory[index] = Float(index / 3 % 6) + Float(index % 5) / 9 }
    }
    return [
      GradientRow("maxPool2d", [x]) { square(maxPool2d($0[0], size: 2)) },
      GradientRow("maxPool2d, overlapping", [x]) { square(maxPool2d($0[0], size: 3, stride: 2)) },
      GradientRow(
        "maxPooledConvolution",
        [
          rising, Samples.normal([2, 1, 3, 4], 272) + Tensor([2, -2, 2, -2], [4]),
          Samples.normal([4], 273),
        ],
        hasSecond: false
      ) { maxPooledConvolution($0[0], $0[1], $0[2], windows: [5, 3]) },
      GradientRow("averagePool2d", [x]) { square(averagePool2d($0[0], size: 2)) },
      GradientRow("averagePool2d, overlapping", [x]) {
        square(averagePool2d($0[0], size: 3, stride: 1))
      },
      GradientRow("globalAveragePool", [x]) { square(globalAveragePool($0[0])) },
      GradientRow("upsampleNearest", [x]) { square(upsampleNearest($0[0], factor: 2)) },
      GradientRow("upsampleBilinear", [x]) { square(upsampleBilinear($0[0], factor: 2)) },
      GradientRow("upsampleBilinear by 3", [x]) { square(upsampleBilinear($0[0], factor: 3)) },
      GradientRow("shifted", [x]) { x in
        let count = x[0].shape[0]
        return square(
          x[0].shifted(
            rows: (0..<count).map { $0 - 1 }, columns: (0..<count).map { 1 - 2 * $0 }))
      },
      // The values of x, so that the gradient that passes straight through is the true one.
      GradientRow("straightThrough", [x]) { square(straightThrough($0[0].detached, to: $0[0])) },
      GradientRow("flattened", [x]) { square($0[0].flattened()) },
      GradientRow("unflattened", [Samples.normal([2, 24], 270)]) {
        square($0[0].unflattened(height: 2, width: 4, channels: 3))
      },
    ]
  }
}
