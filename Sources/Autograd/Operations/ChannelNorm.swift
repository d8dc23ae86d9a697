import CKernels
import Kernels

/// Batch normalisation (Ioffe and Szegedy 2015) with the statistics of this batch, each channel over
/// all images and pixels, and behind it an activation in the same passes.
/// - Parameters:
///   - x: [..., channels].
///   - weight: [channels].
///   - bias: [channels].
///   - epsilon: added to the variance.
///   - slope: of the activation below 0: 1 for none, 0 for ReLU.
/// - Returns: y of the shape of x; each channel's mean and its variance (that of the batch, divided by
///   its size), without history.
public func batchNorm2d(
  _ x: Tensor, _ weight: Tensor, _ bias: Tensor, epsilon: Float, slope: Float = 1
) -> (y: Tensor, mean: [Float], variance: [Float]) {
  let sizes = ChannelSizes(x.shape, groups: 1)
  let (y, statistics) = sizes.normalized(
    x, weight: weight, bias: bias, epsilon: epsilon, slope: slope)
  return (y, statistics.means, statistics.variances)
}

/// Instance normalisation (Ulyanov et al. 2016): each channel of each image by itself, and behind it
/// an activation in the same passes.
/// - Parameters:
///   - x: [batch, height, width, channels].
///   - weight: [channels]; nil: 1.
///   - bias: [channels], where there is a weight.
///   - epsilon: added to the variance.
///   - slope: of the activation below 0: 1 for none, 0 for ReLU.
public func instanceNorm2d(
  _ x: Tensor, _ weight: Tensor? = nil, _ bias: Tensor? = nil, epsilon: Float, slope: Float = 1
) -> Tensor {
  require(x.rank == 4, "instanceNorm2d: the shape \(x.shape)")
  require((weight == nil) == (bias == nil), "instanceNorm2d: a weight without a bias")
  return ChannelSizes(x.shape, groups: x.shape[0]).normalized(
    x, weight: weight, bias: bias, epsilon: epsilon, slope: slope
  ).y
}

/// x · scale + offset by channel, and behind it an activation: normalisation with known statistics.
/// - Parameters:
///   - x: [..., channels].
///   - scale: [channels].
///   - offset: [channels].
///   - slope: of the activation below 0: 1 for none, 0 for ReLU.
public func channelAffine(
  _ x: Tensor, _ scale: Tensor, _ offset: Tensor, slope: Float = 1
) -> Tensor {
  let channels = x.shape[-1]
  require(
    scale.shape == [channels] && offset.shape == [channels],
    "channelAffine: \(x.shape) with the scale \(scale.shape)")
  let output = Storage(count: x.count)
  let (source, factors, offsets, target) = (x.base, scale.base, offset.base, output.base)
  ChannelSizes(x.shape, groups: 1).forBlocks { _, row, count, _ in
    let first = row * channels
    aigc_channel_affine(
      count, channels, source + first, factors, offsets, slope, target + first)
  }
  return Tensor(output, x.shape).recorded(from: [x, scale, offset], keepsOutput: false) {
    dy, context in
    let (x, scale, offset) = (context.input(0), context.input(1), context.input(2))
    var g = dy
    if slope != 1 {
      let y = channelAffine(x.detached, scale.detached, offset.detached)
      g = g * activationSlopes(y, slope)
    }
    return [
      context.needs(0) ? g * scale : nil,
      context.needs(1) ? (g * x).channelSum() : nil,
      context.needs(2) ? g.channelSum() : nil,
    ]
  }
}

extension Tensor {
  /// The sum over all axes but the last.
  func channelSum() -> Tensor {
    let sizes = ChannelSizes(shape, groups: 1)
    let channels = sizes.channels
    let parts = Storage(count: sizes.blocks * channels)
    let (source, partial) = (base, parts.base)
    sizes.forBlocks { _, row, count, block in
      aigc_column_sum(
        count, channels, source + row * channels, channels, 0, partial + block * channels)
    }
    let output = Storage(count: channels)
    aigc_column_sum(sizes.blocks, channels, partial, channels, 0, output.base)
    return Tensor(output, [channels]).recordedLinear(from: self) { dy, shape in
      dy.broadcast(to: shape)
    }
  }
}

/// A tensor as groups of rows of channels, cut into blocks that depend on the shape alone.
struct ChannelSizes {
  let groups: Int
  /// Rows of a group.
  let rows: Int
  let channels: Int
  /// Rows of a block.
  let block: Int
  private let blocksOfGroup: Int

  init(_ shape: Shape, groups: Int) {
    require(shape.rank >= 2, "a tensor with channels: the shape \(shape)")
    self.groups = groups
    channels = shape[-1]
    rows = groups == 0 ? 0 : shape.count / max(channels * groups, 1)
    block = max(1, fineBlock / max(channels, 1))
    blocksOfGroup = (rows + block - 1) / block
  }

  /// Blocks of all groups.
  var blocks: Int { groups * blocksOfGroup }

  /// Calls `body` with the group, the first row of all, the rows and the number of every block.
  func forBlocks(_ body: (_ group: Int, _ row: Int, _ count: Int, _ block: Int) -> Void) {
    parallelRows(blocks, block * channels) { index in
      let (group, part) = (index / blocksOfGroup, index % blocksOfGroup)
      body(group, group * rows + part * block, min(block, rows - part * block), index)
    }
  }

  /// Sums of the blocks, two for each channel, to sums of the groups: in the order of the blocks.
  func total(_ parts: UnsafePointer<Float>, _ body: (Int, Int, _ first: Double, Double) -> Void) {
    for group in 0..<groups {
      for channel in 0..<channels {
        var (first, second) = (0.0, 0.0)
        for part in 0..<blocksOfGroup {
          let sums = parts + (group * blocksOfGroup + part) * 2 * channels
          first += Double(sums[channel])
          second += Double(sums[channels + channel])
        }
        body(group, channel, first, second)
      }
    }
  }
}

/// What normalisation keeps for its gradient, each [groups, channels]; all in one memory.
struct ChannelStatistics {
  let storage: Storage
  let count: Int
  let epsilon: Float

  init(_ sizes: ChannelSizes, epsilon: Float) {
    count = sizes.groups * sizes.channels
    storage = Storage(count: 5 * count)
    self.epsilon = epsilon
  }

  var mean: UnsafeMutablePointer<Float> { storage.base }
  /// Of the batch, divided by its size.
  var variance: UnsafeMutablePointer<Float> { storage.base + count }
  /// 1 / √(variance + epsilon).
  var inverse: UnsafeMutablePointer<Float> { storage.base + 2 * count }
  /// y = x · scale + offset.
  var scale: UnsafeMutablePointer<Float> { storage.base + 3 * count }
  var offset: UnsafeMutablePointer<Float> { storage.base + 4 * count }

  var means: [Float] { Array(UnsafeBufferPointer(start: mean, count: count)) }
  var variances: [Float] { Array(UnsafeBufferPointer(start: variance, count: count)) }
}

extension ChannelSizes {
  /// Normalised by the statistics of each group, times weight, plus bias, through the activation.
  func normalized(
    _ x: Tensor, weight: Tensor?, bias: Tensor?, epsilon: Float, slope: Float
  ) -> (y: Tensor, statistics: ChannelStatistics) {
    for parameter in [weight, bias].compactMap({ $0 }) {
      require(
        parameter.shape == [channels],
        "normalisation: \(x.shape) with parameters \(parameter.shape)")
    }
    let statistics = statistics(x, weight, bias, epsilon: epsilon)
    let output = Storage(count: x.count)
    let (source, target) = (x.base, output.base)
    forBlocks { group, row, count, _ in
      let (first, place) = (row * channels, group * channels)
      aigc_channel_affine(
        count, channels, source + first, statistics.scale + place, statistics.offset + place,
        slope, target + first)
    }
    let inputs = [x] + [weight, bias].compactMap { $0 }
    let y = Tensor(output, x.shape).recorded(from: inputs, keepsOutput: false) { dy, context in
      context.withHistory
        ? recordedGradients(dy, context, statistics, slope: slope)
        : plainGradients(dy, context, statistics, slope: slope)
    }
    return (y, statistics)
  }

  /// One pass: sums of x less its group's first row, so that a mean far from 0 cancels nothing.
  private func statistics(
    _ x: Tensor, _ weight: Tensor?, _ bias: Tensor?, epsilon: Float
  ) -> ChannelStatistics {
    let statistics = ChannelStatistics(self, epsilon: epsilon)
    let parts = Storage(count: blocks * 2 * channels)
    let (source, partial) = (x.base, parts.base)
    forBlocks { group, row, count, block in
      let sums = partial + block * 2 * channels
      sums.update(repeating: 0, count: 2 * channels)
      aigc_channel_moments(
        count, channels, source + row * channels, source + group * rows * channels, sums)
    }
    total(partial) { group, channel, sum, squares in
      let (place, size) = (group * channels + channel, Double(max(rows, 1)))
      let distance = sum / size
      let mean = distance + Double(rows > 0 ? source[group * rows * channels + channel] : 0)
      let variance = max(0, squares / size - distance * distance)
      let inverse = 1 / (variance + Double(epsilon)).squareRoot()
      let scale = inverse * Double(weight?.base[channel] ?? 1)
      statistics.mean[place] = Float(mean)
      statistics.variance[place] = Float(variance)
      statistics.inverse[place] = Float(inverse)
      statistics.scale[place] = Float(scale)
      statistics.offset[place] = Float(Double(bias?.base[channel] ?? 0) - mean * scale)
    }
    return statistics
  }

  /// Two passes: sums by channel, then dx = g a + x b + c, where g is dy behind the activation.
  private func plainGradients(
    _ dy: Tensor, _ context: PullbackContext, _ statistics: ChannelStatistics, slope: Float
  ) -> [Tensor?] {
    let x = context.input(0)
    let parts = Storage(count: blocks * 2 * channels)
    let (slopes, source, partial) = (dy.base, x.base, parts.base)
    forBlocks { group, row, count, block in
      let (first, place, sums) = (row * channels, group * channels, partial + block * 2 * channels)
      sums.update(repeating: 0, count: 2 * channels)
      aigc_channel_grad_sums(
        count, channels, slopes + first, source + first, statistics.mean + place,
        statistics.scale + place, statistics.offset + place, slope, sums)
    }
    let factors = Storage(count: 3 * statistics.count)
    let (a, b) = (factors.base, factors.base + statistics.count)
    let c = b + statistics.count
    let (dweight, dbias) = (Tensor.zeros([channels]), Tensor.zeros([channels]))
    total(partial) { group, channel, sum, product in
      let place = group * channels + channel
      let (scale, inverse) = (
        Double(statistics.scale[place]), Double(statistics.inverse[place])
      )
      let size = Double(max(rows, 1))
      let factor = -scale * inverse * inverse * product / size
      a[place] = Float(scale)
      b[place] = Float(factor)
      c[place] = Float(-scale * sum / size - factor * Double(statistics.mean[place]))
      dweight.base[channel] += Float(product * inverse)
      dbias.base[channel] += Float(sum)
    }
    var results: [Tensor?] = [nil, dweight, dbias]
    if context.needs(0) {
      let output = Storage(count: x.count)
      let target = output.base
      forBlocks { group, row, count, _ in
        let (first, place) = (row * channels, group * channels)
        aigc_channel_grad(
          count, channels, slopes + first, source + first, statistics.scale + place,
          statistics.offset + place, slope, a + place, b + place, c + place, target + first)
      }
      results[0] = Tensor(output, x.shape)
    }
    return Array(results.prefix(context.inputCount))
  }

  /// The definition in plain operations, which can be differentiated again.
  private func recordedGradients(
    _ dy: Tensor, _ context: PullbackContext, _ statistics: ChannelStatistics, slope: Float
  ) -> [Tensor?] {
    let x = context.input(0).reshaped([groups, rows, channels])
    let weight = context.inputCount > 1 ? context.input(1) : .ones([channels])
    let centered = x - x.mean(axis: 1, keepsAxis: true)
    let inverse =
      1 / sqrt(square(centered).mean(axis: 1, keepsAxis: true) + statistics.epsilon)
    let normalized = centered * inverse
    var g = dy.reshaped([groups, rows, channels])
    if slope != 1 {
      let bias = context.inputCount > 2 ? context.input(2).detached : .zeros([channels])
      g = g * activationSlopes(normalized.detached * weight.detached + bias, slope)
    }
    let slopes = g * weight
    let projection = (slopes * normalized).mean(axis: 1, keepsAxis: true)
    let dx = (slopes - slopes.mean(axis: 1, keepsAxis: true) - normalized * projection) * inverse
    let results: [Tensor?] = [
      context.needs(0) ? dx.reshaped(dy.shape) : nil,
      (g * normalized).channelSum(), g.channelSum(),
    ]
    return Array(results.prefix(context.inputCount))
  }
}
