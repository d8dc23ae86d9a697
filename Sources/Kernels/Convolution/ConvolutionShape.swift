import Files

/// The sizes of one convolution. It leads from the larger map, `x`, to the smaller one, `y`; a
/// transposed convolution is its input gradient and goes the other way with the same sizes.
///
/// Maps lie as [batch, height, width, channels]: channels are the axis of the vectors, and a row of a
/// window is one run of memory. Weights lie as [kernelHeight, kernelWidth, channels, kernels].
public struct ConvolutionShape: Equatable, Hashable, Sendable {
  /// The number of images.
  public let batch: Int
  /// Rows and columns of x.
  public let height: Int
  /// Columns of x.
  public let width: Int
  /// Channels of x.
  public let channels: Int
  /// Channels of y.
  public let kernels: Int
  /// Rows of a window.
  public let kernelHeight: Int
  /// Columns of a window.
  public let kernelWidth: Int
  /// Pixels from one window to the next, both ways.
  public let stride: Int
  /// Rows and columns of zeros around x.
  public let padding: Int
  /// Rows and columns of y.
  public let outputHeight: Int
  /// Columns of y.
  public let outputWidth: Int

  /// - Parameters:
  ///   - batch: images.
  ///   - height: of x.
  ///   - width: of x.
  ///   - channels: of x.
  ///   - kernels: channels of y.
  ///   - kernelHeight: of a window; no larger than x with its padding.
  ///   - kernelWidth: the same.
  ///   - stride: at least 1.
  ///   - padding: at least 0.
  public init(
    batch: Int, height: Int, width: Int, channels: Int, kernels: Int, kernelHeight: Int,
    kernelWidth: Int, stride: Int = 1, padding: Int = 0
  ) {
    require(
      batch >= 0 && channels > 0 && kernels > 0 && kernelHeight > 0 && kernelWidth > 0
        && stride > 0 && padding >= 0 && height + 2 * padding >= kernelHeight
        && width + 2 * padding >= kernelWidth,
      "convolution: a window of \(kernelHeight) x \(kernelWidth) on \(height) x \(width) pixels, "
        + "\(channels) to \(kernels) channels")
    self.batch = batch
    self.height = height
    self.width = width
    self.channels = channels
    self.kernels = kernels
    self.kernelHeight = kernelHeight
    self.kernelWidth = kernelWidth
    self.stride = stride
    self.padding = padding
    outputHeight = (height + 2 * padding - kernelHeight) / stride + 1
    outputWidth = (width + 2 * padding - kernelWidth) / stride + 1
  }

  /// Values of x.
  public var inputCount: Int { batch * height * width * channels }
  /// Values of y.
  public var outputCount: Int { batch * outputHeight * outputWidth * kernels }
  /// Values of the weights.
  public var weightCount: Int { windowSize * kernels }
  /// Values of one window of x.
  public var windowSize: Int { kernelHeight * kernelWidth * channels }
  /// Additions and multiplications of the plain definition, in any of the three directions.
  public var operations: Int { 2 * batch * outputHeight * outputWidth * windowSize * kernels }
}

/// How convolutions are computed.
public enum ConvolutionMode: String, CaseIterable, Codable, Sendable {
  /// As plain sums of products: differences to other programs are those of the order of sums.
  case exact
  /// With fewer multiplications where that is faster (minimal filtering, Winograd 1980; Lavin and
  /// Gray 2016): errors up to some 3e-5 of a typical value.
  case fast
}
