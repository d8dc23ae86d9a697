import Autograd
import Kernels
import NN

/// The workloads `cyclegan-…` of `Scripts/peers/torch_bench.py`: the same shapes, losses and optimizers.
enum CycleGANBenchmarks {
  /// One image of 256 x 256 pixels through the published network.
  static var translate: Benchmark {
    Benchmark("cyclegan-translate", unit: "images/s", items: 1) {
      let configuration = CycleGANConfiguration(width: 256, height: 256, channels: 3)
      var random = RandomSource(seed: 1)
      let generator = random.drawn { TranslationGenerator(configuration, using: &$0) }
      let image = Tensor.uniform([1, 256, 256, 3], -1, 1, using: &random)
      return { [generator(image, .inference)] }
    }
  }

  /// A step of all networks: the article's generators with six blocks, single images of 64 x 64 pixels.
  static var train: Benchmark {
    Benchmark("cyclegan-train", unit: "images/s", items: 2) {
      let configuration = CycleGANConfiguration.article(width: 64, height: 64, channels: 3)
      var random = RandomSource(seed: 1)
      let networks = TranslationNetworks(configuration, using: &random)
      let step = CycleGANStep(
        configuration, networks, CycleGANTrainingOptions(), CycleGANRecipe.defaults.optimizer)
      let shape: Shape = [1, 64, 64, 3]
      let (a, b) = (
        Tensor.uniform(shape, -1, 1, using: &random), Tensor.uniform(shape, -1, 1, using: &random)
      )
      let context = Context(isTraining: true, random: random)
      let parameters = (networks.generators + networks.discriminators).flatMap {
        $0.module.namedParameters
      }
      return {
        // Random images do not make it diverge in any time that is measured.
        guard (try? step(a, b, 0, rate: 2e-4, context)) != nil else { return [] }
        return parameters.map { $0.parameter.value }
      }
    }
  }
}
