import Autograd
import Kernels
import NN
import Training

/// The autoencoders of `Scripts/peers/torch_bench.py`: the same shapes, losses and optimizers.
enum VAEBenchmarks {
  static func train(_ kind: VAEKind) -> Benchmark {
    Benchmark("\(kind.rawValue)-train", unit: "images/s", items: 128) {
      let configuration = VAEConfiguration.standard(kind)
      var random = RandomSource(seed: 1)
      let networks = random.drawn { VAENetworks(configuration, using: &$0) }
      let discriminator = VAEFolder.discriminatorSizes(configuration).map { sizes in
        random.drawn { GANDiscriminator(sizes, using: &$0) }
      }
      let trainer = VAERecipe.defaults
      let step: any VAETrainingStep
      if let discriminator {
        step = VAEGANStep(
          networks, discriminator, VAETrainingOptions(), trainer.optimizer,
          peak: trainer.schedule.peak)
      } else {
        step = VAEStep(networks, VAETrainingOptions(), trainer.optimizer)
      }
      let images = Tensor.uniform([128, 28, 28, 1], using: &random)
      let context = Context(isTraining: true, random: random)
      let parameters = VAEFolder.named(kind, networks, discriminator)
      return {
        let noise = Tensor.normal([128, configuration.latent], using: &context.random)
        let batch = VAEBatch(images: images, noise: noise, labels: [])
        // Random images do not make it diverge in any time that is measured.
        guard (try? step(batch, 0, rate: 1e-3, context)) != nil else { return [] }
        return parameters.map { $0.parameter.value }
      }
    }
  }
}
