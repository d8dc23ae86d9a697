import Checkpoints
import Datasets
import FamilySupport
import Files
import Glibc
import Kernels
import TestSupport
import Testing
import Training

@testable import Families

/// Images to files and back.
@Suite(.serialized) struct CompressionTests {
  enum Kind: CaseIterable {
    case plain, conditional, codes
  }

  /// A codec, and images for it.
  private func codec(
    _ kind: Kind, _ folder: TemporaryFolder, name: String = "model", seed: UInt64 = 3
  ) throws -> (ImageCodec, ImageSet) {
    let data: ImageSource
    if kind == .codes {
      var recipe = try smallVQVAE(folder, steps: 200)
      recipe.run.trainer.evalEvery = 100
      recipe.run.trainer.seed = seed
      _ = try recipe.train(to: folder.file(name))
      data = recipe.settings.images
    } else {
      var recipe = try smallVAE(.vae, folder, steps: 200)
      recipe.settings.model.isConditional = kind == .conditional
      recipe.run.trainer.evalEvery = 100
      recipe.run.trainer.seed = seed
      _ = try recipe.train(to: folder.file(name))
      data = recipe.settings.images
    }
    return (
      try ImageCodec(folder.file(name)),
      try ImageSet.open(data.path, labels: data.labels)
    )
  }

  private func decoded(
    _ codec: ImageCodec, _ file: LatentFile, limit: Int = .max
  ) throws -> [Float] {
    var values: [Float] = []
    try codec.decode(codec.symbols(of: file, name: "x"), limit: limit) { values += $0 }
    return values
  }

  @Test(arguments: Kind.allCases) func imagesComeBack(_ kind: Kind) throws {
    let folder = try TemporaryFolder()
    let (codec, set) = try codec(kind, folder)
    let sets = [set, set.subset([5])]
    let file = try codec.encode(sets, step: 0.25)
    let path = try folder.write("file.aigl", file.bytes)
    #expect(LatentFile.recognizes(path) && !LatentFile.recognizes(folder.file("model/config.json")))
    let read = try LatentFile(path: path)
    #expect(read.bytes == file.bytes && read.count == 49)
    let values = try decoded(codec, read)
    #expect(values.count == 49 * 64)
    // An image is the same alone and among others.
    let alone = try decoded(codec, codec.encode([set.subset([5])], step: 0.25))
    #expect(Array(values[5 * 64..<6 * 64]) == alone && Array(values.suffix(64)) == alone)
    #expect(try decoded(codec, read, limit: 3) == Array(values[..<(3 * 64)]))
    // Small steps: nearly what the mean of the latents gives.
    if case .latents(let model) = codec.model {
      let original = try set.values([0, 1])
      let labels = model.classes.isEmpty ? [] : [set.labels?[0] ?? 0, set.labels?[1] ?? 0]
      let means = try model.posterior(original, labels: labels).means
      let exact = try model.images(latents: means, labels: labels)
      let fine = try decoded(codec, codec.encode([set.subset([0, 1])], step: 0.01))
      #expect(zip(exact, fine).allSatisfy { abs($0 - $1) < 0.02 })
    }
  }

  @Test(arguments: Kind.allCases) func reportsCountWhatComesBack(_ kind: Kind) throws {
    let folder = try TemporaryFolder()
    let (codec, set) = try codec(kind, folder)
    let file = try codec.encode([set], step: 0.5)
    let report = try CompressionReport(
      codec, file, size: file.bytes.count, name: "x", [set])
    let size = codec.size
    let (original, again) = (try set.values(Array(0..<48)), try decoded(codec, file))
    let (a, b) = (
      Image.images(values: original, size: size, channels: 1).flatMap { $0.pixels },
      Image.images(values: again, size: size, channels: 1).flatMap { $0.pixels }
    )
    let error = zip(a, b).reduce(0.0) {
      $0 + (Double($1.0) - Double($1.1)) * (Double($1.0) - Double($1.1))
    }
    #expect(abs(report.psnr - 10 * log10(65025 / (error / Double(a.count)))) < 1e-9)
    #expect(report.bytes == file.bytes.count && report.images == 48)
    // Fewer bits than numbers of a byte each.
    #expect(report.payload < 48 * 6 && report.payload > 48 / 8)
  }

  @Test(arguments: [Kind.plain, .codes]) func otherModelsAndDamageAreRefused(
    _ kind: Kind
  ) throws {
    let folder = try TemporaryFolder()
    let (first, set) = try codec(kind, folder)
    let (second, _) = try codec(kind, folder, name: "other", seed: 4)
    let file = try first.encode([set], step: 0.5)
    let error = #expect(throws: AIGCError.self) { try decoded(second, file) }
    #expect(error?.code == .mismatch)
    let bytes = file.bytes
    for index in bytes.indices {
      var changed = bytes
      changed[index] ^= 16
      for damaged in [changed, Array(bytes[..<index])] {
        let path = try folder.write("damaged", damaged)
        let error = #expect(throws: AIGCError.self) { try LatentFile(path: path) }
        #expect(error?.code == .badInput)
      }
    }
    var short = file
    short.count += 1
    #expect(throws: AIGCError.self) { try decoded(first, short) }
  }

  @Test func impossibleSteps() throws {
    let folder = try TemporaryFolder()
    let (codec, set) = try codec(.plain, folder)
    for step: Float in [1e-9, 1e-4] {
      let error = #expect(throws: AIGCError.self) { try codec.encode([set], step: step) }
      #expect(error?.code == .usage)
    }
    let coarse = try codec.encode([set], step: 1e6)
    #expect(try decoded(codec, coarse).count == 48 * 64)
  }

  @Test(arguments: Kind.allCases) func tensorsForOtherPrograms(_ kind: Kind) throws {
    let folder = try TemporaryFolder()
    let (codec, set) = try codec(kind, folder)
    let path = folder.file("latents.safetensors")
    try codec.writeTensors([set], to: path)
    let file = try Checkpoint.open(path)
    if case .codes(let model) = codec.model {
      let codes = try file.tensor("codes")
      #expect(codes.shape == [48, 2, 2])
      #expect(try codes.integers().map { Int32($0) } == model.codes(set.values(Array(0..<48))))
    } else {
      #expect(file["mean"]?.shape == [48, 6] && file["log_variance"]?.shape == [48, 6])
      #expect((file["labels"] != nil) == (kind == .conditional))
    }
  }
}
