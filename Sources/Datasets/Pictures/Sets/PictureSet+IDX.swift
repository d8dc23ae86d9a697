import Files
import Kernels

extension PictureSet {
  /// - Parameter labels: the file of labels; nil: the one beside the pictures, if there is one.
  static func openIDX(
    _ path: String, labels: String?, _ options: PictureOptions
  ) throws(AIGCError) -> PictureSet {
    // Of some classes: which pictures they are shows in the labels.
    let limit = options.classes == nil ? options.limit : nil
    let file = try IDXFile.pictures(path, limit: limit)
    guard let own = file.size else { throw .badInput("\(path): no pictures") }
    let form = PictureForm(
      size: options.size ?? own, channels: options.channels ?? 1, fit: options.fit ?? .pad)
    let decode: @Sendable (Int) throws(AIGCError) -> Picture = { index in
      let start = index * own.width * own.height
      let pixels = file.bytes.slice(start..<start + own.width * own.height)
      let picture = Picture(width: own.width, height: own.height, channels: 1) { target in
        pixels.withUnsafeBuffer { source in _ = target.update(from: source) }
      }
      return form.apply(picture)
    }
    let store: PictureStore
    if form.size == own, form.channels == 1 {
      store = PictureStore(
        form: form, bytes: file.bytes, cached: file.count, files: Array(0..<file.count),
        isInMemory: true, decode: decode)
    } else {
      store = try PictureStore.filled(form, files: file.count, decode).store
    }
    guard let labels = labels ?? IDXFile.labels(beside: path) else {
      if let choice = options.classes { _ = try choice.applied(to: [], path) }
      return PictureSet(path: path, store: store, labels: nil, classes: [])
    }
    let classes = try IDXFile.labels(labels, limit: limit)
    guard classes.total == file.total else {
      throw .badInput(
        "\(labels): \(classes.total) labels, but \(path) has \(file.total) pictures")
    }
    let values = classes.bytes.map(as: UInt8.self) { Int32($0) }
    let largest = values.reduce(0) { max($0, $1) }
    let set = PictureSet(
      path: path, store: store, labels: values, classes: (0...largest).map { "\($0)" })
    guard let choice = options.classes else { return set }
    return try set.restricted(to: choice, limit: options.limit)
  }
}
