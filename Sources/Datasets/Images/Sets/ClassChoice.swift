import Files

/// Some of the classes of a set of images, by name or, where none has this name, by number.
public enum ClassChoice: Codable, Sendable, Equatable {
  case only([String])
  case without([String])

  /// For each of the classes whether it is named.
  /// - Parameters:
  ///   - names: of classes, or their numbers.
  ///   - classes: all of the set.
  ///   - path: for messages.
  /// - Throws: ``/Files/AIGCError`` (usage): for a class that is not there, and where there are none.
  public static func named(
    _ names: [String], of classes: [String], _ path: String
  ) throws(AIGCError) -> [Bool] {
    guard !classes.isEmpty else {
      throw .usage("\(path): images without classes: sub-folders or a file of labels are needed")
    }
    var result = [Bool](repeating: false, count: classes.count)
    for name in names {
      guard let index = classes.firstIndex(of: name) ?? Int(name), classes.indices.contains(index)
      else {
        let shown = classes.prefix(12).joined(separator: ", ") + (classes.count > 12 ? ", …" : "")
        throw .usage("\(path): no class '\(excerpt(of: name))'; there are \(shown)")
      }
      result[index] = true
    }
    return result
  }

  /// The chosen classes, and for each of all its place among them; nil for those that are not.
  func applied(
    to classes: [String], _ path: String
  ) throws(AIGCError) -> (classes: [String], places: [Int32?]) {
    let isChosen =
      switch self {
      case .only(let names): try Self.named(names, of: classes, path)
      case .without(let names): try Self.named(names, of: classes, path).map { !$0 }
      }
    let chosen = classes.indices.filter { isChosen[$0] }
    guard !chosen.isEmpty else { throw .usage("\(path): no class is left") }
    var places = [Int32?](repeating: nil, count: classes.count)
    for (place, index) in chosen.enumerated() { places[index] = Int32(place) }
    return (chosen.map { classes[$0] }, places)
  }
}

extension ImageListing {
  /// Leaves the files of the chosen classes.
  mutating func restrict(to choice: ClassChoice, _ path: String) throws(AIGCError) {
    let (chosen, places) = try choice.applied(to: classes, path)
    let kept = files.indices.filter { places[Int(labels[$0])] != nil }
    files = kept.map { files[$0] }
    labels = kept.compactMap { places[Int(labels[$0])] }
    classes = chosen
  }
}

extension ImageSet {
  /// The images of the chosen classes, `limit` of them at most. Nothing is copied.
  /// - Throws: ``/Files/AIGCError``: usage for classes that are not there; badInput when no images are left.
  func restricted(to choice: ClassChoice, limit: Int?) throws(AIGCError) -> ImageSet {
    let (chosen, places) = try choice.applied(to: classes, path)
    let labels = labels ?? []
    let kept = labels.indices.filter { places[Int(labels[$0])] != nil }.prefix(limit ?? .max)
    guard !kept.isEmpty else { throw .badInput("\(path): no images of the chosen classes") }
    return ImageSet(
      path: path, store: subset(Array(kept)).store,
      labels: kept.compactMap { places[Int(labels[$0])] }, classes: chosen, leftOut: leftOut,
      losesColors: losesColors, files: files)
  }
}
