import Glibc

/// A file without a name for what memory does not hold; it is gone with its last user, however the process
/// ends.
public final class ScratchFile: Sendable {
  private let descriptor: Int32
  private let folder: String

  /// - Parameters:
  ///   - byteCount: its size; all bytes are 0.
  ///   - folder: on whose disk it lies; nil: what `TMPDIR` names, else `/tmp`.
  /// - Throws: ``AIGCError`` (failed) when it cannot be made.
  public init(byteCount: Int, folder: String? = nil) throws(AIGCError) {
    let named = getenv("TMPDIR").map { String(cString: $0) }
    self.folder = folder ?? named.flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var path = Array("\(self.folder)/aigc-XXXXXX".utf8CString)
    descriptor = mkstemp(&path)
    guard descriptor >= 0 else { throw Self.failure(self.folder) }
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    unlink(path)
    guard ftruncate(descriptor, byteCount) == 0 else {
      let error = Self.failure(self.folder)
      close(descriptor)
      throw error
    }
  }

  deinit { close(descriptor) }

  /// Fills `memory` with the bytes from `offset` on.
  /// - Throws: ``AIGCError`` (failed) when the disk gives fewer.
  public func read(_ memory: UnsafeMutableRawBufferPointer, at offset: Int) throws(AIGCError) {
    try transfer(memory.count) { done in
      pread(descriptor, memory.baseAddress.map { $0 + done }, memory.count - done, offset + done)
    }
  }

  /// Writes `memory` from `offset` on.
  /// - Throws: ``AIGCError`` (failed) when the disk is full.
  public func write(_ memory: UnsafeRawBufferPointer, at offset: Int) throws(AIGCError) {
    try transfer(memory.count) { done in
      pwrite(descriptor, memory.baseAddress.map { $0 + done }, memory.count - done, offset + done)
    }
  }

  private func transfer(_ count: Int, _ part: (Int) -> Int) throws(AIGCError) {
    var done = 0
    while done < count {
      let moved = part(done)
      if moved < 0, errno == EINTR { continue }
      guard moved > 0 else { throw Self.failure(folder) }
      done += moved
    }
  }

  private static func failure(_ folder: String) -> AIGCError {
    .failed(
      "\(folder): \(systemErrorText()): no room for a temporary file; set TMPDIR to a folder of a larger disk"
    )
  }
}
