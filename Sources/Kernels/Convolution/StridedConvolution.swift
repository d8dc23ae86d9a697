import CKernels

/// Windows of 4 x 4 at stride 2 with a padding of 1, as in DCGAN, and of 3 x 3 without padding, as in StyleGAN2, by
/// minimal filtering F(4 x 4, 2 x 2) (Winograd 1980; Lavin and Gray 2016): 100 products an output in place of 256, or
/// of 144 by windows with zeros in their last row and column. The input gradient of 3 x 3 windows has odd sides, whose
/// tiles' pixels beyond the map cost more than is saved.
///
/// Along each axis the even and the odd pixels of x are a map each, and such a window meets each of
/// the two as a window of 2 at stride 1. So there are four phases: forward adds them up, and the input
/// gradient computes each pixel of x in one of them. A task computes the tiles of one panel of 64
/// channels; it transforms the windows and weights it needs itself, since that costs less than to bring
/// them from memory: all it works on stays in the second cache.
struct StridedConvolution {
  private let shape: ConvolutionShape

  /// Tiles that are multiplied at once.
  private static let tileBlock = 64
  /// Channels of a panel, and of a block of the sums' length.
  private static let width = Planes.width

  /// nil for other windows and for few channels, and where too many of the tiles' pixels would lie beyond
  /// the map.
  init?(_ shape: ConvolutionShape) {
    guard shape.kernelHeight == shape.kernelWidth, shape.stride == 2,
      [4, 3].contains(shape.kernelHeight), shape.padding == shape.kernelHeight - 3,
      shape.channels >= 32, shape.kernels >= 32
    else { return nil }
    let grid = TileGrid(shape.batch, shape.outputHeight, shape.outputWidth)
    guard 10 * grid.count <= shape.batch * shape.outputHeight * shape.outputWidth else {
      return nil
    }
    self.shape = shape
  }

  /// Whether the input gradient gains by it.
  var suitsInputGradient: Bool { shape.kernelHeight == 4 }

  func forward(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let grid = TileGrid(shape.batch, shape.outputHeight, shape.outputWidth)
    let panels = Self.panels(shape.kernels)
    let window = WholeWindow(of: weight, shape)
    defer { window.give() }
    nonisolated(unsafe) let (x, weight, bias, y) = (x, window.weight, bias, y)
    parallelFor(grid.blocks(Self.tileBlock) * panels) { [shape] task in
      let (first, count) = grid.block(task / panels, size: Self.tileBlock)
      let (column, columns) = Self.part(task % panels, of: shape.kernels)
      let memory = PlaneMemory(count, Self.width, count)
      defer { memory.give() }
      let (windows, weights, sums) = (memory.first, memory.second, memory.third)
      for phase in Phase.all {
        var tiles = grid.tiles(xOf: shape, phase)
        for c in stride(from: 0, to: shape.channels, by: Self.width) {
          let depth = min(Self.width, shape.channels - c)
          aigc_filter_windows(&tiles, first, count, depth, x + c, windows.base, windows.stride)
          let tap = (phase.row * 4 + phase.column) * shape.channels + c
          aigc_filter_weights(
            depth, columns, weight + tap * shape.kernels + column, shape.kernels,
            8 * shape.channels * shape.kernels, 2 * shape.channels * shape.kernels, weights.base,
            weights.stride)
          sums.add(windows, weights, rows: count, depth: depth, isFirst: phase.isFirst && c == 0)
        }
      }
      var tiles = grid.tiles(yOf: shape)
      aigc_filter_outputs(
        &tiles, first, count, columns, sums.base, sums.stride, bias.map { $0 + column }, y + column)
    }
  }

  func inputGradient(
    _ y: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ x: UnsafeMutablePointer<Float>
  ) {
    // With an odd height the even pixels are one more than the windows.
    let grid = TileGrid(shape.batch, (shape.height + 1) / 2, (shape.width + 1) / 2)
    let panels = Self.panels(shape.channels)
    nonisolated(unsafe) let (x, weight, bias, y) = (x, weight, bias, y)
    parallelFor(grid.blocks(Self.tileBlock) * 4 * panels) { [shape] task in
      let (first, count) = grid.block(task / panels / 4, size: Self.tileBlock)
      let (column, columns) = Self.part(task % panels, of: shape.channels)
      let phase = Phase.all[task / panels % 4]
      let memory = PlaneMemory(count, Self.width, count)
      defer { memory.give() }
      let (windows, weights, sums) = (memory.first, memory.second, memory.third)
      let taps = MemoryPool.take(4 * Self.width * Self.width)
      defer { MemoryPool.give(taps, count: 4 * Self.width * Self.width) }
      var tiles = grid.tiles(yOf: shape, phase)
      for k in stride(from: 0, to: shape.kernels, by: Self.width) {
        let depth = min(Self.width, shape.kernels - k)
        aigc_filter_windows(&tiles, first, count, depth, y + k, windows.base, windows.stride)
        for tap in 0..<4 {
          // The later pixel of a pair of y meets the earlier tap.
          let (row, place) = (3 - phase.row - tap / 2 * 2, 3 - phase.column - tap % 2 * 2)
          let source = ((row * 4 + place) * shape.channels + column) * shape.kernels + k
          aigc_pack_panel(
            depth, columns, weight + source, 1, shape.kernels,
            taps + tap * Self.width * Self.width)
        }
        aigc_filter_weights(
          depth, Self.width, taps, Self.width, 2 * Self.width * Self.width,
          Self.width * Self.width, weights.base, weights.stride)
        sums.add(windows, weights, rows: count, depth: depth, isFirst: k == 0)
      }
      var targets = grid.tiles(outputOf: shape, phase)
      aigc_filter_outputs(
        &targets, first, count, columns, sums.base, sums.stride, bias.map { $0 + column },
        x + column)
    }
  }

  /// A task adds up all tiles in their order.
  func weightGradient(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) {
    let grid = TileGrid(shape.batch, shape.outputHeight, shape.outputWidth)
    let (parts, panels) = (Self.panels(shape.channels), Self.panels(shape.kernels))
    let window = WholeWindow(gradient: weight, shape)
    let target = weight
    defer { window.copy(to: target, shape) }
    nonisolated(unsafe) let (x, y, weight) = (x, y, window.memory ?? weight)
    parallelFor(parts * 4 * panels) { [shape] task in
      let (c, rows) = Self.part(task / panels / 4, of: shape.channels)
      let (column, columns) = Self.part(task % panels, of: shape.kernels)
      let phase = Phase.all[task / panels % 4]
      let size = min(Self.tileBlock, grid.count)
      let memory = PlaneMemory(size, size, Self.width)
      defer { memory.give() }
      let (windows, gradients, sums) = (memory.first, memory.second, memory.third)
      var (inputs, outputs) = (grid.tiles(xOf: shape, phase), grid.tiles(yOf: shape))
      for block in 0..<grid.blocks(Self.tileBlock) {
        let (first, count) = grid.block(block, size: Self.tileBlock)
        aigc_filter_windows(&inputs, first, count, rows, x + c, windows.base, windows.stride)
        aigc_filter_gradients(
          &outputs, first, count, columns, y + column, gradients.base, gradients.stride)
        sums.add(
          windows, gradients, rows: rows, depth: count, isTransposed: true, isFirst: block == 0)
      }
      let tap = (phase.row * 4 + phase.column) * shape.channels + c
      aigc_filter_weight_gradients(
        rows, columns, sums.base, sums.stride, weight + tap * shape.kernels + column,
        shape.kernels, 8 * shape.channels * shape.kernels, 2 * shape.channels * shape.kernels)
    }
  }

  private static func panels(_ channels: Int) -> Int { (channels + width - 1) / width }

  /// The first channel of a panel, and how many it has.
  private static func part(_ panel: Int, of channels: Int) -> (first: Int, count: Int) {
    (panel * width, min(width, channels - panel * width))
  }
}

/// 25 planes of rows of 64 channels, one a point.
private struct Planes {
  let base: UnsafeMutablePointer<Float>
  /// Values from one plane to the next. Not a power of two: all planes of a row would share a few
  /// lines of the first cache.
  let stride: Int
  static let width = 64
  static let points = 25

  /// Adds the product of `a`, [rows, depth], and `b`, [depth, 64], of each point.
  func add(
    _ a: Planes, _ b: Planes, rows: Int, depth: Int, isTransposed: Bool = false, isFirst: Bool
  ) {
    let width = Self.width
    for point in 0..<Self.points {
      let target = base + point * stride
      aigc_gemm_panel(
        rows, depth, a.base + point * a.stride, isTransposed ? 1 : width,
        isTransposed ? width : 1, b.base + point * b.stride,
        isFirst ? nil : UnsafePointer(target), width, target, width, width)
    }
  }
}

/// The three kinds of planes that a task works on.
private struct PlaneMemory {
  let first: Planes
  let second: Planes
  let third: Planes
  private let count: Int

  /// The numbers of their rows. To be given back.
  init(_ first: Int, _ second: Int, _ third: Int) {
    let strides = [first, second, third].map { $0 * Planes.width + 16 }
    count = Planes.points * strides.reduce(0, +)
    let base = MemoryPool.take(count)
    self.first = Planes(base: base, stride: strides[0])
    self.second = Planes(base: base + Planes.points * strides[0], stride: strides[1])
    self.third = Planes(
      base: base + Planes.points * (strides[0] + strides[1]), stride: strides[2])
  }

  func give() { MemoryPool.give(first.base, count: count) }
}

/// Which of the two maps of a pair, in each direction: 0 is the one whose window begins a pixel earlier.
private struct Phase {
  let row: Int
  let column: Int
  static let all = (0..<4).map { Phase(row: $0 / 2, column: $0 % 2) }
  var isFirst: Bool { row == 0 && column == 0 }
}

/// How maps are cut into tiles of 4 x 4 pixels.
private struct TileGrid {
  let down: Int
  let across: Int
  let count: Int

  init(_ batch: Int, _ height: Int, _ width: Int) {
    (down, across) = ((height + 3) / 4, (width + 3) / 4)
    count = batch * down * across
  }

  func blocks(_ size: Int) -> Int { (count + size - 1) / size }

  func block(_ index: Int, size: Int) -> (first: Int, count: Int) {
    (index * size, min(size, count - index * size))
  }

  /// The windows in x of a phase: every second pixel.
  func tiles(xOf shape: ConvolutionShape, _ phase: Phase) -> aigc_filter_tiles {
    aigc_filter_tiles(
      height: shape.height, width: shape.width, pixel: shape.channels, down: down, across: across,
      step: 2, row: phase.row - shape.padding, column: phase.column - shape.padding)
  }

  /// The pixels of x that a phase computes.
  func tiles(outputOf shape: ConvolutionShape, _ phase: Phase) -> aigc_filter_tiles {
    aigc_filter_tiles(
      height: shape.height, width: shape.width, pixel: shape.channels, down: down, across: across,
      step: 2, row: phase.row, column: phase.column)
  }

  /// The pixels of y, or the windows in y of a phase.
  func tiles(yOf shape: ConvolutionShape, _ phase: Phase = Phase(row: 1, column: 1))
    -> aigc_filter_tiles
  {
    aigc_filter_tiles(
      height: shape.outputHeight, width: shape.outputWidth, pixel: shape.kernels, down: down,
      across: across, step: 1, row: phase.row - 1, column: phase.column - 1)
  }
}

/// Weights of 4 x 4 windows; of those of 3 x 3 a copy with zeros in the last row and column.
private struct WholeWindow {
  /// nil: the weights are such windows.
  let memory: UnsafeMutablePointer<Float>?
  let weight: UnsafePointer<Float>
  private let count: Int

  /// Memory for the gradient of smaller windows, without values.
  init(gradient weight: UnsafeMutablePointer<Float>, _ shape: ConvolutionShape) {
    count = 16 * shape.channels * shape.kernels
    memory = shape.kernelHeight == 4 ? nil : MemoryPool.take(count)
    self.weight = UnsafePointer(memory ?? weight)
  }

  init(of weight: UnsafePointer<Float>, _ shape: ConvolutionShape) {
    count = 16 * shape.channels * shape.kernels
    guard shape.kernelHeight < 4 else {
      (memory, self.weight) = (nil, weight)
      return
    }
    let (side, tap) = (shape.kernelHeight, shape.channels * shape.kernels)
    let copy = MemoryPool.take(count)
    for place in 0..<16 {
      let (row, column) = (place / 4, place % 4)
      if max(row, column) < side {
        (copy + place * tap).update(from: weight + (row * side + column) * tap, count: tap)
      } else {
        (copy + place * tap).update(repeating: 0, count: tap)
      }
    }
    (memory, self.weight) = (copy, UnsafePointer(copy))
  }

  func give() {
    if let memory { MemoryPool.give(memory, count: count) }
  }

  /// Copies the part of a smaller window, and gives the memory back.
  func copy(to weight: UnsafeMutablePointer<Float>, _ shape: ConvolutionShape) {
    guard let memory else { return }
    let (side, tap) = (shape.kernelHeight, shape.channels * shape.kernels)
    for place in 0..<side * side {
      let source = (place / side * 4 + place % side) * tap
      (weight + place * tap).update(from: memory + source, count: tap)
    }
    give()
  }
}
