import CKernels

/// Convolution as products whose left operand is read where it lies in the map (implicit im2col): a row is
/// a window, given by the place of its first value, and a column is a value's distance from it. Plain sums
/// for every shape: the exact mode, and the floor of the fast one.
struct DirectConvolution {
  private let shape: ConvolutionShape

  /// Windows of a task: whole tiles of the micro-kernel.
  static let block = 96
  /// Length of a piece of the sums: a packed piece of 64 columns stays in the second cache.
  static let piece = 512
  static let width = 64

  init(_ shape: ConvolutionShape) {
    // A single window needs no stride. With one of its own size every pixel of x meets one value of it,
    // and the input gradient is one product.
    let isSingle = shape.outputHeight == 1 && shape.outputWidth == 1 && shape.padding == 0
    self.shape =
      isSingle
      ? ConvolutionShape(
        batch: shape.batch, height: shape.height, width: shape.width, channels: shape.channels,
        kernels: shape.kernels, kernelHeight: shape.kernelHeight, kernelWidth: shape.kernelWidth,
        stride: max(shape.kernelHeight, shape.kernelWidth)) : shape
  }

  func forward(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let (size, kernels, width) = (shape.windowSize, shape.kernels, Self.width)
    let source = PaddedMap(x, shape.batch, shape.height, shape.width, shape.channels, shape.padding)
    let panels = Self.panels(kernels)
    let packed = MemoryPool.take(panels * size * width)
    defer {
      source.give()
      MemoryPool.give(packed, count: panels * size * width)
    }
    nonisolated(unsafe) let (weight, bias, y, target) = (weight, bias, y, packed)
    parallelFor(panels) { panel in
      aigc_pack_panel(
        size, min(width, kernels - panel * width), weight + panel * width, kernels, 1,
        target + panel * size * width)
    }
    let columns = shape.window(rowStride: source.rowStride)
    let pixels = shape.batch * shape.outputHeight * shape.outputWidth
    let cut = Cut(rows: pixels, weights: size * kernels, panels: panels)
    parallelFor(cut.tasks) { [shape] task in
      let range = cut.rows(task)
      let rows = shape.pixels(range, source)
      let places = range.map { $0 * kernels }
      for panel in cut.panels(task) {
        Self.product(
          source.base, rows, columns, target + panel * size * width,
          bias.map { $0 + panel * width },
          y + panel * width, places, columns: min(width, kernels - panel * width))
      }
    }
  }

  /// Pixels of x whose places differ by multiples of the stride meet the same values of the window: each
  /// such phase is a product.
  func inputGradient(
    _ y: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ x: UnsafeMutablePointer<Float>
  ) {
    let (kernels, channels, width) = (shape.kernels, shape.channels, Self.width)
    let phases = shape.phases
    let margin = phases.map { $0.margin(shape) }.max() ?? 0
    let source = PaddedMap(
      y, shape.batch, shape.outputHeight, shape.outputWidth, kernels, margin)
    let panels = Self.panels(channels)
    // A place of the window belongs to one phase.
    let packedCount = panels * shape.kernelHeight * shape.kernelWidth * kernels * width
    let packed = MemoryPool.take(packedCount)
    defer {
      source.give()
      MemoryPool.give(packed, count: packedCount)
    }
    nonisolated(unsafe) let (weight, bias, x, target) = (weight, bias, x, packed)
    let taps = phases.flatMap { $0.taps }
    parallelFor(panels * taps.count) { task in
      let (panel, index) = (task / taps.count, task % taps.count)
      aigc_pack_panel(
        kernels, min(width, channels - panel * width),
        weight + (taps[index].place * channels + panel * width) * kernels, 1, kernels,
        target + task * kernels * width)
    }
    let starts = phases.indices.map { phases[..<$0].reduce(0) { $0 + $1.taps.count } }
    let windows = phases.map { $0.window(source, kernels) }
    let cuts = phases.map {
      Cut(
        rows: shape.batch * $0.rows * $0.columns, weights: $0.taps.count * kernels * channels,
        panels: panels)
    }
    let tasks = cuts.enumerated().flatMap { index, cut in (0..<cut.tasks).map { (index, $0) } }
    parallelFor(tasks.count) { [shape] task in
      let (index, part) = tasks[task]
      let (rows, places) = phases[index].pixels(cuts[index].rows(part), shape, source)
      for panel in cuts[index].panels(part) {
        Self.product(
          source.base, rows, windows[index],
          target + (panel * taps.count + starts[index]) * kernels * width,
          bias.map { $0 + panel * width }, x + panel * width, places,
          columns: min(width, channels - panel * width))
      }
    }
  }

  static func panels(_ columns: Int) -> Int { (columns + width - 1) / width }

  /// c = start + a b for one packed panel, piece by piece.
  static func product(
    _ a: UnsafePointer<Float>, _ rows: [Int], _ columnsOfA: [Int], _ b: UnsafePointer<Float>,
    _ start: UnsafePointer<Float>?, _ c: UnsafeMutablePointer<Float>, _ places: [Int],
    columns: Int
  ) {
    columnsOfA.withUnsafeBufferPointer { list in
      var k = 0
      repeat {
        aigc_gemm_panel_at(
          rows.count, min(piece, list.count - k), a, rows, list.baseAddress.map { $0 + k },
          b + k * width, width, k == 0 ? start : UnsafePointer(c), c, places, columns)
        k += piece
      } while k < list.count
    }
  }
}

extension DirectConvolution {
  /// Rows of the weights that a task computes.
  private static let rowBlock = 96
  /// Weights up to this number are computed in several parts, which are added in their order.
  private static let mostParted = 1 << 16

  /// Rows are places of the window, columns the windows: the forward product with its lists exchanged.
  func weightGradient(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) {
    let (size, kernels, count) = (shape.windowSize, shape.kernels, shape.weightCount)
    let source = PaddedMap(x, shape.batch, shape.height, shape.width, shape.channels, shape.padding)
    let window = shape.window(rowStride: source.rowStride)
    let pixels = shape.batch * shape.outputHeight * shape.outputWidth
    let isParted = count <= Self.mostParted
    // Rows of few weights stay together, as the maps are what costs; the parts make the tasks.
    let height = isParted ? size : Self.rowBlock
    let rowBlocks = (size + height - 1) / height
    let length =
      isParted ? min(max(Self.piece, (pixels + 31) / 32), max(pixels, 1)) : max(pixels, 1)
    let parts = max(1, (pixels + length - 1) / length)
    let sums = parts == 1 ? weight : MemoryPool.take(parts * count)
    defer {
      source.give()
      if parts > 1 { MemoryPool.give(sums, count: parts * count) }
    }
    nonisolated(unsafe) let (y, output) = (y, sums)
    parallelFor(parts * rowBlocks) { [shape] task in
      let (part, row) = (task / rowBlocks, task % rowBlocks * height)
      let rows = Array(window[row..<min(row + height, size)])
      let places = (0..<rows.count).map { $0 * kernels }
      let target = output + part * count + row * kernels
      if pixels == 0 { target.update(repeating: 0, count: rows.count * kernels) }
      let end = min((part + 1) * length, pixels)
      for first in stride(from: part * length, to: end, by: Self.piece) {
        let list = shape.pixels(first..<min(first + Self.piece, end), source)
        Self.addPixels(
          source.base, rows, list, y + first * kernels, kernels, target, places,
          isFirst: first == part * length)
      }
    }
    guard parts > 1 else { return }
    weight.update(from: sums, count: count)
    for part in 1..<parts { aigc_add(count, weight, sums + part * count, weight) }
  }

  /// Adds what some pixels give to rows of the weights.
  private static func addPixels(
    _ a: UnsafePointer<Float>, _ rows: [Int], _ pixels: [Int], _ y: UnsafePointer<Float>,
    _ kernels: Int, _ target: UnsafeMutablePointer<Float>, _ places: [Int], isFirst: Bool
  ) {
    for column in stride(from: 0, to: kernels, by: width) {
      let columns = min(width, kernels - column)
      let start = isFirst ? nil : UnsafePointer(target + column)
      if columns == width {
        aigc_gemm_panel_at(
          rows.count, pixels.count, a, rows, pixels, y + column, kernels, start, target + column,
          places, columns)
        continue
      }
      // A part of a panel is packed: whole vectors of it are read.
      let packed = MemoryPool.take(pixels.count * width)
      defer { MemoryPool.give(packed, count: pixels.count * width) }
      aigc_pack_panel(pixels.count, columns, y + column, kernels, 1, packed)
      aigc_gemm_panel_at(
        rows.count, pixels.count, a, rows, pixels, packed, width, start, target + column, places,
        columns)
    }
  }
}

/// How the product of many rows with packed panels is cut into tasks, by the sizes alone.
private struct Cut: Sendable {
  private let rows: Int
  private let height: Int
  private let blocks: Int
  /// Panels of one task.
  private let together: Int
  private let panels: Int
  var tasks: Int { blocks * (panels / together) }

  init(rows: Int, weights: Int, panels: Int) {
    (self.rows, self.panels) = (rows, panels)
    // Weights that fit the second cache meet a block of windows in one task.
    together = weights <= 1 << 16 ? panels : 1
    // Whole tiles of the micro-kernel; fewer rows where there are few, so that there are four tasks.
    let share = rows * (panels / together) / 4
    height = max(6, min(DirectConvolution.block, (share + 5) / 6 * 6))
    blocks = (rows + height - 1) / height
  }

  func rows(_ task: Int) -> Range<Int> {
    let first = task % blocks * height
    return first..<min(first + height, rows)
  }

  func panels(_ task: Int) -> Range<Int> {
    let first = task / blocks * together
    return first..<first + together
  }
}
