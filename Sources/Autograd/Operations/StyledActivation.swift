import CKernels
import Kernels

/// gain · f(x · scale + noise + bias), with f a leaky ReLU: what stands behind a modulated convolution (Karras et
/// al. 2020), in one pass.
/// - Parameters:
///   - x: [batch, height, width, channels].
///   - scale: [batch, channels]; nil: 1.
///   - noise: [batch or 1, height, width, 1]; nil: 0.
///   - bias: [channels]; nil: 0.
///   - slope: of f below 0, above 0; 1: f leaves all values as they are.
///   - gain: above 0.
public func styledActivation(
  _ x: Tensor, scale: Tensor? = nil, noise: Tensor? = nil, bias: Tensor? = nil, slope: Float = 1,
  gain: Float = 1
) -> Tensor {
  let (batch, channels) = (x.shape[0], x.shape[3])
  let pixels = x.shape[1] * x.shape[2]
  require(
    x.rank == 4 && scale.map { $0.shape == [batch, channels] } ?? true
      && bias.map { $0.shape == [channels] } ?? true
      && noise.map { $0.count == pixels || $0.count == batch * pixels } ?? true
      && slope > 0 && gain > 0,
    "styledActivation: \(x.shape), scale \(scale?.shape ?? []), noise \(noise?.shape ?? [])")
  let output = Storage(count: x.count)
  let sizes = ChannelSizes(x.shape, groups: batch)
  let noiseOfImage = noise.map { $0.count > pixels ? pixels : 0 } ?? 0
  let (from, to) = (x.base, output.base)
  let (factors, noises, offsets) = (scale?.base, noise?.base, bias?.base)
  sizes.forBlocks { image, row, count, _ in
    let first = row * channels
    aigc_style_activation(
      count, channels, from + first, factors.map { $0 + image * channels },
      noises.map { $0 + row - image * (pixels - noiseOfImage) }, offsets, slope, gain, to + first)
  }
  let parts = StyledParts(
    scale: scale == nil ? nil : 1, noise: noise == nil ? nil : (scale == nil ? 1 : 2),
    bias: bias == nil ? nil : 1 + [scale, noise].count { $0 != nil }, slope: slope, gain: gain)
  let inputs = [x] + [scale, noise, bias].compactMap { $0 }
  return Tensor(output, x.shape).recorded(
    from: inputs, keepsFirst: scale != nil, keepsOutput: true
  ) { dy, context in
    context.withHistory ? parts.recordedGradients(dy, context) : parts.gradients(dy, context)
  }
}

/// Which inputs an operation has, and its gradients.
private struct StyledParts {
  /// Places among the inputs.
  let scale: Int?
  let noise: Int?
  let bias: Int?
  let slope: Float
  let gain: Float

  private func needs(_ index: Int?, _ context: PullbackContext) -> Bool {
    index.map { context.needs($0) } ?? false
  }

  /// Written in tensor operations, so that they have derivatives.
  func recordedGradients(_ dy: Tensor, _ context: PullbackContext) -> [Tensor?] {
    let g = slope == 1 ? dy * gain : leakyReluGradient(dy, context.output, slope: slope) * gain
    let factors = scale.map { context.input($0) }
    var found = [Tensor?](repeating: nil, count: context.inputCount)
    if context.needs(0) { found[0] = factors.map { styledActivation(g, scale: $0) } ?? g }
    if let scale, context.needs(scale) {
      let x = context.input(0)
      let rows: Shape = [x.shape[0], x.shape[1] * x.shape[2], x.shape[3]]
      found[scale] = (g * x).reshaped(rows).sum(axis: 1)
    }
    if let noise, context.needs(noise) { found[noise] = g.summed(to: context.inputShape(noise)) }
    if let bias, context.needs(bias) { found[bias] = g.channelSum() }
    return found
  }

  /// The same in one pass.
  func gradients(_ dy: Tensor, _ context: PullbackContext) -> [Tensor?] {
    let y = context.output
    let (batch, channels) = (y.shape[0], y.shape[3])
    let sizes = ChannelSizes(y.shape, groups: batch)
    let factors = scale.map { context.input($0) }
    // Only the gradient of a scale asks what was scaled; the kernel adds up what nobody reads otherwise.
    let x = scale == nil ? y : context.input(0)
    let output = Storage(count: y.count)
    let sums = needs(scale, context) || needs(bias, context)
    let parts = Storage(count: sums ? sizes.blocks * 2 * channels : 0)
    let rows = Storage(count: needs(noise, context) ? y.count / max(channels, 1) : 0)
    let (gradient, result, from, to) = (dy.base, y.base, x.base, output.base)
    let (scales, partial, noises) = (factors?.base, parts.base, rows.base)
    sizes.forBlocks { image, row, count, block in
      let first = row * channels
      let own = partial + block * 2 * channels
      if sums { own.update(repeating: 0, count: 2 * channels) }
      aigc_style_activation_grad(
        count, channels, gradient + first, result + first, from + first,
        scales.map { $0 + image * channels }, slope, gain, to + first, sums ? own : nil,
        rows.count > 0 ? noises + row : nil)
    }
    var found = [Tensor?](repeating: nil, count: context.inputCount)
    if context.needs(0) { found[0] = Tensor(output, y.shape) }
    if sums {
      let (dscale, dbias) = totals(sizes, parts)
      if let scale, context.needs(scale) { found[scale] = Tensor(dscale, [batch, channels]) }
      if let bias, context.needs(bias) { found[bias] = Tensor(dbias, [channels]) }
    }
    if let noise, context.needs(noise) {
      let shape: Shape = [batch, y.shape[1], y.shape[2], 1]
      found[noise] = Tensor(rows, shape).summed(to: context.inputShape(noise))
    }
    return found
  }

  /// Sums of g x of each image, and of g of all.
  private func totals(_ sizes: ChannelSizes, _ parts: Storage) -> ([Float], [Float]) {
    var scales = [Float](repeating: 0, count: sizes.groups * sizes.channels)
    var biases = [Double](repeating: 0, count: sizes.channels)
    sizes.total(parts.base) { image, channel, first, second in
      scales[image * sizes.channels + channel] = Float(second)
      biases[channel] += first
    }
    return (scales, biases.map { Float($0) })
  }
}
