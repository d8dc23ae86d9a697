import CKernels
import Kernels

/// What differs between training and inference: passed to layers as an argument, since there is no
/// ambient state.
public final class Context {
  /// Whether dropout drops and batch statistics are taken from the batch.
  public let isTraining: Bool
  /// Where chance comes from.
  public var random: RandomSource
  /// How convolutions are computed.
  public let convolution: ConvolutionMode

  /// Creates the context of one or more passes through a network.
  /// - Parameters:
  ///   - isTraining: whether dropout drops, and batch normalisation takes its statistics from the
  ///     batch.
  ///   - random: where masks of dropout and other draws come from.
  ///   - convolution: whether convolutions may be computed with fewer multiplications.
  public init(isTraining: Bool, random: RandomSource, convolution: ConvolutionMode = .fast) {
    self.isTraining = isTraining
    self.random = random
    self.convolution = convolution
  }

  /// For evaluation and generation.
  public static var inference: Context {
    Context(isTraining: false, random: RandomSource(seed: 0))
  }
}

extension Tensor {
  /// Values from the normal distribution. One draw from `random` starts a stream of their own, which
  /// several threads take in blocks.
  public static func normal(
    _ shape: Shape, mean: Float = 0, deviation: Float = 1, using random: inout RandomSource
  ) -> Tensor {
    let (output, key) = (Storage(count: shape.count), UInt(random.next()))
    let base = output.base
    parallelElements(output.count) { first, end in
      aigc_draw_normal(end - first, key, first, mean, deviation, base + first)
    }
    return Tensor(output, shape)
  }

  /// Values from the uniform distribution over [low, high).
  public static func uniform(
    _ shape: Shape, _ low: Float = 0, _ high: Float = 1, using random: inout RandomSource
  ) -> Tensor {
    Tensor(shape) { memory in
      for index in memory.indices {
        // Float rounds the last of the numbers below 1 to 1.
        let share = min(Float(random.uniform()), Float(1).nextDown)
        memory[index] = low + (high - low) * share
      }
    }
  }

  /// Dropout (Srivastava et al. 2014): while training, each value becomes 0 with probability `rate`
  /// and the others grow by 1 / (1 - rate).
  public func dropout(_ rate: Float, _ context: Context) -> Tensor {
    guard context.isTraining, rate > 0 else { return self }
    let kept = rate < 1 ? 1 / (1 - rate) : 0
    let threshold = UInt64(Double(rate) * 0x1p32)
    let mask = Tensor(shape) { memory in
      // One draw of 64 bits for two values.
      var bits: UInt64 = 0
      for index in memory.indices {
        bits = index % 2 == 0 ? context.random.next() : bits >> 32
        memory[index] = bits & 0xFFFF_FFFF < threshold ? 0 : kept
      }
    }
    return self * mask
  }
}
