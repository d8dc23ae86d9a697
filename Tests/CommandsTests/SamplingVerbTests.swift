import Datasets
import FamilySupport
import Files
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

/// What `aigc sample` makes of a generator, and its flags.
@Suite struct SamplingVerbTests {
  @Test func sheetsFilesAndWalks() throws {
    let folder = try TemporaryFolder()
    _ = try smallGAN(.gan, folder, steps: 1).train(to: folder.file("model"))
    let sampler = ImageSampler(try GANModel(folder: folder.file("model")), labels: [], scale: 2)
    let seeds: [UInt64] = [3, 4, 10_000]
    try SampledFile(sampler.sheet(seeds, columns: 2)).write(
      to: folder.file("a.png"), isAnimation: false)
    let sheet = try Image.read(folder.file("a.png"))
    #expect((sheet.width, sheet.height) == (2 * 18 + 2, 2 * 18 + 2))
    let files = try sampler.writeEach(seeds, to: folder.file("each"))
    #expect(
      files.map { lastComponent(of: $0) } == ["seed0003.png", "seed0004.png", "seed10000.png"])
    let one = try Image.read(files[1])
    #expect(one.width == 16 && one.pixels[0] == one.pixels[17])
    // The second image of the sheet is that file.
    let start = 2 * sheet.width + 20
    #expect(Array(sheet.pixels[start..<start + 16]) == Array(one.pixels[..<16]))
    try SampledFile(sampler.animation(sampler.draws(seeds), cells: 1, columns: 1, frames: 6))
      .write(to: folder.file("walk.apng"), isAnimation: true)
    try SampledFile(sampler.strips(sampler.draws(seeds), columns: 5)).write(
      to: folder.file("s.jpg"), isAnimation: false)
    #expect(try Image.read(folder.file("s.jpg")).width == 5 * 18 + 2)
    refuses([.usage]) {
      try SampledFile(sampler.sheet(seeds, columns: 2)).write(
        to: folder.file("a.bmp"), isAnimation: false)
    }
    refuses([.usage]) {
      try SampledFile(sampler.animation(sampler.draws(seeds), cells: 4, columns: 2, frames: 6))
        .write(to: folder.file("w.png"), isAnimation: true)
    }
  }

  @Test func flagsOfSampling() throws {
    func seeds(_ flags: [String]) throws -> [UInt64] {
      let command = try SampleImages<GANName, NoExtras>.parse(flags + ["--out", "x.png"])
      return try command.images.resolvedSeeds(
        isWalk: command.walk.interpolate, frames: command.walk.frames)
    }
    #expect(try seeds(["--seeds", "0-2,7"]) == [0, 1, 2, 7])
    #expect(try seeds(["--seed", "5"]).count == 64)
    #expect(try seeds(["--seed", "5", "--grid", "3x2"]) == Array(5...10))
    #expect(try seeds(["--seed", "5", "--num", "2"]) == [5, 6])
    #expect(try seeds(["--seed", "5", "--interpolate", "--grid", "3x2"]) == [5, 6])
    for flags in [["--seeds", "2-1"], ["--seeds", "a"], ["--seeds", "1-9", "--grid", "2x2"]] {
      refuses([.usage]) { _ = try seeds(flags) }
    }
    for flags in [
      ["--num", "9", "--grid", "2x2"], ["--frames", "9"], ["--grid", "0x2"], ["--scale", "0"],
      ["--outdir", "y"],
    ] {
      #expect(throws: (any Error).self) { try seeds(flags) }
    }
  }
}
