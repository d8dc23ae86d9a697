import CKernels

extension WinogradConvolution {
  /// dW = Gᵀ (Σ (Bᵀ x B) (A y Aᵀ)) G: the transpose of the forward direction.
  ///
  /// A task sums up some channels over some tiles, and keeps all it works on in its own core's caches:
  /// planes that one core writes and the other one reads doubled the time where the two share no cache.
  func weightGradient(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) {
    let sums = GradientSums(self)
    nonisolated(unsafe) let (x, y, weight) = (x, y, weight)
    parallelFor(sums.parts * sums.groups) { task in
      sums.add(part: task % sums.parts, group: task / sums.parts, x, y)
      if sums.groups == 1 { sums.finish(part: task, rows: 0..<sums.channels, weight) }
    }
    guard sums.groups > 1 else { return }
    let step = 8
    let pieces = (sums.channels + step - 1) / step
    parallelFor(sums.parts * pieces) { task in
      let first = task % pieces * step
      sums.finish(part: task / pieces, rows: first..<first + step, weight)
    }
  }
}

/// The gradient of the weights in the planes: one sum for each part of the channels and each group of
/// tiles. How they are cut depends on the shape only, and groups are added in their order.
private final class GradientSums: @unchecked Sendable {
  /// Parts of the channels.
  let parts: Int
  /// Groups of tiles.
  let groups: Int
  /// Channels of a part; the last one may have fewer.
  let channels: Int
  private let shape: ConvolutionShape
  private let input: WinogradConvolution.Map
  private let output: WinogradConvolution.Map
  /// Tiles of all images.
  private let tiles: Int
  /// [groups][parts][36][channels, kernels].
  private let sums: UnsafeMutablePointer<Float>
  private let plane: Int
  private var size: Int { WinogradConvolution.planes * plane }

  /// Tiles that are taken to the planes at a time.
  private static let block = 64

  init(_ convolution: WinogradConvolution) {
    shape = convolution.shape
    (input, output) = (convolution.inputMap, convolution.outputMap)
    tiles = output.tileCount * shape.batch
    // A part's planes of y are computed again for every part: below 64 channels that would show.
    let parts = (shape.channels + 63) / 64
    let channels = WinogradConvolution.whole((shape.channels + parts - 1) / parts, 16)
    self.channels = channels
    self.parts = (shape.channels + channels - 1) / channels
    // Few groups: each is a sum more that is written by one core and read by another.
    let blocks = (tiles + Self.block - 1) / Self.block
    let tasks = min(16, max(4, tiles / 256))
    groups = min(blocks, max(1, tasks / self.parts))
    plane = channels * shape.kernels + WinogradConvolution.gap
    sums = MemoryPool.take(groups * self.parts * WinogradConvolution.planes * plane)
  }

  deinit { MemoryPool.give(sums, count: groups * parts * size) }

  private func channels(of part: Int) -> Range<Int> {
    part * channels..<min(shape.channels, (part + 1) * channels)
  }

  /// Computes one sum, block after block.
  func add(part: Int, group: Int, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>) {
    let gap = WinogradConvolution.gap
    let columns = WinogradConvolution.whole(shape.kernels, PackedPanels.width)
    var source = input.tiles(asIn: output, plane: Self.block * channels + gap)
    var target = output.tiles(asIn: output, plane: Self.block * columns + gap)
    let v = MemoryPool.take(WinogradConvolution.planes * source.plane)
    let z = MemoryPool.take(WinogradConvolution.planes * target.plane)
    defer {
      MemoryPool.give(v, count: WinogradConvolution.planes * source.plane)
      MemoryPool.give(z, count: WinogradConvolution.planes * target.plane)
    }
    let range = channels(of: part)
    let blocks = (tiles + Self.block - 1) / Self.block
    let own = blocks * group / groups..<blocks * (group + 1) / groups
    for block in own {
      let first = block * Self.block
      let count = min(Self.block, tiles - first)
      aigc_winograd_input(
        &source, shape.padding, first, count, x, range.lowerBound, range.count, v, channels)
      aigc_winograd_gradient(&target, first, count, y, z, Self.block)
      let sum = sums + (group * parts + part) * size
      for place in 0..<WinogradConvolution.planes {
        for column in stride(from: 0, to: shape.kernels, by: PackedPanels.width) {
          let output = sum + place * plane + column
          aigc_gemm_panel(
            range.count, count, v + place * source.plane, 1, channels,
            z + place * target.plane + column * Self.block,
            block == own.lowerBound ? nil : UnsafePointer(output), shape.kernels, output,
            shape.kernels, min(PackedPanels.width, shape.kernels - column))
        }
      }
    }
  }

  /// Takes rows of a part, its groups added up, back from the planes; rows behind the last are left out.
  func finish(part: Int, rows: Range<Int>, _ weight: UnsafeMutablePointer<Float>) {
    let range = channels(of: part)
    let rows = rows.clamped(to: 0..<range.count)
    guard !rows.isEmpty else { return }
    aigc_winograd_weight_gradient(
      shape.channels, shape.kernels, range.lowerBound + rows.lowerBound, rows.count,
      sums + part * size + rows.lowerBound * shape.kernels, plane, groups, parts * size, weight)
  }
}
