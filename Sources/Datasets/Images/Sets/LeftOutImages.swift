import Files

/// What was found where images were looked for, and is not in the set: how many, and of the first ones why.
public struct LeftOutImages: Sendable, Equatable {
  /// How many images.
  public private(set) var count = 0
  private var notes: [String] = []
  private var noteCount = 0
  private var examples: [String] = []
  private var exampleCount = 0
  private static let shown = 10

  /// - Parameter line: "path: why" of one image.
  mutating func add(_ line: String) {
    count += 1
    exampleCount += 1
    if examples.count < Self.shown { examples.append(line) }
  }

  /// - Parameters:
  ///   - line: "path: why" of a folder.
  ///   - count: how many images are in it.
  mutating func note(_ line: String, count: Int = 0) {
    self.count += count
    noteCount += 1
    if notes.count < Self.shown {
      notes.append(count > 0 ? "\(line) (\(counted(count, "image")))" : line)
    }
  }

  /// For people: the first ten of folders and of images with their reasons, the rest by their number.
  public var lines: [String] {
    var lines = notes
    if noteCount > notes.count { lines.append("\(noteCount - notes.count) more folders") }
    lines += examples
    let rest = exampleCount - examples.count
    if rest > 0 { lines.append("\(counted(rest, "more image"))") }
    return lines
  }
}

extension ImageSet {
  /// How many images each class has; empty without classes.
  public var classCounts: [Int] {
    var counts = [Int](repeating: 0, count: classes.count)
    for label in labels ?? [] { counts[Int(label)] += 1 }
    return counts
  }

  /// For people: "data: 8 images of 2 classes: cats 4, dogs 4; 1 left out".
  public var summary: String {
    let shown = 20
    var text = "\(path): \(counted(count, "image"))"
    if labels == nil {
      text += " without classes"
    } else {
      let each = zip(classes, classCounts).prefix(shown).map { "\($0) \($1)" }
      text += " of \(classes.count) class\(classes.count == 1 ? "" : "es"): "
      text += each.joined(separator: ", ") + (classes.count > shown ? ", …" : "")
    }
    return leftOut.count > 0 ? "\(text); \(leftOut.count) left out" : text
  }
}
