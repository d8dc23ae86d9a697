import Autograd
import Kernels
import Training

/// A GPT-2 model at one position of one text, computed anew at each step: for models that live in
/// memory only, such as one in training.
struct TransformerPlainSession: GenerationSession {
  private let model: TransformerLanguageModel
  private var tokens: [Int32] = []
  private var logits: [Float]?
  var areScoresFinite: Bool { logits.map { areFinite($0) } ?? true }

  init(_ model: TransformerLanguageModel) { self.model = model }

  mutating func append(_ token: Int32) {
    guard token >= 0, Int(token) < model.vocabularySize else { return }
    tokens.append(token)
    logits = nil
  }

  mutating func scores(into scores: inout [Float]) {
    if let logits {
      scores = logits
      return
    }
    if tokens.isEmpty { tokens = [model.startToken] }
    let window = Array(tokens.suffix(model.configuration.shape.context))
    guard let network = try? model.network() else {
      scores = [Float](repeating: 0, count: model.vocabularySize)
      return
    }
    let all = network.logits(Indices(window, [1, window.count]), .inference)
    let count = all.shape[2]
    // Tokens that only the table of embeddings has are never generated.
    scores = all.withValues { Array($0.suffix(count).prefix(model.vocabularySize)) }
    logits = scores
  }
}
