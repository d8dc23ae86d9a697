import Autograd
import Kernels
import NN
import Training

/// A recurrent model at one position of one text: the state of every layer, and the scores that
/// follow from the last one.
struct RecurrentSession: GenerationSession {
  private let model: RecurrentLanguageModel
  private var layers: [RecurrentStepper]
  private let embedding: Tensor
  private let weight: Tensor
  private let bias: Tensor?
  /// The last layer's output; nil before the first token.
  private var output: Tensor?
  /// Scores of the next token, while they are known.
  private var logits: [Float] = []
  private var areLogitsKnown = false
  private(set) var areScoresFinite = true
  /// Which way the projection's weights are read: the other way each time.
  private var isReversed = false

  init(_ model: RecurrentLanguageModel) {
    self.model = model
    layers = model.network.recurrent.steppers()
    embedding = model.network.embedding.weight.value
    weight = model.network.fc.weight.value
    bias = model.network.fc.bias?.value
    if let start = model.startToken { append(start) }
  }

  mutating func append(_ token: Int32) {
    guard token >= 0, Int(token) < embedding.shape[0] else { return }
    var x = embedding.row(Int(token))
    for index in layers.indices { x = layers[index].step(x) }
    output = x
    areLogitsKnown = false
  }

  mutating func scores(into scores: inout [Float]) {
    readLogits()
    scores = logits
  }

  mutating func score(of token: Int32) -> Float {
    readLogits()
    let index = Int(token)
    return logits.indices.contains(index) ? logits[index] : -.infinity
  }

  mutating func draw(using random: inout RandomSource) -> Int32? {
    readLogits()
    // The weights take the logits' place.
    areLogitsKnown = false
    return Int32(drawFromSoftmax(&logits, uniform: random.uniform()))
  }

  private mutating func readLogits() {
    guard !areLogitsKnown else { return }
    areLogitsKnown = true
    guard let output else {
      // Nothing stands before: a line begins, where the model knows lines.
      let newline = (try? model.tokenizer.encode(prompt: "\n"))?.first
      append(newline ?? 0)
      return readLogits()
    }
    weight.product(output, bias: bias, isReversed: isReversed, into: &logits)
    isReversed.toggle()
    areScoresFinite = areScoresFinite && areFinite(logits)
  }
}
