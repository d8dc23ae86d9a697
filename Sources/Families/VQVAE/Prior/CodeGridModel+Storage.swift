import Datasets
import Files
import Kernels

/// The file of a ``CodeGridModel``: the magic, its counts as ``VariableIntegers``, the checksum of all before
/// it.
extension CodeGridModel {
  private static let magic = Array("aigcgrid".utf8)

  /// - Throws: ``/Files/AIGCError`` (failed) when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    var output = VariableIntegers.Writer()
    counts.write(to: &output)
    let bytes = Self.magic + output.bytes
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.write(Table([try Checksum.of(Table(bytes))]))
    try file.commit(sync: true)
  }

  /// - Throws: ``/Files/AIGCError`` (badInput) when the file is missing or damaged.
  public init(path: String) throws(AIGCError) {
    let file = try MappedFile(path: path).bytes()
    let end = file.count - MemoryLayout<UInt64>.size
    var input = VariableIntegers.Reader(file.prefix(end), at: Self.magic.count, name: path)
    guard end >= Self.magic.count, Self.magic.indices.allSatisfy({ file[$0] == Self.magic[$0] }),
      try file.load(UInt64.self, at: end) == Checksum.of(file.prefix(end))
    else { throw input.damaged }
    let counts = try CodeGridCounts(from: &input)
    guard input.remaining == 0 else { throw input.damaged }
    self.init(counts)
  }
}
