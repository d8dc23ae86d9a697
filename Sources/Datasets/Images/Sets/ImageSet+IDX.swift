import Files
import Kernels

extension ImageSet {
  /// - Parameter labels: the file of labels; nil: the one beside the images, if there is one.
  static func openIDX(
    _ path: String, labels: String?, _ options: ImageOptions
  ) throws(AIGCError) -> ImageSet {
    // Of some classes: which images they are shows in the labels.
    let limit = options.classes == nil ? options.limit : nil
    let file = try IDXFile.images(path, limit: limit)
    guard let own = file.size else { throw .badInput("\(path): no images") }
    let form = ImageForm(
      size: options.size ?? own, channels: options.channels ?? 1, fit: options.fit ?? .pad)
    let decode: @Sendable (Int) throws(AIGCError) -> Image = { index in
      let start = index * own.width * own.height
      let pixels = file.bytes.slice(start..<start + own.width * own.height)
      let image = Image(width: own.width, height: own.height, channels: 1) { target in
        pixels.withUnsafeBuffer { source in _ = target.update(from: source) }
      }
      return form.apply(image)
    }
    let store: ImageStore
    if form.size == own, form.channels == 1 {
      store = ImageStore(
        form: form, bytes: file.bytes, cached: file.count, files: Array(0..<file.count),
        isInMemory: true, decode: decode)
    } else {
      store = try ImageStore.filled(form, files: file.count, decode).store
    }
    guard let labels = labels ?? IDXFile.labels(beside: path) else {
      if let choice = options.classes { _ = try choice.applied(to: [], path) }
      return ImageSet(path: path, store: store, labels: nil, classes: [])
    }
    let classes = try IDXFile.labels(labels, limit: limit)
    guard classes.total == file.total else {
      throw .badInput(
        "\(labels): \(classes.total) labels, but \(path) has \(file.total) images")
    }
    let values = classes.bytes.map(as: UInt8.self) { Int32($0) }
    let largest = values.reduce(0) { max($0, $1) }
    let set = ImageSet(
      path: path, store: store, labels: values, classes: (0...largest).map { "\($0)" })
    guard let choice = options.classes else { return set }
    return try set.restricted(to: choice, limit: options.limit)
  }
}
