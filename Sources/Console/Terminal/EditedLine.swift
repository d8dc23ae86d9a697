import Files

/// A line that is being typed: its characters, the cursor, and the lines before it. It knows no terminal: bytes
/// go in, and what they did comes out.
struct EditedLine {
  /// What the bytes of a key did.
  enum Event: Equatable {
    /// The line may look different.
    case changed
    /// Return: the line is complete.
    case finished
    /// Ctrl-C.
    case cancelled
    /// Ctrl-D in an empty line.
    case ended
  }

  private(set) var characters: [Character] = []
  /// Before which character the cursor stands.
  private(set) var cursor = 0
  private let history: [String]
  /// Which line of the history is shown; its count: the new one.
  private var place: Int
  /// The new line while one of the history is shown.
  private var draft: [Character] = []
  /// Bytes of a key or a character that is not complete.
  private var pending: [UInt8] = []
  /// What Ctrl-K, Ctrl-U and Ctrl-W took away.
  private var killed: [Character] = []
  /// Whether ``characters`` are those of the text: what stood around something that was taken away may join.
  private var isSegmented = true

  /// More than this is not taken: a line is a message, not a file.
  static let largest = 1 << 16
  /// Nor are more bytes of marks over one letter.
  static let largestCharacter = 1 << 12

  init(history: [String]) {
    self.history = history
    place = history.count
  }

  var text: String { String(characters) }

  /// Takes a byte from the keyboard.
  mutating func take(_ byte: UInt8) -> Event {
    if pending.first == 0x1B {
      pending.append(byte)
      takeSequence()
      return .changed
    }
    if byte >= 0x80 {
      takeCharacter(byte)
      return .changed
    }
    pending = []
    switch byte {
    case 0x0D, 0x0A: return .finished
    case 0x03: return .cancelled
    case 0x04:
      if characters.isEmpty { return .ended }
      delete()
    case 0x1B: pending = [byte]
    case 0x01: cursor = 0
    case 0x05: cursor = characters.count
    case 0x02: move(-1)
    case 0x06: move(1)
    case 0x08, 0x7F: erase()
    case 0x0B: kill(cursor..<characters.count)
    case 0x15: kill(0..<cursor)
    case 0x17: kill(wordStart..<cursor)
    case 0x19: insert(killed)
    case 0x10: show(place - 1)
    case 0x0E: show(place + 1)
    case 0x09: insert([" "])
    case 0x20...: insert([Character(Unicode.Scalar(byte))])
    default: break
    }
    return .changed
  }

  // MARK: Keys

  /// `ESC [ A` and the like; what is none is forgotten.
  private mutating func takeSequence() {
    guard pending.count > 2 else {
      // `ESC b` and `ESC f` go by words; `[` and `O` go on.
      switch pending[1] {
      case UInt8(ascii: "["), UInt8(ascii: "O"): return
      case UInt8(ascii: "b"): cursor = wordStart
      case UInt8(ascii: "f"): cursor = wordEnd
      default: break
      }
      pending = []
      return
    }
    guard let last = pending.last, last >= 0x40 else {
      // However long it is, it ends with a letter.
      if pending.count > 16 { pending.removeLast() }
      return
    }
    let parameters = String(decoding: pending[2...].dropLast(), as: UTF8.self)
    let isByWord = parameters.hasSuffix(";5") || parameters.hasSuffix(";3")
    pending = []
    switch last {
    case UInt8(ascii: "A"): show(place - 1)
    case UInt8(ascii: "B"): show(place + 1)
    case UInt8(ascii: "C"): isByWord ? (cursor = wordEnd) : move(1)
    case UInt8(ascii: "D"): isByWord ? (cursor = wordStart) : move(-1)
    case UInt8(ascii: "H"): cursor = 0
    case UInt8(ascii: "F"): cursor = characters.count
    case UInt8(ascii: "~"):
      switch parameters {
      case "1", "7": cursor = 0
      case "4", "8": cursor = characters.count
      case "3": delete()
      default: break
      }
    default: break
    }
  }

  /// A byte of a character beyond ASCII.
  private mutating func takeCharacter(_ byte: UInt8) {
    if byte >= 0xC0 { pending = [] }
    pending.append(byte)
    if let text = String(validating: pending, as: UTF8.self) {
      pending = []
      insert(Array(text))
    } else if pending.count >= 4 {
      pending = []
    }
  }

  // MARK: Changes

  private mutating func insert(_ added: [Character]) {
    guard characters.count + added.count <= Self.largest else { return }
    // A mark may join with the character before it, and that with the one behind: from the character before the
    // cursor on the text is cut anew, up to the one behind where that stays one.
    var start = max(cursor - 1, 0)
    var end = min(cursor + 1, characters.count)
    if !isSegmented { (start, end) = (0, characters.count) }
    let before = String(characters[start..<cursor]) + String(added)
    let position = start + before.count
    var changed = Array(before + String(characters[cursor..<end]))
    if end < characters.count, changed.last?.utf8.count != characters[end - 1].utf8.count {
      end = characters.count
      changed = Array(before + String(characters[cursor...]))
    }
    if cursor > 0, isSegmented,
      changed[0].utf8.count > max(characters[start].utf8.count, Self.largestCharacter)
    {
      return
    }
    characters.replaceSubrange(start..<end, with: changed)
    cursor = min(position, characters.count)
    isSegmented = true
  }

  private mutating func remove(_ range: Range<Int>) {
    characters.removeSubrange(range)
    cursor = range.lowerBound
    if cursor > 0, cursor < characters.count { isSegmented = false }
  }

  private mutating func move(_ step: Int) {
    cursor = min(max(cursor + step, 0), characters.count)
  }

  private mutating func erase() {
    guard cursor > 0 else { return }
    remove(cursor - 1..<cursor)
  }

  private mutating func delete() {
    guard cursor < characters.count else { return }
    remove(cursor..<cursor + 1)
  }

  private mutating func kill(_ range: Range<Int>) {
    guard !range.isEmpty else { return }
    killed = Array(characters[range])
    remove(range)
  }

  private var wordStart: Int {
    var place = cursor
    while place > 0, characters[place - 1] == " " { place -= 1 }
    while place > 0, characters[place - 1] != " " { place -= 1 }
    return place
  }

  private var wordEnd: Int {
    var place = cursor
    while place < characters.count, characters[place] == " " { place += 1 }
    while place < characters.count, characters[place] != " " { place += 1 }
    return place
  }

  /// Shows a line of the history, or the new one behind them.
  private mutating func show(_ wanted: Int) {
    guard (0...history.count).contains(wanted), wanted != place else { return }
    if place == history.count { draft = characters }
    place = wanted
    characters = wanted == history.count ? draft : Array(history[wanted])
    cursor = characters.count
    isSegmented = wanted < history.count
  }

  /// The part of the line around the cursor that fits into some columns, and the cursor's column in it.
  func view(columns: Int) -> (text: String, cursor: Int) {
    func size(_ index: Int) -> Int { max(Format.columns(String(characters[index])), 0) }
    let room = max(columns - 1, 1)
    var start = cursor
    var before = 0
    while start > 0, case let width = size(start - 1), before + width <= room {
      start -= 1
      before += width
    }
    var end = cursor
    var used = before
    while end < characters.count, case let width = size(end), used + width <= room {
      used += width
      end += 1
    }
    return (String(characters[start..<end]), before)
  }
}
