import ArgumentParser
import Console
import Files
import NN

/// The flags that make an autoencoder a VQ-VAE.
struct QuantizedArguments: ParsableArguments {
  @Flag(help: "Latents are maps of codes of a learned codebook (VQ-VAE), by convolutions.")
  var vq = false
  @Option(
    name: [.customLong("codes"), .customLong("num-embeddings")],
    help: "--vq: entries of the codebook (default 256).")
  var codes: Int?
  @Option(
    name: [.customLong("code-dim"), .customLong("embedding-dim")],
    help: "--vq: numbers of an entry (default 16).")
  var dimension: Int?
  @Option(
    name: [.customLong("codebook")],
    help: """
      --vq: how the codebook learns: average (default; moving averages, unused entries are set \
      anew), or gradient.
      """)
  var update: VectorQuantizer.Update?
  @Option(
    name: [.customLong("commitment"), .customLong("commitment-cost")], parsing: .unconditional,
    help: "--vq: how much the encoder keeps to the entries it chose (default 0.25).")
  var commitment: Float?

  func validate() throws {
    if !vq, codes != nil || dimension != nil || update != nil || commitment != nil {
      throw ValidationError("--codes, --code-dim, --codebook, --commitment go with --vq")
    }
    if let codes, !VAECodebook.entryRange.contains(codes) {
      throw ValidationError("--codes \(codes): 2 to \(VAECodebook.entryRange.upperBound)")
    }
    if let dimension, !VAECodebook.dimensionRange.contains(dimension) {
      throw ValidationError(
        "--code-dim \(dimension): 1 to \(VAECodebook.dimensionRange.upperBound)")
    }
    if let commitment, !(commitment >= 0 && commitment.isFinite) {
      throw ValidationError("--commitment \(commitment): a number from 0 up")
    }
  }

  /// nil without `--vq`.
  var codebook: VAECodebook? {
    guard vq else { return nil }
    var result = VAECodebook()
    if let codes { result.entries = codes }
    if let dimension { result.dimension = dimension }
    if let update { result.update = update }
    if let commitment { result.commitment = commitment }
    return result
  }
}

extension VectorQuantizer.Update: ExpressibleByArgument {}
