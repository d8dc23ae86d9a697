/// A map with zeros around it, or the map itself where none are needed.
struct PaddedMap: @unchecked Sendable {
  let base: UnsafePointer<Float>
  let height: Int
  let width: Int
  let channels: Int
  let padding: Int
  private let copy: UnsafeMutablePointer<Float>?
  private let count: Int
  /// Values of a row.
  var rowStride: Int { width * channels }

  /// - Parameters:
  ///   - map: [batch, height, width, channels].
  ///   - batch: images.
  ///   - height: of the map.
  ///   - width: of the map.
  ///   - channels: of a pixel.
  ///   - padding: rows and columns of zeros on every side.
  init(
    _ map: UnsafePointer<Float>, _ batch: Int, _ height: Int, _ width: Int, _ channels: Int,
    _ padding: Int
  ) {
    let (rows, row) = (height + 2 * padding, (width + 2 * padding) * channels)
    (self.height, self.width, self.channels) = (rows, width + 2 * padding, channels)
    self.padding = padding
    count = batch * rows * row
    guard padding > 0 else {
      (base, copy) = (map, nil)
      return
    }
    let copy = MemoryPool.take(count)
    (base, self.copy) = (UnsafePointer(copy), copy)
    nonisolated(unsafe) let (source, target) = (map, copy)
    // Rows of some 64 KiB a task.
    parallelBlocks(batch * rows, size: max(1, fineBlock / max(row, 1))) { first, end in
      for index in first..<end {
        let (image, line) = (index / rows, index % rows - padding)
        let output = target + index * row
        guard line >= 0, line < height else {
          output.update(repeating: 0, count: row)
          continue
        }
        output.update(repeating: 0, count: padding * channels)
        (output + padding * channels).update(
          from: source + (image * height + line) * width * channels, count: width * channels)
        (output + (padding + width) * channels).update(repeating: 0, count: padding * channels)
      }
    }
  }

  func give() {
    if let copy { MemoryPool.give(copy, count: count) }
  }
}

extension ConvolutionShape {
  /// The distance of each value of a window of x from its first one.
  func window(rowStride: Int) -> [Int] {
    let run = kernelWidth * channels
    return (0..<windowSize).map { $0 / run * rowStride + $0 % run }
  }

  /// Where the windows of pixels of y begin in x.
  func pixels(_ range: Range<Int>, _ source: PaddedMap) -> [Int] {
    var pixel = MapPixel(range.lowerBound, outputHeight, outputWidth)
    return range.map { _ in
      defer { pixel.advance() }
      return
        ((pixel.image * source.height + pixel.row * stride) * source.width
        + pixel.column * stride) * channels
    }
  }

  /// The phases of the input gradient that have pixels, the one with the most pixels first.
  var phases: [ConvolutionPhase] {
    (0..<min(stride, height)).flatMap { row in
      (0..<min(stride, width)).map { ConvolutionPhase(self, row, $0) }
    }
  }

  /// The sizes of the same convolution read from y to x, with the window turned around: what is forward
  /// here is the input gradient there. For stride 1 and square windows that are no smaller than the padding.
  var exchanged: ConvolutionShape? {
    guard stride == 1, kernelHeight == kernelWidth, padding < kernelHeight else { return nil }
    return ConvolutionShape(
      batch: batch, height: outputHeight, width: outputWidth, channels: kernels, kernels: channels,
      kernelHeight: kernelHeight, kernelWidth: kernelWidth, padding: kernelHeight - 1 - padding)
  }
}

/// The pixels of x whose row and column leave the same remainders by the stride, and what they meet.
struct ConvolutionPhase: Sendable {
  /// A place of the window, and which pixel of y it brings, counted from the pixel's own index.
  struct Tap: Sendable {
    let place: Int
    let down: Int
    let across: Int
  }
  private let row: Int
  private let column: Int
  /// Pixels of an image.
  let rows: Int
  let columns: Int
  let taps: [Tap]

  init(_ shape: ConvolutionShape, _ row: Int, _ column: Int) {
    (self.row, self.column) = (row, column)
    rows = (shape.height - row + shape.stride - 1) / shape.stride
    columns = (shape.width - column + shape.stride - 1) / shape.stride
    var taps: [Tap] = []
    for dy in 0..<shape.kernelHeight where (row + shape.padding - dy) % shape.stride == 0 {
      for dx in 0..<shape.kernelWidth where (column + shape.padding - dx) % shape.stride == 0 {
        taps.append(
          Tap(
            place: dy * shape.kernelWidth + dx, down: (row + shape.padding - dy) / shape.stride,
            across: (column + shape.padding - dx) / shape.stride))
      }
    }
    self.taps = taps
  }

  /// Pixels beyond y that are met on any side.
  func margin(_ shape: ConvolutionShape) -> Int {
    taps.reduce(0) { most, tap in
      max(
        most, -tap.down, -tap.across, rows + tap.down - shape.outputHeight,
        columns + tap.across - shape.outputWidth)
    }
  }

  /// The distance of each value that is met from that of the pixel's own index.
  func window(_ source: PaddedMap, _ kernels: Int) -> [Int] {
    taps.flatMap { tap in
      let first = (tap.down * source.width + tap.across) * kernels
      return (0..<kernels).map { first + $0 }
    }
  }

  /// For pixels of all images the place of their own index in y, and their place in x.
  func pixels(
    _ range: Range<Int>, _ shape: ConvolutionShape, _ source: PaddedMap
  ) -> (sources: [Int], targets: [Int]) {
    var (sources, targets): ([Int], [Int]) = ([], [])
    sources.reserveCapacity(range.count)
    targets.reserveCapacity(range.count)
    var pixel = MapPixel(range.lowerBound, rows, columns)
    for _ in range {
      sources.append(
        ((pixel.image * source.height + pixel.row + source.padding) * source.width
          + pixel.column + source.padding) * source.channels)
      targets.append(
        ((pixel.image * shape.height + pixel.row * shape.stride + row) * shape.width
          + pixel.column * shape.stride + column) * shape.channels)
      pixel.advance()
    }
    return (sources, targets)
  }
}

/// A pixel of maps that lie one after the other. Counting on is ten times faster than to divide each time.
private struct MapPixel {
  var image: Int
  var row: Int
  var column: Int
  private let rows: Int
  private let columns: Int

  init(_ index: Int, _ rows: Int, _ columns: Int) {
    (self.rows, self.columns) = (rows, columns)
    let line = index / columns
    (image, row, column) = (line / rows, line % rows, index % columns)
  }

  mutating func advance() {
    column += 1
    guard column == columns else { return }
    column = 0
    row += 1
    guard row == rows else { return }
    row = 0
    image += 1
  }
}
