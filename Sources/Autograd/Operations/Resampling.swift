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
  return PlaneResampling(filter, x.shape).applied(x)
}

/// A filter along both axes, and its transposed: each is the other's derivative. A row of the result is made at
/// once, by way of one line in the cache.
private struct PlaneResampling {
  private let rows: LineResampling
  private let columns: LineResampling

  init(_ filter: ResamplingFilter, _ shape: Shape) {
    rows = LineResampling(filter, from: shape[1])
    columns = LineResampling(filter, from: shape[2])
  }

  private init(transposing plane: PlaneResampling) {
    rows = LineResampling(transposing: plane.rows)
    columns = LineResampling(transposing: plane.columns)
  }

  func applied(_ x: Tensor) -> Tensor {
    let (batch, channels) = (x.shape[0], x.shape[3])
    let target: Shape = [batch, rows.outputs, columns.outputs, channels]
    let (line, result) = (columns.inputs * channels, columns.outputs * channels)
    let output = Storage(count: target.count)
    let (from, to) = (x.base, output.base)
    let taps = Tensor(rows.taps, [rows.taps.count])
    parallelRows(batch * rows.outputs, line + result) { row in
      let (image, place) = (row / rows.outputs, row % rows.outputs)
      let between = Storage(count: line)
      rows.apply(
        taps.base, from: place, count: 1, line, from + image * rows.inputs * line, between.base)
      columns.apply(
        taps.base, from: 0, count: columns.outputs, channels, between.base, to + row * result)
    }
    return Tensor(output, target).recordedLinear(from: x) { dy, _ in
      PlaneResampling(transposing: self).applied(dy)
    }
  }
}

/// A filter along one axis, and its transposed: up and down, and the order of the taps, exchanged.
private struct LineResampling {
  let taps: [Float]
  private let up: Int
  private let down: Int
  private let offset: Int
  let inputs: Int
  let outputs: Int

  init(_ filter: ResamplingFilter, from size: Int) {
    (taps, up, down, offset) = (filter.taps, filter.up, filter.down, filter.before)
    (inputs, outputs) = (size, filter.size(size))
  }

  init(transposing line: LineResampling) {
    (taps, up, down) = (line.taps.reversed(), line.down, line.up)
    offset = line.taps.count - 1 - line.offset
    (inputs, outputs) = (line.outputs, line.inputs)
  }

  /// `count` places of the result from `first` on, each of `inner` values.
  func apply(
    _ factors: UnsafePointer<Float>, from first: Int, count: Int, _ inner: Int,
    _ x: UnsafePointer<Float>, _ y: UnsafeMutablePointer<Float>
  ) {
    aigc_resample(
      count, inputs, inner, factors, taps.count, up, down, offset - first * down, x, y)
  }
}
