import Checkpoints
import Files

extension ModelFields {
  /// The numbers, texts and short lists of GGUF metadata whose keys begin with `prefix`.
  init(_ metadata: GGUFMetadata, prefix: String, place: String) {
    var members: [JSONValue.Member] = []
    for (key, value) in metadata.entries where key.hasPrefix(prefix) {
      let name = String(key.dropFirst(prefix.count))
      if let json = value.json { members.append(.init(name, json)) }
    }
    self.init(members, place: place, prefix: prefix)
  }
}

extension GGUFValue {
  /// nil for lists of texts, and for long ones: a list has a value for each layer at most.
  fileprivate var json: JSONValue? {
    switch self {
    case .string(let text): .string(text)
    case .bool(let value): .bool(value)
    // It is there, and no number that anything here could be.
    case .uint64(let value) where value > UInt64(Int.max): .double(Double(value))
    case .array(let array) where array.count <= ModelBounds.layers.upperBound:
      if let values = array.bools {
        .array(values.map { .bool($0) })
      } else {
        array.ints.map { .array($0.map { .int($0) }) }
      }
    default: int.map { .int($0) } ?? float.map { .double(Double($0)) }
    }
  }
}
