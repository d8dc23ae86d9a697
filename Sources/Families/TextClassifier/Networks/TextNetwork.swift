import Autograd
import Kernels
import NN

/// The sizes of a network that classifies texts.
public struct TextNetworkOptions: Codable, Equatable, Sendable {
  /// What becomes of word vectors that a file brings.
  public enum Vectors: String, Codable, CaseIterable, Sendable {
    /// All are drawn, and learned.
    case random
    /// Those of the file stay as they are.
    case isStatic = "static"
    /// Those of the file are learned further.
    case nonStatic = "non-static"
  }

  /// Values of a word's vector.
  public var embedding = 300
  /// Words of the windows of each group of maps (`cnn`).
  public var widths = [3, 4, 5]
  /// Maps of each group.
  public var maps = 100
  /// Units of the LSTM.
  public var hidden = 128
  /// The dropout rate before the last layer.
  public var dropout: Float = 0.5
  /// See ``Vectors``.
  public var vectors = Vectors.random

  /// Creates the sizes of Kim (2014).
  public init() {}

  /// Why they make no network; nil: they do.
  public var problem: String? {
    guard (1...65536).contains(embedding), (1...65536).contains(hidden), (1...65536).contains(maps)
    else { return "sizes from 1 to 65536 are possible" }
    guard (1...16).contains(widths.count), widths.allSatisfy({ (1...64).contains($0) }) else {
      return "1 to 16 widths of 1 to 64 words are possible"
    }
    return dropout >= 0 && dropout < 1 ? nil : "a dropout rate of \(dropout)"
  }
}

/// Convolutions over word vectors, or an LSTM, and a linear layer.
///
/// In PyTorch `embedding` = Embedding(words, 300), `convolutions` = ModuleList of Conv2d(300, 100, (width, 1)),
/// `output` = Linear(300, classes); or `lstm` = LSTM(300, 128) in place of the convolutions.
struct TextNetwork: Module {
  let embedding: Embedding
  let convolutions: [Conv2d]
  let recurrent: [Recurrent]
  let output: Linear
  private let dropout: Float
  private let isStatic: Bool

  init(
    _ configuration: TextClassifierConfiguration, _ sizes: TextNetworkOptions, words: Int,
    using plan: inout ParameterPlan
  ) {
    // Kim draws vectors uniformly within a quarter of one: their deviation.
    embedding = Embedding(max(words, 1), sizes.embedding, deviation: 0.144, using: &plan)
    var (convolutions, recurrent): ([Conv2d], [Recurrent]) = ([], [])
    if configuration.method == .lstm {
      recurrent = [
        Recurrent(.lstm, input: sizes.embedding, hidden: sizes.hidden, layers: 1, using: &plan)
      ]
    } else {
      for width in sizes.widths {
        convolutions.append(
          Conv2d(sizes.embedding, sizes.maps, kernel: width, kernelWidth: 1, using: &plan))
      }
    }
    (self.convolutions, self.recurrent) = (convolutions, recurrent)
    let inputs = recurrent.isEmpty ? sizes.maps * sizes.widths.count : sizes.hidden
    output = Linear(inputs, configuration.classes.count, using: &plan)
    dropout = sizes.dropout
    isStatic = sizes.vectors == .isStatic
  }

  /// What gradients change.
  var learned: NamedParameters {
    trainableNamedParameters.filter { !isStatic || $0.parameter !== embedding.weight }
  }

  /// Logits, [batch, classes].
  func callAsFunction(_ batch: TextBatch, _ context: Context) -> Tensor {
    let vectors = isStatic ? embedding.weight.value.detached : embedding.weight.value
    return logits(vectors.gathered(batch.indices), batch, context)
  }

  /// Logits of word vectors, [batch, steps, size]; those of padding are zeros.
  func logits(_ x: Tensor, _ batch: TextBatch, _ context: Context) -> Tensor {
    var parts: [Tensor] = []
    for convolution in convolutions {
      guard let bias = convolution.bias else { continue }
      // Of a text without words, and without padding, the one step that every batch has.
      let windows = batch.lengths.map {
        max(1, $0 + 2 * batch.margin - convolution.weight.shape[0] + 1)
      }
      parts.append(
        relu(
          maxPooledConvolution(
            x, convolution.weight.value, bias.value, windows: windows)))
    }
    for layer in recurrent {
      let states = layer(x.permuted([1, 0, 2]), nil, context).output
      // The mean over a text's own words.
      let weights = Tensor(batch.meanWeights, [batch.steps, batch.count, 1])
      parts.append((states * weights).sum(axis: 0))
    }
    return output(concatenated(parts, axis: 1).dropout(dropout, context))
  }
}

/// Texts as word numbers, padded to one length.
struct TextBatch {
  /// [texts, steps]; -1 for padding and for words that the vocabulary does not have.
  let indices: Indices
  /// Words of each text.
  let lengths: [Int]
  /// Padding before the first word and behind the last: windows that reach over the ends see it (Kim 2014).
  let margin: Int

  var count: Int { lengths.count }
  var steps: Int { indices.shape[1] }

  /// - Parameters:
  ///   - texts: word numbers of each.
  ///   - margin: see ``margin``.
  init(_ texts: [[Int32]], margin: Int) {
    lengths = texts.map { $0.count }
    self.margin = margin
    let steps = max(1, (lengths.max() ?? 0) + 2 * margin)
    var values = [Int32](repeating: -1, count: texts.count * steps)
    for (row, text) in texts.enumerated() {
      for (place, word) in text.enumerated() { values[row * steps + margin + place] = word }
    }
    indices = Indices(values, [texts.count, steps])
  }

  /// [steps, texts]: by what the states of a text are multiplied before they are summed.
  var meanWeights: [Float] {
    var result = [Float](repeating: 0, count: steps * count)
    for (text, length) in lengths.enumerated() {
      for step in 0..<length { result[(margin + step) * count + text] = 1 / Float(length) }
    }
    return result
  }
}
