import Files

/// Reads a pickle, protocols 0 to 5, as data (see ``Pickle``).
struct Unpickler {
  let bytes: Table<UInt8>
  /// Where the next pickle begins; after ``load()`` the byte behind its end.
  var position: Int
  let place: String

  var pickle = Pickle()
  var stack: [PickleValue] = []
  /// Heights of the stack at the marks.
  var marks: [Int] = []
  var memo: [Int: PickleValue] = [:]
  /// The most steps, where one that makes a container counts as ``containerSteps``. A step puts at
  /// most one value anywhere: on the stack and from there into a container, or into the memo.
  private let limit: Int
  private static let largestLimit = 1 << 23
  private static let containerSteps = 4

  /// - Parameters:
  ///   - bytes: the pickle; texts are copied from it.
  ///   - place: what it is, for messages.
  ///   - fileSize: the size of the whole file, which bounds the memory that the pickle may take.
  init(_ bytes: Table<UInt8>, at position: Int = 0, place: String, fileSize: Int) {
    self.bytes = bytes
    self.position = position
    self.place = place
    limit = min(max(1 << 16, min(fileSize, Self.largestLimit) * 4), Self.largestLimit)
  }

  func damaged(_ what: String) -> AIGCError {
    .badInput("\(place): damaged pickle: byte \(position): \(what)")
  }

  /// Reads one pickle up to its end. Of the members of a dictionary with equal keys the last is kept.
  mutating func load() throws(AIGCError) -> Pickle {
    pickle = Pickle()
    stack = []
    marks = []
    memo = [:]
    while true {
      let code = try byte()
      pickle.steps += 1
      if code == PickleCode.stop {
        pickle.root = try pop()
        for index in pickle.objects.indices where !pickle.objects[index].dropRepeatedKeys() {
          throw damaged("the name of a value is too long")
        }
        return pickle
      }
      try execute(code)
      guard pickle.steps + pickle.objects.count * (Self.containerSteps - 1) <= limit else {
        throw damaged("more than \(limit) values in a file of this size")
      }
    }
  }

  private mutating func execute(_ code: UInt8) throws(AIGCError) {
    if try number(code) { return }
    if try text(code) { return }
    if try memory(code) { return }
    if try container(code) { return }
    if try object(code) { return }
    position -= 1
    throw damaged("the opcode \(code) is not known")
  }

  // MARK: Reading

  private mutating func byte() throws(AIGCError) -> UInt8 {
    guard position < bytes.count else { throw damaged("the end is missing") }
    defer { position += 1 }
    return bytes[position]
  }

  private mutating func integer<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(AIGCError) -> Value {
    guard let value = bytes.load(type, at: position) else { throw damaged("the end is missing") }
    position += MemoryLayout<Value>.size
    return value
  }

  /// A length and that many bytes.
  private mutating func block<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type
  ) throws(AIGCError) -> Range<Int> {
    let length = try integer(type)
    guard let size = Int(exactly: length), size >= 0, size <= bytes.count - position else {
      throw damaged("a length of \(length) bytes")
    }
    defer { position += size }
    return position..<position + size
  }

  /// The bytes up to the end of the line, which is passed over.
  private mutating func line() throws(AIGCError) -> Range<Int> {
    let start = position
    while position < bytes.count, bytes[position] != 0x0A { position += 1 }
    guard position < bytes.count else { throw damaged("the end of a line is missing") }
    defer { position += 1 }
    return start..<position
  }

  // MARK: Stack

  mutating func push(_ value: PickleValue) { stack.append(value) }

  mutating func pop() throws(AIGCError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.popLast() else {
      throw damaged("a value is missing on the stack")
    }
    return value
  }

  /// The values above the last mark, which goes with them.
  mutating func popMark() throws(AIGCError) -> [PickleValue] {
    guard let height = marks.popLast() else { throw damaged("a mark is missing on the stack") }
    defer { stack.removeLast(stack.count - height) }
    return Array(stack[height...])
  }

  mutating func push(_ object: PickleObject) {
    push(.object(pickle.objects.count))
    pickle.objects.append(object)
  }

  private mutating func pushCall(
    _ callee: PickleValue, _ arguments: [PickleValue]
  ) throws(AIGCError) {
    push(PickleObject(kind: .tuple, items: arguments))
    let tuple = try pop()
    push(PickleObject(kind: .call(callee, tuple)))
  }

  /// The container on top of the stack.
  func top() throws(AIGCError) -> Int {
    guard stack.count > marks.last ?? 0, case .object(let index)? = stack.last else {
      throw damaged("a container is missing on the stack")
    }
    return index
  }

  // MARK: Opcodes

  private mutating func number(_ code: UInt8) throws(AIGCError) -> Bool {
    switch code {
    case PickleCode.protocolVersion:
      let version = try byte()
      guard version <= 5 else { throw damaged("protocol \(version) is not known") }
    case PickleCode.frame: _ = try integer(UInt64.self)
    case PickleCode.none: push(.none)
    case PickleCode.newTrue: push(.bool(true))
    case PickleCode.newFalse: push(.bool(false))
    case PickleCode.binInt: push(.int(Int(try integer(Int32.self))))
    case PickleCode.binInt1: push(.int(Int(try byte())))
    case PickleCode.binInt2: push(.int(Int(try integer(UInt16.self))))
    case PickleCode.binFloat:
      push(.double(Double(bitPattern: try integer(UInt64.self).byteSwapped)))
    case PickleCode.long1: push(long(try block(UInt8.self)))
    case PickleCode.long4: push(long(try block(Int32.self)))
    case PickleCode.int:
      let range = try line()
      switch bytes.text(range) {
      case "01": push(.bool(true))
      case "00": push(.bool(false))
      case let text: push(Int(text).map { .int($0) } ?? .data(range))
      }
    case PickleCode.long:
      let range = try line()
      let text = bytes.text(range)
      push(
        Int(text.hasSuffix("L") ? String(text.dropLast()) : text).map { .int($0) } ?? .data(range))
    case PickleCode.float:
      guard let value = Double(bytes.text(try line())) else { throw damaged("no number") }
      push(.double(value))
    default: return false
    }
    return true
  }

  /// A two's complement number of any size, lowest byte first.
  private func long(_ range: Range<Int>) -> PickleValue {
    guard range.count <= 8 else { return .data(range) }
    guard let last = range.last else { return .int(0) }
    var value = bytes[last] >= 0x80 ? -1 : 0
    for index in range.reversed() { value = value << 8 | Int(bytes[index]) }
    return .int(value)
  }

  private mutating func text(_ code: UInt8) throws(AIGCError) -> Bool {
    switch code {
    case PickleCode.shortBinUnicode, PickleCode.shortBinString:
      push(.string(bytes.text(try block(UInt8.self))))
    case PickleCode.binUnicode: push(.string(bytes.text(try block(UInt32.self))))
    case PickleCode.binString: push(.string(bytes.text(try block(Int32.self))))
    case PickleCode.binUnicode8: push(.string(bytes.text(try block(UInt64.self))))
    case PickleCode.unicode: push(.string(bytes.text(try line())))
    case PickleCode.string:
      // Between quotation marks; escapes stay as they are.
      push(.string(String(bytes.text(try line()).dropFirst().dropLast())))
    case PickleCode.shortBinBytes: push(.data(try block(UInt8.self)))
    case PickleCode.binBytes: push(.data(try block(UInt32.self)))
    case PickleCode.binBytes8, PickleCode.byteArray8: push(.data(try block(UInt64.self)))
    default: return false
    }
    return true
  }

  private mutating func memory(_ code: UInt8) throws(AIGCError) -> Bool {
    switch code {
    case PickleCode.mark: marks.append(stack.count)
    case PickleCode.pop:
      // A mark is popped like a value.
      if stack.count == marks.last { marks.removeLast() } else { _ = try pop() }
    case PickleCode.popMark: _ = try popMark()
    case PickleCode.duplicate: push(try last())
    case PickleCode.put: memo[try lineNumber()] = try last()
    case PickleCode.binPut: memo[Int(try byte())] = try last()
    case PickleCode.longBinPut: memo[Int(try integer(UInt32.self))] = try last()
    case PickleCode.memoize: memo[memo.count] = try last()
    case PickleCode.get: push(try remembered(try lineNumber()))
    case PickleCode.binGet: push(try remembered(Int(try byte())))
    case PickleCode.longBinGet: push(try remembered(Int(try integer(UInt32.self))))
    default: return false
    }
    return true
  }

  private func last() throws(AIGCError) -> PickleValue {
    guard stack.count > marks.last ?? 0, let value = stack.last else {
      throw damaged("a value is missing on the stack")
    }
    return value
  }

  private func remembered(_ index: Int) throws(AIGCError) -> PickleValue {
    guard let value = memo[index] else { throw damaged("nothing is remembered as \(index)") }
    return value
  }

  private mutating func lineNumber() throws(AIGCError) -> Int {
    guard let value = Int(bytes.text(try line())) else { throw damaged("no number") }
    return value
  }

  private mutating func object(_ code: UInt8) throws(AIGCError) -> Bool {
    switch code {
    case PickleCode.global:
      let module = bytes.text(try line())
      push(PickleObject(kind: .global(module, bytes.text(try line()))))
    case PickleCode.stackGlobal:
      let (name, module) = (try pop(), try pop())
      guard let name = name.string, let module = module.string else {
        throw damaged("the name of a class is no text")
      }
      push(PickleObject(kind: .global(module, name)))
    case PickleCode.reduce, PickleCode.newObject:
      let arguments = try pop()
      let callee = try pop()
      guard pickle.elements(arguments) != nil else {
        throw damaged("the arguments of a call are no tuple")
      }
      push(PickleObject(kind: .call(callee, arguments)))
    case PickleCode.newObjectKeywords:
      let (keywords, arguments, callee) = (try pop(), try pop(), try pop())
      push(PickleObject(kind: .call(callee, arguments), items: [keywords]))
    case PickleCode.object:
      let values = try popMark()
      guard let callee = values.first else { throw damaged("the class of an object is missing") }
      try pushCall(callee, Array(values.dropFirst()))
    case PickleCode.instance:
      let module = bytes.text(try line())
      push(PickleObject(kind: .global(module, bytes.text(try line()))))
      let callee = try pop()
      try pushCall(callee, try popMark())
    case PickleCode.build:
      let state = try pop()
      let index = try top()
      pickle.objects[index].state = state
    case PickleCode.persistentID:
      push(PickleObject(kind: .persistent(.string(bytes.text(try line())))))
    case PickleCode.binPersistentID:
      let id = try pop()
      push(PickleObject(kind: .persistent(id)))
    default: return false
    }
    return true
  }
}
