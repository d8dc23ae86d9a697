import Autograd
import Checkpoints
import Files
import Kernels
import NN

/// What an adapter adds to one frozen projection: scale · B A (LoRA, Hu et al. 2021).
struct LowRankAdapter: Module {
  /// [rank, in].
  let a: Parameter
  /// [out, rank].
  let b: Parameter
  let scale: Float
  var prefix: ModulePrefix { .none }

  /// The end of A's name in PEFT's files.
  static let aName = ".lora_A.weight"
  static let bName = ".lora_B.weight"

  /// A as PEFT starts with it, B of zeros: nothing is added at first.
  init(
    module: String, inputs: Int, outputs: Int, rank: Int, scale: Float,
    using plan: inout ParameterPlan
  ) {
    a = plan.parameter([rank, inputs], .fanIn(inputs), name: module + Self.aName)
    b = plan.parameter([outputs, rank], .constant(0), name: module + Self.bName)
    self.scale = scale
  }
}

/// The matrices of a transformer that stays as it is, and what adapters add to them.
struct FrozenTransformer {
  var matrices: [TransformerTensor.Key: FrozenMatrix]
  var adapters: [TransformerTensor.Key: LowRankAdapter] = [:]

  /// - Throws: ``/Files/AIGCError``: mismatch for weights that are no matrices of whole blocks, failed when the system
  ///   refuses memory.
  init(_ weights: TransformerWeights) throws(AIGCError) {
    matrices = [:]
    for tensor in weights.tensors where tensor.isMatrix {
      matrices[tensor.key] = try weights.matrix(tensor.key.part, layer: tensor.key.layer).frozen()
    }
  }
}

extension TransformerTensor {
  var isMatrix: Bool { shape.count == 2 && !key.isBias }
  /// Whether an adapter can change it: a projection of a layer.
  var isAdaptable: Bool { isMatrix && key.part.isOfLayer }
  /// Without ".weight": "model.layers.0.self_attn.q_proj".
  var module: String { String(name.dropLast(".weight".count)) }
  /// The end of that: "q_proj".
  var moduleName: String { module.split(separator: ".").last.map { String($0) } ?? module }
  /// Of a projection.
  var inputs: Int { shape[isByInput ? 0 : 1] }
  var outputs: Int { shape[isByInput ? 1 : 0] }
}

extension StoredWeight {
  /// For products of training, which leave it as it lies.
  func frozen() throws(AIGCError) -> FrozenMatrix {
    switch form {
    case .plain(let type):
      FrozenMatrix(
        try StoredMatrix(
          bytes, type: type, layout: layout, inputs: inputs, outputs: storedOutputs))
    case .blocks(let type):
      FrozenMatrix(try BlockMatrix(bytes, type: type, inputs: inputs, outputs: storedOutputs))
    }
  }
}
