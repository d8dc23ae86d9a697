import Kernels

extension PictureSet {
  /// Some of the pictures, in the given order; nothing is copied.
  /// - Parameter indices: places in this set.
  public func subset(_ indices: [Int]) -> PictureSet {
    precondition(
      indices.allSatisfy { (0..<count).contains($0) }, "PictureSet: an index outside 0..<\(count)")
    let part = PictureStore(
      form: store.form, bytes: store.bytes, cached: store.cached,
      files: indices.map { store.files[$0] }, isInMemory: store.isInMemory,
      decode: store.decode)
    return PictureSet(
      path: path, store: part, labels: labels.map { all in indices.map { all[$0] } },
      classes: classes, skipped: skipped)
  }

  /// Two parts by chance, since neighbours in files are often alike: to learn from, and to measure
  /// on.
  /// - Parameters:
  ///   - share: of the second part, 0 to 1.
  ///   - seed: of the chance.
  /// - Returns: the second part is nil where it would be empty.
  public func split(share: Double, seed: UInt64) -> (rest: PictureSet, heldOut: PictureSet?) {
    var random = RandomSource(seed: seed, stream: 3)
    var order = Array(0..<self.count)
    for last in stride(from: order.count - 1, to: 0, by: -1) {
      order.swapAt(last, Int(random.integer(below: UInt64(last + 1))))
    }
    let count = Int(Double(order.count) * share)
    guard count > 0 else { return (self, nil) }
    return (subset(order[count...].sorted()), subset(order[..<count].sorted()))
  }
}
