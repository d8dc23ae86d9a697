import Files
import Glibc

/// Standard input, read only where the user writes `-`.
public enum StandardInput {
  /// Everything up to its end.
  /// - Throws: ``/Files/AIGCError``: failed when it cannot be read, interrupted at Ctrl-C.
  public static func read() throws(AIGCError) -> [UInt8] {
    InputRecord.add(descriptor: STDIN_FILENO)
    var bytes: [UInt8] = []
    var block = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      // poll, unlike read, comes back at a signal.
      var request = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
      let ready = poll(&request, 1, -1)
      try Interruption.check()
      if ready < 0, errno == EINTR { continue }
      let size = Glibc.read(STDIN_FILENO, &block, block.count)
      if size < 0 {
        if errno == EINTR { continue }
        throw .failed("cannot read standard input: \(systemErrorText())")
      }
      if size == 0 { return bytes }
      bytes += block.prefix(size)
    }
  }

  /// The text of the file at `path`, or of standard input for "-", without a byte order mark.
  public static func table(_ path: String) throws(AIGCError) -> Table<UInt8> {
    (path == "-" ? try Table(read()) : try MappedFile(path: path).bytes()).withoutByteOrderMark
  }
}
