import Files

/// A text that is written anew with changes, and which bytes of the old one its bytes stand for.
struct TextRewriter {
  private(set) var output: [UInt8] = []
  /// nil where nobody asks for it: it takes 32 bytes for each change.
  private(set) var alignment: TextAlignment?
  private var position = 0

  /// - Parameters:
  ///   - capacity: bytes of the old text.
  ///   - aligns: whether ``alignment`` is kept.
  init(capacity: Int, aligns: Bool = false) {
    output.reserveCapacity(capacity + capacity / 8)
    if aligns { alignment = TextAlignment() }
  }

  /// Takes `count` bytes over as they are.
  mutating func keep(_ start: ByteCursor, _ count: Int) {
    output.append(start, count: count)
    position += count
  }

  /// Writes `bytes` in the place of the next `count` bytes of the old text.
  mutating func replace(_ count: Int, by bytes: some Collection<UInt8>) {
    alignment?.add(output.count, position)
    output.append(contentsOf: bytes)
    position += count
    alignment?.add(output.count, position)
  }
}

/// For places in a text where they were before it was changed.
struct TextAlignment: Sendable {
  /// Ends of changed parts in both texts, and between two of them as many bytes in both, or a change.
  private var points: [(new: Int, old: Int)] = [(0, 0)]

  mutating func add(_ new: Int, _ old: Int) { points.append((new, old)) }

  /// The place in the old text; inside of what was changed the end of that.
  func old(_ place: Int) -> Int {
    var (low, high) = (0, points.count)
    while high - low > 1 {
      let middle = (low + high) / 2
      if points[middle].new <= place { low = middle } else { high = middle }
    }
    let (new, old) = points[low]
    guard low + 1 < points.count, place > new else { return old + place - new }
    let next = points[low + 1]
    return next.new - new == next.old - old ? old + place - new : next.old
  }
}

/// An added token in a prepared text: a byte that no text in UTF-8 has, and the id, seven bits in each of
/// five bytes whose highest bit is set, so that none of them is a character of ASCII.
enum TokenMark {
  static let first: UInt8 = 0xFF
  static let length = 6

  static func bytes(_ id: Int32) -> [UInt8] {
    [first] + (0..<5).map { 0x80 | UInt8(truncatingIfNeeded: id >> (7 * $0)) }
  }

  /// The id of the mark at `start`, all of which is there.
  static func id(_ start: ByteCursor) -> Int32 {
    (0..<5).reduce(Int32(0)) { $0 | Int32(start[$1 + 1] & 0x7F) << Int32(7 * $1) }
  }
}
