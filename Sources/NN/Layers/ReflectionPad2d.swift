import Autograd

/// A border in which images are mirrored: PyTorch's `nn.ReflectionPad2d`.
public struct ReflectionPad2d: Layer {
  /// Pixels on each of the four sides.
  public let padding: Int

  /// - Parameter padding: pixels on each side, fewer than images have rows and columns.
  public init(_ padding: Int) { self.padding = padding }

  /// Pads x, [batch, height, width, channels].
  public func callAsFunction(_ x: Tensor, _ context: Context) -> Tensor {
    reflectionPad2d(x, padding: padding)
  }
}
