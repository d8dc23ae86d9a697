import Datasets
import Files
import Training

/// The end of a VQ-VAE's training: the prior of its codes is learned by counting, with the weights that the
/// folder has in the end, and images of it are shown.
enum CodePrior {
  /// - Parameters:
  ///   - images: those that were learned from.
  ///   - folder: of the model.
  /// - Throws: ``/Files/AIGCError``: as opening the model, failed when the disk refuses, interrupted.
  static func learn(of images: any ExampleSet, in folder: String) throws(AIGCError) {
    let model = try VQVAEModel(folder: folder)
    let found = try VQVAEMeasures(of: images, model.configuration, model.networks)
    let prior = CodeGridModel(
      entries: model.codebook.entries, height: model.configuration.mapHeight,
      width: model.configuration.mapWidth, codes: found.codes)
    try prior.write(to: "\(folder)/\(VQVAEModel.priorName)")
    let whole = VQVAEModel(model.configuration, model.codebook, model.networks, prior: prior)
    try TrainingSamples(whole, steps: 1, isAnimated: false).write(to: folder)
  }
}
