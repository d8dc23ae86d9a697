import Autograd

/// The largest value of each window of pictures, by channel.
public struct MaxPool2d: Layer {
  public let size: Int
  public let stride: Int

  /// - Parameters:
  ///   - size: rows and columns of a window.
  ///   - stride: pixels from one window to the next; nil: `size`.
  public init(_ size: Int, stride: Int? = nil) {
    self.size = size
    self.stride = stride ?? size
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    maxPool2d(x, size: size, stride: stride)
  }
}

/// The mean of each window of pictures, by channel.
public struct AvgPool2d: Layer {
  public let size: Int
  public let stride: Int

  /// - Parameters:
  ///   - size: rows and columns of a window.
  ///   - stride: pixels from one window to the next; nil: `size`.
  public init(_ size: Int, stride: Int? = nil) {
    self.size = size
    self.stride = stride ?? size
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    averagePool2d(x, size: size, stride: stride)
  }
}

/// Enlarges pictures.
public struct Upsample: Layer {
  public enum Mode: Sendable {
    case nearest, bilinear
  }
  public let factor: Int
  public let mode: Mode

  public init(_ factor: Int, mode: Mode = .nearest) {
    self.factor = factor
    self.mode = mode
  }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    mode == .nearest ? upsampleNearest(x, factor: factor) : upsampleBilinear(x, factor: factor)
  }
}

/// Pictures as rows, in PyTorch's order: channels, rows, columns.
public struct Flatten: Layer {
  public init() {}

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor { x.flattened() }
}

/// Rows as pictures: the inverse of ``Flatten``, PyTorch's `Unflatten(1, (channels, height, width))`.
public struct Unflatten: Layer {
  private let size: (height: Int, width: Int, channels: Int)

  public init(height: Int, width: Int, channels: Int) { size = (height, width, channels) }

  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    x.unflattened(height: size.height, width: size.width, channels: size.channels)
  }
}
