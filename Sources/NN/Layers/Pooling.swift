import Autograd

/// The largest value of each window of images, by channel.
public struct MaxPool2d: Layer {
  /// Rows and columns of a window.
  public let size: Int
  /// Pixels from one window to the next, both ways.
  public let stride: Int

  /// - Parameters:
  ///   - size: rows and columns of a window.
  ///   - stride: pixels from one window to the next; nil: `size`.
  public init(_ size: Int, stride: Int? = nil) {
    self.size = size
    self.stride = stride ?? size
  }

  /// Takes the maxima of x, [batch, height, width, channels].
  /// - Returns: [batch, outputHeight, outputWidth, channels], where outputHeight is
  ///   (height - size) / stride + 1, rounded down, and outputWidth likewise.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    maxPool2d(x, size: size, stride: stride)
  }
}

/// The mean of each window of images, by channel.
public struct AvgPool2d: Layer {
  /// Rows and columns of a window.
  public let size: Int
  /// Pixels from one window to the next, both ways.
  public let stride: Int

  /// - Parameters:
  ///   - size: rows and columns of a window.
  ///   - stride: pixels from one window to the next; nil: `size`.
  public init(_ size: Int, stride: Int? = nil) {
    self.size = size
    self.stride = stride ?? size
  }

  /// Takes the means of x, [batch, height, width, channels].
  /// - Returns: [batch, outputHeight, outputWidth, channels], where outputHeight is
  ///   (height - size) / stride + 1, rounded down, and outputWidth likewise.
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    averagePool2d(x, size: size, stride: stride)
  }
}

/// Enlarges images.
public struct Upsample: Layer {
  /// How the values of the new pixels are interpolated.
  public enum Mode: Sendable {
    case nearest, bilinear
  }
  /// How many times as many rows and columns the result has.
  public let factor: Int
  /// How the values of the new pixels are interpolated.
  public let mode: Mode

  /// Creates a layer that enlarges height and width `factor` times.
  public init(_ factor: Int, mode: Mode = .nearest) {
    self.factor = factor
    self.mode = mode
  }

  /// Enlarges x, [batch, height, width, channels].
  /// - Returns: [batch, factor · height, factor · width, channels].
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    mode == .nearest ? upsampleNearest(x, factor: factor) : upsampleBilinear(x, factor: factor)
  }
}

/// Images as rows, in PyTorch's order: channels, rows, columns.
public struct Flatten: Layer {
  /// Creates the layer, which has no settings.
  public init() {}

  /// Reorders x, [batch, height, width, channels], to [batch, channels · height · width].
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { x.flattened() }
}

/// Rows as images: the inverse of ``Flatten``, PyTorch's `Unflatten(1, (channels, height, width))`.
public struct Unflatten: Layer {
  private let size: (height: Int, width: Int, channels: Int)

  /// Creates a layer that makes images of `height` rows, `width` columns and `channels` channels.
  public init(height: Int, width: Int, channels: Int) { size = (height, width, channels) }

  /// Reorders x, [batch, channels · height · width], to [batch, height, width, channels].
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    x.unflattened(height: size.height, width: size.width, channels: size.channels)
  }
}
