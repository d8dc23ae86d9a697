/// Float32 values in memory or, where they are many, in a temporary file: written and read line by line.
public final class SpilledTable: Sendable {
  /// Equally long lines at equal distances.
  public struct Lines: Sendable {
    /// The index of the first line's first value.
    public var start: Int
    /// Values from the start of one line to that of the next.
    public var stride: Int
    /// Values of a line.
    public var length: Int
    /// How many lines there are.
    public var count: Int

    /// - Parameters:
    ///   - start: index of the first line's first value.
    ///   - stride: values from the start of one line to that of the next.
    ///   - length: values of a line.
    ///   - count: how many lines there are.
    public init(start: Int, stride: Int, length: Int, count: Int) {
      (self.start, self.stride, self.length, self.count) = (start, stride, length, count)
    }
  }

  private let memory: MutableTable<Float>?
  private let file: ScratchFile?

  /// - Parameters:
  ///   - count: of the values, which are 0.
  ///   - largestInMemory: bytes beyond which they lie in a file.
  /// - Throws: ``AIGCError`` (failed) when there is no room for them.
  public init(count: Int, largestInMemory: Int) throws(AIGCError) {
    let isLarge = 4 * count > largestInMemory
    memory = isLarge ? nil : try MutableTable<Float>(count: count)
    file = isLarge ? try ScratchFile(byteCount: 4 * count) : nil
  }

  /// Fills `values` with lines, one after the other.
  /// - Throws: ``AIGCError`` (failed) when the disk does not give them.
  public func read(_ lines: Lines, into values: UnsafeMutableBufferPointer<Float>) throws(AIGCError)
  {
    for index in 0..<lines.count where lines.length > 0 {
      let line = UnsafeMutableBufferPointer(
        rebasing: values[index * lines.length..<(index + 1) * lines.length])
      let start = lines.start + index * lines.stride
      if let memory {
        memory.withUnsafeMutableBuffer {
          _ = line.update(fromContentsOf: $0[start..<start + lines.length])
        }
      } else if let file {
        try file.read(UnsafeMutableRawBufferPointer(line), at: 4 * start)
      }
    }
  }

  /// Writes lines that stand one after the other in `values`.
  /// - Throws: ``AIGCError`` (failed) when the disk is full.
  public func write(_ lines: Lines, of values: [Float]) throws(AIGCError) {
    require(values.count == lines.count * lines.length, "SpilledTable: other lines")
    let outcome = values.withUnsafeBufferPointer { values in
      Result { () throws(AIGCError) in
        for index in 0..<lines.count where lines.length > 0 {
          let line = UnsafeBufferPointer(
            rebasing: values[index * lines.length..<(index + 1) * lines.length])
          let start = lines.start + index * lines.stride
          if let memory {
            memory.withUnsafeMutableBuffer {
              _ = $0[start..<start + lines.length].update(fromContentsOf: line)
            }
          } else if let file {
            try file.write(UnsafeRawBufferPointer(line), at: 4 * start)
          }
        }
      }
    }
    try outcome.get()
  }
}
