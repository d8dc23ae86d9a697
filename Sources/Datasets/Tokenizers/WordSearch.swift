/// Finds the longest of a set of words at every place of a text, in time in proportion to the text
/// however long and however alike the words are: Aho and Corasick's automaton (1975) of the words read
/// backwards, run over the text from its end. Run forwards, a word that fails in its last byte would
/// be read again from every place inside of it.
struct WordSearch: Sendable {
  /// The trie of the reversed words, the root first: the byte that leads to each node, its first child
  /// and its next sibling, 0 where there is none.
  private var bytes: [UInt8] = [0]
  private var children: [Int32] = [0]
  private var siblings: [Int32] = [0]
  /// Where to go on when no child fits: the node of the longest proper suffix that has one.
  private var fallbacks: [Int32] = [0]
  /// Length of the longest word that begins where a node is reached, 0 for none.
  private var lengths: [Int32] = [0]
  /// The root's children by their byte.
  private var first = [Int32](repeating: 0, count: 256)
  /// Length of the longest word.
  private(set) var longest = 0

  /// - Parameter words: none of them empty, together less than 2 GiB.
  init(_ words: some Sequence<[UInt8]>) {
    for word in words { insert(word) }
    link()
  }

  private mutating func insert(_ word: [UInt8]) {
    var node: Int32 = 0
    for byte in word.reversed() {
      if let child = child(of: node, byte) {
        node = child
        continue
      }
      let child = Int32(bytes.count)
      bytes.append(byte)
      children.append(0)
      siblings.append(children[Int(node)])
      fallbacks.append(0)
      lengths.append(0)
      children[Int(node)] = child
      if node == 0 { first[Int(byte)] = child }
      node = child
    }
    lengths[Int(node)] = Int32(word.count)
    longest = max(longest, word.count)
  }

  @inline(__always)
  private func child(of node: Int32, _ byte: UInt8) -> Int32? {
    if node == 0 { return first[Int(byte)] > 0 ? first[Int(byte)] : nil }
    var child = children[Int(node)]
    while child > 0, bytes[Int(child)] != byte { child = siblings[Int(child)] }
    return child > 0 ? child : nil
  }

  /// Sets the fallbacks, level by level.
  private mutating func link() {
    var queue = first.filter { $0 > 0 }
    queue.reserveCapacity(bytes.count)
    var index = 0
    while index < queue.count {
      let node = queue[index]
      index += 1
      var child = children[Int(node)]
      while child > 0 {
        let fallback = next(fallbacks[Int(node)], bytes[Int(child)])
        fallbacks[Int(child)] = fallback
        if lengths[Int(child)] == 0 { lengths[Int(child)] = lengths[Int(fallback)] }
        queue.append(child)
        child = siblings[Int(child)]
      }
    }
  }

  @inline(__always)
  private func next(_ node: Int32, _ byte: UInt8) -> Int32 {
    var node = node
    while true {
      if let child = child(of: node, byte) { return child }
      if node == 0 { return 0 }
      node = fallbacks[Int(node)]
    }
  }

  /// Hands each place between `begin` and `bound` where words start to `body`, the last place first,
  /// with the length of the longest of them that ends at or before `end`.
  func forEach(
    from begin: ByteCursor, to bound: ByteCursor, end: ByteCursor,
    _ body: (_ place: ByteCursor, _ length: Int) -> Void
  ) {
    var node: Int32 = 0
    var place = end - bound > longest ? bound + longest : end
    while place > begin {
      place -= 1
      node = next(node, place.byte)
      if lengths[Int(node)] > 0, place < bound { body(place, Int(lengths[Int(node)])) }
    }
  }
}
