import Files
import Kernels
import Synchronization

/// Checks of a level read from a file: after them no link leads outside.
extension NGramLevel {
  func validate(
    index: Int, vocabularySize: Int, lowerCount: Int, damaged: AIGCError
  ) throws(AIGCError) {
    if quantized == nil, index > 0 {
      try validatePlain(vocabularySize: vocabularySize, lowerCount: lowerCount, damaged: damaged)
      return
    }
    let isSound = Atomic<Bool>(true)
    let (words, suffixLimit) = (words, index == 0 ? UInt32.max : UInt32(clamping: lowerCount))
    let wordLimit = UInt32(clamping: vocabularySize)
    parallelBlocks(count, size: 1 << 16) { first, end in
      var sound = true
      for node in first..<end {
        if index > 0 { sound = sound && words[node] < wordLimit && suffix(node) < suffixLimit }
        sound = sound && probability(node) <= 0
      }
      if !sound { isSound.store(false, ordering: .relaxed) }
    }
    guard isSound.load(ordering: .relaxed) else { throw damaged }
  }

  /// The same for levels of plain values: the hot case, without branches.
  private func validatePlain(
    vocabularySize: Int, lowerCount: Int, damaged: AIGCError
  ) throws(AIGCError) {
    let isSound = Atomic<Bool>(true)
    let (wordLimit, suffixLimit) = (UInt32(clamping: vocabularySize), UInt32(clamping: lowerCount))
    words.withUnsafeBuffer { words in
      contexts.withUnsafeBuffer { contexts in
        leaves.withUnsafeBuffer { leaves in
          nonisolated(unsafe) let (words, contexts, leaves) = (words, contexts, leaves)
          parallelBlocks(count, size: 1 << 16) { first, end in
            var faults: UInt32 = 0
            for node in first..<end { faults |= words[node] < wordLimit ? 0 : 1 }
            if leaves.isEmpty {
              for node in first..<end {
                let context = contexts[node]
                faults |= context.suffix < suffixLimit && context.probability <= 0 ? 0 : 1
                faults |= context.firstChild <= contexts[node &+ 1].firstChild ? 0 : 1
                faults |= context.backoff == context.backoff ? 0 : 1
              }
            } else {
              for node in first..<end {
                faults |= leaves[node].suffix < suffixLimit && leaves[node].probability <= 0 ? 0 : 1
              }
            }
            if faults != 0 { isSound.store(false, ordering: .relaxed) }
          }
        }
      }
    }
    guard isSound.load(ordering: .relaxed) else { throw damaged }
  }

  /// Children must stand one after another, from the first of the next level to its last.
  func validateChildren(count children: Int, damaged: AIGCError) throws(AIGCError) {
    let isSound = Atomic<Bool>(true)
    let isChecked = quantized == nil && words.count > 0
    parallelBlocks(isChecked ? 0 : count, size: 1 << 16) { first, end in
      var sound = true
      for node in first..<end {
        sound = sound && firstChild(node) <= firstChild(node + 1) && !context(node).backoff.isNaN
      }
      if !sound { isSound.store(false, ordering: .relaxed) }
    }
    guard isSound.load(ordering: .relaxed), firstChild(0) == 0, firstChild(count) == children
    else { throw damaged }
  }
}
