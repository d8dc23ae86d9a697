import CKernels

/// Convolution by 3 x 3 windows at stride 1 with fewer multiplications: minimal filtering F(4x4, 3x3)
/// (Winograd 1980; Lavin and Gray 2016). Input and weights are taken to 36 planes, in each of which the
/// convolution is one matrix product over all tiles of 4 x 4 outputs: 36 products a tile, not 144.
///
/// A task takes a block of tiles all the way, so that its planes stay in the second cache.
struct WinogradConvolution {
  let shape: ConvolutionShape

  static let planes = 36
  /// Rows and columns of a tile of outputs.
  static let tile = 4
  /// Planes lie a little more than their size apart: else the same place of all would share a few lines of
  /// the first cache.
  static let gap = 16

  /// - Returns: nil where the plain products are as fast: other windows, few channels or few tiles, which
  ///   do not pay for taking the weights to the planes.
  init?(_ shape: ConvolutionShape) {
    guard shape.kernelHeight == 3, shape.kernelWidth == 3, shape.stride == 1, shape.padding <= 2,
      min(shape.channels, shape.kernels) >= 32,
      Self.tiles(shape.outputHeight, shape.outputWidth) * shape.batch >= 16
    else { return nil }
    self.shape = shape
  }

  func forward(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let weights = PlaneWeights(shape, weight, isTurned: false)
    convolve(
      Map(shape.height, shape.width, shape.channels, x),
      Map(shape.outputHeight, shape.outputWidth, shape.kernels, y), padding: shape.padding,
      weights, bias: bias)
  }

  /// The same convolution with the window turned and channels and kernels exchanged.
  func inputGradient(
    _ y: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ x: UnsafeMutablePointer<Float>
  ) {
    let weights = PlaneWeights(shape, weight, isTurned: true)
    convolve(
      Map(shape.outputHeight, shape.outputWidth, shape.kernels, y),
      Map(shape.height, shape.width, shape.channels, x), padding: 2 - shape.padding, weights,
      bias: bias)
  }

  private func convolve(
    _ input: Map<UnsafePointer<Float>>, _ output: Map<UnsafeMutablePointer<Float>>, padding: Int,
    _ weights: PlaneWeights, bias: UnsafePointer<Float>?
  ) {
    let count = Self.tiles(output.height, output.width) * shape.batch
    // Blocks of 32 rows of a product: enough that a panel of weights is worth loading. Fewer where some
    // threads would get none.
    let block = min(32, max(8, count / 8))
    let row = Self.whole(input.channels, 16)
    let (inputPlane, outputPlane) = (
      block * row + Self.gap, block * PackedPanels.width + Self.gap
    )
    let source = input.tiles(asTilesOf: output.height, output.width, plane: inputPlane)
    let target = output.tiles(asTilesOf: output.height, output.width, plane: outputPlane)
    nonisolated(unsafe) let (x, y, bias) = (input.base, output.base, bias)
    parallelBlocks(count, size: block) { first, end in
      let (sizeV, sizeM) = (Self.planes * inputPlane, Self.planes * outputPlane)
      let v = MemoryPool.take(sizeV)
      let m = MemoryPool.take(sizeM)
      defer {
        MemoryPool.give(v, count: sizeV)
        MemoryPool.give(m, count: sizeM)
      }
      var (source, target) = (source, target)
      aigc_winograd_input(&source, padding, first, end - first, x, v, row)
      for column in stride(from: 0, to: weights.columns, by: PackedPanels.width) {
        aigc_winograd_multiply(
          end - first, weights.depth,
          min(PackedPanels.width, Self.whole(weights.columns - column, 32)),
          v, row, inputPlane, weights.base + column * weights.depth, weights.plane, m, outputPlane)
        aigc_winograd_output(&target, first, end - first, m, column, bias, y)
      }
    }
  }

  // MARK: Sizes

  /// Tiles of a picture of so many outputs.
  static func tiles(_ height: Int, _ width: Int) -> Int {
    (height + tile - 1) / tile * ((width + tile - 1) / tile)
  }
  /// The next multiple of `step`.
  static func whole(_ count: Int, _ step: Int) -> Int { (count + step - 1) / step * step }

  /// A map and its sizes.
  struct Map<Pointer> {
    let height: Int
    let width: Int
    let channels: Int
    let base: Pointer

    init(_ height: Int, _ width: Int, _ channels: Int, _ base: Pointer) {
      self.height = height
      self.width = width
      self.channels = channels
      self.base = base
    }

    /// This map where outputs of `rows` x `columns` pixels are cut into tiles.
    func tiles(asTilesOf rows: Int, _ columns: Int, plane: Int) -> aigc_tiles {
      let tile = WinogradConvolution.tile
      return aigc_tiles(
        height: height, width: width, channels: channels, rows: (rows + tile - 1) / tile,
        columns: (columns + tile - 1) / tile, plane: plane)
    }
  }
}

/// The weights in the 36 planes, each as panels of 64 columns.
private final class PlaneWeights: @unchecked Sendable {
  /// Rows and columns of the product in each plane.
  let depth: Int
  let columns: Int
  /// Values from one plane to the next.
  let plane: Int
  let base: UnsafeMutablePointer<Float>
  private var size: Int { WinogradConvolution.planes * plane }

  /// - Parameters:
  ///   - shape: the sizes.
  ///   - weight: [3, 3, channels, kernels].
  ///   - isTurned: whether for the input gradient.
  init(_ shape: ConvolutionShape, _ weight: UnsafePointer<Float>, isTurned: Bool) {
    (depth, columns) =
      isTurned ? (shape.kernels, shape.channels) : (shape.channels, shape.kernels)
    plane =
      WinogradConvolution.whole(columns, PackedPanels.width) * depth + WinogradConvolution.gap
    base = MemoryPool.take(WinogradConvolution.planes * plane)
    nonisolated(unsafe) let (weight, base) = (weight, base)
    let plane = plane
    parallelBlocks(depth, size: 16) { first, end in
      if isTurned {
        aigc_winograd_weight_turned(
          shape.channels, shape.kernels, first, end - first, weight, base, plane)
      } else {
        aigc_winograd_weight(
          shape.channels, shape.kernels, first, end - first, weight, base, plane)
      }
    }
  }

  deinit { MemoryPool.give(base, count: size) }
}
