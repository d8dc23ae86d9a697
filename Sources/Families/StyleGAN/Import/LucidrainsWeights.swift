import Autograd
import Checkpoints
import Files
import Kernels
import NN

/// A generator in the layout of lucidrains' `stylegan2-pytorch` 1.9 (stylegan2_pytorch.py), averaged weights
/// (`SE`, `GE`) where the file has them.
struct LucidrainsWeights {
  private let checkpoint: Checkpoint
  /// Latents of which the mean style is taken, as there.
  private static let averageCount = 2000

  init(_ checkpoint: Checkpoint) { self.checkpoint = checkpoint }

  /// - Returns: nil when the names are those of no such generator.
  /// - Throws: ``/Files/AIGCError`` (mismatch) for parts that are not read.
  func found() throws(AIGCError) -> (StyleGANConfiguration, Checkpoint)? {
    for (mapping, synthesis) in [("SE.", "GE."), ("S.", "G.")] {
      guard let first = checkpoint["\(mapping)net.0.weight"]?.shape, first.count == 2,
        checkpoint["\(synthesis)blocks.0.conv1.weight"] != nil
      else { continue }
      return (try configuration(first, mapping, synthesis), try weights(mapping, synthesis))
    }
    return nil
  }

  private func configuration(
    _ first: [Int], _ mapping: String, _ synthesis: String
  ) throws(AIGCError) -> StyleGANConfiguration {
    for (name, what) in [
      ("attns.", "attention layers"), ("to_initial_block.", "a start that is drawn of styles"),
    ] where checkpoint.tensors.contains(where: { $0.name.hasPrefix(synthesis + name) }) {
      throw .mismatch("\(checkpoint.path): a generator with \(what), which is not read")
    }
    var (layers, blocks) = (0, 0)
    while layers < 64, checkpoint["\(mapping)net.\(2 * layers).weight"] != nil { layers += 1 }
    func maps(_ block: Int) -> [Int]? {
      checkpoint["\(synthesis)blocks.\(block).conv2.weight"]?.shape
    }
    while blocks < 9, maps(blocks) != nil { blocks += 1 }
    guard let image = checkpoint["\(synthesis)blocks.0.to_rgb.conv.weight"]?.shape,
      image.count == 4, blocks > 1, let largest = maps(0)?.first, let last = maps(blocks - 1)?.first
    else {
      throw .mismatch(
        "\(checkpoint.path): a generator of lucidrains' without blocks that make images")
    }
    var result = StyleGANConfiguration(side: 4 << (blocks - 1), channels: image[0])
    result.network = .lucidrains
    (result.latent, result.style, result.depth) = (first[1], first[0], layers)
    (result.mostMaps, result.baseMaps) = (largest, last * result.side)
    return result
  }

  /// The weights under this program's names.
  private func weights(
    _ mapping: String, _ synthesis: String
  ) throws(AIGCError) -> Checkpoint {
    try checkpoint.changed { tensor in
      // The blur of doubled images is [1, 2, 1], always.
      for (prefix, own) in [(mapping, "S."), (synthesis, "G.")]
      where tensor.name.hasPrefix(prefix) && !tensor.name.hasSuffix(".upsample.1.f") {
        let result = tensor.renamed(own + tensor.name.dropFirst(prefix.count))
        return result.name == "G.initial_block" ? result.withoutFirstAxis : result
      }
      return nil
    }
  }

  /// Sets the mean style, which the files do not hold.
  static func setAverage(_ generator: StyleGenerator, _ configuration: StyleGANConfiguration) {
    var random = RandomSource(seed: 0)
    let z = Tensor.normal([averageCount, configuration.latent], using: &random)
    generator.average?.value = generator.style(z, labels: [], .inference).mean(axis: 0)
  }
}
