import Autograd
import Kernels
import NN

/// Makes the parameters of a transformer: under Hugging Face's names and in its layout, with the values that
/// transformers starts with.
struct TransformerParameters {
  let shape: TransformerShape
  let architecture: any Architecture
  /// Whether weights that end a residual branch start smaller: GPT-2's do.
  private var scalesBranches: Bool { architecture is GPT2Architecture }

  /// Weights start from N(0, 0.02²).
  private static let deviation: Float = 0.02

  /// A table [rows, width].
  func table(
    _ part: TransformerPart, rows: Int, using plan: inout ParameterPlan
  ) -> Parameter {
    plan.parameter(
      [rows, shape.width], .normal(deviation: Self.deviation), name: name(part, nil))
  }

  /// A projection, whose bias starts with 0. GPT-2 divides the deviation of those that end a residual branch by the
  /// root of the number of branches.
  func linear(
    _ part: TransformerPart, _ layer: Int, _ inputs: Int, _ outputs: Int, hasBias: Bool,
    using plan: inout ParameterPlan
  ) -> TransformerLinear {
    let endsBranch = part == .output || part == .down
    let deviation =
      scalesBranches && endsBranch
      ? Self.deviation / Float(2 * shape.layers).squareRoot() : Self.deviation
    let isByInput = architecture.isByInput
    return TransformerLinear(
      weight: plan.parameter(
        isByInput ? [inputs, outputs] : [outputs, inputs], .normal(deviation: deviation),
        name: name(part, layer)),
      bias: hasBias
        ? plan.parameter([outputs], .constant(0), name: name(part, layer, isBias: true)) : nil,
      isByInput: isByInput)
  }

  /// A norm over rows of `size` values, which changes nothing at the start.
  func norm(
    _ part: TransformerPart, _ layer: Int?, size: Int, using plan: inout ParameterPlan
  ) -> TransformerNorm {
    let addsOne = shape.norm == .rms(addsOne: true)
    return TransformerNorm(
      weight: plan.parameter([size], .constant(addsOne ? 0 : 1), name: name(part, layer)),
      bias: shape.norm == .layer
        ? plan.parameter([size], .constant(0), name: name(part, layer, isBias: true)) : nil,
      addsOne: addsOne, epsilon: shape.epsilon)
  }

  private func name(_ part: TransformerPart, _ layer: Int?, isBias: Bool = false) -> String {
    architecture.names.name(TransformerTensor.Key(part: part, layer: layer, isBias: isBias))
  }
}

/// A projection as it stands in Hugging Face's files.
struct TransformerLinear: Module {
  let weight: Parameter
  let bias: Parameter?
  /// Whether the weight is [in, out], and not [out, in].
  let isByInput: Bool
  var prefix: ModulePrefix { .none }

  /// Maps x, [..., in], to [..., out].
  func callAsFunction(_ x: Tensor) -> Tensor {
    projection(x, weight.value, bias?.value, isByInput: isByInput)
  }
}

/// A layer norm where it has a bias, else one by the root of the mean square.
struct TransformerNorm: Module {
  let weight: Parameter
  let bias: Parameter?
  /// Whether the factor is 1 + weight.
  let addsOne: Bool
  let epsilon: Float
  var prefix: ModulePrefix { .none }

  /// Normalises rows of as many values as the weight has.
  func callAsFunction(_ x: Tensor) -> Tensor {
    if let bias { return layerNorm(x, weight.value, bias.value, epsilon: epsilon) }
    return rmsNorm(x, weight.value, addsOne: addsOne, epsilon: epsilon)
  }
}
