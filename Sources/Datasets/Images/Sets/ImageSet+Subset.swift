extension ImageSet {
  /// Some of the images, in the given order; nothing is copied.
  /// - Parameter indices: places in this set.
  public func subset(_ indices: [Int]) -> ImageSet {
    require(
      indices.allSatisfy { (0..<count).contains($0) }, "ImageSet: an index outside 0..<\(count)")
    let part = ImageStore(
      form: store.form, bytes: store.bytes, cached: store.cached,
      files: indices.map { store.files[$0] }, isInMemory: store.isInMemory,
      decode: store.decode)
    return ImageSet(
      path: path, store: part, labels: labels.map { all in indices.map { all[$0] } },
      classes: classes, leftOut: leftOut, losesColors: losesColors, files: files)
  }
}
