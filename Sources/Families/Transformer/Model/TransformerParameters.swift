import Autograd
import Kernels
import NN

/// Makes the parameters of a transformer: under Hugging Face's names and in its layout, with the values that
/// transformers starts with.
struct TransformerParameters {
  let shape: TransformerShape
  let architecture: any Architecture
  /// The matrices, where these stay as they are; nil: they are parameters.
  var frozen: FrozenTransformer?
  /// Whether weights that end a residual branch start smaller: GPT-2's do.
  private var scalesBranches: Bool { architecture is GPT2Architecture }

  /// Weights start from N(0, 0.02²).
  private static let deviation: Float = 0.02

  /// A table [rows, width].
  func table(
    _ part: TransformerPart, rows: Int, using plan: inout ParameterPlan
  ) -> TransformerTable {
    if let matrix = frozen?.matrices[.init(part: part)] { return TransformerTable(matrix) }
    return TransformerTable(
      plan.parameter(
        [rows, shape.width], .normal(deviation: Self.deviation), name: name(part, nil)))
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
    func bias() -> Parameter? {
      hasBias
        ? plan.parameter(
          [outputs], .constant(0), name: name(part, layer, isBias: true),
          isTrainable: frozen == nil) : nil
    }
    let key = TransformerTensor.Key(part: part, layer: layer)
    if let matrix = frozen?.matrices[key] {
      return TransformerLinear(
        weight: nil, bias: bias(), isByInput: isByInput, frozen: matrix,
        adapter: frozen?.adapters[key])
    }
    let weight = plan.parameter(
      isByInput ? [inputs, outputs] : [outputs, inputs], .normal(deviation: deviation),
      name: name(part, layer))
    return TransformerLinear(weight: weight, bias: bias(), isByInput: isByInput)
  }

  /// A norm over rows of `size` values, which changes nothing at the start.
  func norm(
    _ part: TransformerPart, _ layer: Int?, size: Int, using plan: inout ParameterPlan
  ) -> TransformerNorm {
    let addsOne = shape.norm == .rms(addsOne: true)
    return TransformerNorm(
      weight: plan.parameter(
        [size], .constant(addsOne ? 0 : 1), name: name(part, layer), isTrainable: frozen == nil),
      bias: shape.norm == .layer
        ? plan.parameter(
          [size], .constant(0), name: name(part, layer, isBias: true),
          isTrainable: frozen == nil) : nil,
      addsOne: addsOne, epsilon: shape.epsilon)
  }

  private func name(_ part: TransformerPart, _ layer: Int?, isBias: Bool = false) -> String {
    architecture.names.name(TransformerTensor.Key(part: part, layer: layer, isBias: isBias))
  }
}

/// A projection as it stands in Hugging Face's files, trained itself or by an adapter.
struct TransformerLinear: Module {
  /// nil where the weights are frozen.
  let weight: Parameter?
  let bias: Parameter?
  /// Whether the weight is [in, out], and not [out, in].
  let isByInput: Bool
  /// Weights that stay as they are; nil: they are trained.
  var frozen: FrozenMatrix?
  /// What is added to frozen weights; nil: nothing.
  var adapter: LowRankAdapter?
  var prefix: ModulePrefix { .none }

  /// Maps x, [..., in], to [..., out].
  func callAsFunction(_ x: Tensor) -> Tensor {
    if let weight { return projection(x, weight.value, bias?.value, isByInput: isByInput) }
    guard let frozen else { return x }
    return adaptedProjection(
      x, frozen, bias?.value, adapter.map { (a: $0.a.value, b: $0.b.value, scale: $0.scale) })
  }
}

/// A table with a row for each token or position, as it is or to be trained.
struct TransformerTable: Module {
  enum Values {
    case trained(Parameter)
    case frozen(FrozenMatrix)
  }
  let values: Values
  /// nil where the table is frozen.
  let parameter: Parameter?
  var prefix: ModulePrefix { .none }

  init(_ parameter: Parameter) { (values, self.parameter) = (.trained(parameter), parameter) }

  init(_ frozen: FrozenMatrix) { (values, parameter) = (.frozen(frozen), nil) }

  /// The whole table, [rows, width].
  var value: Tensor {
    switch values {
    case .trained(let parameter): parameter.value
    case .frozen(let matrix): first(matrix.outputs)
    }
  }

  /// [..., width] for indices of shape [...].
  func gathered(_ indices: Indices) -> Tensor {
    switch values {
    case .trained(let parameter): parameter.value.gathered(indices)
    case .frozen(let matrix): Autograd.gathered(matrix, indices)
    }
  }

  /// The first rows, [steps, width].
  func first(_ steps: Int) -> Tensor {
    switch values {
    case .trained(let parameter): parameter.value.sliced(0..<steps)
    case .frozen: gathered(Indices((0..<steps).map { Int32($0) }, [steps]))
    }
  }

  /// The table as the last layer of states, [..., width]: [..., rows].
  func scores(_ states: Tensor) -> Tensor {
    switch values {
    case .trained(let parameter): linear(states, parameter.value)
    case .frozen(let matrix): adaptedProjection(states, matrix, nil)
    }
  }

  /// The mean cross-entropy of the scores of states, [rows, width].
  func loss(_ states: Tensor, _ targets: [Int32]) -> Tensor {
    switch values {
    case .trained(let parameter): linearCrossEntropy(states, parameter.value, nil, targets)
    case .frozen(let matrix): frozenCrossEntropy(states, matrix, targets)
    }
  }

  /// That of each row, without history.
  func losses(_ states: Tensor, _ targets: [Int32]) -> [Float] {
    switch values {
    case .trained(let parameter): linearCrossEntropyLosses(states, parameter.value, nil, targets)
    case .frozen(let matrix): frozenCrossEntropyLosses(states, matrix, targets)
    }
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
