import CKernels
import Files

/// Many tokens of one sequence through a decoder at once: products of matrices instead of rows, and
/// attention by blocks of 64 queries and 64 cached keys with a running softmax (FlashAttention-2,
/// Dao 2023), so that memory does not grow with the square of the context.
struct DecoderPrompt: @unchecked Sendable {
  private let weights: DecoderWeights
  private let cache: KeyValueCache
  private let rows: Int
  private let position: Int
  // [rows, …] each.
  private let x: UnsafeMutablePointer<Float>
  private let normed: UnsafeMutablePointer<Float>
  private let qkv: UnsafeMutablePointer<Float>
  private let mixed: UnsafeMutablePointer<Float>
  private let inner: UnsafeMutablePointer<Float>

  /// Reads tokens of one sequence from the cache's end on; the cache has place for them.
  ///
  /// In the last layer only keys and values are computed: of `x` just the last row counts there, which
  /// goes on by ``DecoderStep``.
  /// - Parameter x: [rows, width], the embeddings; what the last layer gets afterwards.
  static func run(
    _ weights: DecoderWeights, _ cache: KeyValueCache, rows: Int, x: UnsafeMutablePointer<Float>
  ) {
    let (width, inner) = (weights.width, weights.inner)
    let memory = PoolMemory(rows * (5 * width + inner))
    let prompt = DecoderPrompt(
      weights: weights, cache: cache, rows: rows, position: cache.count, x: x,
      normed: memory.base, qkv: memory.base + rows * width, mixed: memory.base + 4 * rows * width,
      inner: memory.base + 5 * rows * width)
    // After Ctrl-C nobody asks for the result.
    for layer in weights.layers.indices where !Interruption.isRequested { prompt.run(layer) }
  }

  private func run(_ index: Int) {
    let (layer, width) = (weights.layers[index], weights.width)
    let isLast = index == weights.layers.count - 1
    normalize(layer.norm1)
    product(layer.attention, normed, qkv)(isLast ? keyRange : 0..<3 * width)
    parallelFor(weights.heads) { head in
      let keys = qkv + width + head * weights.headSize
      cache.store(
        index, head, position: position, rows: rows, keys: keys, values: keys + width,
        stride: 3 * width)
    }
    if isLast { return }
    attend(index)
    product(layer.attentionOutput, mixed, x, adds: true)(0..<width)
    normalize(layer.norm2)
    product(layer.inner, normed, inner, activation: weights.activation)(0..<weights.inner)
    product(layer.innerOutput, inner, x, adds: true)(0..<width)
  }

  /// The columns of keys and values, from a panel's first on.
  private var keyRange: Range<Int> {
    weights.width / PackedPanels.width * PackedPanels.width..<3 * weights.width
  }

  private func normalize(_ norm: StoredNorm) {
    let width = weights.width
    parallelBlocks(rows, size: 32) { first, end in
      norm.apply(
        rows: end - first, epsilon: weights.epsilon, x + first * width, normed + first * width)
    }
  }

  private func product(
    _ linear: StoredLinear, _ input: UnsafeMutablePointer<Float>,
    _ output: UnsafeMutablePointer<Float>, adds: Bool = false,
    activation: DecoderActivation? = nil
  ) -> PromptProduct {
    PromptProduct(
      matrix: linear.matrix, bias: linear.bias?.base, rows: rows, x: input,
      xStride: linear.matrix.inputs, y: output, yStride: linear.matrix.outputs, adds: adds,
      activation: activation)
  }

  /// A task is one head and 64 queries; the last ones see the most keys and go first.
  private func attend(_ layer: Int) {
    let block = KeyValueCache.blockSize
    let parts = (rows + block - 1) / block
    parallelFor(weights.heads * parts) { task in
      let first = (parts - 1 - task / weights.heads) * block
      attend(layer, task % weights.heads, first, min(block, rows - first))
    }
  }

  private func attend(_ layer: Int, _ head: Int, _ first: Int, _ count: Int) {
    let (size, block, width) = (weights.headSize, KeyValueCache.blockSize, weights.width)
    let memory = PoolMemory(block * block + 3 * block)
    let (scores, maximum) = (memory.base, memory.base + block * block)
    let query = qkv + first * 3 * width + head * size
    let target = mixed + first * width + head * size
    let end = position + first + count
    for index in 0...(end - 1) / block {
      let start = index * block
      let keys = min(block, end - start)
      aigc_gemm_panel(
        count, size, query, 3 * width, 1, cache.keys(layer, head, block: index), nil, 0, scores,
        block, block)
      aigc_attention_weights(
        count, keys, position + first - start + 1, 1 / Float(size).squareRoot(),
        index == 0 ? 1 : 0, scores, block, maximum, maximum + block, target, width, size)
      for column in stride(from: 0, to: size, by: block) {
        let output = target + column
        aigc_gemm_panel(
          count, keys, scores, block, 1,
          cache.values(layer, head, block: index) + column * block,
          index == 0 ? nil : UnsafePointer(output), width, output, width, min(block, size - column))
      }
    }
    aigc_attention_finish(
      count, maximum, maximum + block, target, width, size, maximum + 2 * block)
  }
}
