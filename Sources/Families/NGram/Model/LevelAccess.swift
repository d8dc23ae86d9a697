import Files
import Kernels

/// A level as it is read: plain pointers, so that a loop over words counts no shares of tables. The
/// ``NGramLevel`` must outlive it.
struct NGramLevelView: BitwiseCopyable, Sendable {
  let words: TableView<UInt32>
  private let contexts: TableView<ContextNode>
  private let leaves: TableView<LeafNode>
  /// Those of ``QuantizedLevel``.
  private let links: TableView<ContextLinks>
  private let suffixes: TableView<UInt32>
  private let probabilityCodes: TableView<UInt8>
  private let backoffCodes: TableView<UInt8>
  private let values: TableView<Float>
  private let isQuantized: Bool
  /// Number of n-grams.
  let count: Int

  init(_ level: NGramLevel) {
    words = TableView(level.words)
    contexts = TableView(level.contexts)
    leaves = TableView(level.leaves)
    links = TableView(level.quantized.links)
    suffixes = TableView(level.quantized.suffixes)
    probabilityCodes = TableView(level.quantized.probabilityCodes)
    backoffCodes = TableView(level.quantized.backoffCodes)
    values = TableView(level.quantized.values)
    isQuantized = level.isQuantized
    count = level.count
  }

  /// The context at `node`, its values decoded.
  @inline(__always)
  func context(_ node: Int) -> ContextNode {
    if !isQuantized { return contexts[node] }
    let links = links[node]
    return ContextNode(
      firstChild: links.firstChild, suffix: links.suffix,
      probability: values[Int(probabilityCodes[node])],
      backoff: values[QuantizedLevel.codes + Int(backoffCodes[node])])
  }

  /// The leaf at `node`, its value decoded.
  @inline(__always)
  func leaf(_ node: Int) -> LeafNode {
    if !isQuantized { return leaves[node] }
    return LeafNode(
      suffix: suffixes[node],
      probability: values[Int(probabilityCodes[node])])
  }

  /// Asks for the memory that ``context(_:)`` or ``leaf(_:)`` of `node` reads.
  @inline(__always)
  func prefetch(_ node: Int) {
    if isQuantized { return prefetchCodes(node) }
    contexts.prefetch(node)
    // Where the children end stands in the next node.
    if node & 3 == 3 { contexts.prefetch(node + 1) }
    leaves.prefetch(node)
  }

  /// The same without the next node.
  @inline(__always)
  func prefetchValues(_ node: Int) {
    if isQuantized { return prefetchCodes(node) }
    contexts.prefetch(node)
    leaves.prefetch(node)
  }

  private func prefetchCodes(_ node: Int) {
    links.prefetch(node)
    suffixes.prefetch(node)
    probabilityCodes.prefetch(node)
    backoffCodes.prefetch(node)
  }

  /// Whether this is the highest level.
  @inline(__always)
  var isHighest: Bool { contexts.count == 0 && links.count == 0 }

  /// log10 p(last word | words before).
  @inline(__always)
  func probability(_ node: Int) -> Float {
    if isQuantized { return values[Int(probabilityCodes[node])] }
    return contexts.count > 0 ? contexts[node].probability : leaves[node].probability
  }

  @inline(__always)
  func suffix(_ node: Int) -> UInt32 { isHighest ? leaf(node).suffix : contextLinks(node).suffix }

  /// The children of `node` are `firstChild(node) ..< firstChild(node + 1)` one level up.
  @inline(__always)
  func firstChild(_ node: Int) -> Int { Int(contextLinks(node).firstChild) }

  @inline(__always)
  private func contextLinks(_ node: Int) -> ContextLinks {
    if isQuantized { return links[node] }
    let context = contexts[node]
    return ContextLinks(firstChild: context.firstChild, suffix: context.suffix)
  }
}
