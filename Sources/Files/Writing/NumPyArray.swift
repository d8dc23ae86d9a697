/// Arrays in NumPy's form (`.npy`, version 1.0).
public enum NumPyArray {
  /// Writes an array [rows, width] of float32.
  /// - Parameters:
  ///   - width: of a row.
  ///   - rows: how many there are.
  ///   - path: of the file, or a device or FIFO.
  ///   - fill: is called once, and gives the values in order to the function that it gets, any number at a time.
  /// - Throws: ``AIGCError``: failed when the file cannot be written or there are not as many values; what `fill`
  ///   throws.
  public static func write(
    _ width: Int, rows: Int, to path: String,
    _ fill: (_ write: ([Float]) throws(AIGCError) -> Void) throws(AIGCError) -> Void
  ) throws(AIGCError) {
    let file = try OutputFile(path: path)
    let text = "{'descr': '<f4', 'fortran_order': False, 'shape': (\(rows), \(width)), }"
    // The values begin at a multiple of 64 bytes; the text ends in a line end.
    let length = (10 + text.utf8.count + 1 + 63) / 64 * 64 - 10
    let padding = String(repeating: " ", count: length - text.utf8.count - 1)
    try file.write(
      [0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(length & 255), UInt8(length >> 8)])
    try file.write("\(text)\(padding)\n")
    var count = 0
    try fill { (values) throws(AIGCError) in
      count += values.count
      try file.write(Table(values))
    }
    guard count == rows * width else {
      throw .failed("\(path): \(count) values came, and not \(rows) x \(width)")
    }
    try file.commit(sync: false)
  }
}
