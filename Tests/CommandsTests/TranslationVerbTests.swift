import Testing

/// Runs of translators by the program.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct TranslationVerbTests {
  /// A run that goes on leaves out the same images as it was started with.
  @Test func badImagesAreSkippedAgain() throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    let run =
      "train cyclegan --a broken --b imgs/dogs --preset article --ngf 4 --ndf 4 --blocks 1 "
      + "--image-size 16 --seed 1 --out skipped"
    let first = folder.run(run + " --steps 1 --bad-pictures skip")
    #expect(first.code == 0, "\(first.errors)")
    let rest = folder.run(run + " --steps 2 --resume")
    #expect(rest.code == 0, "\(rest.errors)")
  }
}
