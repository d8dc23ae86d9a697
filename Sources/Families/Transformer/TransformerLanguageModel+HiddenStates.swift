import Autograd
import Files
import Inference

extension TransformerLanguageModel {
  /// The number of blocks.
  public var stateLayers: Int? { configuration.shape.layers }

  /// The states of all tokens after a number of blocks, as transformers' `hidden_states`: 0 for the
  /// embeddings with their positions; the last ones are normalised.
  /// - Throws: ``/Files/AIGCError``: usage for a layer that is not there, for no tokens and for more than the
  ///   model sees at once; mismatch for ids that the model does not have; badInput for damaged weights.
  public func hiddenStates(of tokens: [Int32], layer: Int) throws(AIGCError) -> HiddenStates? {
    try hiddenStates(of: tokens, layers: [layer])?.first
  }

  /// The same after several numbers of blocks, in one pass.
  /// - Throws: as ``hiddenStates(of:layer:)``.
  public func hiddenStates(
    of tokens: [Int32], layers: [Int]
  ) throws(AIGCError) -> [HiddenStates]? {
    if let layer = layers.first(where: { !(0...configuration.shape.layers).contains($0) }) {
      throw .usage("`layer` \(layer): from 0 to \(configuration.shape.layers)")
    }
    guard (1...context).contains(tokens.count) else {
      throw .usage("`tokens`: \(tokens.count) of them; the model sees 1 to \(context) at once")
    }
    let size = Int32(engine?.sizes.vocabulary ?? configuration.shape.vocabulary)
    if let token = tokens.first(where: { !(0..<size).contains($0) }) {
      throw .mismatch("the token \(token): the model has those from 0 to \(size - 1)")
    }
    let states = try states(of: tokens, after: layers)
    try Interruption.check()
    var result: [HiddenStates] = []
    for values in states {
      guard values.allSatisfy({ $0.isFinite }) else { throw scoreDamage }
      result.append(HiddenStates(values: values, width: configuration.shape.width))
    }
    return result
  }

  private func states(of tokens: [Int32], after layers: [Int]) throws(AIGCError) -> [[Float]] {
    if let engine { return engine.decoder.states(tokens, after: layers) }
    let states = try network().states(
      Indices(tokens, [1, tokens.count]), after: layers, .inference)
    return states.map { $0.values }
  }
}
