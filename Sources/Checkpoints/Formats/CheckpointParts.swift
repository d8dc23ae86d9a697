import Files

extension Checkpoint {
  /// The tensors whose names begin alike: all of a file, or a state_dict inside of it.
  public struct Part: Sendable {
    /// What their names begin with, a dot at its end; empty for all tensors.
    public let prefix: String
    fileprivate var indices: [Int]
  }

  /// The name of a part's first tensor.
  public func firstName(of part: Part) -> String {
    part.indices.first.map { tensors[$0].name } ?? ""
  }

  /// A state_dict lies no deeper than under so many names.
  private static let deepestPart = 6

  /// All tensors, and those under each dotted prefix that two or more share, the shortest prefix first.
  public var parts: [Part] {
    var parts = [Part(prefix: "", indices: Array(tensors.indices))]
    var places: [String: Int] = [:]
    for (index, tensor) in tensors.enumerated() {
      let name = tensor.name
      let dots = name.utf8.indices.lazy.filter { name.utf8[$0] == UInt8(ascii: ".") }
      for dot in dots.prefix(Self.deepestPart) {
        let prefix = String(name[...dot])
        let place = places[prefix] ?? parts.count
        if place == parts.count {
          places[prefix] = place
          parts.append(Part(prefix: prefix, indices: []))
        }
        parts[place].indices.append(index)
      }
    }
    return parts.filter { $0.indices.count > 1 || $0.prefix.isEmpty }
      .enumerated().sorted {
        ($0.element.prefix.utf8.count, $0.offset) < ($1.element.prefix.utf8.count, $1.offset)
      }
      .map { $0.element }
  }

  /// The tensors of a part alone, `prefix` in the place of the part's own.
  public func part(_ part: Part, as prefix: String = "") throws(AIGCError) -> Checkpoint {
    let dropped = part.prefix.utf8.count
    return try Checkpoint(
      path: path, format: format,
      tensors: part.indices.map {
        tensors[$0].renamed(
          prefix + String(decoding: tensors[$0].name.utf8.dropFirst(dropped), as: UTF8.self))
      },
      metadata: metadata, gguf: gguf)
  }

  /// The tensors but those whose names say that they are left out.
  public func without(_ isLeftOut: (String) -> Bool) throws(AIGCError) -> Checkpoint {
    try Checkpoint(
      path: path, format: format, tensors: tensors.filter { !isLeftOut($0.name) },
      metadata: metadata, gguf: gguf)
  }

  /// The tensors under other names.
  /// - Parameter change: gives the tensor to be taken; nil leaves it out.
  /// - Throws: ``/Files/AIGCError`` (badInput) when two get one name.
  public func changed(
    _ change: (StoredTensor) -> StoredTensor?
  ) throws(AIGCError) -> Checkpoint {
    try Checkpoint(
      path: path, format: format, tensors: tensors.compactMap(change), metadata: metadata,
      gguf: gguf)
  }

  /// The first tensors' names and shapes, for messages.
  public var summary: String {
    let shown = tensors.prefix(8).map { "\(printable($0.name)) \($0.shape)" }
    let more = tensors.count > 8 ? " and \(tensors.count - 8) more" : ""
    return shown.joined(separator: ", ") + more
  }
}
