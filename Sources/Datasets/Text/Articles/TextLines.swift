import Files

/// The lines of a text file, packed or not, one after another, in memory for some of them.
public struct TextLines {
  /// What the file is called in messages.
  public let name: String
  /// The number of the line that was read last, from 1.
  public private(set) var number = 0
  /// nil: all there is stands in `piece`.
  private let reader: TextReader?
  private var piece: [UInt8] = []
  private var position = 0

  /// - Parameter path: "-" is standard input.
  /// - Throws: ``/Files/AIGCError``: as ``TextReader/init(path:pieceSize:wholeLines:)``.
  public init(path: String) throws(AIGCError) {
    reader = try TextReader(path: path, pieceSize: 1 << 20)
    name = path == "-" ? "standard input" : path
  }

  /// The lines of a text in memory.
  /// - Parameters:
  ///   - text: the lines.
  ///   - name: what the text is called in messages.
  public init(_ text: Table<UInt8>, name: String) {
    reader = nil
    self.name = name
    piece = Array(text)
  }

  /// The next line without its end (LF or CR LF); nil after the last.
  /// - Throws: ``/Files/AIGCError``: as ``TextReader/next()``.
  public mutating func next() throws(AIGCError) -> [UInt8]? {
    guard try fill() else { return nil }
    number += 1
    let end = piece[position...].firstIndex(of: 10) ?? piece.count
    var line = piece[position..<end]
    position = end + 1
    if line.last == 13 { line.removeLast() }
    return Array(line)
  }

  /// The first byte of what comes next that is no white space, of the next megabyte; nil where there is none.
  /// - Throws: ``/Files/AIGCError``: as ``TextReader/next()``.
  public mutating func peek() throws(AIGCError) -> UInt8? {
    guard try fill() else { return nil }
    return piece[position...].first { $0 > 32 }
  }

  private mutating func fill() throws(AIGCError) -> Bool {
    while position >= piece.count {
      try Interruption.check()
      guard let next = try reader?.next() else { return false }
      piece = Array(next)
      position = 0
    }
    return true
  }
}
