import Autograd
import Datasets
import Files
import Kernels
import NN

/// What a VQ-VAE does with images.
struct VQVAEMeasures {
  /// -log p(x | codes) in nats, mean over images.
  var reconstruction = 0.0
  /// Squared distance of the encoder's vectors from their entries, the sum of an image, mean over
  /// images.
  var commitment = 0.0
  /// [images, map height, map width].
  var codes: [Int32] = []
  let entries: Int

  private static let batch = 256

  /// - Throws: ``/Files/AIGCError``: badInput when an image cannot be read, interrupted.
  init(
    of images: any ExampleSet, _ configuration: VAEConfiguration, _ networks: VQVAENetworks
  ) throws(AIGCError) {
    entries = networks.quantizer.entries
    let size = configuration.codeCount * networks.quantizer.dimension
    let batch = configuration.batch(upTo: Self.batch)
    for first in stride(from: 0, to: images.count, by: batch) {
      try Interruption.check()
      let rows = Array(first..<min(first + batch, images.count))
      let x = configuration.input(try images.values(rows))
      let found = networks.encode(x, .inference)
      let logits = networks.decode(found.vectors, .inference)
      let losses = networks.likelihood.losses(x, logits: logits).values
      reconstruction += losses.reduce(0.0) { $0 + Double($1) }
      commitment += Double(found.commitmentLoss.item) * Double(rows.count * size)
      codes += found.codes
    }
    let share = 1 / Double(max(images.count, 1))
    reconstruction *= share
    commitment *= share
  }

  /// How many codes are in use.
  var perplexity: Double { Quantized.perplexity(codes, entries: entries) }

  /// One line where few codes are in use; nil else.
  var problem: String? {
    guard entries >= 16, perplexity < Double(entries) / 10 else { return nil }
    return
      "codebook collapse: the codes in use are worth \(Int(perplexity.rounded())) of \(entries); "
      + "try fewer `codebook.entries`, or `codebook.update` average"
  }
}
