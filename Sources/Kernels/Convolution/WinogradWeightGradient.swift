import CKernels

extension WinogradConvolution {
  /// The planes of x and y of so many tiles are in memory at a time: enough rows for the products, and
  /// little enough that what one step writes the next one finds in the caches.
  private static let chunkSize = 1_200_000

  /// dW = Gᵀ (Σ (Bᵀ x B) (A y Aᵀ)) G, the transpose of the forward direction. Chunks of tiles follow each
  /// other, and in each a plane's product is one task, so sums are the same for any number of threads.
  func weightGradient(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) {
    let shape = shape
    let count = Self.tiles(shape.outputHeight, shape.outputWidth) * shape.batch
    let fitting = Self.chunkSize / (Self.planes * (shape.channels + shape.kernels))
    let planes = GradientPlanes(shape, rows: min(count, max(32, fitting / 8 * 8)))
    nonisolated(unsafe) let (x, y) = (x, y)
    for start in stride(from: 0, to: count, by: planes.rows) {
      let rows = min(planes.rows, count - start)
      parallelBlocks(rows, size: 8) { first, end in
        planes.fill(first..<end, from: start, x, y)
      }
      let parts = (shape.channels + GradientPlanes.block - 1) / GradientPlanes.block
      parallelFor(Self.planes * parts) { task in
        planes.multiply(
          plane: task / parts, part: task % parts, rows: rows, isFirst: start == 0)
      }
    }
    nonisolated(unsafe) let weight = weight
    parallelBlocks(shape.channels, size: 8) { first, end in
      aigc_winograd_weight_gradient(
        shape.channels, shape.kernels, first, end - first, planes.u, planes.uPlane, weight)
    }
  }
}

/// The planes of a chunk of tiles, and the gradient of the weights in each plane.
private final class GradientPlanes: @unchecked Sendable {
  /// Tiles of a chunk.
  let rows: Int
  /// [36][channels, kernels].
  let u: UnsafeMutablePointer<Float>
  let uPlane: Int
  private let shape: ConvolutionShape
  /// [36][rows, channels].
  private let v: UnsafeMutablePointer<Float>
  private let vRow: Int
  private let source: aigc_tiles
  /// [36] panels [rows, 64].
  private let z: UnsafeMutablePointer<Float>
  private let target: aigc_tiles

  /// Channels of a task's product.
  static let block = 96
  /// Tiles of a piece of a sum: so much of a panel stays in the first cache.
  private static let piece = 128

  init(_ shape: ConvolutionShape, rows: Int) {
    self.shape = shape
    self.rows = rows
    vRow = WinogradConvolution.whole(shape.channels, 16)
    let columns = WinogradConvolution.whole(shape.kernels, PackedPanels.width)
    typealias Map = WinogradConvolution.Map<Void>
    source = Map(shape.height, shape.width, shape.channels, ()).tiles(
      asTilesOf: shape.outputHeight, shape.outputWidth,
      plane: rows * vRow + WinogradConvolution.gap)
    target = Map(shape.outputHeight, shape.outputWidth, shape.kernels, ()).tiles(
      asTilesOf: shape.outputHeight, shape.outputWidth,
      plane: rows * columns + WinogradConvolution.gap)
    uPlane = shape.channels * shape.kernels + WinogradConvolution.gap
    v = MemoryPool.take(WinogradConvolution.planes * source.plane)
    z = MemoryPool.take(WinogradConvolution.planes * target.plane)
    u = MemoryPool.take(WinogradConvolution.planes * uPlane)
  }

  deinit {
    MemoryPool.give(v, count: WinogradConvolution.planes * source.plane)
    MemoryPool.give(z, count: WinogradConvolution.planes * target.plane)
    MemoryPool.give(u, count: WinogradConvolution.planes * uPlane)
  }

  /// Takes tiles `range` of the chunk that begins at tile `start` to the planes.
  func fill(
    _ range: Range<Int>, from start: Int, _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>
  ) {
    var (source, target) = (source, target)
    let first = range.lowerBound
    aigc_winograd_input(
      &source, shape.padding, start + first, range.count, x, v + first * vRow, vRow)
    aigc_winograd_gradient(
      &target, start + first, range.count, y, z + first * PackedPanels.width, rows)
  }

  /// u (+)= vᵀ z in one plane, for one block of channels.
  func multiply(plane: Int, part: Int, rows count: Int, isFirst: Bool) {
    let channel = part * Self.block
    let channels = min(Self.block, shape.channels - channel)
    for column in stride(from: 0, to: shape.kernels, by: PackedPanels.width) {
      let sum = u + plane * uPlane + channel * shape.kernels + column
      for row in stride(from: 0, to: count, by: Self.piece) {
        aigc_gemm_panel(
          channels, min(Self.piece, count - row), v + plane * source.plane + row * vRow + channel,
          1, vRow, z + plane * target.plane + column * rows + row * PackedPanels.width,
          isFirst && row == 0 ? nil : UnsafePointer(sum), shape.kernels, sum, shape.kernels,
          min(PackedPanels.width, shape.kernels - column))
      }
    }
  }
}
