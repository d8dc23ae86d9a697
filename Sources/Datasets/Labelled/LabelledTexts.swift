import Files
import Kernels

/// Texts with a class each, to learn from or to measure on.
public struct LabelledTexts: Sendable {
  /// Where they were read from.
  public let path: String
  /// The texts.
  public private(set) var texts: TextList
  /// The class of each text, a number of ``classes``.
  public private(set) var labels: [Int32]
  /// The names of the classes.
  public private(set) var classes: [String]

  /// Creates a set.
  /// - Parameters:
  ///   - path: where it was read from.
  ///   - texts: the texts.
  ///   - labels: for each a number of `classes`.
  ///   - classes: their names.
  public init(path: String, texts: TextList, labels: [Int32], classes: [String]) {
    (self.path, self.texts, self.labels, self.classes) = (path, texts, labels, classes)
  }

  /// The number of texts.
  public var count: Int { labels.count }

  /// Texts of each class.
  public var counts: [Int] {
    labels.reduce(into: [Int](repeating: 0, count: classes.count)) { $0[Int($1)] += 1 }
  }

  /// The texts at `indices`, in their order.
  public func subset(_ indices: [Int]) -> LabelledTexts {
    LabelledTexts(
      path: path, texts: texts.subset(indices), labels: indices.map { labels[$0] },
      classes: classes)
  }

  /// Part `part` of `parts` that are each like the whole: of every class as many texts, drawn by the seed.
  /// - Returns: indices of the part, and all others, both in the order of the texts.
  public func fold(_ part: Int, of parts: Int, seed: UInt64) -> (part: [Int], rest: [Int]) {
    var met = [Int](repeating: 0, count: classes.count)
    var isPart = [Bool](repeating: false, count: count)
    for index in shuffled(seed) {
      let label = Int(labels[index])
      isPart[index] = met[label] % parts == part
      met[label] += 1
    }
    return (isPart.indices.filter { isPart[$0] }, isPart.indices.filter { !isPart[$0] })
  }

  private func shuffled(_ seed: UInt64) -> [Int] {
    var random = RandomSource(seed: seed, stream: 3)
    var order = Array(0..<count)
    random.shuffle(&order)
    return order
  }

  /// Draws a share of each class to be held out.
  /// - Returns: nil for the held-out part where it would be empty.
  public func split(
    share: Double, seed: UInt64
  ) -> (learned: LabelledTexts, heldOut: LabelledTexts?) {
    guard share > 0 else { return (self, nil) }
    let wanted = counts.map { Int((Double($0) * share).rounded()) }
    var taken = [Int](repeating: 0, count: classes.count)
    var isHeldOut = [Bool](repeating: false, count: count)
    for index in shuffled(seed) {
      let label = Int(labels[index])
      guard taken[label] < wanted[label] else { continue }
      taken[label] += 1
      isHeldOut[index] = true
    }
    let held = isHeldOut.indices.filter { isHeldOut[$0] }
    let rest = isHeldOut.indices.filter { !isHeldOut[$0] }
    return (subset(rest), held.isEmpty ? nil : subset(held))
  }

  /// The same with the classes of a model: names that stand for the same polarity are the same.
  /// - Throws: ``/Files/AIGCError`` (mismatch) that names a class which the model does not have.
  public func matched(to known: [String], of model: String) throws(AIGCError) -> LabelledTexts {
    var places: [Int32] = []
    for name in classes {
      let place =
        known.firstIndex(of: name)
        ?? Polarity(label: name).flatMap { polarity in
          known.firstIndex { Polarity(label: $0) == polarity }
        }
      guard let place else {
        let list = known.prefix(12).map { printable($0) }.joined(separator: ", ")
        throw .mismatch(
          "\(path): the class \(printable(name)) is none of \(model)'s, which are \(list)")
      }
      places.append(Int32(place))
    }
    var result = self
    result.labels = labels.map { places[Int($0)] }
    result.classes = known
    return result
  }

  /// The same with the classes negative, neutral and positive, where every name stands for one of these.
  public var withPolarities: LabelledTexts {
    let found = classes.map { Polarity(label: $0) }
    let kinds = found.compactMap { $0 }
    guard kinds.count == classes.count, Set(kinds).count == kinds.count else { return self }
    let order = classes.indices.sorted { kinds[$0].rawValue < kinds[$1].rawValue }
    var place = [Int32](repeating: 0, count: classes.count)
    for (new, old) in order.enumerated() { place[old] = Int32(new) }
    var result = self
    result.classes = order.map { kinds[$0].name }
    result.labels = labels.map { place[Int($0)] }
    return result
  }
}

/// What labels of sentiment say, however they are spelled.
enum Polarity: Int {
  case negative, neutral, positive

  /// The name as classes have it.
  var name: String {
    switch self {
    case .negative: "negative"
    case .neutral: "neutral"
    case .positive: "positive"
    }
  }

  /// nil for a label that is none of sentiment.
  init?(label: String) {
    switch label.lowercased() {
    case "negative", "neg", "0", "-1": self = .negative
    case "neutral", "neu": self = .neutral
    case "positive", "pos", "1", "+1": self = .positive
    default: return nil
    }
  }
}
