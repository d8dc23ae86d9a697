import Autograd
import Kernels
import NN

/// Leads latents to the styles that images are made of (Karras et al. 2019).
struct MappingNetwork: Module {
  static let checkpointNames = ["average": "w_avg"]
  /// Of the class, given as one of as many ones and zeros; nil: the model knows of none.
  private let embed: EqualizedLinear?
  private let layers: [EqualizedLinear]
  /// The mean of the styles that training has seen, [w]; nil: not kept.
  let average: Parameter?

  /// - Parameters:
  ///   - latent: numbers of a latent; 0: styles of classes alone.
  ///   - classes: 0: none.
  ///   - width: numbers of a style.
  ///   - depth: layers.
  ///   - keepsAverage: whether a mean of styles is kept.
  ///   - plan: takes the parameters.
  init(
    latent: Int, classes: Int, width: Int, depth: Int, keepsAverage: Bool = true,
    using plan: inout ParameterPlan
  ) {
    embed = classes > 0 ? EqualizedLinear(classes, width, name: "embed", using: &plan) : nil
    layers = (0..<depth).map { index in
      EqualizedLinear(
        index == 0 ? latent + (classes > 0 ? width : 0) : width, width, name: "fc\(index)",
        isActivated: true, rate: 0.01, using: &plan)
    }
    average =
      keepsAverage
      ? plan.parameter([width], .constant(0), name: "w_avg", isTrainable: false) : nil
  }

  /// - Parameters:
  ///   - z: [batch, latent]; nil: styles of classes alone.
  ///   - labels: the class of each; without meaning for a model without classes.
  /// - Returns: [batch, width].
  func callAsFunction(_ z: Tensor?, labels: [Int32]) -> Tensor {
    var parts = z.map { [Self.normalized($0)] } ?? []
    if let embed {
      parts.append(Self.normalized(embed(oneHot(labels, embed.weight.shape[1]))))
    }
    let x = parts.count == 1 ? parts[0] : concatenated(parts, axis: 1)
    return layers.reduce(x) { $1($0) }
  }

  /// Rows with a mean square of 1.
  private static func normalized(_ x: Tensor) -> Tensor {
    x / sqrt(square(x).mean(axis: 1, keepsAxis: true) + 1e-8)
  }
}
