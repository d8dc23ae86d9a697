import CZlib
import Files
import Glibc

/// Reads a file from front to end, unpacking it when it starts as gzip data does (RFC 1952, any
/// number of members); other files come as they are. Packed data that grows more than a hundredfold is
/// refused.
public final class GzipReader {
  /// The path that was opened, or "stdin"; messages show it.
  public let path: String
  /// Whether the file begins with the two bytes that mark gzip data, and so is unpacked.
  public let isCompressed: Bool
  private let descriptor: Int32
  private let closesDescriptor: Bool
  private let input: UnsafeMutablePointer<UInt8>
  private var inputStart = 0
  private var inputEnd = 0
  /// Compressed bytes taken from the file so far.
  private var inputOffset = 0
  private let stream: UnsafeMutablePointer<z_stream>
  /// Between two members, or at the end.
  private var isMemberComplete = false
  /// Unpacked bytes so far.
  private var outputOffset = 0
  private static let inputSize = 1 << 18
  /// What a file may unpack to: any 64 MiB, then 100 times its size. Text packs to a tenth, zeros to a
  /// thousandth: a small file shall not fill the memory.
  private static let anySize = 64 << 20
  private static let largestRatio = 100

  /// Opens the file at `path`; "-" is standard input.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is missing, a directory or not readable.
  public init(path: String) throws(AIGCError) {
    let isStandardInput = path == "-"
    self.path = isStandardInput ? "stdin" : path
    descriptor = isStandardInput ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
    closesDescriptor = !isStandardInput
    guard descriptor >= 0 else { throw .unreadable(path) }
    InputRecord.add(descriptor: descriptor)
    input = .allocate(capacity: Self.inputSize)
    stream = .allocate(capacity: 1)
    stream.initialize(to: z_stream())
    // Two bytes tell gzip; a pipe may give them one at a time.
    var size = 0
    while size < 2 {
      let more = Glibc.read(descriptor, input + size, Self.inputSize - size)
      let isStopped = more < 0 && errno == EINTR && Interruption.isRequested
      if more < 0, errno == EINTR, !isStopped { continue }
      if more < 0 {
        isCompressed = false
        throw isStopped ? .interrupted : .badInput("\(self.path): \(Self.readingError())")
      }
      if more == 0 { break }
      size += more
    }
    inputEnd = size
    inputOffset = size
    isCompressed = size >= 2 && input[0] == 0x1F && input[1] == 0x8B
    guard isCompressed else { return }
    // 15 bits of window, and 16 for "a gzip header".
    let status = inflateInit2_(stream, 15 + 16, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size))
    guard status == Z_OK else { throw .failed("out of memory: zlib cannot start") }
  }

  deinit {
    if isCompressed { inflateEnd(stream) }
    stream.deallocate()
    input.deallocate()
    if closesDescriptor, descriptor >= 0 { close(descriptor) }
  }

  /// The next bytes, `size` unless the end comes first; empty at the end.
  /// - Throws: ``/Files/AIGCError``: badInput when the file is truncated, damaged or not readable,
  ///   interrupted.
  public func read(_ size: Int = 1 << 20) throws(AIGCError) -> [UInt8] {
    let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: size)
    defer { memory.deallocate() }
    let count = try read(into: memory)
    return Array(memory[..<count])
  }

  /// Fills `output` unless the end comes first.
  /// - Returns: number of bytes written.
  private func read(into output: UnsafeMutableBufferPointer<UInt8>) throws(AIGCError) -> Int {
    guard let start = output.baseAddress else { return 0 }
    var done = 0
    while done < output.count {
      let count =
        isCompressed
        ? try inflatePiece(start + done, output.count - done)
        : try copyPiece(start + done, output.count - done)
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Fills `memory` from index `start` on, unless the end comes first.
  /// - Returns: number of bytes written.
  package func fill(_ memory: MutableTable<UInt8>, from start: Int) throws(AIGCError) -> Int {
    let outcome = memory.withUnsafeMutableBuffer { buffer in
      Result { () throws(AIGCError) in
        try read(into: UnsafeMutableBufferPointer(rebasing: buffer[start...]))
      }
    }
    return try outcome.get()
  }

  private func copyPiece(_ output: UnsafeMutablePointer<UInt8>, _ room: Int) throws(AIGCError)
    -> Int
  {
    if inputStart == inputEnd { return try readFile(output, room) }
    let count = min(room, inputEnd - inputStart)
    output.update(from: input + inputStart, count: count)
    inputStart += count
    return count
  }

  /// Unpacks at least one byte; 0 at the end of the file.
  private func inflatePiece(
    _ output: UnsafeMutablePointer<UInt8>, _ room: Int
  ) throws(AIGCError) -> Int {
    let room = min(room, 1 << 30)
    while true {
      if inputStart == inputEnd {
        inputStart = 0
        inputEnd = try readFile(input, Self.inputSize)
        if inputEnd == 0 {
          if isMemberComplete { return 0 }
          throw .badInput("\(path): the gzip data is truncated")
        }
      }
      if isMemberComplete, try !startNextMember() { continue }
      stream.pointee.next_in = input + inputStart
      stream.pointee.avail_in = UInt32(inputEnd - inputStart)
      stream.pointee.next_out = output
      stream.pointee.avail_out = UInt32(room)
      let status = inflate(stream, Z_NO_FLUSH)
      inputStart = inputEnd - Int(stream.pointee.avail_in)
      let count = room - Int(stream.pointee.avail_out)
      outputOffset += count
      guard outputOffset <= Self.anySize + inputOffset * Self.largestRatio else {
        throw .badInput(
          "\(path): unpacks to more than \(Self.largestRatio) times its size; "
            + "gunzip it if that is meant")
      }
      switch status {
      case Z_STREAM_END: isMemberComplete = true
      case Z_OK, Z_BUF_ERROR: break
      default:
        let reason = stream.pointee.msg.map { String(cString: $0) } ?? "error \(status)"
        let place = inputOffset - (inputEnd - inputStart)
        throw .badInput("\(path): damaged gzip data before byte \(place): \(reason)")
      }
      if count > 0 { return count }
    }
  }

  /// After a member comes another one, or zeros up to the end (tapes are padded so).
  /// - Returns: whether a member starts in what is read.
  private func startNextMember() throws(AIGCError) -> Bool {
    while inputStart < inputEnd, input[inputStart] == 0 { inputStart += 1 }
    guard inputStart < inputEnd else { return false }
    guard input[inputStart] == 0x1F, inflateReset(stream) == Z_OK else {
      let place = inputOffset - (inputEnd - inputStart)
      throw .badInput("\(path): damaged gzip data: no gzip member at byte \(place)")
    }
    isMemberComplete = false
    return true
  }

  private func readFile(_ output: UnsafeMutablePointer<UInt8>, _ room: Int) throws(AIGCError) -> Int
  {
    while true {
      try Interruption.check()
      let count = Glibc.read(descriptor, output, min(room, 1 << 26))
      if count >= 0 {
        inputOffset += count
        return count
      }
      if errno != EINTR { throw .badInput("\(path): \(Self.readingError())") }
    }
  }

  private static func readingError() -> String {
    errno == EISDIR ? "a directory, a file is needed" : systemErrorText()
  }
}
