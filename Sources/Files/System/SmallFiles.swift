import Glibc

/// The text of a small file that the kernel writes (`/proc`, `/sys`); nil where it cannot be read.
/// At most 1 MiB of it.
public func readSmallFile(_ path: String) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var (text, block) = ([UInt8](), [UInt8](repeating: 0, count: 4096))
  while text.count < 1 << 20 {
    let size = read(file, &block, block.count)
    if size < 0 {
      if errno == EINTR { continue }
      return nil
    }
    if size == 0 { break }
    text += block[..<size]
  }
  return String(decoding: text, as: UTF8.self)
}
