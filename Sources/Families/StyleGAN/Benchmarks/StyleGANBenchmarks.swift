import Autograd
import Kernels
import NN
import Training

/// The workloads of `Scripts/peers/torch_bench.py` (the article's networks) and `Scripts/benchmarks/stylegan.py`
/// (StyleGAN2): the same shapes, losses and optimizers.
enum StyleGANBenchmarks {
  /// The article's networks at their 16 x 16 pixels, 64 images a step.
  static let article = Benchmark("stylegan-train", unit: "images/s", items: 64) {
    var recipe = StyleGANRecipe()
    recipe.useArticle()
    return stepping(.article(), recipe.settings.training, recipe.run.trainer, batch: 64)
  }

  /// StyleGAN2 of the usual widths at 32 x 32 pixels: 16 steps of 32 images, in which each regularisation comes as
  /// often as in a run.
  static let train = Benchmark("stylegan2-train", unit: "images/s", items: 16 * 32) {
    let step = stepping(
      StyleGANConfiguration(side: 32, channels: 3), StyleGANTrainingOptions(),
      StyleGANRecipe.defaults, batch: 32)
    return {
      for _ in 1..<16 { _ = step() }
      return step()
    }
  }

  /// One image of 256 x 256 pixels at the widths of NVlabs' models of that size.
  static let sample = Benchmark("stylegan2-sample", unit: "images/s", items: 1) {
    var configuration = StyleGANConfiguration(side: 256, channels: 3)
    (configuration.latent, configuration.style) = (512, 512)
    (configuration.baseMaps, configuration.mostMaps) = (16_384, 512)
    var random = RandomSource(seed: 1)
    let model = StyleGANModel(
      configuration, random.drawn { StyleGenerator(configuration, using: &$0) })
    let latents = model.latents(1, using: &random)
    return {
      let image = try? model.images(latents: latents, labels: [])
      return image.map { [Tensor($0, [$0.count])] } ?? []
    }
  }

  private static func stepping(
    _ configuration: StyleGANConfiguration, _ options: StyleGANTrainingOptions,
    _ trainer: TrainerConfiguration, batch: Int
  ) -> () -> [Tensor] {
    var random = RandomSource(seed: 1)
    let step = StyleGANStep(
      configuration, random.drawn { StyleGenerator(configuration, using: &$0) },
      random.drawn { StyleGANDiscriminator(configuration, using: &$0) }, options,
      trainer.optimizer)
    let side = configuration.side
    let images = Tensor.uniform([batch, side, side, configuration.channels], -1, 1, using: &random)
    let context = Context(isTraining: true, random: random)
    let parameters = step.generator.namedParameters + step.discriminator.namedParameters
    var number = 0
    return {
      // Random images do not make it diverge in any time that is measured.
      let result = try? step(
        StyleGANBatch(images: images, labels: []), number, rate: trainer.schedule.peak, context)
      number += 1
      return result == nil ? [] : parameters.map { $0.parameter.value }
    }
  }
}
