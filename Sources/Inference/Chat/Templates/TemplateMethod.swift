import Files

/// A method of a string, a list, a dictionary or a number.
struct TemplateMethod: Sendable {
  let body: TemplateOperation

  init(_ body: @escaping TemplateOperation) { self.body = body }

  /// The method that a value has by a name.
  static func find(_ name: String, of value: TemplateValue) -> TemplateMethod? {
    switch value {
    case .text: strings[name] ?? searches[name] ?? checks[name]
    case .list: lists[name] ?? sequences[name]
    case .tuple: sequences[name]
    case .dictionary: dictionaries[name]
    case .int, .bool, .double: numbers[name]
    default: nil
    }
  }

  private static let numbers: [String: TemplateMethod] = [
    "is_integer": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      .bool(value.integer != nil || value.number.map { $0 == $0.rounded() } ?? false)
    },
    "bit_length": TemplateMethod { (renderer, value, _) throws(AIGCError) in
      guard let integer = value.integer else { throw renderer.error("bit_length() of a float") }
      return .int(UInt.bitWidth - integer.magnitude.leadingZeroBitCount)
    },
  ]
}
