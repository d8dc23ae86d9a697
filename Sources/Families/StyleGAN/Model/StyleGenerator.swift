import Autograd
import Kernels
import NN

/// Where the noise of layers comes from in one pass.
final class StyleNoiseDraws {
  /// One for each image, or one for all of them.
  private var sources: [RandomSource]

  init(_ sources: [RandomSource]) { self.sources = sources }

  /// [batch, side, side, 1], from a normal distribution.
  func normal(_ batch: Int, side: Int) -> Tensor {
    drawn(batch) { .normal([$0, side, side, 1], using: &$1) }
  }

  /// [batch, side, side, 1], from 0 to 1.
  func uniform(_ batch: Int, side: Int) -> Tensor {
    drawn(batch) { .uniform([$0, side, side, 1], 0, 1, using: &$1) }
  }

  private func drawn(_ batch: Int, _ draw: (Int, inout RandomSource) -> Tensor) -> Tensor {
    if sources.count == 1 { return draw(batch, &sources[0]) }
    return concatenated((0..<batch).map { draw(1, &sources[$0]) })
  }
}

/// What layers add to their maps in one pass.
enum StyleNoiseSource {
  case const, none
  case random(StyleNoiseDraws)
}

/// A network of two halves: latents to styles, styles to images.
protocol StyleNetwork: Module {
  /// The mean style of many latents, which truncation leads to; nil where none is kept.
  var average: Parameter? { get }
  /// [batch, z] to [batch, w].
  func style(_ z: Tensor, labels: [Int32], _ context: Context) -> Tensor
  /// Styles of each layer, [batch, w], to [batch, side, side, channels].
  func image(_ styles: [Tensor], _ noise: StyleNoiseSource, _ context: Context) -> Tensor
}

extension StyleNetwork {
  /// Names begin with those of the halves.
  var prefix: ModulePrefix { .none }
}

/// The generator of any of these models.
public struct StyleGenerator: Module {
  let network: any StyleNetwork
  /// How many layers take a style.
  let styleCount: Int

  /// - Parameters:
  ///   - configuration: sizes that make a model.
  ///   - plan: takes the parameters.
  public init(_ configuration: StyleGANConfiguration, using plan: inout ParameterPlan) {
    styleCount = configuration.styleCount
    switch configuration.network {
    case .stylegan2: network = StyleGAN2Network(configuration, using: &plan)
    case .article: network = ArticleStyleNetwork(configuration, using: &plan)
    case .lucidrains: network = LucidrainsNetwork(configuration, using: &plan)
    }
  }

  /// The mean style; nil where none is kept.
  var average: Parameter? { network.average }

  /// Styles of latents.
  /// - Parameters:
  ///   - z: [batch, latent].
  ///   - labels: the class of each; without meaning for a model without classes.
  ///   - context: whether the pass is one of training.
  /// - Returns: [batch, w].
  func style(_ z: Tensor, labels: [Int32], _ context: Context) -> Tensor {
    network.style(z, labels: labels, context)
  }

  /// Images of styles, the same in all layers.
  func image(_ style: Tensor, _ noise: StyleNoiseSource, _ context: Context) -> Tensor {
    image([Tensor](repeating: style, count: styleCount), noise, context)
  }

  /// Images of a style for each layer.
  func image(_ styles: [Tensor], _ noise: StyleNoiseSource, _ context: Context) -> Tensor {
    network.image(styles, noise, context)
  }
}

/// StyleGAN2's two halves.
struct StyleGAN2Network: StyleNetwork {
  let mapping: MappingNetwork
  let synthesis: SynthesisNetwork

  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    mapping = MappingNetwork(
      latent: sizes.latent, classes: sizes.classes.count, width: sizes.style, depth: sizes.depth,
      using: &plan)
    synthesis = SynthesisNetwork(sizes, using: &plan)
  }

  var average: Parameter? { mapping.average }

  func style(_ z: Tensor, labels: [Int32], _ context: Context) -> Tensor {
    mapping(z, labels: labels)
  }

  func image(_ styles: [Tensor], _ noise: StyleNoiseSource, _ context: Context) -> Tensor {
    synthesis(
      styles,
      noise: { layer, batch in
        let side = layer.noise.shape[0]
        switch noise {
        case .const: return layer.noise.value.reshaped([1, side, side, 1])
        case .none: return nil
        case .random(let draws): return draws.normal(batch, side: side)
        }
      }, context)
  }
}
