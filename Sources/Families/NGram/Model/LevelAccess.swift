import Files
import Kernels

extension NGramLevel {
  /// The context at `node`, its values decoded.
  @inline(__always)
  func context(_ node: Int) -> ContextNode {
    guard let quantized else { return contexts[node] }
    let links = quantized.links[node]
    return ContextNode(
      firstChild: links.firstChild, suffix: links.suffix,
      probability: quantized.values[Int(quantized.probabilityCodes[node])],
      backoff: quantized.values[QuantizedLevel.codes + Int(quantized.backoffCodes[node])])
  }

  /// The leaf at `node`, its value decoded.
  @inline(__always)
  func leaf(_ node: Int) -> LeafNode {
    guard let quantized else { return leaves[node] }
    return LeafNode(
      suffix: quantized.suffixes[node],
      probability: quantized.values[Int(quantized.probabilityCodes[node])])
  }

  /// Asks for the memory that ``context(_:)`` or ``leaf(_:)`` of `node` reads.
  @inline(__always)
  func prefetch(_ node: Int) {
    guard let quantized else {
      contexts.prefetch(node)
      // Where the children end stands in the next node.
      if node & 3 == 3 { contexts.prefetch(node + 1) }
      leaves.prefetch(node)
      return
    }
    quantized.links.prefetch(node)
    quantized.suffixes.prefetch(node)
    quantized.probabilityCodes.prefetch(node)
    quantized.backoffCodes.prefetch(node)
  }

  /// Whether this is the highest level.
  @inline(__always)
  var isHighest: Bool { contexts.count == 0 && (quantized?.links.count ?? 0) == 0 }

  /// log10 p(last word | words before).
  @inline(__always)
  func probability(_ node: Int) -> Float {
    guard let quantized else {
      return contexts.count > 0 ? contexts[node].probability : leaves[node].probability
    }
    return quantized.values[Int(quantized.probabilityCodes[node])]
  }

  @inline(__always)
  func suffix(_ node: Int) -> UInt32 { isHighest ? leaf(node).suffix : links(node).suffix }

  /// The children of `node` are `firstChild(node) ..< firstChild(node + 1)` one level up.
  @inline(__always)
  func firstChild(_ node: Int) -> Int { Int(links(node).firstChild) }

  @inline(__always)
  private func links(_ node: Int) -> ContextLinks {
    if let quantized { return quantized.links[node] }
    let context = contexts[node]
    return ContextLinks(firstChild: context.firstChild, suffix: context.suffix)
  }
}
