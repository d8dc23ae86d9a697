import Files

/// Texts, one behind the other in one block of memory.
public struct TextList: Sendable {
  /// The bytes of all texts.
  public private(set) var bytes: [UInt8] = []
  private var ends: [Int] = []

  /// Creates an empty list.
  public init() {}

  /// Creates a list of texts.
  public init(_ texts: some Sequence<String>) {
    for text in texts { append(text.utf8) }
  }

  /// The number of texts.
  public var count: Int { ends.count }

  /// Whether there is none.
  public var isEmpty: Bool { ends.isEmpty }

  /// The bytes of one text.
  public subscript(index: Int) -> ArraySlice<UInt8> {
    bytes[(index == 0 ? 0 : ends[index - 1])..<ends[index]]
  }

  /// A text as a string; what is not UTF-8 becomes U+FFFD.
  public func string(_ index: Int) -> String { String(decoding: self[index], as: UTF8.self) }

  /// Adds a text behind the others.
  public mutating func append(_ text: some Sequence<UInt8>) {
    bytes.append(contentsOf: text)
    ends.append(bytes.count)
  }

  /// The texts at `indices`, in their order.
  public func subset(_ indices: some Sequence<Int>) -> TextList {
    var result = TextList()
    for index in indices { result.append(self[index]) }
    return result
  }
}

/// Calls `body` with the place and the number, from 1, of each line that is not empty, without its line end.
func forEachLine<Failure: Error>(
  of text: Table<UInt8>, _ body: (Range<Int>, _ number: Int) throws(Failure) -> Void
) throws(Failure) {
  var (start, number) = (0, 1)
  let end = text.end
  while start < text.count {
    let stop = (text.start + start).first(10, before: end).map { $0 - text.start } ?? text.count
    let last = stop > start && text[stop - 1] == 13 ? stop - 1 : stop
    if last > start { try body(start..<last, number) }
    (start, number) = (stop + 1, number + 1)
  }
}
