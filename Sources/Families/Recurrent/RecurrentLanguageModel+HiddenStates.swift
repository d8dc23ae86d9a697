import Autograd
import Files
import Inference
import NN

extension RecurrentLanguageModel {
  /// The number of recurrent layers.
  public var stateLayers: Int? { configuration.sizes.layers }

  /// The states of all tokens after a number of recurrent layers; 0 for the embeddings. What stands before a text where
  /// tokens are words is read first and has no states.
  /// - Throws: ``/Files/AIGCError``: usage for a layer that is not there and for no tokens; mismatch for ids that the
  ///   model does not have; badInput for damaged weights.
  public func hiddenStates(of tokens: [Int32], layer: Int) throws(AIGCError) -> HiddenStates? {
    let layers = network.recurrent.layers.count
    guard (0...layers).contains(layer) else {
      throw .usage("`layer` \(layer): from 0 to \(layers)")
    }
    guard !tokens.isEmpty else { throw .usage("`tokens`: none") }
    let size = Int32(vocabularySize)
    if let token = tokens.first(where: { !(0..<size).contains($0) }) {
      throw .mismatch("the token \(token): the model has those from 0 to \(size - 1)")
    }
    let read = (startToken.map { [$0] } ?? []) + tokens
    let indices = Indices(read, [read.count, 1])
    let states =
      layer == 0
      ? network.embedding(indices)
      : network.recurrent.first(layer)(indices, network.embedding, nil, .inference).output
    try Interruption.check()
    let width = states.shape[2]
    let values = Array(states.values.suffix(tokens.count * width))
    guard values.allSatisfy({ $0.isFinite }) else { throw scoreDamage }
    return HiddenStates(values: values, width: width)
  }
}
