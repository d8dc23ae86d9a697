import Checkpoints
import Console
import Families
import Files

/// What `aigc inspect` says of a file of tensors.
struct CheckpointReport {
  let checkpoint: Checkpoint

  private var heads: [JSONValue.Member] {
    get throws(AIGCError) {
      [
        .init("path", .string(checkpoint.path)),
        .init("bytes", .int(try MappedFile(path: checkpoint.path).count)),
        .init("format", .string(checkpoint.format.rawValue)),
        .init("tensor_count", .int(checkpoint.tensors.count)),
        .init("values", .int(checkpoint.valueCount)),
      ] + arrays + [
        .init(
          "metadata",
          .object(checkpoint.metadata.sorted { $0.key < $1.key }.map { .init($0, .string($1)) }))
      ]
    }
  }

  /// NumPy's arrays, where the file has some.
  private var arrays: [JSONValue.Member] {
    if checkpoint.arrays.isEmpty { return [] }
    return [.init("numpy_arrays", .array(checkpoint.arrays.map { .string($0) }))]
  }

  func write(to answer: Answer, json: Bool) throws(AIGCError) {
    let tensors = checkpoint.tensors
    if json {
      try answer.write(json: heads, array: "tensors", count: tensors.count) { index in
        .object([
          .init("name", .string(tensors[index].name)),
          .init("type", .string(tensors[index].typeName)),
          .init("shape", .array(tensors[index].shape.map { .int($0) })),
        ])
      }
      return
    }
    try answer.write(membersText(try heads.map { .init($0.name, shown($0.value)) }))
    try answer.write("tensors\n")
    let rows = tensors.map { tensor in
      [
        "  " + shown(tensor.name), tensor.typeName,
        "[\(tensor.shape.map { String($0) }.joined(separator: ", "))]",
      ]
    }
    try answer.write(table(rows))
  }

  /// Names and texts as a terminal may get them: a file's own must not move the cursor.
  private func shown(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars.prefix(Self.longestText) {
      switch scalar.properties.generalCategory {
      case .control, .format, .lineSeparator, .paragraphSeparator:
        result += "\\u{\(String(scalar.value, radix: 16))}"
      default: result.unicodeScalars.append(scalar)
      }
    }
    return text.unicodeScalars.dropFirst(Self.longestText).isEmpty ? result : result + "…"
  }
  /// Scalars of a text that are shown: a chat template may be long. JSON has them all.
  private static let longestText = 300

  private func shown(_ value: JSONValue) -> JSONValue {
    switch value {
    case .string(let text): .string(shown(text))
    case .object(let members): .object(members.map { .init(shown($0.name), shown($0.value)) })
    default: value
    }
  }
}
