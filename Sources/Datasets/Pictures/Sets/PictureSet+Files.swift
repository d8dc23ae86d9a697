import Files
import Kernels
import Synchronization

extension PictureSet {
  /// - Parameters:
  ///   - path: what was opened, for messages.
  ///   - kind: "folder", …
  static func openFiles(
    _ path: String, _ listing: PictureListing, _ kind: String, _ options: PictureOptions
  ) throws(AIGCError) -> PictureSet {
    var listing = listing
    guard !listing.files.isEmpty else {
      let reason = listing.leftOut.lines.first.map { "; left out: \($0)" } ?? ""
      throw .badInput("\(path): no PNG or JPEG pictures in the \(kind)\(reason)")
    }
    if let classes = options.classes { try listing.restrict(to: classes, path) }
    if let limit = options.limit { listing.limit(to: limit) }
    let files = listing.files
    let form = try form(of: files, path, options)
    let decoder = PictureDecoder(files: files, form: form, options.ignoresOrientation)
    let (store, errors) = try PictureStore.filled(form, files: files.count) {
      (index) throws(AIGCError) in try decoder.picture(index)
    }
    if options.badPictures == .fail, let error = errors.lazy.compactMap({ $0 }).first {
      throw error.code == .badInput
        ? .badInput("\(error); pass `images.badPictures` skip to leave it out") : error
    }
    var leftOut = listing.leftOut
    for error in errors { if let error { leftOut.add(error.description) } }
    guard store.count > 0 else {
      let reason = errors.lazy.compactMap { $0?.description }.first ?? ""
      throw .badInput("\(path): none of the \(files.count) pictures can be read: \(reason)")
    }
    let labels = listing.labels.isEmpty ? nil : store.files.map { listing.labels[$0] }
    return PictureSet(
      path: path, store: store, labels: labels, classes: listing.classes, leftOut: leftOut,
      losesColors: decoder.losesColors, files: files.map { $0.name })
  }

  /// The form asked for; what is left open is that of the pictures, whose headers are read for it.
  private static func form(
    of files: [PictureFile], _ path: String, _ options: PictureOptions
  ) throws(AIGCError) -> PictureForm {
    let fit = options.fit ?? .crop
    if let size = options.size, let channels = options.channels {
      return PictureForm(size: size, channels: channels, fit: fit)
    }
    let slots = ParallelSlots<PictureHeader>(count: files.count)
    parallelFor(files.count) { index in
      // Why one cannot be read is said when it is decoded.
      guard !Interruption.isRequested, let bytes = try? files[index].read(),
        let header = try? Picture.header(
          bytes, name: files[index].name, ignoresOrientation: options.ignoresOrientation)
      else { return }
      slots.set(index, header)
    }
    try Interruption.check()
    let headers = files.indices.map { slots.get($0) }
    let known = headers.compactMap { $0 }
    let channels = options.channels ?? (known.allSatisfy { $0.channels == 1 } ? 1 : 3)
    if let size = options.size { return PictureForm(size: size, channels: channels, fit: fit) }
    guard let first = headers.firstIndex(where: { $0 != nil }), let own = headers[first] else {
      // None can be read; any size will do to find out why.
      return PictureForm(size: PictureSize(width: 1, height: 1), channels: channels, fit: fit)
    }
    let other = headers.firstIndex { header in
      header.map { ($0.width, $0.height) != (own.width, own.height) } ?? false
    }
    if let other, let header = headers[other] {
      throw .badInput(
        "\(path): pictures of different sizes: \(files[first].name) has \(own.width)x\(own.height) "
          + "pixels, \(files[other].name) \(header.width)x\(header.height): pass `images.size`")
    }
    let longest = PictureSize.longestSide
    guard own.width <= longest, own.height <= longest else {
      throw .badInput(
        "\(files[first].name): \(own.width)x\(own.height) pixels are too many to learn from: pass "
          + "`images.size`")
    }
    return PictureForm(
      size: PictureSize(width: own.width, height: own.height), channels: channels, fit: fit)
  }
}

/// Reads a set's files. Large pictures are decoded one at a time, so that memory does not grow with the
/// number of threads.
private final class PictureDecoder: Sendable {
  private let files: [PictureFile]
  private let form: PictureForm
  private let ignoresOrientation: Bool
  private let large = Mutex<Void>(())
  private let hasColors = Atomic<Bool>(false)
  private static let largeFile = 16 << 20
  private static let largePixelCount = 4_000_000

  init(files: [PictureFile], form: PictureForm, _ ignoresOrientation: Bool) {
    self.files = files
    self.form = form
    self.ignoresOrientation = ignoresOrientation
  }

  /// Whether some picture so far has colours that ``form`` leaves out.
  var losesColors: Bool { hasColors.load(ordering: .relaxed) }

  /// The picture of file `index` in the set's form.
  func picture(_ index: Int) throws(AIGCError) -> Picture {
    let file = files[index]
    if file.unpackedSize > Self.largeFile {
      return try alone { () throws(AIGCError) in try self.decode(file.read(), file.name) }
    }
    let bytes = try file.read()
    let header = try Picture.header(bytes, name: file.name, ignoresOrientation: true)
    if header.width * header.height > Self.largePixelCount {
      return try alone { () throws(AIGCError) in try self.decode(bytes, file.name) }
    }
    return try decode(bytes, file.name)
  }

  private func decode(_ bytes: Table<UInt8>, _ name: String) throws(AIGCError) -> Picture {
    let stored = try Picture.decode(bytes, name: name, ignoresOrientation: true)
    if form.channels == 1, stored.channels > 1, !losesColors, stored.hasColors {
      hasColors.store(true, ordering: .relaxed)
    }
    let turn = ignoresOrientation ? .none : Orientation(of: bytes)
    return form.apply(stored, turned: turn)
  }

  private func alone(
    _ body: () throws(AIGCError) -> Picture
  ) throws(AIGCError) -> Picture {
    let result = large.withLock { _ in Result { () throws(AIGCError) in try body() } }
    return try result.get()
  }
}
