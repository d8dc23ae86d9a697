import Datasets
import Files
import Kernels
import NN
import TestSupport
import Testing

@testable import Commands
@testable import Families
@testable import Inference
@testable import Training

/// Walks between images, maps of latents, and likelihoods of images.
@Suite struct VAESamplingTests {
  private let folder: TemporaryFolder
  private let model: VAEModel

  init() throws {
    folder = try TemporaryFolder()
    var sizes = VAEConfiguration(.vae, width: 6, height: 5, channels: 1)
    (sizes.latent, sizes.layers) = (3, [8])
    var random = RandomSource(seed: 2)
    model = VAEModel(sizes, random.drawn { VAENetworks(sizes, using: &$0) })
  }

  private func image(_ name: String, seed: UInt64) throws -> String {
    var random = RandomSource(seed: seed)
    let pixels = (0..<30).map { _ in UInt8(random.integer(below: 256)) }
    try Image(width: 6, height: 5, channels: 1, pixels: pixels).write(to: folder.file(name))
    return folder.file(name)
  }

  @Test func walksBetweenImages() throws {
    let sampler = ImageSampler(model, labels: [], scale: 1)
    let ends = [try image("a.png", seed: 1), try image("b.png", seed: 2)]
    let starts = try sampler.encoded(ends)
    let values = try ImageSet.open(ends[1]).values([0])
    #expect(try model.posterior(values, labels: []).means == starts[1].latent)
    try SampledFile(sampler.strips(starts, columns: 4, rows: 1))
      .write(to: folder.file("walk.png"), isAnimation: false)
    let strip = try Image.read(folder.file("walk.png"))
    #expect((strip.width, strip.height) == (4 * 8 + 2, 7 + 2))
    // The last one is what the model makes of the second image.
    let again = try model.images(latents: starts[1].latent, labels: [])
    let last = Image.images(
      values: again, size: ImageSize(width: 6, height: 5), channels: 1)[0]
    #expect(last.pixels[0] == strip.pixels[2 * strip.width + 3 * 8 + 2])
    try SampledFile(sampler.animation(starts, cells: 1, columns: 1, frames: 5))
      .write(to: folder.file("walk.apng"), isAnimation: true)
    #expect(fileExists(folder.file("walk.apng")))
    for bad in [[ends[0], folder.file("none.png")], [folder.path, folder.path]] {
      #expect(throws: AIGCError.self) { try sampler.encoded(bad) }
    }
    var nothing = RandomSource(seed: 1)
    let gan = GANModel(.gan, nothing.drawn { GANGenerator(.gan, using: &$0) })
    #expect(throws: AIGCError.self) {
      try ImageSampler(gan, labels: [], scale: 1).encoded(ends)
    }
  }

  @Test func mapsOfLatents() throws {
    #expect(abs(normalQuantile(0.975) - 1.959963984540054) < 1e-12)
    #expect(abs(normalQuantile(1e-9) + 5.997807015007687) < 1e-9)
    #expect(abs(normalQuantile(0.5)) < 1e-15)
    let latents = LatentPlane(axes: (2, 0), columns: 3, rows: 2).latents(count: 3)
    let (third, half) = (Float(normalQuantile(5.0 / 6)), Float(normalQuantile(0.75)))
    let expected: [Float] = [
      -half, 0, -third, -half, 0, 0, -half, 0, third, half, 0, -third, half, 0, 0, half, 0, third,
    ]
    #expect(zip(latents, expected).allSatisfy { abs($0 - $1) < 1e-6 })
    let sampler = ImageSampler(model, labels: [], scale: 1)
    try SampledFile(sampler.plane(LatentPlane(axes: (0, 1), columns: 4, rows: 3)))
      .write(to: folder.file("map.png"), isAnimation: false)
    let map = try Image.read(folder.file("map.png"))
    #expect((map.width, map.height) == (4 * 8 + 2, 3 * 7 + 2))
    #expect(throws: AIGCError.self) {
      try sampler.plane(LatentPlane(axes: (0, 3), columns: 4, rows: 3))
    }
  }

  @Test func flagsOfWalks() throws {
    let good = [
      ["--interpolate", "a.png", "b.png", "--out", "w.png"], ["--map", "--out", "m.png"],
      ["--map", "--axes", "3,1", "--grid", "5x4", "--out", "m.png"],
    ]
    for arguments in good { _ = try SampleImages<VAEName, NoExtras>.parse(arguments) }
    let bad = [
      ["a.png", "b.png", "--out", "w.png"], ["--interpolate", "a.png", "--out", "w.png"],
      ["--map", "--interpolate", "--out", "m.png"], ["--axes", "0,1", "--out", "m.png"],
      ["--map", "--axes", "1,1", "--out", "m.png"], ["--map", "--axes", "x", "--out", "m.png"],
      ["--map", "--outdir", "m"], ["--map", "--num", "3", "--out", "m.png"],
    ]
    for arguments in bad {
      #expect(throws: (any Error).self, "\(arguments)") {
        try SampleImages<VAEName, NoExtras>.parse(arguments)
      }
    }
  }

  @Test func likelihoodsOfImages() throws {
    try makeFolder(folder.file("set"))
    for index in 0..<20 { _ = try image("set/\(index).png", seed: UInt64(index)) }
    func measure(_ count: Int, _ draws: Int) throws -> [String: Double] {
      var options = LikelihoodOptions(count: count, draws: draws)
      options.seed = 1
      let members = try VAEFamily(.vae).likelihood(
        model, of: folder.file("set"), options
      ) { _ in }
      return Dictionary(
        uniqueKeysWithValues: members.compactMap { member in
          member.value.number.map { (member.name, $0) }
        })
    }
    let all = try measure(100, 200)
    let elbo = try #require(all["elbo"])
    let sum = try #require(all["reconstruction"]) + #require(all["kl"])
    #expect(abs(elbo + sum) < 1e-9 && all["measured"] == 20)
    // The bound of many draws is the tighter one.
    #expect(try #require(all["nll_iw"]) < -elbo + 0.05)
    #expect(try #require(all["nll_iw"]) > -elbo - 2)
    let few = try measure(7, 0)
    #expect(few["measured"] == 7 && few["nll_iw"] == nil && few["iw_samples"] == 0)
  }
}
