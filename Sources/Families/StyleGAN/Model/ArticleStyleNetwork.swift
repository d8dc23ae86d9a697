import Autograd
import NN

/// The article's `StyleGANGenerator`: three linear layers, then transposed convolutions to 16 x 16 pixels.
struct ArticleStyleNetwork: StyleNetwork {
  private let mapping: Sequential
  private let synthesis: Sequential

  /// - Parameters:
  ///   - sizes: of the model.
  ///   - plan: takes the parameters.
  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    let (latent, width) = (sizes.latent, sizes.style)
    mapping = Sequential([
      Linear(latent, width, using: &plan), Activation.relu, Linear(width, width, using: &plan),
      Activation.relu, Linear(width, width, using: &plan),
    ])
    synthesis = Sequential([
      ConvTranspose2d(width, width / 2, kernel: 4, using: &plan), Activation.relu,
      ConvTranspose2d(width / 2, width / 4, kernel: 4, stride: 2, padding: 1, using: &plan),
      Activation.relu,
      ConvTranspose2d(width / 4, sizes.channels, kernel: 4, stride: 2, padding: 1, using: &plan),
      Activation(tanh),
    ])
  }

  /// Its latents are far from one mean.
  var average: Parameter? { nil }

  func style(_ z: Tensor, labels: [Int32], _ context: Context) -> Tensor { mapping(z, context) }

  func image(_ styles: [Tensor], _ noise: StyleNoiseSource, _ context: Context) -> Tensor {
    let style = styles[0]
    return synthesis(style.reshaped([style.shape[0], 1, 1, style.shape[1]]), context)
  }
}

/// The discriminator that the article does not have: its generator the other way round, as the DCGAN's, with
/// slopes of 0.2 below 0.
struct ArticleStyleDiscriminator: StyleJudge {
  private let model: Sequential

  /// - Parameters:
  ///   - sizes: of the model.
  ///   - plan: takes the parameters.
  init(_ sizes: StyleGANConfiguration, using plan: inout ParameterPlan) {
    let width = sizes.style / 4
    model = Sequential([
      Conv2d(sizes.channels, width, kernel: 4, stride: 2, padding: 1, using: &plan),
      Activation.leakyRelu(activationSlope),
      Conv2d(width, 2 * width, kernel: 4, stride: 2, padding: 1, using: &plan),
      Activation.leakyRelu(activationSlope), Conv2d(2 * width, 1, kernel: 4, using: &plan),
    ])
  }

  func features(_ images: Tensor, _ context: Context) -> [Tensor] {
    var maps: [Tensor] = []
    for index in stride(from: 0, to: model.layers.count - 1, by: 2) {
      let x = model.layers[index](maps.last ?? images, context)
      maps.append(model.layers[index + 1](x, context))
    }
    return maps
  }

  func logits(_ images: Tensor, labels: [Int32], batches: Int, _ context: Context) -> Tensor {
    model(images, context).reshaped([images.shape[0], 1])
  }
}
