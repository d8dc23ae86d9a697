import CKernels
import Kernels

/// A separable filter with a finite response, for images that become larger or smaller by a whole factor, or
/// neither: `upfirdn2d` of StyleGAN2 (Karras et al. 2020).
public struct ResamplingFilter: Sendable {
  /// What neighbours are multiplied by, on each axis, in the order of the pixels: a correlation.
  public let taps: [Float]
  /// By what sides grow: zeros stand between the pixels.
  public let up: Int
  /// By what sides shrink behind the filter.
  public let down: Int
  /// Zeros before the first row and column, or what is left out there; counted behind `up`.
  public let before: Int
  /// The same behind the last ones.
  public let after: Int

  /// - Parameters:
  ///   - taps: up to 32 numbers, those that serve each pixel once.
  ///   - up: 1 or more.
  ///   - down: 1 or more.
  ///   - before: zeros before the first pixel; below 0: pixels that are left out.
  ///   - after: the same behind the last one.
  public init(_ taps: [Float], up: Int = 1, down: Int = 1, before: Int, after: Int) {
    require(
      !taps.isEmpty && taps.count <= 32 && up > 0 && down > 0,
      "ResamplingFilter: \(taps.count) taps, up \(up), down \(down)")
    self.taps = taps
    self.up = up
    self.down = down
    self.before = before
    self.after = after
  }

  /// [1, 3, 3, 1] with the sum 1, in the order that any direction has.
  public static let binomial: [Float] = [0.125, 0.375, 0.375, 0.125]

  /// Sides doubled, by the binomial filter.
  public static let doubling = ResamplingFilter(
    binomial.map { 2 * $0 }, up: 2, before: 2, after: 1)

  /// Sides halved, by the binomial filter.
  public static let halving = ResamplingFilter(binomial, down: 2, before: 1, after: 1)

  /// How many pixels a side of `size` pixels becomes; 0 where nothing is left.
  public func size(_ size: Int) -> Int {
    max(0, (size * up + before + after - taps.count) / down + 1)
  }
}

/// Images [batch, height, width, channels], filtered along both axes.
/// - Returns: of sides ``ResamplingFilter/size(_:)``.
public func resample2d(_ x: Tensor, _ filter: ResamplingFilter) -> Tensor {
  require(
    x.rank == 4 && filter.size(x.shape[1]) > 0 && filter.size(x.shape[2]) > 0,
    "resample2d: nothing is left of \(x.shape)")
  // The longer lines, of whole rows, are worked on while the image is large.
  let axes = filter.up > filter.down ? [2, 1] : [1, 2]
  return axes.reduce(x) { image, axis in
    LineResampling(filter, from: image.shape[axis]).applied(image, axis)
  }
}

/// A filter along one axis, and its transposed: up and down, and the order of the taps, exchanged. Each is the
/// other's derivative.
private struct LineResampling {
  private let taps: [Float]
  private let up: Int
  private let down: Int
  private let offset: Int
  private let inputs: Int
  private let outputs: Int

  init(_ filter: ResamplingFilter, from size: Int) {
    (taps, up, down, offset) = (filter.taps, filter.up, filter.down, filter.before)
    (inputs, outputs) = (size, filter.size(size))
  }

  private init(transposing line: LineResampling) {
    (taps, up, down) = (line.taps.reversed(), line.down, line.up)
    offset = line.taps.count - 1 - line.offset
    (inputs, outputs) = (line.outputs, line.inputs)
  }

  func applied(_ x: Tensor, _ axis: Int) -> Tensor {
    var target = x.shape
    target[axis] = outputs
    let (outer, inner) = (x.shape.count(0..<axis), x.shape.count(axis + 1..<4))
    let output = Storage(count: target.count)
    let (from, to) = (x.base, output.base)
    let factors = Tensor(taps, [taps.count])
    if axis == 1 {
      // Each row of the result by itself.
      parallelRows(outer * outputs, inner) { row in
        let (image, place) = (row / outputs, row % outputs)
        aigc_resample(
          1, inputs, inner, factors.base, taps.count, up, down, offset - place * down,
          from + image * inputs * inner, to + row * inner)
      }
    } else {
      parallelRows(outer, outputs * inner) { row in
        aigc_resample(
          outputs, inputs, inner, factors.base, taps.count, up, down, offset,
          from + row * inputs * inner, to + row * outputs * inner)
      }
    }
    return Tensor(output, target).recordedLinear(from: x) { dy, _ in
      LineResampling(transposing: self).applied(dy, axis)
    }
  }
}
