import Archives
import Files
import Kernels

/// Images to learn from, all in one form: an IDX file, a folder, an archive or one image.
///
/// Immutable. Where they fit into ``memoryLimit``, all are kept decoded as bytes; the rest is decoded
/// each time it is asked for.
public final class ImageSet: ExampleSet {
  /// What was opened.
  public let path: String
  /// The size of every image in the set.
  public let size: ImageSize
  /// 1, 3 or 4.
  public let channels: Int
  /// The class of each image, a place in ``classes``; nil where there are none.
  public let labels: [Int32]?
  /// Names of the classes: sub-folders in the order of their names; "0", "1", … for IDX.
  public let classes: [String]
  /// What was found at ``path`` and is not in the set.
  public let leftOut: LeftOutImages
  /// Whether some file shows an image in colours, where the set is grey.
  public let losesColors: Bool
  /// The path of each file, also of those that could not be read; empty where one file holds all.
  let files: [String]
  let store: ImageStore

  /// Number of images.
  public var count: Int { store.count }

  /// What an image is called: the path of its file, or that of the file of all and its place there,
  /// from 0.
  public func name(of index: Int) -> String {
    let file = store.files[index]
    return files.isEmpty ? "\(path):\(file)" : files[file]
  }

  /// Bytes of decoded images that are kept in memory.
  public static let memoryLimit = 1 << 30

  init(
    path: String, store: ImageStore, labels: [Int32]?, classes: [String],
    leftOut: LeftOutImages = LeftOutImages(), losesColors: Bool = false, files: [String] = []
  ) {
    self.path = path
    self.store = store
    self.labels = labels
    self.classes = classes
    self.leftOut = leftOut
    self.losesColors = losesColors
    self.files = files
    size = store.form.size
    channels = store.form.channels
  }

  /// Opens images; what they are shows in the first bytes:
  /// - an IDX file as MNIST's, packed by gzip or not, or a folder with its training images;
  /// - a folder of PNG and JPEG files at any depth, a tar (.tar.gz too) or a zip file of them. Sub-folders are classes;
  ///   of "train" and "test" (or "val") "train" is taken. `images.tar/test` is a folder inside;
  /// - one image.
  /// - Parameters:
  ///   - path: of the file or folder.
  ///   - labels: an IDX file of labels; nil: the one that belongs to an IDX file of images by its name, where
  ///     there is one.
  ///   - options: the size and channels that images are brought to, which of them are taken, and what happens
  ///     when one cannot be read.
  /// - Throws: ``/Files/AIGCError``: badInput when there are no images, or some cannot be read and are not to
  ///   be skipped; usage when the options are impossible; interrupted.
  public static func open(
    _ path: String, labels: String? = nil, _ options: ImageOptions = ImageOptions()
  ) throws(AIGCError) -> ImageSet {
    try options.check()
    // Opening a FIFO would wait for its other end.
    if fileExists(path), case .unreadable(let reason) = FolderEntry(RawPath(path)).kind {
      throw .badInput("\(path): \(reason)")
    }
    // With labels it must be an IDX file, and what is wrong with it is said.
    let idx = try idxFile(path) ?? (labels != nil && !isFolder(path) ? path : nil)
    if let idx { return try openIDX(idx, labels: labels, options) }
    guard labels == nil else { throw .usage("\(path): only IDX files have a file of labels") }
    let (listing, kind) = try listing(path)
    return try openFiles(path, listing, kind, options)
  }

  /// The images of a folder, an archive or one file, and what that is called.
  static func listing(_ path: String) throws(AIGCError) -> (ImageListing, kind: String) {
    InputRecord.add(path)
    if isFolder(path) { return (ImageListing(try ImageFiles.folder(path)), "folder") }
    let (archive, part) = insideArchive(path)
    let bytes = try archiveBytes(archive)
    let listing: ImageListing
    let start = bytes.load(UInt32.self, at: 0)
    if start == ZipArchive.localSignature || start == ZipArchive.endSignature {
      listing = ImageListing(try ImageFiles.zip(archive, bytes), part: part)
    } else if TarArchive.recognizes(bytes) {
      listing = ImageListing(try ImageFiles.tar(archive, bytes), part: part)
    } else if part.isEmpty, Image.format(bytes) != nil {
      listing = ImageListing(
        ImageFile(place: [lastComponent(of: path)], name: path, unpackedSize: 0) { bytes })
    } else {
      throw .badInput("\(archive): neither IDX, tar or zip file nor a PNG or JPEG image")
    }
    return (listing, part.isEmpty ? "archive" : "folder of the archive")
  }

  /// The bytes of an archive; one that gzip packed (.tar.gz, .tgz) is unpacked into memory.
  private static func archiveBytes(_ path: String) throws(AIGCError) -> Table<UInt8> {
    let bytes = try MappedFile(path: path).bytes()
    guard bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B else { return bytes }
    return try readBytes(path: path, atMost: 2 << 30)
  }

  /// The IDX file that `path` means; nil when it means none.
  private static func idxFile(_ path: String) throws(AIGCError) -> String? {
    if isFolder(path) { return IDXFile.trainingImages(in: path) }
    guard fileExists(path), try IDXFile.recognizes(path) else { return nil }
    return path
  }

  /// "a/b.tar/test/cats" → the file that exists, "a/b.tar", and the folders in it.
  private static func insideArchive(_ path: String) -> (archive: String, part: [String]) {
    var (archive, part) = (path, [String]())
    while archive.count > 1, archive.hasSuffix("/") { archive.removeLast() }
    while !fileExists(archive), archive.contains("/"), parentFolder(of: archive) != archive {
      part.insert(lastComponent(of: archive), at: 0)
      archive = parentFolder(of: archive)
    }
    return fileExists(archive) && !isFolder(archive) ? (archive, part) : (path, [])
  }

  /// Whether images come from memory: nothing has to be decoded.
  public var isInMemory: Bool { store.isInMemory }

  /// The images at `indices`.
  /// - Parameters:
  ///   - indices: places in this set.
  ///   - mirrored: which of them are turned left to right; empty: none.
  ///   - isParallel: whether several threads may be used.
  /// - Returns: [indices, height, width, channels], −1 (byte 0) to 1 (byte 255).
  /// - Throws: ``/Files/AIGCError`` (badInput) when a file was changed since the set was opened.
  public func values(
    _ indices: [Int], mirrored: [Bool], isParallel: Bool
  ) throws(AIGCError) -> [Float] {
    require(
      indices.allSatisfy { (0..<count).contains($0) }, "ImageSet: an index outside 0..<\(count)")
    let form = store.form
    let errors = ParallelSlots<AIGCError>(count: indices.count)
    let result = [Float](unsafeUninitializedCapacity: indices.count * form.count) {
      buffer, initialized in
      nonisolated(unsafe) let output = buffer
      let body: @Sendable (Int) -> Void = { place in
        let part = output[place * form.count..<(place + 1) * form.count]
        let target = UnsafeMutableBufferPointer(rebasing: part)
        do throws(AIGCError) {
          try self.store.withBytes(indices[place]) { bytes in
            form.write(bytes, to: target, isMirrored: !mirrored.isEmpty && mirrored[place])
          }
        } catch {
          errors.set(place, error)
          target.initialize(repeating: 0)
        }
      }
      // From memory it is a copy, too little for threads.
      if isParallel, !isInMemory {
        parallelFor(indices.count, body)
      } else {
        for place in indices.indices { body(place) }
      }
      initialized = indices.count * form.count
    }
    for place in indices.indices {
      if let error = errors.get(place) { throw error }
    }
    return result
  }
}

extension ImageForm {
  /// Bytes as −1…1.
  func write(
    _ bytes: UnsafeBufferPointer<UInt8>, to target: UnsafeMutableBufferPointer<Float>,
    isMirrored: Bool
  ) {
    guard isMirrored else {
      for index in 0..<count {
        target.initializeElement(at: index, to: Self.value(bytes[index]))
      }
      return
    }
    let row = size.width * channels
    for y in 0..<size.height {
      for x in 0..<size.width {
        let (from, to) = (y * row + (size.width - 1 - x) * channels, y * row + x * channels)
        for channel in 0..<channels {
          target.initializeElement(at: to + channel, to: Self.value(bytes[from + channel]))
        }
      }
    }
  }

  @inline(__always)
  private static func value(_ byte: UInt8) -> Float { Float(byte) / 127.5 - 1 }
}
