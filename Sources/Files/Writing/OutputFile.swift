import Glibc

/// A file written under a temporary name in its final folder, and renamed when complete: a reader
/// sees the old file or the whole new one. Dropped without ``commit(sync:)``, nothing is left.
public final class OutputFile {
  public let path: String
  /// Bytes written so far.
  public private(set) var offset = 0
  private let temporaryPath: String
  private var descriptor: Int32
  private var pending: [UInt8] = []
  private static let blockSize = 1 << 20

  /// - Throws: ``AIGCError`` (failed) when the folder is missing or not writable.
  public init(path: String) throws(AIGCError) {
    self.path = path
    temporaryPath = "\(path).tmp-\(getpid())"
    descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
    guard descriptor >= 0 else { throw .failed("\(path): cannot write: \(systemErrorText())") }
    pending.reserveCapacity(Self.blockSize)
  }

  /// Appends bytes; small pieces are gathered into blocks of 1 MiB.
  public func write(_ bytes: [UInt8]) throws(AIGCError) {
    if pending.count + bytes.count <= Self.blockSize {
      pending.append(contentsOf: bytes)
      offset += bytes.count
      return
    }
    try flush()
    try writeAll(bytes)
    offset += bytes.count
  }

  public func write(_ text: String) throws(AIGCError) { try write(Array(text.utf8)) }

  /// Appends the memory of a table as it is (little-endian).
  public func write<Element>(_ table: Table<Element>) throws(AIGCError) {
    try flush()
    let result = table.withUnsafeBuffer { buffer in
      Result { () throws(AIGCError) in try writeRaw(UnsafeRawBufferPointer(buffer)) }
    }
    try result.get()
    offset += table.count * MemoryLayout<Element>.stride
  }

  /// Appends zeros until `offset` is a multiple of `alignment`.
  public func align(to alignment: Int) throws(AIGCError) {
    let rest = offset % alignment
    if rest > 0 { try write([UInt8](repeating: 0, count: alignment - rest)) }
  }

  /// Writes over the first bytes, for a header that is known at the end.
  public func overwriteStart<Element>(with table: Table<Element>) throws(AIGCError) {
    try flush()
    guard lseek(descriptor, 0, SEEK_SET) == 0 else {
      throw .failed("\(path): \(systemErrorText())")
    }
    try write(table)
    offset -= table.count * MemoryLayout<Element>.stride
    guard lseek(descriptor, 0, SEEK_END) >= 0 else {
      throw .failed("\(path): \(systemErrorText())")
    }
  }

  /// Gives the file its name.
  /// - Parameter sync: fsync first (models, checkpoints); exports are renamed without.
  public func commit(sync: Bool) throws(AIGCError) {
    try flush()
    if sync, fsync(descriptor) != 0 { throw .failed("\(path): \(systemErrorText())") }
    guard close(descriptor) == 0 else {
      descriptor = -1
      throw .failed("\(path): \(systemErrorText())")
    }
    descriptor = -1
    guard rename(temporaryPath, path) == 0 else { throw .failed("\(path): \(systemErrorText())") }
    committed = true
  }

  private var committed = false

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if !committed { unlink(temporaryPath) }
  }

  private func flush() throws(AIGCError) {
    guard !pending.isEmpty else { return }
    try writeAll(pending)
    pending.removeAll(keepingCapacity: true)
  }

  private func writeAll(_ bytes: [UInt8]) throws(AIGCError) {
    let result = bytes.withUnsafeBytes { buffer in
      Result { () throws(AIGCError) in try writeRaw(buffer) }
    }
    try result.get()
  }

  private func writeRaw(_ buffer: UnsafeRawBufferPointer) throws(AIGCError) {
    var done = 0
    while done < buffer.count, let start = buffer.baseAddress {
      let size = Glibc.write(descriptor, start + done, min(buffer.count - done, 1 << 26))
      if size < 0 {
        if errno == EINTR { continue }
        throw .failed("\(path): cannot write: \(systemErrorText())")
      }
      done += size
    }
  }
}
