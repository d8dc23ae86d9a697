import Files

extension Unpickler {
  /// Opcodes of lists, tuples, sets and dictionaries.
  mutating func container(_ code: UInt8) throws(AIGCError) -> Bool {
    switch code {
    case PickleCode.emptyList, PickleCode.emptySet: push(PickleObject(kind: .list))
    case PickleCode.list, PickleCode.frozenSet:
      push(PickleObject(kind: .list, items: try popMark()))
    case PickleCode.emptyTuple: push(PickleObject(kind: .tuple))
    case PickleCode.tuple: push(PickleObject(kind: .tuple, items: try popMark()))
    case PickleCode.tuple1, PickleCode.tuple2, PickleCode.tuple3:
      var items: [PickleValue] = []
      for _ in 0...code - PickleCode.tuple1 { items.append(try pop()) }
      push(PickleObject(kind: .tuple, items: items.reversed()))
    case PickleCode.append:
      let value = try pop()
      let index = try top()
      pickle.objects[index].items.append(value)
    case PickleCode.appends, PickleCode.addItems:
      let values = try popMark()
      let index = try top()
      pickle.objects[index].items += values
    case PickleCode.emptyDictionary: push(PickleObject(kind: .dictionary))
    case PickleCode.dictionary:
      push(PickleObject(kind: .dictionary, members: try pairs(popMark())))
    case PickleCode.setItem:
      let (value, key) = (try pop(), try pop())
      let index = try top()
      pickle.objects[index].members += [key, value]
    case PickleCode.setItems:
      let values = try pairs(popMark())
      let index = try top()
      pickle.objects[index].members += values
    default: return false
    }
    return true
  }

  private func pairs(_ values: [PickleValue]) throws(AIGCError) -> [PickleValue] {
    guard values.count % 2 == 0 else { throw damaged("a key without a value") }
    return values
  }
}
