import CKernels

/// The input gradient where x has few channels, which would fill a small part of a vector: pixels of y
/// are the axis of the vectors instead. A product gives what each pixel of y adds to each value of its
/// window, and its rows are added to x shifted against each other. Plain sums.
struct FewChannelConvolution {
  private let shape: ConvolutionShape
  /// Rows of y of a task, and the tasks of an image.
  private let rows: Int
  private let parts: Int
  /// Columns of x are kept apart by their remainders by the stride, so that a row of sums is one run.
  private let run: Int

  /// Pixels of y that are multiplied at once.
  private static let width = 64
  /// From so many channels on a vector is well filled.
  private static let most = 8

  /// nil for more channels.
  init?(_ shape: ConvolutionShape) {
    guard shape.channels <= Self.most else { return nil }
    self.shape = shape
    // 8 tasks, of 8 rows at least.
    let wanted = min((8 + shape.batch - 1) / max(shape.batch, 1), shape.outputHeight / 8)
    rows = (shape.outputHeight + max(wanted, 1) - 1) / max(wanted, 1)
    parts = (shape.outputHeight + rows - 1) / rows
    run = (shape.width + shape.stride - 1) / shape.stride
  }

  /// Rows of x that the windows of a task reach.
  private var reach: Int { (rows - 1) * shape.stride + shape.kernelHeight }
  /// Values of a row of x, and of a task's rows.
  private var rowSize: Int { shape.stride * shape.channels * run }

  func inputGradient(
    _ y: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ x: UnsafeMutablePointer<Float>
  ) {
    let size = reach * rowSize
    let sums = MemoryPool.take(shape.batch * parts * size)
    defer { MemoryPool.give(sums, count: shape.batch * parts * size) }
    nonisolated(unsafe) let (y, weight, bias, x, parted) = (y, weight, bias, x, sums)
    parallelFor(shape.batch * parts) { task in
      let target = parted + task * size
      target.update(repeating: 0, count: size)
      multiply(image: task / parts, part: task % parts, y, weight, target)
    }
    // What several tasks add to a row is added in their order.
    parallelBlocks(shape.batch * shape.height, size: max(1, fineBlock / rowSize)) { first, end in
      for row in first..<end { join(row, parted, bias, x) }
    }
  }

  /// The sums of the rows of y of a task.
  private func multiply(
    image: Int, part: Int, _ y: UnsafePointer<Float>, _ weight: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let (kernels, size) = (shape.kernels, shape.windowSize)
    let count = (kernels + size) * Self.width
    let panel = MemoryPool.take(count)
    defer { MemoryPool.give(panel, count: count) }
    let products = panel + kernels * Self.width
    let first = part * rows
    let end = min(first + rows, shape.outputHeight) * shape.outputWidth
    let source = y + image * shape.outputHeight * shape.outputWidth * kernels
    for pixel in stride(from: first * shape.outputWidth, to: end, by: Self.width) {
      let pixels = min(Self.width, end - pixel)
      aigc_pack_panel(kernels, pixels, source + pixel * kernels, 1, kernels, panel)
      aigc_gemm_panel(
        size, kernels, weight, kernels, 1, panel, nil, 0, products, Self.width, Self.width)
      var start = pixel
      while start < pixel + pixels {
        let (row, column) = (start / shape.outputWidth, start % shape.outputWidth)
        let length = min(shape.outputWidth - column, pixel + pixels - start)
        add(
          products + (start - pixel), row: row, from: first, columns: column..<column + length,
          target)
        start += length
      }
    }
  }

  /// Adds the products of a run of pixels of one row of y to the rows of x that they reach.
  private func add(
    _ products: UnsafePointer<Float>, row: Int, from first: Int, columns: Range<Int>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let (stride, channels) = (shape.stride, shape.channels)
    for dy in 0..<shape.kernelHeight {
      let line = row * stride + dy - shape.padding
      guard line >= 0, line < shape.height else { continue }
      let output = target + ((row - first) * stride + dy) * rowSize
      for dx in 0..<shape.kernelWidth {
        // x is met at column * stride + dx - padding.
        let distance = dx - shape.padding
        let rest = (distance % stride + stride) % stride
        let shift = (distance - rest) / stride
        let low = max(columns.lowerBound, -shift)
        let high = min(columns.upperBound, (shape.width - rest + stride - 1) / stride - shift)
        guard low < high else { continue }
        for channel in 0..<channels {
          let place = (dy * shape.kernelWidth + dx) * channels + channel
          let sum = output + (rest * channels + channel) * run + low + shift
          aigc_add(
            high - low, sum, products + place * Self.width + low - columns.lowerBound, sum)
        }
      }
    }
  }

  /// One row of x from the sums of all tasks that reach it.
  private func join(
    _ row: Int, _ sums: UnsafePointer<Float>, _ bias: UnsafePointer<Float>?,
    _ x: UnsafeMutablePointer<Float>
  ) {
    let (image, line) = (row / shape.height, row % shape.height)
    let (stride, channels) = (shape.stride, shape.channels)
    let output = x + row * shape.width * channels
    for pixel in 0..<shape.width {
      for channel in 0..<channels { output[pixel * channels + channel] = bias?[channel] ?? 0 }
    }
    for part in 0..<parts {
      let place = line + shape.padding - part * rows * stride
      guard place >= 0, place < reach else { continue }
      let source = sums + ((image * parts + part) * reach + place) * rowSize
      for rest in 0..<min(stride, shape.width) {
        for channel in 0..<channels {
          let values = source + (rest * channels + channel) * run
          for index in 0..<(shape.width - rest + stride - 1) / stride {
            output[(index * stride + rest) * channels + channel] += values[index]
          }
        }
      }
    }
  }
}

/// The forward direction and the weight gradient where y has few channels.
struct FewKernelConvolution {
  private let shape: ConvolutionShape
  private static let most = 8

  /// nil for more channels.
  init?(_ shape: ConvolutionShape) {
    guard shape.kernels <= Self.most else { return nil }
    self.shape = shape
  }

  /// - Returns: false where this way does not fit; nothing was done then.
  func forward(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) -> Bool {
    let windows = shape.outputHeight * shape.outputWidth
    // Where most pixels of x begin a window, y is the input gradient of the exchanged shape.
    if 2 * windows >= shape.height * shape.width, let exchanged = shape.exchanged,
      let few = FewChannelConvolution(exchanged)
    {
      let turned = MemoryPool.take(shape.weightCount)
      defer { MemoryPool.give(turned, count: shape.weightCount) }
      turn(weight, turned)
      few.inputGradient(x, turned, bias: bias, y)
      return true
    }
    guard shape.kernelWidth * shape.channels >= 64 else { return false }
    sums(x, weight, bias: bias, y)
    return true
  }

  /// - Returns: false where this way does not fit; nothing was done then.
  func weightGradient(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) -> Bool {
    guard let exchanged = shape.exchanged else { return false }
    let turned = MemoryPool.take(shape.weightCount)
    defer { MemoryPool.give(turned, count: shape.weightCount) }
    DirectConvolution(exchanged).weightGradient(y, x, turned)
    for place in 0..<shape.kernelHeight * shape.kernelWidth {
      for k in 0..<shape.kernels {
        for c in 0..<shape.channels {
          weight[index(place, c, k)] = turned[turnedIndex(place, c, k)]
        }
      }
    }
    return true
  }

  /// Long sums for few values: one after the other, each as a few runs.
  private func sums(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let (size, kernels, run) = (shape.windowSize, shape.kernels, shape.kernelWidth * shape.channels)
    let source = PaddedMap(x, shape.batch, shape.height, shape.width, shape.channels, shape.padding)
    let columns = MemoryPool.take(shape.weightCount)
    defer {
      source.give()
      MemoryPool.give(columns, count: shape.weightCount)
    }
    for k in 0..<kernels {
      for place in 0..<size { columns[k * size + place] = weight[place * kernels + k] }
    }
    nonisolated(unsafe) let (bias, y, weight) = (bias, y, UnsafePointer(columns))
    let pixels = shape.batch * shape.outputHeight * shape.outputWidth
    parallelBlocks(pixels, size: max(1, 1 << 15 / shape.weightCount)) { [shape] first, end in
      for (pixel, start) in zip(first..<end, shape.pixels(first..<end, source)) {
        for k in 0..<kernels {
          var total = bias?[k] ?? 0
          for dy in 0..<shape.kernelHeight {
            var sum: Float = 0
            aigc_dot(
              run, source.base + start + dy * source.rowStride, weight + k * size + dy * run, &sum)
            total += sum
          }
          y[pixel * kernels + k] = total
        }
      }
    }
  }

  /// The weights of the exchanged shape: the window turned around, channels and kernels exchanged.
  private func turn(_ weight: UnsafePointer<Float>, _ turned: UnsafeMutablePointer<Float>) {
    for place in 0..<shape.kernelHeight * shape.kernelWidth {
      for k in 0..<shape.kernels {
        for c in 0..<shape.channels {
          turned[turnedIndex(place, c, k)] = weight[index(place, c, k)]
        }
      }
    }
  }

  private func index(_ place: Int, _ c: Int, _ k: Int) -> Int {
    (place * shape.channels + c) * shape.kernels + k
  }

  private func turnedIndex(_ place: Int, _ c: Int, _ k: Int) -> Int {
    ((shape.kernelHeight * shape.kernelWidth - 1 - place) * shape.kernels + k) * shape.channels + c
  }
}
