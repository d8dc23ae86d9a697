import Files
import Kernels

/// The bytes of a set's images: in memory, or read and decoded when asked for.
struct ImageStore: Sendable {
  let form: ImageForm
  /// Images in the set's form, each at its file's number times ``ImageForm/count``.
  let bytes: Table<UInt8>
  /// How many of the files have their place in `bytes`.
  let cached: Int
  /// The number of each image's file.
  let files: [Int]
  /// Whether none has to be decoded.
  let isInMemory: Bool
  /// The image of a file in the set's form.
  let decode: @Sendable (Int) throws(AIGCError) -> Image

  var count: Int { files.count }

  /// Calls `body` with the bytes of image `index`.
  func withBytes(
    _ index: Int, _ body: (UnsafeBufferPointer<UInt8>) -> Void
  ) throws(AIGCError) {
    let file = files[index]
    if file < cached {
      bytes.slice(file * form.count..<(file + 1) * form.count).withUnsafeBuffer { body($0) }
    } else {
      try decode(file).pixels.withUnsafeBufferPointer { body($0) }
    }
  }
}

extension ImageStore {
  /// Decodes every file once: bad ones are found before anything is learned, and as many images as
  /// ``ImageSet/memoryLimit`` allows are kept.
  /// - Returns: the images that could be read, and for each file why not, nil for these.
  /// - Throws: ``/Files/AIGCError``: failed when there is no memory, interrupted.
  static func filled(
    _ form: ImageForm, files: Int, memoryLimit: Int = ImageSet.memoryLimit,
    _ decode: @escaping @Sendable (Int) throws(AIGCError) -> Image
  ) throws(AIGCError) -> (store: ImageStore, errors: [AIGCError?]) {
    let cached = min(files, memoryLimit / form.count)
    let bytes = try MutableTable<UInt8>(count: cached * form.count)
    let errors = ParallelSlots<AIGCError>(count: files)
    parallelFor(files) { file in
      if Interruption.isRequested { return }
      do throws(AIGCError) {
        let image = try decode(file)
        if file < cached { bytes.copy(image.pixels, at: file * form.count) }
      } catch {
        errors.set(file, error)
      }
    }
    try Interruption.check()
    let reasons = (0..<files).map { errors.get($0) }
    let store = ImageStore(
      form: form, bytes: bytes.frozen(), cached: cached,
      files: (0..<files).filter { reasons[$0] == nil }, isInMemory: cached == files, decode: decode)
    return (store, reasons)
  }
}
