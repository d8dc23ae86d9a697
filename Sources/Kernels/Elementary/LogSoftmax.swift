import CKernels
import Files

/// The natural logarithm of softmax(scores) at one index.
/// - Parameters:
///   - scores: changed: what they become means nothing.
///   - index: of one of them.
public func logSoftmax(_ scores: inout [Float], at index: Int) -> Float {
  require(scores.indices.contains(index), "log softmax at \(index) of \(scores.count)")
  var (target, loss): (Int32, Float) = (Int32(truncatingIfNeeded: index), 0)
  scores.withUnsafeMutableBufferPointer { memory in
    guard let base = memory.baseAddress else { return }
    aigc_cross_entropy(1, memory.count, base, &target, 1, &loss)
  }
  return -loss
}
