import CKernels

/// Convolution by 3 x 3 windows at stride 1 with fewer multiplications: minimal filtering F(4x4, 3x3)
/// (Winograd 1980; Lavin and Gray 2016). Input and weights are taken to 36 planes, in each of which the
/// convolution is one matrix product over all tiles of 4 x 4 outputs: 36 products a tile, not 144.
///
/// A task takes a block of tiles all the way, so that its planes stay in the second cache.
struct WinogradConvolution {
  let shape: ConvolutionShape

  static let planes = 36
  /// Planes lie a little more than their size apart: else the same place of all would share a few lines of
  /// the first cache.
  static let gap = 16

  /// - Returns: nil where the plain products are as fast: other windows, few channels or few tiles, which
  ///   do not pay for taking the weights to the planes.
  init?(_ shape: ConvolutionShape) {
    guard shape.kernelHeight == 3, shape.kernelWidth == 3, shape.stride == 1, shape.padding <= 2,
      min(shape.channels, shape.kernels) >= 32
    else { return nil }
    self.shape = shape
    guard outputMap.tileCount * shape.batch >= 16 else { return nil }
  }

  func forward(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let weights = PlaneWeights(shape, weight, isTurned: false)
    convolve(inputMap, x, weights, padding: shape.padding, bias: bias, outputMap, y)
  }

  /// The same convolution with the window turned and channels and kernels exchanged.
  func inputGradient(
    _ y: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ x: UnsafeMutablePointer<Float>
  ) {
    let weights = PlaneWeights(shape, weight, isTurned: true)
    convolve(outputMap, y, weights, padding: 2 - shape.padding, bias: bias, inputMap, x)
  }

  private func convolve(
    _ input: Map, _ x: UnsafePointer<Float>, _ weights: PlaneWeights, padding: Int,
    bias: UnsafePointer<Float>?, _ output: Map, _ y: UnsafeMutablePointer<Float>
  ) {
    let count = output.tileCount * shape.batch
    // Blocks of 32 rows of a product: enough that a panel of weights is worth loading. Fewer where some
    // threads would get none.
    let block = min(32, max(8, count / 8))
    let (width, row) = (PackedPanels.width, Self.whole(input.channels, 16))
    let (vPlane, mPlane) = (block * row + Self.gap, block * width + Self.gap)
    nonisolated(unsafe) let (x, y, bias) = (x, y, bias)
    parallelBlocks(count, size: block) { first, end in
      let v = MemoryPool.take(Self.planes * vPlane)
      let m = MemoryPool.take(Self.planes * mPlane)
      defer {
        MemoryPool.give(v, count: Self.planes * vPlane)
        MemoryPool.give(m, count: Self.planes * mPlane)
      }
      var source = input.tiles(asIn: output, plane: vPlane)
      var target = output.tiles(asIn: output, plane: mPlane)
      aigc_winograd_input(&source, padding, first, end - first, x, 0, input.channels, v, row)
      for column in stride(from: 0, to: output.channels, by: width) {
        aigc_winograd_multiply(
          end - first, input.channels, min(width, Self.whole(output.channels - column, 32)), v, row,
          vPlane, weights.base + column * input.channels, weights.plane, m, mPlane)
        aigc_winograd_output(&target, first, end - first, m, column, bias, y)
      }
    }
  }

  // MARK: Sizes

  /// The next multiple of `step`.
  static func whole(_ count: Int, _ step: Int) -> Int { (count + step - 1) / step * step }

  var inputMap: Map { Map(height: shape.height, width: shape.width, channels: shape.channels) }
  var outputMap: Map {
    Map(height: shape.outputHeight, width: shape.outputWidth, channels: shape.kernels)
  }

  /// The sizes of a map.
  struct Map {
    let height: Int
    let width: Int
    let channels: Int

    /// Rows and columns of tiles of 4 x 4 pixels that cover it.
    private var rows: Int { (height + 3) / 4 }
    private var columns: Int { (width + 3) / 4 }
    /// Tiles of an image.
    var tileCount: Int { rows * columns }

    /// This map, cut where the tiles of `output` are.
    func tiles(asIn output: Map, plane: Int) -> aigc_winograd_tiles {
      aigc_winograd_tiles(
        height: height, width: width, channels: channels, rows: output.rows,
        columns: output.columns, plane: plane)
    }
  }
}

/// The weights in the 36 planes, each as panels of 64 columns.
private final class PlaneWeights: @unchecked Sendable {
  /// Values from one plane to the next.
  let plane: Int
  let base: UnsafeMutablePointer<Float>
  private var size: Int { WinogradConvolution.planes * plane }

  /// - Parameters:
  ///   - shape: the sizes.
  ///   - weight: [3, 3, channels, kernels].
  ///   - isTurned: whether for the input gradient.
  init(_ shape: ConvolutionShape, _ weight: UnsafePointer<Float>, isTurned: Bool) {
    let (depth, columns) =
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
