import Autograd
import Files
import NN

extension Adapter {
  /// What was trained.
  init(
    _ configuration: TransformerConfiguration, _ parameters: NamedParameters, scale: Float
  ) {
    self.init(changes: [:], base: nil)
    for (tensor, a, b) in configuration.adapted(by: parameters) {
      changes[tensor.key] = Change(
        rank: a.shape[0], scale: scale, a: a.value.values, b: b.value.values)
    }
  }

  /// Sets the parameters that it was made of.
  /// - Parameter path: of the adapter, for messages.
  /// - Throws: ``/Files/AIGCError`` (mismatch) for an adapter of other projections or of another rank.
  func load(
    into parameters: NamedParameters, _ configuration: TransformerConfiguration, path: String
  ) throws(AIGCError) {
    let adapted = configuration.adapted(by: parameters)
    guard adapted.count == changes.count else {
      throw .mismatch("\(path): an adapter of other projections than those of the run")
    }
    for (tensor, a, b) in adapted {
      guard let change = changes[tensor.key], change.rank == a.shape[0] else {
        throw .mismatch("\(path): \(tensor.module) is not changed as it is in the run")
      }
      a.value = Tensor(change.a, a.shape)
      b.value = Tensor(change.b, b.shape)
    }
  }
}

extension TransformerConfiguration {
  /// The projections that parameters change, with their A and B.
  fileprivate func adapted(
    by parameters: NamedParameters
  ) -> [(tensor: TransformerTensor, a: Parameter, b: Parameter)] {
    let named = Dictionary(parameters.map { ($0.name, $0.parameter) }, uniquingKeysWith: { $1 })
    return adaptable.compactMap { tensor in
      guard let a = named[tensor.module + LowRankAdapter.aName],
        let b = named[tensor.module + LowRankAdapter.bName]
      else { return nil }
      return (tensor, a, b)
    }
  }
}
