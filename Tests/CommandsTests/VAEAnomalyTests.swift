import ArgumentParser
import Console
import Datasets
import FamilySupport
import Files
import Kernels
import NN
import TestSupport
import Testing
import Training

@testable import Commands
@testable import Families

/// Autoencoders that learn what is normal, from tables and images.
@Suite(.serialized) struct VAEAnomalyTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  /// Two columns that go together, one of words; of an anomaly they go against each other.
  private func table(_ name: String, rows: Int, anomalies: Int, seed: UInt64) throws -> String {
    var random = RandomSource(seed: seed)
    var text = "size,weight,kind,state\n"
    for row in 0..<rows {
      let isAnomaly = row < anomalies
      let size = random.normal()
      let weight = (isAnomaly ? -size + 3 : size) + 0.1 * random.normal()
      let word = size > 0 ? "large" : "small"
      text += "\(100 + 20 * size),\(5 + 2 * weight),\(word),\(isAnomaly ? "broken" : "good")\n"
    }
    return try folder.write(name, text)
  }

  private func recipe(_ data: String) -> VAERecipe {
    var recipe = VAERecipe(.vae)
    recipe.settings.images.path = data
    var options = VAETableOptions()
    (options.label, options.normal) = ("state", ["good"])
    recipe.settings.table = options
    recipe.settings.model.layers = [16]
    recipe.run.trainer.steps = 200
    recipe.run.trainer.batchSize = 32
    recipe.run.trainer.evalEvery = 100
    recipe.run.trainer.schedule = Schedule(.constant, peak: 1e-2)
    recipe.run.heldOut = HeldOutData(share: 0.2)
    return recipe
  }

  private func report(
    _ model: String, _ paths: [String], _ flags: [String] = []
  ) throws -> AnomalyReport {
    try VAEFamily(.vae).score(model, paths, AnomalyArguments.parse(flags).options) { _ in }
  }

  @Test func tablesAreLearned() throws {
    let recipe = recipe(try table("train.csv", rows: 300, anomalies: 30, seed: 1))
    let model = folder.file("model")
    let summary = try recipe.train(to: model).summary
    #expect(summary.bestValidationLoss != nil)
    let configuration = try VAEConfiguration.read(folder: model)
    #expect(configuration.kind == "table" && configuration.width == 4)
    #expect(configuration.table?.columns.map { $0.name } == ["size", "weight", "kind"])
    // A fifth of the 270 normal rows.
    #expect(configuration.threshold?.examples == 54)
    let test = try table("test.csv", rows: 200, anomalies: 40, seed: 2)
    let found = try report(model, [test])
    #expect(found.names.first == "\(test):2" && found.scores.count == 200)
    #expect(try #require(found.curve).area > 0.95)
    let wrong = (40..<200).filter { found.isAnomaly($0) ?? false }.count
    #expect(wrong < 40)
    // Another threshold, of these rows; --json has all figures.
    let fitted = try report(model, [test], ["--fit", test, "--quantile", "0.5"])
    #expect((40..<200).filter { fitted.isAnomaly($0) ?? false }.count == 80)
    let members = Dictionary(
      uniqueKeysWithValues: fitted.members(fitted.curve).map { ($0.name, $0.value.number) })
    #expect(members["false_positive_rate"] == 0.5 && members["anomalies"] == 40)
    let measured = try #require(try VAEFamily(.vae).evaluate(model, on: test))
    #expect(!isOfImages(model) && measured.text.contains("nll"))
    let figures = Dictionary(
      uniqueKeysWithValues: measured.members.map { ($0.name, $0.value.number) })
    #expect(figures["measured"] == 160)
    let elbo = try #require(figures["elbo"] ?? nil)
    #expect(abs(elbo + (summary.bestValidationLoss ?? 0)) < 1)
    #expect(throws: AIGCError.self) { try report(model, [test], ["--measure", "relative"]) }
    #expect(throws: AIGCError.self) { try report(model, [test], ["--label", "colour"]) }
    #expect(throws: AIGCError.self) { try VAEFamily(.vae).load(model) }
  }

  /// A word that was not learned makes a row more unusual, each one more than the last.
  @Test(arguments: [[String](), ["--measure", "iw"], ["--draws", "4"]])
  func unknownWordsAreUnusual(flags: [String]) throws {
    var random = RandomSource(seed: 5)
    var text = "a,b,c,x\n"
    for _ in 0..<200 {
      let place = Int(random.integer(below: 3))
      let other = Int(random.integer(below: 4))
      text += "\(["red", "green", "blue"][place]),\(["r", "g", "b"][place]),"
      text += "\(["n", "s", "e", "w"][other]),\(place)\n"
    }
    var recipe = VAERecipe(.vae)
    recipe.settings.images.path = try folder.write("words.csv", text)
    recipe.settings.table = VAETableOptions()
    recipe.settings.model.layers = [16]
    recipe.run.trainer.steps = 100
    recipe.run.trainer.schedule = Schedule(.constant, peak: 1e-2)
    let model = folder.file("words")
    _ = try recipe.train(to: model)
    let known = ["red,r,n,0", "green,g,s,1", "blue,b,w,2"]
    for row in known {
      var fields = row.split(separator: ",").map { String($0) }
      var rows = [row]
      for column in 0..<3 {
        fields[column] = "new"
        rows.append(fields.joined(separator: ","))
      }
      // Every known word in the first place, too: none is more unusual than a new one.
      let others = ["red", "green", "blue"].map { "\($0),r,n,0" }
      let test = try folder.write("t.csv", "a,b,c,x\n" + (rows + others).joined(separator: "\n"))
      let scores = try report(model, [test], flags).scores
      #expect(scores[0] < scores[1] && scores[1] < scores[2] && scores[2] < scores[3], "\(scores)")
      if row == known[0] { #expect(scores[4...].allSatisfy { $0 < scores[1] }, "\(scores)") }
    }
  }

  /// Rows without a label are in no figure; labels are compared as numbers.
  @Test func rowsWithoutALabel() throws {
    var recipe = recipe(try table("train.csv", rows: 100, anomalies: 10, seed: 1))
    recipe.run.trainer.steps = 20
    let model = folder.file("labels")
    _ = try recipe.train(to: model)
    func scored(_ labels: [String]) throws -> AnomalyReport {
      let rows = labels.enumerated().map { "\($0.offset % 5),\($0.offset % 3),large,\($0.element)" }
      let path = try folder.write("l.csv", (["size,weight,kind,l"] + rows).joined(separator: "\n"))
      return try report(model, [path], ["--label", "l", "--normal", "0"])
    }
    let plain = try scored(["0", "0", "1", "0", "1", "0"])
    let other = try scored(["0.0", "0.0", "1.0", "0", "1", "00"])
    #expect(plain.curve?.area == other.curve?.area && other.curve?.positives == 2)
    let missing = try scored(["0", "", "1", "NA", "?", "0"])
    let curve = try #require(missing.curve)
    #expect(curve.positives == 1 && curve.negatives == 2)
    #expect(missing.notes(curve).contains { $0.hasPrefix("3 examples without a label") })
  }

  /// A run on a table that was stopped goes on to the same weights.
  @Test func tablesResume() throws {
    let data = try table("train.csv", rows: 200, anomalies: 20, seed: 3)
    var whole = recipe(data)
    whole.run.trainer.steps = 20
    let resumed = try expectResumes(whole, at: 12, files: [VAEFolder.weights], in: folder) {
      rest, parts in
      rest.settings.table = nil
      rest.settings.training = try #require(VAEConfiguration.read(folder: parts).training)
    }
    var rest = resumed.recipe
    rest.settings.images.path = try table("other.csv", rows: 200, anomalies: 20, seed: 4)
    #expect(throws: AIGCError.self) { try rest.resume(in: resumed.path) }
  }

  /// Images with a bar at the top are normal; some have it at the left.
  private func images(_ name: String, count: Int, anomalies: Int) throws -> String {
    var random = RandomSource(seed: UInt64(count))
    for index in 0..<count {
      let isAnomaly = index < anomalies
      let bar = 1 + Int(random.integer(below: 3))
      let pixels = (0..<64).map { place -> UInt8 in
        let line = isAnomaly ? place % 8 : place / 8
        return UInt8(random.integer(below: 30)) + (line == bar ? 200 : 0)
      }
      let path = folder.file("\(name)/\(isAnomaly ? "left" : "top")")
      try makeFolder(path)
      try Image(width: 8, height: 8, channels: 1, pixels: pixels).write(
        to: "\(path)/\(index).png")
    }
    return folder.file(name)
  }

  @Test func imagesAreScored() throws {
    var recipe = VAERecipe(.vae)
    recipe.settings.images.path = try images("train", count: 200, anomalies: 0)
    recipe.settings.model.layers = [16]
    recipe.settings.model.latent = 4
    recipe.run.trainer.steps = 100
    recipe.run.trainer.batchSize = 32
    recipe.run.trainer.schedule = Schedule(.constant, peak: 1e-2)
    recipe.run.heldOut = HeldOutData(share: 0.2)
    let model = folder.file("model")
    _ = try recipe.train(to: model)
    let test = try images("test", count: 120, anomalies: 40)
    for flags in [["--anomaly", "left"], ["--normal", "top", "--measure", "elbo"]] {
      let found = try report(model, [test], flags)
      #expect(try #require(found.curve).area > 0.9, "\(flags)")
      #expect(found.names.contains("\(test)/left/0.png"))
      #expect((found.threshold != nil) == (flags.count == 2))
    }
    let unknown = try report(model, ["\(test)/left/0.png", "\(test)/top"])
    #expect(unknown.curve == nil && unknown.scores.count == 81)
    #expect(unknown.isAnomaly(0) == true)
    #expect(throws: AIGCError.self) { try report(model, [test], ["--anomaly", "right"]) }
    #expect(throws: AIGCError.self) { try report(model, [test], ["--label", "x"]) }
    let csv = try folder.write("t.csv", "a,b\n1,2\n")
    #expect(throws: AIGCError.self) { try report(model, [csv]) }
    let curve = folder.file("roc.png")
    try report(model, [test], ["--anomaly", "left", "--fit", "\(test)/top"])
      .write(to: folder.file("out.txt"), json: true, roc: curve, model: model)
    #expect(fileExists(curve) && fileExists(folder.file("out.txt")))
  }
}
