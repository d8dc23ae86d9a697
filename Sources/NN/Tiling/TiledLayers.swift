import Autograd
import Files
import Kernels

/// A layer that can be computed part by part, with the result that it has on whole maps.
public protocol TiledLayer: Layer {
  /// Applies the layer as in inference.
  /// - Throws: ``/Files/AIGCError``: what reading and writing of maps throws.
  func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap
}

extension Sequential: TiledLayer {
  /// Applies the layers in their order.
  /// - Throws: ``/Files/AIGCError``: what reading and writing of maps throws.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    var x = x
    for layer in layers {
      guard let layer = layer as? any TiledLayer else {
        throw .failed("\(type(of: layer)): cannot be computed part by part")
      }
      x = try layer(x, context)
    }
    return x
  }
}

extension Activation: TiledLayer {
  /// Applies the function wherever the map is read.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    x.mapped { self($0, context) }
  }
}

extension Dropout: TiledLayer {
  /// In inference nothing is dropped.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap { x }
}

extension BatchNorm2d: TiledLayer {
  /// Normalises with the statistics of training.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    x.mapped { self($0, .inference, slope: 1) }
  }
}

extension InstanceNorm2d: TiledLayer {
  /// Normalises with the statistics of the whole map, which is computed for them.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    let (map, means, variances) = try x.statistics()
    let (factors, offsets) = (weight?.value.values, bias?.value.values)
    var (scale, shift): ([Float], [Float]) = ([], [])
    for channel in means.indices {
      let factor =
        Double(factors?[channel] ?? 1) / (variances[channel] + Double(epsilon)).squareRoot()
      scale.append(Float(factor))
      shift.append(Float(Double(offsets?[channel] ?? 0) - means[channel] * factor))
    }
    let shape: Shape = [map.channels]
    let (scales, shifts) = (Tensor(scale, shape), Tensor(shift, shape))
    return map.mapped { channelAffine($0, scales, shifts, slope: 1) }
  }
}

extension ReflectionPad2d: TiledLayer {
  /// Reads mirrored rows and columns where the border is.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    let padding = padding
    return TiledMap(
      height: x.height + 2 * padding, width: x.width + 2 * padding, channels: x.channels, x.work
    ) { (area) throws(AIGCError) in
      let rows = area.rows.map { Self.source($0 - padding, x.height) }
      let columns = area.columns.map { Self.source($0 - padding, x.width) }
      let inner = TileArea(rows: Self.range(rows), columns: Self.range(columns))
      let part = try x(inner)
      return Self.gathered(
        Self.gathered(part, rows.map { $0 - inner.rows.lowerBound }, axis: 1),
        columns.map { $0 - inner.columns.lowerBound }, axis: 2)
    }
  }

  /// The place of a map that is seen at a place which may lie beyond its ends.
  private static func source(_ place: Int, _ size: Int) -> Int {
    let distance = abs(place)
    return distance < size ? distance : 2 * (size - 1) - distance
  }

  private static func range(_ places: [Int]) -> Range<Int> {
    (places.min() ?? 0)..<(places.max() ?? -1) + 1
  }

  /// Rows or columns at some places, runs of neighbours at once.
  private static func gathered(_ x: Tensor, _ places: [Int], axis: Int) -> Tensor {
    var runs: [Range<Int>] = []
    for place in places {
      if let last = runs.last, last.upperBound == place {
        runs[runs.count - 1] = last.lowerBound..<place + 1
      } else {
        runs.append(place..<place + 1)
      }
    }
    if runs.count == 1 { return x.sliced(runs[0], axis: axis) }
    return concatenated(runs.map { x.sliced($0, axis: axis) }, axis: axis)
  }
}

extension Conv2d: TiledLayer {
  /// Computes the whole map, part by part.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    let shape = weight.shape
    let (kernelRows, kernelColumns) = (shape[0], shape[1])
    func size(_ side: Int, _ kernel: Int) -> Int { (side + 2 * padding - kernel) / stride + 1 }
    func seen(_ range: Range<Int>, _ kernel: Int) -> Range<Int> {
      let first = range.lowerBound * stride - padding
      return first..<(range.upperBound - 1) * stride - padding + kernel
    }
    return try TiledMap(
      height: size(x.height, kernelRows), width: size(x.width, kernelColumns), channels: shape[3],
      x.work
    ) { (area) throws(AIGCError) in
      let part = try x.withZeros(
        TileArea(rows: seen(area.rows, kernelRows), columns: seen(area.columns, kernelColumns)))
      return conv2d(
        part, spectralNorm?(weight.value, context) ?? weight.value, bias?.value, stride: stride,
        mode: context.convolution)
    }.stored()
  }
}

extension ConvTranspose2d: TiledLayer {
  /// Computes the whole map, part by part.
  public func callAsFunction(_ x: TiledMap, _ context: Context) throws(AIGCError) -> TiledMap {
    let shape = weight.shape
    let (kernelRows, kernelColumns) = (shape[0], shape[1])
    func size(_ side: Int, _ kernel: Int) -> Int {
      (side - 1) * stride - 2 * padding + kernel + outputPadding
    }
    // Windows of x that reach into a range of y.
    func sources(_ range: Range<Int>, _ kernel: Int) -> Range<Int> {
      let low = max((range.lowerBound + padding - kernel + stride) / stride, 0)
      return low..<max((range.upperBound - 1 + padding) / stride, low) + 1
    }
    return try TiledMap(
      height: size(x.height, kernelRows), width: size(x.width, kernelColumns), channels: shape[2],
      x.work
    ) { (area) throws(AIGCError) in
      let (rows, columns) = (
        sources(area.rows, kernelRows), sources(area.columns, kernelColumns)
      )
      let part = try x.withZeros(TileArea(rows: rows, columns: columns))
      // One more than is needed at the end, where windows end before a part does.
      let whole = convTranspose2d(
        part, spectralNorm?(weight.value, context) ?? weight.value, bias?.value, stride: stride,
        outputPadding: stride - 1, mode: context.convolution)
      let top = area.rows.lowerBound - (rows.lowerBound * stride - padding)
      let left = area.columns.lowerBound - (columns.lowerBound * stride - padding)
      return whole.sliced(top..<top + area.rows.count, axis: 1)
        .sliced(left..<left + area.columns.count, axis: 2)
    }.stored()
  }
}
