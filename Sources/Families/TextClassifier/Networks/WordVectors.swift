import Autograd
import Datasets
import Files

/// Word vectors of a text file, as word2vec, GloVe and fastText write them: a word and its values a line, with or
/// without a first line of two counts. Only those of wanted words are kept.
struct WordVectors {
  /// Values of a vector.
  let size: Int
  private let vectors: [Int: [Float]]

  /// How many of the words have one.
  var count: Int { vectors.count }

  /// - Parameters:
  ///   - path: of the file, packed by gzip perhaps.
  ///   - words: those that are wanted, in lower case.
  /// - Throws: ``/Files/AIGCError`` (badInput) that names the line for what cannot be read.
  init(path: String, words: [String]) throws(AIGCError) {
    let wanted = Dictionary(
      words.enumerated().map { ($1, $0) }, uniquingKeysWith: { first, _ in first })
    let reader = try TextReader(path: path, pieceSize: 4 << 20)
    var (size, number): (Int?, Int) = (nil, 0)
    var found: [Int: [Float]] = [:]
    while let piece = try reader.next() {
      try Interruption.check()
      for line in lines(of: piece) where !line.isEmpty {
        number += 1
        let fields = line.split(separator: 32)
        if number == 1, fields.count == 2 { continue }
        let width = fields.count - 1
        guard width > 0, width <= 65536, size == nil || size == width else {
          throw .badInput(
            "\(path): line \(number): \(counted(width, "value")), where \(size ?? 1) are needed")
        }
        size = width
        let word = String(decoding: fields[0], as: UTF8.self)
        guard let place = wanted[word] ?? wanted[word.lowercased()], found[place] == nil else {
          continue
        }
        var values: [Float] = []
        for field in fields.dropFirst() {
          guard let value = Float(String(decoding: field, as: UTF8.self)), value.isFinite else {
            throw .badInput(
              "\(path): line \(number): '\(excerpt(of: String(decoding: field, as: UTF8.self)))' is no number"
            )
          }
          values.append(value)
        }
        found[place] = values
      }
    }
    guard let size, !found.isEmpty else {
      throw .badInput("\(path): no vectors of words that the texts have")
    }
    (self.size, vectors) = (size, found)
  }

  /// Puts the vectors into an embedding; words without one keep what they have.
  func put(into parameter: Parameter) {
    var values = parameter.value.values
    for (word, vector) in vectors {
      for (place, value) in vector.enumerated() { values[word * size + place] = value }
    }
    parameter.value = Tensor(values, parameter.shape)
  }
}
