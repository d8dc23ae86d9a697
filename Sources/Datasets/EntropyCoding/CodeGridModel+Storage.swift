import Files
import Kernels

/// The file of a ``CodeGridModel``: the magic, then sizes and counts as ``VariableIntegers``, then the
/// checksum of all before it.
extension CodeGridModel {
  private static let magic = Array("aigcgrid".utf8)
  /// The longest side of a grid.
  public static let longestSide = 256

  /// - Throws: ``AIGCError`` (failed) when the disk refuses.
  public func write(to path: String) throws(AIGCError) {
    var output = VariableIntegers.Writer()
    for size in [entries, height, width] { output.append(UInt64(size)) }
    for count in places { output.append(UInt64(count)) }
    triples.write(to: &output)
    let bytes = Self.magic + output.bytes
    let file = try OutputFile(path: path)
    try file.write(bytes)
    try file.write(Table([try Checksum.of(Table(bytes))]))
    try file.commit(sync: true)
  }

  /// - Throws: ``AIGCError`` (badInput) when the file is missing or damaged.
  public init(path: String) throws(AIGCError) {
    let file = try MappedFile(path: path).bytes()
    let end = file.count - MemoryLayout<UInt64>.size
    var input = VariableIntegers.Reader(file.prefix(end), at: Self.magic.count, name: path)
    guard end >= Self.magic.count, Self.magic.indices.allSatisfy({ file[$0] == Self.magic[$0] }),
      try file.load(UInt64.self, at: end) == Checksum.of(file.prefix(end))
    else { throw input.damaged }
    let entries = Int(try input.next(below: UInt64(Self.largest) + 1))
    let height = Int(try input.next(below: UInt64(Self.longestSide) + 1))
    let width = Int(try input.next(below: UInt64(Self.longestSide) + 1))
    // Each count takes a byte at least.
    guard entries > 0, height > 0, width > 0, entries * height * width <= input.remaining else {
      throw input.damaged
    }
    var places: [UInt32] = []
    for _ in 0..<entries * height * width {
      places.append(UInt32(try input.next(below: 1 << 32)))
    }
    let triples = try CodeTriples(entries: entries, from: &input)
    guard input.remaining == 0 else { throw input.damaged }
    self.init(entries: entries, height: height, width: width, places: places, triples: triples)
  }
}
