import Files

/// Settings of a model by their names: an object of `config.json`, or GGUF metadata. Every value is checked when
/// it is asked for; `null` counts as no value.
struct ModelFields: Sendable {
  /// What stands before a name in messages: "folder/config.json: ".
  let place: String
  /// What the names of these settings begin with in the file: "llama.", "rope_parameters.".
  let prefix: String
  private let values: [String: JSONValue]

  /// Of several members with one name, the last one counts, as in Python.
  init(_ members: [JSONValue.Member], place: String, prefix: String = "") {
    (self.place, self.prefix) = (place, prefix)
    values = Dictionary(members.map { ($0.name, $0.value) }) { $1 }
  }

  /// All names, sorted.
  var names: [String] { values.keys.sorted() }

  /// The value of that name; nil for none and for `null`.
  subscript(name: String) -> JSONValue? {
    guard let value = values[name], value != .null else { return nil }
    return value
  }

  /// Whether the name is there, with `null` or another value.
  func has(_ name: String) -> Bool { values[name] != nil }

  /// Whether the name is there, with `null`.
  func isNull(_ name: String) -> Bool { values[name] == .null }

  /// "folder/config.json: 'hidden_size' is …".
  func error(_ name: String, _ text: String) -> AIGCError {
    .badInput("\(place)'\(prefix)\(name)' \(text)")
  }

  // MARK: Values

  /// A whole number of a range.
  func size(
    _ name: String, _ standard: Int? = nil, in range: ClosedRange<Int>
  ) throws(AIGCError) -> Int {
    guard let value = try integer(name) ?? standard else { throw error(name, "is missing") }
    guard range.contains(value) else {
      throw error(name, "is \(value), not \(range.lowerBound) to \(range.upperBound)")
    }
    return value
  }

  /// A whole number; nil where there is none.
  func integer(_ name: String) throws(AIGCError) -> Int? {
    guard let value = self[name] else { return nil }
    guard case .int(let number) = value else { throw error(name, "is no whole number") }
    return number
  }

  /// A finite number above 0.
  func positive(_ name: String, _ standard: Double? = nil) throws(AIGCError) -> Double {
    guard let value = try number(name) ?? standard else { throw error(name, "is missing") }
    guard value > 0, value.isFinite, Float(value) > 0, Float(value).isFinite else {
      throw error(name, "is \(value), no number above 0 that a float holds")
    }
    return value
  }

  /// A number; nil where there is none.
  func number(_ name: String) throws(AIGCError) -> Double? {
    guard let value = self[name] else { return nil }
    guard let number = value.number else { throw error(name, "is no number") }
    return number
  }

  /// A truth value.
  func flag(_ name: String, _ standard: Bool) throws(AIGCError) -> Bool {
    guard let value = self[name] else { return standard }
    guard case .bool(let flag) = value else { throw error(name, "is neither true nor false") }
    return flag
  }

  /// A text; nil where there is none.
  func string(_ name: String) throws(AIGCError) -> String? {
    guard let value = self[name] else { return nil }
    guard case .string(let text) = value else { throw error(name, "is no text") }
    return text
  }

  /// A list; nil where there is none.
  func array(_ name: String) throws(AIGCError) -> [JSONValue]? {
    guard let value = self[name] else { return nil }
    guard case .array(let list) = value else { throw error(name, "is no list") }
    return list
  }

  /// An object; nil where there is none.
  func object(_ name: String) throws(AIGCError) -> ModelFields? {
    guard let value = self[name] else { return nil }
    guard case .object(let members) = value else { throw error(name, "is no object") }
    return ModelFields(members, place: place, prefix: "\(prefix)\(name).")
  }

  // MARK: What is not built here

  /// Refuses any value but none and those that change nothing.
  func refuse(_ name: String, unless neutral: JSONValue...) throws(AIGCError) {
    guard let value = self[name] else { return }
    if neutral.contains(value) { return }
    if let number = value.number, neutral.contains(where: { $0.number == number }) { return }
    throw refusal(name, value)
  }

  /// "…: 'rope_type' is "yarn"; models with this setting are not read".
  func refusal(_ name: String, _ value: JSONValue) -> AIGCError {
    error(name, "is \(printable(value.text)); models with this setting are not read")
  }
}
