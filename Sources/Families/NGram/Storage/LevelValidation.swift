import Files
import Kernels
import Synchronization

/// Checks of a level read from a file: after them no link leads outside.
extension NGramLevel {
  func validate(
    index: Int, vocabularySize: Int, lowerCount: Int, damaged: AIGCError
  ) throws(AIGCError) {
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

  /// Children must stand one after another, from the first of the next level to its last.
  func validateChildren(count children: Int, damaged: AIGCError) throws(AIGCError) {
    let isSound = Atomic<Bool>(true)
    parallelBlocks(count, size: 1 << 16) { first, end in
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
