import Datasets
import Files
import Kernels
import TestSupport

@testable import Families

/// The targets `compressed`, the file of `aigc encode`, of a VAE that knows classes and of a VQ-VAE, and
/// `codePrior`, the latter's prior.
struct LatentFuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private(set) var seeds: [[UInt8]] = []
  private let path: String

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    path = target == .codePrior ? "\(folder)/codes/\(VQVAEModel.priorName)" : "\(folder)/input"
    // Eight images of two classes.
    var random = RandomSource(seed: 1)
    let images = (0..<8 * 64).map { _ in UInt8(random.integer(below: 256)) }
    let size: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 8, 0, 0, 0, 8, 0, 0, 0, 8]
    try TestSupport.write(size + images, to: "\(folder)/images")
    try TestSupport.write([0, 0, 8, 1, 0, 0, 0, 8, 0, 1, 0, 1, 0, 1, 0, 1], to: "\(folder)/labels")
    var recipe = VAERecipe(.vae)
    (recipe.settings.images.path, recipe.settings.images.labels) = (
      "\(folder)/images", "\(folder)/labels"
    )
    (recipe.run.trainer.steps, recipe.run.trainer.batchSize) = (2, 4)
    (
      recipe.settings.model.layers, recipe.settings.model.latent,
      recipe.settings.model.isConditional
    ) = ([4], 3, true)
    _ = try recipe.train(to: "\(folder)/latents")
    var codes = VQVAERecipe()
    (codes.settings.images, codes.run) = (recipe.settings.images, recipe.run)
    codes.settings.layers = recipe.settings.model.layers ?? []
    (codes.settings.codebook.entries, codes.settings.codebook.dimension) = (5, 2)
    _ = try codes.train(to: "\(folder)/codes")
    if target == .codePrior {
      seeds = [try bytes(path)]
      return
    }
    let set = try ImageSet.open(
      recipe.settings.images.path, labels: recipe.settings.images.labels)
    for model in ["latents", "codes"] {
      seeds.append(try ImageCodec("\(folder)/\(model)").encode([set], step: 0.5).bytes)
    }
  }

  var dictionary: [String] { ["AIGL", "\u{1}\0", "\u{7F}", "\0\0\0\0"] }

  var codes: Set<AIGCError.Code> { [.badInput, .mismatch] }

  /// Half of the changes stand behind sums that are right again.
  func write(_ input: [UInt8]) throws {
    var input = input
    let size = target == .codePrior ? 8 : 4
    if input.count % 2 == 0, input.count > size {
      let start = input.count - size
      let content = Array(input[..<start])
      let sum =
        size == 4 ? UInt64(CRC32C.of(content)) : try Checksum.of(Table(content))
      for place in 0..<size {
        input[start + place] = UInt8(truncatingIfNeeded: sum >> UInt64(8 * place))
      }
    }
    try TestSupport.write(input, to: path)
  }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    let models = target == .codePrior ? ["codes"] : ["latents", "codes"]
    let set = try ImageSet.open("\(folder)/images")
    var last: AIGCError?
    for model in models {
      let codec = try ImageCodec("\(folder)/\(model)")
      do throws(AIGCError) {
        let file = try target == .codePrior ? codec.encode([set], step: 1) : LatentFile(path: path)
        var values: [Float] = []
        try codec.decode(codec.symbols(of: file, name: path), limit: 100) { values += $0 }
        guard values.count == min(file.count, 100) * 64, values.allSatisfy({ $0.magnitude <= 1 })
        else { throw .failed("impossible images") }
      } catch {
        last = error
      }
    }
    if let last { throw last }
  }
}
