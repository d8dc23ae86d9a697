import Files
public struct Vocabulary: Sendable {
  public let wordBytes: Table<UInt8>
  public let offsets: Table<UInt32>
  public let slots: Table<UInt32>
  public var count: Int { offsets.count - 1 }
  public init(wordBytes: Table<UInt8>, offsets: Table<UInt32>, slots: Table<UInt32>, name: String) throws(AIGCError) {
    self.wordBytes = wordBytes; self.offsets = offsets; self.slots = slots
  }
  public func bytes(of id: UInt32) -> [UInt8] {
    let a = Int(offsets[id]), b = Int(offsets[id + 1]); return (a..<b).map { wordBytes[$0] }
  }
}
public func temporaryEncode(_ text: Table<UInt8>) throws(AIGCError) -> (Table<UInt32>, Vocabulary) {
  var ids: [[UInt8]: UInt32] = [:]
  var words: [[UInt8]] = ["<unk>", "<s>", "</s>"].map { Array($0.utf8) }
  var tokens: [UInt32] = []
  var word: [UInt8] = []
  var open = false
  func flush() { if word.isEmpty { return }
    if !open { tokens.append(1); open = true }
    if let id = ids[word] { tokens.append(id) } else { let id = UInt32(words.count); ids[word] = id; words.append(word); tokens.append(id) }
    word.removeAll(keepingCapacity: true) }
  for i in text.indices { let b = text[i]
    if b == 10 { flush(); if !open { tokens.append(1) }; tokens.append(2); open = false }
    else if b == 32 || b == 9 || b == 13 || b == 0 { flush() } else { word.append(b) } }
  flush(); if open { tokens.append(2) }
  var offsets: [UInt32] = [0]; var bytes: [UInt8] = []
  for w in words { bytes += w; offsets.append(UInt32(bytes.count)) }
  return (try Table(tokens), try Vocabulary(wordBytes: Table(bytes), offsets: Table(offsets), slots: Table([]), name: ""))
}
