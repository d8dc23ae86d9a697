import Archives
import Files
import Glibc

/// A whole text: a plain file is mapped, a .gz file (told by its first bytes) unpacked into memory,
/// "-" is standard input. A byte order mark before it is left out.
/// - Throws: ``/Files/AIGCError``: badInput when it is missing, a directory, empty, truncated or damaged, failed
///   without memory, interrupted.
public func readText(path: String) throws(AIGCError) -> Table<UInt8> {
  let text = try readBytes(path: path).withoutByteOrderMark
  guard text.count > 0 else { throw emptyFile(path == "-" ? "stdin" : path) }
  return text
}

/// The bytes of a file, unpacked where gzip packed it: see ``readText(path:)``.
/// - Parameter limit: the most bytes that are unpacked.
func readBytes(path: String, atMost limit: Int = .max) throws(AIGCError) -> Table<UInt8> {
  guard path != "-", isRegularFileOrFolder(path) else {
    return try unpack(GzipReader(path: path), sizeHint: 0, limit)
  }
  let file = try MappedFile(path: path)
  let bytes = try file.bytes()
  guard bytes.count >= 2, bytes[0] == 0x1F, bytes[1] == 0x8B else {
    file.readAhead()
    return bytes
  }
  // The last four bytes give the size modulo 2^32 of the last member. Deflate packs at most 1032 to
  // 1, so a wrong size cannot ask for much.
  var size = 0
  if bytes.count >= 18 {
    for index in 0..<4 { size |= Int(bytes[bytes.count - 4 + index]) << (8 * index) }
  }
  return try unpack(GzipReader(path: path), sizeHint: min(size, bytes.count * 1032), limit)
}

/// The lines of a file of words, one a line, without their line ends (LF or CR LF).
public func lines(of text: Table<UInt8>) -> [[UInt8]] {
  let bytes = Array(text)
  var lines = bytes.split(separator: 10, omittingEmptySubsequences: false).map { line in
    Array(line.last == 13 ? line.dropLast() : line)
  }
  // Behind the last line end there is none.
  if lines.last?.isEmpty == true { lines.removeLast() }
  return lines
}

private func emptyFile(_ path: String) -> AIGCError { .badInput("\(path): the file is empty") }

/// What is missing counts as a file here, so that mapping it says so.
private func isRegularFileOrFolder(_ path: String) -> Bool {
  var status = stat()
  guard stat(path, &status) == 0 else { return true }
  let kind = status.st_mode & S_IFMT
  return kind == S_IFREG || kind == S_IFDIR
}

private func unpack(
  _ reader: GzipReader, sizeHint: Int, _ limit: Int
) throws(AIGCError) -> Table<UInt8> {
  var memory = try MutableTable<UInt8>(count: max(min(sizeHint, limit) + 1, 1 << 20))
  var count = 0
  while true {
    let more = try reader.fill(memory, from: count)
    count += more
    guard count <= limit else {
      throw .badInput("\(reader.path): more than \(limit) bytes unpacked: unpack it first")
    }
    if count < memory.count { break }
    memory = try memory.resized(to: memory.count * 2)
  }
  return memory.frozen(count: count)
}

/// Reads a text, packed or not, in pieces, for corpora larger than memory. A byte order mark before it
/// is left out.
public final class TextReader {
  private let reader: GzipReader
  private let pieceSize: Int
  private let wholeLines: Bool
  /// The start of a line that the last piece did not hold whole.
  private var rest: [UInt8] = []
  private var isAtEnd = false
  private var isAtStart = true

  /// - Parameters:
  ///   - path: "-" is standard input.
  ///   - pieceSize: bytes of a piece; a longer line makes a longer piece.
  ///   - wholeLines: whether pieces end with lines; else they have `pieceSize` bytes.
  /// - Throws: ``/Files/AIGCError`` (badInput) when it is missing, a directory or not readable.
  public init(
    path: String, pieceSize: Int = 64 << 20, wholeLines: Bool = true
  ) throws(AIGCError) {
    reader = try GzipReader(path: path)
    self.wholeLines = wholeLines
    // The mark comes whole.
    self.pieceSize = max(pieceSize, 3)
  }

  /// The next piece, with whole lines one that ends with a newline or at the end of the text; nil
  /// after the last.
  /// - Throws: ``/Files/AIGCError``: badInput when the file is truncated or damaged, failed without memory,
  ///   interrupted.
  public func next() throws(AIGCError) -> Table<UInt8>? {
    guard isAtStart else { return try nextPiece() }
    isAtStart = false
    guard let piece = try nextPiece()?.withoutByteOrderMark else { return nil }
    return piece.count > 0 ? piece : try nextPiece()
  }

  private func nextPiece() throws(AIGCError) -> Table<UInt8>? {
    guard !isAtEnd else { return nil }
    var memory = try MutableTable<UInt8>(count: max(pieceSize, rest.count + 1))
    memory.copy(rest, at: 0)
    var searched = rest.count
    var count = rest.count
    rest = []
    while true {
      count += try reader.fill(memory, from: count)
      if count < memory.count {
        isAtEnd = true
        return count > 0 ? memory.frozen(count: count) : nil
      }
      if !wholeLines { return memory.frozen() }
      if let end = lastLineEnd(memory, from: searched) {
        rest = (memory.frozen().start + end).bytes(count - end)
        return memory.frozen(count: end)
      }
      searched = count
      memory = try memory.resized(to: memory.count * 2)
    }
  }

  /// The index after the last newline at or after `from`.
  private func lastLineEnd(_ memory: MutableTable<UInt8>, from: Int) -> Int? {
    var index = memory.count
    while index > from {
      index -= 1
      if memory[index] == 10 { return index + 1 }
    }
    return nil
  }
}
