/// No so many tokens in a row occur twice: `--no-repeat-ngram`. Where nothing else can follow, they may.
package struct NoRepeatedNgrams: TokenMask {
  private let size: Int

  package init(size: Int) { self.size = size }

  package var isOff: Bool { size <= 0 }
  package var yields: Bool { true }

  /// Those that would complete tokens that occurred before.
  package func forForbidden(after history: [Int32], _ name: (Int32) -> Void) {
    guard history.count >= size else { return }
    let tail = history.count - (size - 1)
    for start in 0...(history.count - size) {
      var offset = 0
      while offset < size - 1, history[start + offset] == history[tail + offset] { offset += 1 }
      if offset == size - 1 { name(history[start + size - 1]) }
    }
  }
}
