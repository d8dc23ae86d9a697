import Files
import Plots

/// How often images of each class were taken for each class.
public struct ConfusionMatrix: Sendable {
  /// Names of the classes.
  public let classes: [String]
  /// [true class, predicted class], row by row.
  public private(set) var counts: [Int]

  /// What is counted: "images", "texts".
  public let itemName: String

  /// Creates a matrix of zeros.
  /// - Parameters:
  ///   - classes: their names.
  ///   - itemName: what is counted.
  public init(classes: [String], itemName: String = "images") {
    self.classes = classes
    self.itemName = itemName
    counts = [Int](repeating: 0, count: classes.count * classes.count)
  }

  /// Counts one example.
  /// - Parameters:
  ///   - label: the true class, a number of ``classes``.
  ///   - predicted: the class that it was taken for.
  public mutating func add(_ label: Int, predicted: Int) {
    counts[label * classes.count + predicted] += 1
  }

  /// How many examples of the class `label` were taken for the class `predicted`.
  public func count(_ label: Int, predicted: Int) -> Int {
    counts[label * classes.count + predicted]
  }

  /// Examples of a class.
  public func total(_ label: Int) -> Int {
    counts[label * classes.count..<(label + 1) * classes.count].reduce(0, +)
  }

  /// Examples of all classes.
  public var total: Int { counts.reduce(0, +) }

  /// Examples whose class was recognised.
  public var correct: Int { classes.indices.reduce(0) { $0 + count($1, predicted: $1) } }

  /// The share of examples whose class was recognised; 0 for none.
  public var accuracy: Double { Double(correct) / Double(max(total, 1)) }

  /// The mean over the classes that have examples of the harmonic mean of precision and recall; 0 for none.
  public var macroF1: Double {
    let present = classes.indices.filter { total($0) > 0 }
    let sum = present.reduce(0.0) { sum, label in
      let predicted = classes.indices.reduce(0) { $0 + count($1, predicted: label) }
      return sum + 2 * Double(count(label, predicted: label)) / Double(predicted + total(label))
    }
    return sum / Double(max(present.count, 1))
  }

  /// What there is to know of the accuracy: that it is of few examples, or that classes are missing.
  public var warnings: [String] {
    let few = SampleSize.ofShare("accuracy", correct, of: total)
    let missing = classes.indices.filter { self.total($0) == 0 }.map { classes[$0] }
    if missing.isEmpty { return few.map { [$0] } ?? [] }
    let list = missing.prefix(12).joined(separator: ", ") + (missing.count > 12 ? ", …" : "")
    return (few.map { [$0] } ?? []) + [
      "accuracy says nothing of classes without \(itemName): \(list)"
    ]
  }

  /// The same of one class; nil where it has no examples.
  public func accuracy(_ label: Int) -> Double? {
    let all = total(label)
    return all > 0 ? Double(count(label, predicted: label)) / Double(all) : nil
  }
}

extension ConfusionMatrix {
  /// The matrix as an image.
  public var plot: ConfusionPlot { ConfusionPlot(classes: classes, counts: counts) }
}

extension ConfusionMatrix: Report {
  /// Accuracy, and that of each class, as JSON.
  public var members: [JSONValue.Member] {
    let each = classes.indices.map { label in
      JSONValue.Member(classes[label], accuracy(label).map { .double($0) } ?? .null)
    }
    return [
      .init("accuracy", .double(accuracy)), .init("evaluated_\(itemName)", .int(total)),
      .init("classes", .object(each)),
    ]
  }

  /// For people: the accuracy, then that of each class.
  public var text: String {
    func percent(_ share: Double) -> String { "\(Format.fixed(share * 100, 2))%" }
    let width = classes.reduce(0) { max($0, Format.columns($1)) }
    let each = classes.indices.compactMap { label in
      accuracy(label).map { "  \(padded(classes[label], width))  \(percent($0))" }
    }
    return (["accuracy \(percent(accuracy)) of \(total)"] + each).map { $0 + "\n" }.joined()
  }
}
