import CZlib
import Files

/// Writes a gzip file (RFC 1952): one member, no name and no time in it, so that the same content
/// gives the same file.
public final class GzipWriter {
  private let file: OutputFile
  private let stream: UnsafeMutablePointer<z_stream>
  private let output: UnsafeMutablePointer<UInt8>
  private var pending: [UInt8] = []
  private static let outputSize = 1 << 18
  private static let pendingSize = 1 << 16

  /// - Parameters:
  ///   - path: where the file is to stand.
  ///   - level: 1 (fast) to 9 (small).
  /// - Throws: ``/Files/AIGCError`` (failed) when the folder is missing or not writable.
  public init(path: String, level: Int = 6) throws(AIGCError) {
    file = try OutputFile(path: path)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    output = .allocate(capacity: Self.outputSize)
    pending.reserveCapacity(Self.pendingSize)
    let status = deflateInit2_(
      stream, Int32(min(max(level, 1), 9)), Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY,
      ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw .failed("out of memory: zlib cannot start") }
  }

  deinit {
    deflateEnd(stream)
    stream.deallocate()
    output.deallocate()
  }

  /// Appends bytes.
  public func write(_ bytes: [UInt8]) throws(AIGCError) {
    if pending.count + bytes.count > Self.pendingSize {
      try compress(pending, Z_NO_FLUSH)
      pending.removeAll(keepingCapacity: true)
    }
    if bytes.count > Self.pendingSize {
      try compress(bytes, Z_NO_FLUSH)
    } else {
      pending.append(contentsOf: bytes)
    }
  }

  /// Appends `text` in UTF-8.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func write(_ text: String) throws(AIGCError) { try write(Array(text.utf8)) }

  /// Ends the data and gives the file its name; nothing may be written afterwards.
  /// - Parameter sync: see ``/Files/OutputFile/commit(sync:)``.
  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func commit(sync: Bool) throws(AIGCError) {
    try compress(pending, Z_FINISH)
    pending = []
    try file.commit(sync: sync)
  }

  private func compress(_ bytes: [UInt8], _ flush: Int32) throws(AIGCError) {
    var done = 0
    repeat {
      let size = min(bytes.count - done, 1 << 30)
      let isLast = done + size == bytes.count
      let outcome = bytes.withUnsafeBufferPointer { buffer in
        Result { () throws(AIGCError) in
          let start = buffer.baseAddress.map { UnsafeMutablePointer(mutating: $0 + done) }
          try compress(start, size, isLast ? flush : Z_NO_FLUSH)
        }
      }
      try outcome.get()
      done += size
    } while done < bytes.count
  }

  private func compress(
    _ input: UnsafeMutablePointer<UInt8>?, _ size: Int, _ flush: Int32
  ) throws(AIGCError) {
    stream.pointee.next_in = input
    stream.pointee.avail_in = UInt32(size)
    repeat {
      stream.pointee.next_out = output
      stream.pointee.avail_out = UInt32(Self.outputSize)
      let status = deflate(stream, flush)
      guard status != Z_STREAM_ERROR else { throw .failed("\(file.path): zlib refused the data") }
      let count = Self.outputSize - Int(stream.pointee.avail_out)
      try file.write(Array(UnsafeBufferPointer(start: output, count: count)))
    } while stream.pointee.avail_out == 0
  }
}
