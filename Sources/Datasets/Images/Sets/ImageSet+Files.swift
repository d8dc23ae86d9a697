import Files
import Kernels
import Synchronization

extension ImageSet {
  /// - Parameters:
  ///   - path: what was opened, for messages.
  ///   - kind: "folder", …
  static func openFiles(
    _ path: String, _ listing: ImageListing, _ kind: String, _ options: ImageOptions
  ) throws(AIGCError) -> ImageSet {
    var listing = listing
    guard !listing.files.isEmpty else { throw withoutImages(path, listing, kind) }
    if let classes = options.classes { try listing.restrict(to: classes, path) }
    if let limit = options.limit { listing.limit(to: limit) }
    let files = listing.files
    let form = try form(of: files, path, options)
    let decoder = ImageDecoder(files: files, form: form, options.ignoresOrientation)
    let (store, errors) = try ImageStore.filled(form, files: files.count) {
      (index) throws(AIGCError) in try decoder.image(index)
    }
    if options.badImages == .fail, let error = errors.lazy.compactMap({ $0 }).first {
      throw error.code == .badInput
        ? .badInput("\(error); pass `images.badImages` skip to leave it out") : error
    }
    var leftOut = listing.leftOut
    for error in errors { if let error { leftOut.add(error.description) } }
    guard store.count > 0 else {
      let reason = errors.lazy.compactMap { $0?.description }.first ?? ""
      throw .badInput("\(path): none of the \(files.count) images can be read: \(reason)")
    }
    let labels = listing.labels.isEmpty ? nil : store.files.map { listing.labels[$0] }
    return ImageSet(
      path: path, store: store, labels: labels, classes: listing.classes, leftOut: leftOut,
      losesColors: decoder.losesColors, files: files.map { $0.name })
  }

  /// That there is nothing to read at `path`, and what was left out first.
  static func withoutImages(_ path: String, _ listing: ImageListing, _ kind: String) -> AIGCError {
    let reason = listing.leftOut.lines.first.map { "; left out: \($0)" } ?? ""
    return .badInput("\(path): no PNG or JPEG images in the \(kind)\(reason)")
  }

  /// The form asked for; what is left open is that of the images, whose headers are read for it.
  private static func form(
    of files: [ImageFile], _ path: String, _ options: ImageOptions
  ) throws(AIGCError) -> ImageForm {
    let fit = options.fit ?? .crop
    if let size = options.size, let channels = options.channels {
      return ImageForm(size: size, channels: channels, fit: fit)
    }
    let slots = ParallelSlots<ImageHeader>(count: files.count)
    parallelFor(files.count) { index in
      // Why one cannot be read is said when it is decoded.
      guard !Interruption.isRequested, let bytes = try? files[index].read(),
        let header = try? Image.header(
          bytes, name: files[index].name, ignoresOrientation: options.ignoresOrientation)
      else { return }
      slots.set(index, header)
    }
    try Interruption.check()
    let headers = files.indices.map { slots.get($0) }
    let known = headers.compactMap { $0 }
    let channels = options.channels ?? (known.allSatisfy { $0.channels == 1 } ? 1 : 3)
    if let size = options.size { return ImageForm(size: size, channels: channels, fit: fit) }
    guard let first = headers.firstIndex(where: { $0 != nil }), let own = headers[first] else {
      // None can be read; any size will do to find out why.
      return ImageForm(size: ImageSize(width: 1, height: 1), channels: channels, fit: fit)
    }
    let other = headers.firstIndex { header in
      header.map { ($0.width, $0.height) != (own.width, own.height) } ?? false
    }
    if let other, let header = headers[other] {
      throw .badInput(
        "\(path): images of different sizes: \(files[first].name) has \(own.width)x\(own.height) "
          + "pixels, \(files[other].name) \(header.width)x\(header.height): pass `images.size`")
    }
    let longest = ImageSize.longestSide
    guard own.width <= longest, own.height <= longest else {
      throw .badInput(
        "\(files[first].name): \(own.width)x\(own.height) pixels are too many to learn from: pass "
          + "`images.size`")
    }
    return ImageForm(
      size: ImageSize(width: own.width, height: own.height), channels: channels, fit: fit)
  }
}

/// Reads a set's files. Large images are decoded one at a time, so that memory does not grow with the
/// number of threads.
private final class ImageDecoder: Sendable {
  private let files: [ImageFile]
  private let form: ImageForm
  private let ignoresOrientation: Bool
  private let large = Mutex<Void>(())
  private let hasColors = Atomic<Bool>(false)
  private static let largeFile = 16 << 20
  private static let largePixelCount = 4_000_000

  init(files: [ImageFile], form: ImageForm, _ ignoresOrientation: Bool) {
    self.files = files
    self.form = form
    self.ignoresOrientation = ignoresOrientation
  }

  /// Whether some image so far has colours that ``form`` leaves out.
  var losesColors: Bool { hasColors.load(ordering: .relaxed) }

  /// The image of file `index` in the set's form.
  func image(_ index: Int) throws(AIGCError) -> Image {
    let file = files[index]
    if file.unpackedSize > Self.largeFile {
      return try alone { () throws(AIGCError) in try self.decode(file.read(), file.name) }
    }
    let bytes = try file.read()
    let header = try Image.header(bytes, name: file.name, ignoresOrientation: true)
    if header.width * header.height > Self.largePixelCount {
      return try alone { () throws(AIGCError) in try self.decode(bytes, file.name) }
    }
    return try decode(bytes, file.name)
  }

  private func decode(_ bytes: Table<UInt8>, _ name: String) throws(AIGCError) -> Image {
    let stored = try Image.decode(bytes, name: name, ignoresOrientation: true)
    if form.channels == 1, stored.channels > 1, !losesColors, stored.hasColors {
      hasColors.store(true, ordering: .relaxed)
    }
    let turn = ignoresOrientation ? .none : Orientation(of: bytes)
    return form.apply(stored, turned: turn)
  }

  private func alone(
    _ body: () throws(AIGCError) -> Image
  ) throws(AIGCError) -> Image {
    let result = large.withLock { _ in Result { () throws(AIGCError) in try body() } }
    return try result.get()
  }
}
