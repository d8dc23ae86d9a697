import Glibc

/// A file written under a temporary name in its final folder, and renamed when complete: a reader
/// sees the old file or the whole new one. Dropped without ``commit(sync:)``, nothing is left.
///
/// Of a symbolic link the file that it leads to is replaced, and the link stays. Devices, FIFOs and
/// open descriptors (/dev/stdout, /dev/fd/3) are written to as they are. A file that this process reads is
/// refused, see ``InputRecord``.
public final class OutputFile {
  /// The path as it was given, before links are followed; messages show it.
  public let path: String
  /// Bytes written so far.
  public private(set) var offset = 0
  /// Where the file is to stand, links followed; nil for what is written to as it is.
  private let target: String?
  private var temporaryPath = ""
  private var descriptor: Int32 = -1
  private var pending: [UInt8] = []
  private static let blockSize = 1 << 20

  /// - Throws: ``AIGCError``: failed when the folder is missing or not writable, usage for a folder and
  ///   for a file that is read; interrupted while a FIFO waits for its reader.
  public init(path: String) throws(AIGCError) {
    self.path = path
    switch try Self.check(path) {
    case .file(let target):
      self.target = target
      openTemporary(beside: target)
    case .descriptor(let number):
      target = nil
      descriptor = fcntl(number, F_DUPFD_CLOEXEC, 0)
    case .special, .folder:
      target = nil
      descriptor = try Self.openSpecial(path)
    }
    guard descriptor >= 0 else { throw .failed("\(path): cannot write: \(systemErrorText())") }
    if !temporaryPath.isEmpty { UnfinishedOutputs.add(temporaryPath) }
    pending.reserveCapacity(Self.blockSize)
  }

  /// Refuses, before work is done for it, what cannot be written to.
  /// - Throws: as ``init(path:)``.
  @discardableResult
  static func check(_ path: String) throws(AIGCError) -> OutputTarget {
    if path.isEmpty { throw .usage("the name of the file to write is empty") }
    let target = try OutputTarget(path)
    if target == .folder || path.hasSuffix("/") {
      throw .usage("\(path): a folder; name a file to write")
    }
    guard case .file(let file) = target else { return target }
    try InputRecord.checkFile(file)
    guard !fileExists(file) || access(file, W_OK) == 0 else {
      throw .failed("\(path): cannot write: \(systemErrorText())")
    }
    return target
  }

  /// Opens a new file beside `target`, with the permissions of what it will replace.
  private func openTemporary(beside target: String) {
    var number = 0
    repeat {
      // O_EXCL: neither a file of another process nor a link that waits there is written through.
      temporaryPath = "\(target).tmp-\(getpid())" + (number > 0 ? "-\(number)" : "")
      descriptor = open(temporaryPath, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
      number += 1
    } while descriptor < 0 && errno == EEXIST && number < 1000
    var status = stat()
    if descriptor >= 0, stat(target, &status) == 0 { fchmod(descriptor, status.st_mode & 0o777) }
  }

  /// A FIFO opens when it has a reader; until then an interruption is looked for.
  private static func openSpecial(_ path: String) throws(AIGCError) -> Int32 {
    while true {
      let descriptor = open(path, O_WRONLY | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
      if descriptor >= 0 {
        _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) & ~O_NONBLOCK)
        return descriptor
      }
      let code = errno
      var status = stat()
      guard code == ENXIO, stat(path, &status) == 0, status.st_mode & S_IFMT == S_IFIFO else {
        throw .failed("\(path): cannot write: \(systemErrorText(code))")
      }
      usleep(20_000)
      try Interruption.check()
    }
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

  /// Appends `text` in UTF-8.
  /// - Throws: ``AIGCError`` (failed) when the system refuses to write.
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

  /// Hands what was written so far to a reader that waits for it: a FIFO's, a terminal. A plain file
  /// appears when it is complete.
  public func deliver() throws(AIGCError) {
    if target == nil { try flush() }
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
    guard let target else { return try closeSpecial() }
    if sync, fsync(descriptor) != 0 { throw .failed("\(path): \(systemErrorText())") }
    guard close(descriptor) == 0 else {
      descriptor = -1
      throw .failed("\(path): \(systemErrorText())")
    }
    descriptor = -1
    // Once more: it may have been opened meanwhile.
    try InputRecord.checkFile(target)
    guard rename(temporaryPath, target) == 0 else {
      throw .failed("\(path): \(systemErrorText())")
    }
    UnfinishedOutputs.forget(temporaryPath)
    temporaryPath = ""
  }

  private func closeSpecial() throws(AIGCError) {
    defer { descriptor = -1 }
    guard close(descriptor) == 0 else { throw .failed("\(path): \(systemErrorText())") }
  }

  deinit {
    if descriptor >= 0 { close(descriptor) }
    if temporaryPath.isEmpty { return }
    unlink(temporaryPath)
    UnfinishedOutputs.forget(temporaryPath)
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
