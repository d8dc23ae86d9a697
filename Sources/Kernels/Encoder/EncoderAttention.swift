import CKernels

/// Attention of all tokens of one text to each other in one head, block by block with a running maximum
/// (FlashAttention-2, Dao 2023). Blocks begin with the text, so a value does not depend on other texts.
struct EncoderAttention {
  /// Values of a head.
  let size: Int
  /// From one token's queries, keys or values to the next one's.
  let stride: Int
  /// From one token's output to the next one's.
  let outputStride: Int
  let scale: Float

  /// Queries, and keys, that are computed together: the columns of a panel.
  private static let block = PackedPanels.width

  /// Floats of ``run(_:queries:keys:values:_:memory:)``'s memory, a multiple of 16.
  static func memorySize(headSize: Int, longest: Int) -> Int {
    let chunks = (headSize + block - 1) / block
    let lines = (longest + block - 1) / block * block
    return block * (headSize + chunks * block + block) + 3 * lines
  }

  /// - Parameters:
  ///   - count: tokens of the text.
  ///   - queries: of the head, of the first token; so are keys, values and the output.
  ///   - memory: ``memorySize(headSize:longest:)`` Floats.
  func run(
    _ count: Int, queries: UnsafePointer<Float>, keys: UnsafePointer<Float>,
    values: UnsafePointer<Float>, _ output: UnsafeMutablePointer<Float>,
    memory: UnsafeMutablePointer<Float>
  ) {
    let block = Self.block
    let lines = (count + block - 1) / block * block
    let keyPanel = memory
    let valuePanels = keyPanel + block * size
    let scores = valuePanels + (size + block - 1) / block * block * block
    let maximum = scores + block * block
    let sum = maximum + lines
    for first in Swift.stride(from: 0, to: count, by: block) {
      let seen = min(block, count - first)
      aigc_pack_panel(size, seen, keys + first * stride, 1, stride, keyPanel)
      for column in Swift.stride(from: 0, to: size, by: block) {
        aigc_pack_panel(
          seen, min(block, size - column), values + first * stride + column, stride, 1,
          valuePanels + column * block)
      }
      for query in Swift.stride(from: 0, to: count, by: block) {
        let rows = min(block, count - query)
        let target = output + query * outputStride
        aigc_gemm_panel(
          rows, size, queries + query * stride, stride, 1, keyPanel, nil, 0, scores, block, seen)
        aigc_attention_weights(
          rows, seen, seen, scale, first == 0 ? 1 : 0, scores, block, maximum + query,
          sum + query, target, outputStride, size)
        for column in Swift.stride(from: 0, to: size, by: block) {
          let part = target + column
          aigc_gemm_panel(
            rows, seen, scores, block, 1, valuePanels + column * block,
            first == 0 ? nil : UnsafePointer(part), outputStride, part, outputStride,
            min(block, size - column))
        }
      }
    }
    aigc_attention_finish(count, maximum, sum, output, outputStride, size, sum + lines)
  }
}
