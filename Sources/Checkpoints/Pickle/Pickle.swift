import Files

/// What a pickle says, as data. Classes and functions are names, calls are records of what was to be
/// called with what: nothing is ever looked up or run.
///
/// Containers stand in one list and refer to each other by number, so that values nested a million
/// deep or in a circle are no danger: no walk over them happens by itself.
struct Pickle {
  var objects: [PickleObject] = []
  var root = PickleValue.none
  /// How many steps built it.
  var steps = 0

  subscript(index: Int) -> PickleObject { objects[index] }

  /// The container that a value refers to.
  func object(_ value: PickleValue) -> PickleObject? {
    guard case .object(let index) = value else { return nil }
    return objects[index]
  }

  /// The elements of a tuple or a list.
  func elements(_ value: PickleValue) -> [PickleValue]? {
    guard let object = object(value) else { return nil }
    switch object.kind {
    case .tuple, .list: return object.items
    default: return nil
    }
  }

  /// "module.name" of a class or function.
  func global(_ value: PickleValue) -> String? {
    guard case .global(let module, let name)? = object(value)?.kind else { return nil }
    return "\(module).\(name)"
  }

  /// The value of a key that is a text.
  func member(_ key: String, of value: PickleValue) -> PickleValue? {
    guard let members = object(value)?.members else { return nil }
    // The last one counts, as in Python.
    for index in stride(from: members.count - 2, through: 0, by: -2)
    where members[index] == .string(key) {
      return members[index + 1]
    }
    return nil
  }
}

/// A value of a pickle: a number or a text, or the number of a container.
enum PickleValue: Hashable {
  case none
  case bool(Bool)
  case int(Int)
  case double(Double)
  case string(String)
  /// Bytes, or an integer of more than 64 bits, by its place in the pickle.
  case data(Range<Int>)
  /// An index of ``Pickle/objects``.
  case object(Int)

  var int: Int? {
    if case .int(let value) = self { return value }
    return nil
  }

  var string: String? {
    if case .string(let value) = self { return value }
    return nil
  }
}

/// A container or something made by a call.
struct PickleObject {
  enum Kind {
    /// A list or a set.
    case list
    case tuple
    case dictionary
    /// A class or function, by module and name.
    case global(String, String)
    /// What a call of the first value with the second, a tuple, would give.
    case call(PickleValue, PickleValue)
    /// What the file keeps outside of the pickle under this id.
    case persistent(PickleValue)
  }

  var kind: Kind
  /// Elements; of a call what was appended to its result.
  var items: [PickleValue] = []
  /// Key, value, key, value …
  var members: [PickleValue] = []
  /// What `__setstate__` would get.
  var state = PickleValue.none

  /// Names are shorter; one long text may be the key of every member, and comparing them takes long.
  private static let longestKey = 4096

  /// Of members with equal keys the first place is kept, and the last value, as in Python.
  /// - Returns: false for a key that is too long to be compared.
  mutating func dropRepeatedKeys() -> Bool {
    for index in stride(from: 0, to: members.count - 1, by: 2) {
      if let key = members[index].string, key.utf8.count > Self.longestKey { return false }
    }
    if members.count < 4 { return true }
    var places: [PickleValue: Int] = [:]
    places.reserveCapacity(members.count / 2)
    var kept: [PickleValue] = []
    for index in stride(from: 0, to: members.count - 1, by: 2) {
      if let place = places[members[index]] {
        kept[place] = members[index + 1]
      } else {
        places[members[index]] = kept.count + 1
        kept += [members[index], members[index + 1]]
      }
    }
    if kept.count < members.count { members = kept }
    return true
  }
}
