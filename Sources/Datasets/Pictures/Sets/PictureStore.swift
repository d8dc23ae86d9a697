import Files
import Kernels

/// The bytes of a set's pictures: in memory, or read and decoded when asked for.
struct PictureStore: Sendable {
  let form: PictureForm
  /// Pictures in the set's form, each at its file's number times ``PictureForm/count``.
  let bytes: Table<UInt8>
  /// How many of the files have their place in `bytes`.
  let cached: Int
  /// The number of each picture's file.
  let files: [Int]
  /// Whether none has to be decoded.
  let isInMemory: Bool
  /// The picture of a file in the set's form.
  let decode: @Sendable (Int) throws(AIGCError) -> Picture

  var count: Int { files.count }

  /// Calls `body` with the bytes of picture `index`.
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

extension PictureStore {
  /// Decodes every file once: bad ones are found before anything is learned, and as many pictures as
  /// ``PictureSet/memoryLimit`` allows are kept.
  /// - Returns: the pictures that could be read, and for each file why not, nil for these.
  /// - Throws: ``AIGCError``: failed when there is no memory, interrupted.
  static func filled(
    _ form: PictureForm, files: Int, memoryLimit: Int = PictureSet.memoryLimit,
    _ decode: @escaping @Sendable (Int) throws(AIGCError) -> Picture
  ) throws(AIGCError) -> (store: PictureStore, errors: [AIGCError?]) {
    let cached = min(files, memoryLimit / form.count)
    let bytes = try MutableTable<UInt8>(count: cached * form.count)
    let errors = ParallelSlots<AIGCError>(count: files)
    parallelFor(files) { file in
      if Interruption.isRequested { return }
      do throws(AIGCError) {
        let picture = try decode(file)
        if file < cached { bytes.copy(picture.pixels, at: file * form.count) }
      } catch {
        errors.set(file, error)
      }
    }
    try Interruption.check()
    let reasons = (0..<files).map { errors.get($0) }
    let store = PictureStore(
      form: form, bytes: bytes.frozen(), cached: cached,
      files: (0..<files).filter { reasons[$0] == nil }, isInMemory: cached == files, decode: decode)
    return (store, reasons)
  }
}
