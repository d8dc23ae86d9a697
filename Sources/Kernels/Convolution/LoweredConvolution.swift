/// Convolution as matrix products (im2col): windows are laid out as rows, block by block so that a
/// block stays in the second cache, and each block is one call of OpenBLAS. The floor for every shape,
/// and the exact mode.
struct LoweredConvolution {
  private let shape: ConvolutionShape
  /// Rows of y that a task computes.
  private let rows: Int
  /// Tasks of a picture.
  private let parts: Int

  /// Values of a block of windows: half of a second cache of 1 MB.
  private static let blockSize = 1 << 17

  init(_ shape: ConvolutionShape) {
    self.shape = shape
    let row = shape.outputWidth * shape.windowSize
    rows = max(1, min(shape.outputHeight, Self.blockSize / max(row, 1)))
    parts = (shape.outputHeight + rows - 1) / rows
  }

  func forward(
    _ x: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ y: UnsafeMutablePointer<Float>
  ) {
    let shape = shape
    nonisolated(unsafe) let (x, weight, bias, y) = (x, weight, bias, y)
    parallelFor(shape.batch * parts) { task in
      let (picture, first) = (task / parts, task % parts * rows)
      let count = min(rows, shape.outputHeight - first)
      let pixels = count * shape.outputWidth
      let windows = MemoryPool.take(pixels * shape.windowSize)
      defer { MemoryPool.give(windows, count: pixels * shape.windowSize) }
      gather(picture, first, count, x, windows)
      let target = y + (picture * shape.outputHeight + first) * shape.outputWidth * shape.kernels
      if let bias {
        for pixel in 0..<pixels {
          (target + pixel * shape.kernels).update(from: bias, count: shape.kernels)
        }
      }
      gemmTile(
        pixels, shape.kernels, shape.windowSize, MatrixView(windows, stride: shape.windowSize),
        MatrixView(weight, stride: shape.kernels), beta: bias == nil ? 0 : 1, target,
        stride: shape.kernels)
    }
  }

  /// Rows of x are the tasks: each takes the windows that reach it, so no two tasks add to one place.
  func inputGradient(
    _ y: UnsafePointer<Float>, _ weight: UnsafePointer<Float>, bias: UnsafePointer<Float>?,
    _ x: UnsafeMutablePointer<Float>
  ) {
    let shape = shape
    nonisolated(unsafe) let (y, weight, bias, x) = (y, weight, bias, x)
    // Enough rows of x that the rows of y at the seams, computed by both sides, cost little.
    let block = max(shape.stride, min(shape.height, rows * shape.stride))
    let blocks = (shape.height + block - 1) / block
    parallelFor(shape.batch * blocks) { task in
      let (picture, first) = (task / blocks, task % blocks * block)
      let end = min(first + block, shape.height)
      let target = x + (picture * shape.height + first) * shape.width * shape.channels
      for pixel in 0..<(end - first) * shape.width {
        let place = target + pixel * shape.channels
        if let bias {
          place.update(from: bias, count: shape.channels)
        } else {
          place.update(repeating: 0, count: shape.channels)
        }
      }
      // Rows of y whose windows reach rows first ..< end of x.
      let reach = first + shape.padding - shape.kernelHeight + 1
      let low = max(0, (reach + shape.stride - 1) / shape.stride)
      let high = min(shape.outputHeight, (end - 1 + shape.padding) / shape.stride + 1)
      let size = shape.outputWidth * shape.windowSize
      let windows = MemoryPool.take(size)
      defer { MemoryPool.give(windows, count: size) }
      for row in low..<max(low, high) {
        let source = y + (picture * shape.outputHeight + row) * shape.outputWidth * shape.kernels
        gemmTile(
          shape.outputWidth, shape.windowSize, shape.kernels,
          MatrixView(source, stride: shape.kernels),
          MatrixView(weight, stride: shape.kernels, isTransposed: true), beta: 0, windows,
          stride: shape.windowSize)
        scatter(row, windows, rows: first..<end, target)
      }
    }
  }

  /// Rows of the windows' places are the tasks; each adds up all pictures in their order.
  func weightGradient(
    _ x: UnsafePointer<Float>, _ y: UnsafePointer<Float>, _ weight: UnsafeMutablePointer<Float>
  ) {
    let shape = shape
    nonisolated(unsafe) let (x, y, weight) = (x, y, weight)
    parallelFor(shape.kernelHeight * shape.kernelWidth) { place in
      let (dy, dx) = (place / shape.kernelWidth, place % shape.kernelWidth)
      let target = weight + place * shape.channels * shape.kernels
      target.update(repeating: 0, count: shape.channels * shape.kernels)
      let pixels = shape.outputHeight * shape.outputWidth
      let source = MemoryPool.take(pixels * shape.channels)
      defer { MemoryPool.give(source, count: pixels * shape.channels) }
      for picture in 0..<shape.batch {
        gatherPlace(picture, dy, dx, x, source)
        gemmTile(
          shape.channels, shape.kernels, pixels,
          MatrixView(source, stride: shape.channels, isTransposed: true),
          MatrixView(y + picture * pixels * shape.kernels, stride: shape.kernels), beta: 1,
          target, stride: shape.kernels)
      }
    }
  }

  // MARK: Windows

  /// The columns of y whose windows have a column of x under place `dx`.
  private func columns(_ dx: Int) -> Range<Int> {
    let low = max(0, (shape.padding - dx + shape.stride - 1) / shape.stride)
    let last = shape.width - 1 + shape.padding - dx
    let high = last < 0 ? 0 : min(shape.outputWidth, last / shape.stride + 1)
    return min(low, high)..<high
  }

  /// The windows of `count` rows of y from `first` on, one a row: [pixels, windowSize].
  private func gather(
    _ picture: Int, _ first: Int, _ count: Int, _ x: UnsafePointer<Float>,
    _ windows: UnsafeMutablePointer<Float>
  ) {
    let (channels, run) = (shape.channels, shape.kernelWidth * shape.channels)
    for row in 0..<count * shape.kernelHeight {
      let (outputRow, dy) = (row / shape.kernelHeight, row % shape.kernelHeight)
      let inputRow = (first + outputRow) * shape.stride + dy - shape.padding
      let isInside = inputRow >= 0 && inputRow < shape.height
      let source = x + (picture * shape.height + (isInside ? inputRow : 0)) * shape.width * channels
      for column in 0..<shape.outputWidth {
        let target =
          windows + (outputRow * shape.outputWidth + column) * shape.windowSize + dy * run
        let left = column * shape.stride - shape.padding
        // Of the window's columns, those inside x.
        let (low, high) = (max(0, -left), min(shape.kernelWidth, shape.width - left))
        guard isInside, low < high else {
          target.update(repeating: 0, count: run)
          continue
        }
        target.update(repeating: 0, count: low * channels)
        (target + low * channels).update(
          from: source + (left + low) * channels, count: (high - low) * channels)
        (target + high * channels).update(
          repeating: 0, count: (shape.kernelWidth - high) * channels)
      }
    }
  }

  /// What place (dy, dx) of the window sees of a picture: [pixels of y, channels].
  private func gatherPlace(
    _ picture: Int, _ dy: Int, _ dx: Int, _ x: UnsafePointer<Float>,
    _ output: UnsafeMutablePointer<Float>
  ) {
    let (channels, inside) = (shape.channels, columns(dx))
    for row in 0..<shape.outputHeight {
      let inputRow = row * shape.stride + dy - shape.padding
      let target = output + row * shape.outputWidth * channels
      guard inputRow >= 0, inputRow < shape.height, !inside.isEmpty else {
        target.update(repeating: 0, count: shape.outputWidth * channels)
        continue
      }
      let source = x + (picture * shape.height + inputRow) * shape.width * channels
      target.update(repeating: 0, count: inside.lowerBound * channels)
      for column in inside {
        (target + column * channels).update(
          from: source + (column * shape.stride + dx - shape.padding) * channels, count: channels)
      }
      (target + inside.upperBound * channels).update(
        repeating: 0, count: (shape.outputWidth - inside.upperBound) * channels)
    }
  }

  /// Adds the windows of row `row` of y to the rows `rows` of a picture, which begin at `target`.
  private func scatter(
    _ row: Int, _ windows: UnsafePointer<Float>, rows: Range<Int>,
    _ target: UnsafeMutablePointer<Float>
  ) {
    let (channels, run) = (shape.channels, shape.kernelWidth * shape.channels)
    for dy in 0..<shape.kernelHeight {
      let inputRow = row * shape.stride + dy - shape.padding
      guard rows.contains(inputRow) else { continue }
      let output = target + (inputRow - rows.lowerBound) * shape.width * channels
      for column in 0..<shape.outputWidth {
        let left = column * shape.stride - shape.padding
        let (low, high) = (max(0, -left), min(shape.kernelWidth, shape.width - left))
        guard low < high else { continue }
        let source = windows + column * shape.windowSize + dy * run + low * channels
        let place = output + (left + low) * channels
        for index in 0..<(high - low) * channels { place[index] += source[index] }
      }
    }
  }
}
