import Autograd
import Kernels
import NN
import Training

/// The GAN workloads of `Scripts/peers/torch_bench.py`: the same shapes, losses and optimizers.
enum GANBenchmarks {
  static func train(_ kind: GANKind) -> Benchmark {
    Benchmark("\(kind.rawValue)-train", unit: "images/s", items: 64) {
      let configuration = kind == .gan ? GANConfiguration.gan : .dcgan
      var random = RandomSource(seed: 1)
      let networks = GANStep(
        random.drawn { GANGenerator(configuration, using: &$0) },
        random.drawn { GANDiscriminator(configuration, using: &$0) }, GANTrainingOptions(),
        GANRecipe.defaults(kind).optimizer)
      let shape: Shape = [64, configuration.height, configuration.width, 1]
      let images = Tensor.uniform(shape, -1, 1, using: &random)
      let context = Context(isTraining: true, random: random)
      let parameters =
        networks.generator.namedParameters + networks.discriminator.namedParameters
      return {
        // Random images do not make it diverge in any time that is measured.
        let result = try? networks(0, rate: 2e-4, context) {
          let latents = Tensor.normal([64, configuration.latent], using: &context.random)
          return GANBatch(images: images, latents: latents, labels: [])
        }
        guard result != nil else { return [] }
        return parameters.map { $0.parameter.value }
      }
    }
  }
}
