import CKernels

extension DecoderPass {
  /// Queries, keys and values of a task's heads, which are turned and kept as soon as they are there.
  func project(_ index: Int, _ task: Int) {
    let layer = weights.layers[index]
    let input = normed(layer.attentionNorm, 0..<rows, task)
    let keyValueHeads = shape.keyValueHeads
    let parts = [
      (layer.query, shape.heads, 0), (layer.key, keyValueHeads, shape.queryWidth),
      (layer.value, keyValueHeads, shape.queryWidth + shape.keyValueWidth),
    ]
    // Items are groups of heads at whose ends products may be cut: of queries, of keys, of values.
    let groups = parts.map { linear, count, _ in
      let size = headGroup(linear.matrix)
      return (size: size, count: (count + size - 1) / size)
    }
    let items = groups.reduce(0) { $0 + $1.count }
    let own = items * task / tasks..<items * (task + 1) / tasks
    var before = 0
    for (part, (linear, count, offset)) in parts.enumerated() {
      let (size, end) = (groups[part].size, before + groups[part].count)
      let taken = own.clamped(to: before..<end)
      if !taken.isEmpty {
        let heads =
          (taken.lowerBound - before) * size..<min((taken.upperBound - before) * size, count)
        project(index, linear, input, part, heads: heads, offset: offset)
      }
      before = end
    }
  }

  /// Heads whose values end where a product may be cut.
  private func headGroup(_ matrix: PackedMatrix) -> Int {
    let unit = matrix.unit(rows: rows)
    var (a, b) = (unit, shape.headSize)
    while b > 0 { (a, b) = (b, a % b) }
    return unit / a
  }

  /// - Parameters:
  ///   - part: 0 of queries, 1 of keys, 2 of values.
  ///   - offset: of its first head in a row of ``DecoderBuffers/qkv``.
  private func project(
    _ index: Int, _ linear: StoredLinear, _ input: ProductInput, _ part: Int, heads: Range<Int>,
    offset: Int
  ) {
    let (size, stride) = (shape.headSize, shape.queryWidth + 2 * shape.keyValueWidth)
    let layer = weights.layers[index]
    let columns = heads.lowerBound * size..<heads.upperBound * size
    linear.apply(columns, input, buffers.qkv + offset, yStride: stride)
    let norm = part == 0 ? layer.queryNorm : part == 1 ? layer.keyNorm : nil
    let hasWindow = shape.window(ofLayer: index) != nil
    for row in 0..<rows where part < 2 {
      let lines = buffers.qkv + row * stride + offset + columns.lowerBound
      norm?.apply(shape, rows: heads.count, lines, lines)
      rotary.turn(row, hasWindow: hasWindow, heads: heads.count, lines)
    }
    guard part > 0 else { return }
    for run in runs {
      for head in heads {
        let lines = buffers.qkv + run.firstRow * stride + offset + head * size
        run.cache.store(
          index, head, position: run.position, rows: run.count, keys: part == 1 ? lines : nil,
          values: part == 2 ? lines : nil, stride: stride)
      }
    }
  }

  // MARK: Attention

  /// A task's share of all queries: heads of single rows, and of many rows blocks of 64 queries.
  func attend(_ index: Int, _ task: Int) {
    let active = activeRows(index)
    let counts = runs.map { self.items($0, active) }
    let total = counts.reduce(0, +)
    var own = total * task / tasks..<total * (task + 1) / tasks
    for (run, count) in zip(runs, counts) {
      let range = own.clamped(to: 0..<count)
      if !range.isEmpty { attend(index, run, active, range, task) }
      own = max(own.lowerBound - count, 0)..<max(own.upperBound - count, 0)
    }
  }

  private func activeRows(_ run: DecoderRun, _ active: Range<Int>) -> Range<Int> {
    active.clamped(to: run.firstRow..<run.firstRow + run.count)
  }

  private func items(_ run: DecoderRun, _ active: Range<Int>) -> Int {
    let count = activeRows(run, active).count
    if count == 1 { return shape.heads }
    return shape.heads * ((count + CachedAttention.rows - 1) / CachedAttention.rows)
  }

  private func attend(
    _ index: Int, _ run: DecoderRun, _ active: Range<Int>, _ items: Range<Int>, _ task: Int
  ) {
    let rows = activeRows(run, active)
    let (size, stride) = (shape.headSize, shape.queryWidth + 2 * shape.keyValueWidth)
    let group = shape.heads / shape.keyValueHeads
    let memory = buffers.attention(task)
    func attention(_ head: Int) -> CachedAttention {
      CachedAttention(
        cache: run.cache, layer: index, head: head / group, scale: shape.attentionScale,
        window: shape.window(ofLayer: index))
    }
    if rows.count == 1 {
      var head = items.lowerBound
      while head < items.upperBound {
        let end = min((head / group + 1) * group, items.upperBound)
        attention(head).run(
          position: run.position + rows.lowerBound - run.firstRow, heads: end - head,
          buffers.qkv + rows.lowerBound * stride + head * size,
          buffers.mixed + rows.lowerBound * shape.queryWidth + head * size, memory: memory)
        head = end
      }
      return
    }
    for item in items {
      // The last queries see the most keys and go first.
      let blocks = (rows.count + CachedAttention.rows - 1) / CachedAttention.rows
      let (place, head) = item.quotientAndRemainder(dividingBy: shape.heads)
      let first = rows.lowerBound + (blocks - 1 - place) * CachedAttention.rows
      attention(head).run(
        position: run.position + first - run.firstRow,
        rows: min(CachedAttention.rows, rows.upperBound - first),
        buffers.qkv + first * stride + head * size, queryStride: stride,
        buffers.mixed + first * shape.queryWidth + head * size, stride: shape.queryWidth,
        memory: memory)
    }
  }
}
