import Files

/// What a GGUF file says of its model, by key: "llama.block_count", "tokenizer.ggml.tokens".
public struct GGUFMetadata: Sendable {
  /// In the order of the file.
  public let entries: [(key: String, value: GGUFValue)]
  private let path: String
  private let indices: [String: Int]

  /// The longest key that the format allows, in bytes.
  static let longestKey = 65_535

  /// Reads `count` pairs.
  init(_ cursor: inout GGUFCursor, count: Int) throws(AIGCError) {
    path = cursor.path
    var entries: [(key: String, value: GGUFValue)] = []
    var indices: [String: Int] = [:]
    for index in 0..<count {
      let key = try cursor.name(of: "key", longest: Self.longestKey)
      guard indices.updateValue(index, forKey: key) == nil else {
        throw .badInput("\(path): damaged: the key \(printable(key)) twice")
      }
      let number = try cursor.read(UInt32.self)
      guard let kind = GGUFValue.Kind(rawValue: number) else {
        throw .badInput(
          "\(path): damaged: the value of \(printable(key)) has an unknown type, \(number)")
      }
      entries.append((key, try Self.value(of: kind, &cursor)))
    }
    (self.entries, self.indices) = (entries, indices)
  }

  private static func value(
    of kind: GGUFValue.Kind, _ cursor: inout GGUFCursor
  ) throws(AIGCError) -> GGUFValue {
    switch kind {
    case .uint8: .uint8(try cursor.read(UInt8.self))
    case .int8: .int8(try cursor.read(Int8.self))
    case .uint16: .uint16(try cursor.read(UInt16.self))
    case .int16: .int16(try cursor.read(Int16.self))
    case .uint32: .uint32(try cursor.read(UInt32.self))
    case .int32: .int32(try cursor.read(Int32.self))
    case .uint64: .uint64(try cursor.read(UInt64.self))
    case .int64: .int64(try cursor.read(Int64.self))
    case .float32: .float32(try cursor.read(Float.self))
    case .float64: .float64(try cursor.read(Double.self))
    case .bool: .bool(try cursor.read(UInt8.self) != 0)
    case .string: .string(cursor.bytes.text(try cursor.text()))
    case .array: .array(try GGUFArray(&cursor))
    }
  }

  /// The value of `key`, whatever its type; nil when the file has no such key.
  public subscript(key: String) -> GGUFValue? { indices[key].map { entries[$0].value } }

  /// A text.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is no text.
  public func string(_ key: String) throws(AIGCError) -> String {
    guard case .string(let text) = try value(key) else { throw unlike("a text", key) }
    return text
  }

  /// An integer of any width.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is no integer.
  public func int(_ key: String) throws(AIGCError) -> Int {
    guard let number = try value(key).int else { throw unlike("an integer", key) }
    return number
  }

  /// A floating-point number, or an integer as one.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is no number.
  public func float(_ key: String) throws(AIGCError) -> Float {
    guard let number = try value(key).float else { throw unlike("a number", key) }
    return number
  }

  /// A truth value.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is another.
  public func bool(_ key: String) throws(AIGCError) -> Bool {
    guard case .bool(let isTrue) = try value(key) else { throw unlike("true or false", key) }
    return isTrue
  }

  /// An array of texts, which are decoded one by one when they are asked for.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is another.
  public func strings(_ key: String) throws(AIGCError) -> GGUFStrings {
    guard case .array(let array) = try value(key), let strings = array.strings else {
      throw unlike("an array of texts", key)
    }
    return strings
  }

  /// An array of integers.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is another.
  public func ints(_ key: String) throws(AIGCError) -> [Int] {
    guard case .array(let array) = try value(key), let ints = array.ints else {
      throw unlike("an array of integers", key)
    }
    return ints
  }

  /// An array of numbers.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is another.
  public func floats(_ key: String) throws(AIGCError) -> [Float] {
    guard case .array(let array) = try value(key), let floats = array.floats else {
      throw unlike("an array of numbers", key)
    }
    return floats
  }

  /// An array of truth values.
  /// - Throws: ``/Files/AIGCError`` (mismatch) when there is no such key, or its value is another.
  public func bools(_ key: String) throws(AIGCError) -> [Bool] {
    guard case .array(let array) = try value(key), let bools = array.bools else {
      throw unlike("an array of truth values", key)
    }
    return bools
  }

  private func value(_ key: String) throws(AIGCError) -> GGUFValue {
    guard let value = self[key] else {
      throw .mismatch("\(path): the metadata has no key \(printable(key))")
    }
    return value
  }

  private func unlike(_ what: String, _ key: String) -> AIGCError {
    let found = self[key].map { "\($0.kind)" } ?? "nothing"
    return .mismatch("\(path): the value of \(printable(key)) is \(found), and must be \(what)")
  }
}
