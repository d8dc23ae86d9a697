import Checkpoints
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

/// One value that is no number, in any tensor of any family: no answer comes out, and the tensor is named.
@Suite struct DamagedWeightsTests {
  /// Calls `body` with each tensor of a weights file damaged in turn.
  private func damaging(
    _ path: String, except unused: [String] = [],
    _ body: (_ tensor: String) throws -> Void
  ) throws {
    let tensors = try Checkpoint.open(path).tensors.map { tensor in
      (name: tensor.name, shape: tensor.shape, values: try tensor.floats())
    }
    for (place, damaged) in tensors.enumerated() where !unused.contains(damaged.name) {
      let changed = tensors.enumerated().map { index, tensor in
        var values = tensor.values
        if index == place { values[values.count / 2] = .nan }
        return NewTensor(name: tensor.name, shape: tensor.shape, floats: values)
      }
      try SafetensorsWriter.write(changed, to: path, sync: false)
      try body(damaged.name)
    }
  }

  private func expectDamage(
    _ tensor: String, _ verb: String, _ body: () throws -> Void
  ) {
    let line = refuses([.badInput]) { try body() }
    #expect(
      line.contains("\(tensor) holds nan, at place ") && line.hasSuffix("damaged weights"),
      "\(tensor), \(verb): \(line)")
  }

  // MARK: Text

  private func recurrent(_ folder: TemporaryFolder, _ kind: RecurrentKind) throws -> String {
    var random = RandomSource(seed: 4)
    let tokenizer = try CharTokenizer(texts: [try Table(Array("abc\n".utf8))], name: "t")
    var configuration = RecurrentConfiguration(
      kind, tokens: .char, vocabularySize: 4, embeddingSize: 3, hiddenSize: 5, layers: 2)
    configuration.context = 8
    let path = folder.file("\(kind)")
    let output = try OutputFolder(path: path)
    let network = random.drawn { RecurrentNetwork(configuration.sizes, using: &$0) }
    try tokenizer.write { output.file($0) }
    try StateDictionary.write(network.namedParameters, to: output.file(RecurrentFolder.weights))
    try configuration.write(to: output.file(ModelConfiguration.fileName))
    try output.commit()
    return path
  }

  private func expectNoText(
    _ load: () throws -> any LanguageModel, _ tensor: String, _ text: String
  ) throws {
    let table = try Table(Array(text.utf8))
    let model = try load()
    expectDamage(tensor, "evaluate") { _ = try model.evaluate(table, name: "t") }
    expectDamage(tensor, "score") { _ = try model.score(table, name: "t") }
    expectDamage(tensor, "next") { _ = try continuations(of: text, in: model, count: 3) }
    for (num, beams, temperature, probabilities) in [
      (1, 1, 0.0, nil), (1, 1, 1, nil), (1, 1, 0.8, 2), (3, 1, 0.8, nil), (1, 3, 0, nil),
    ] as [(Int, Int, Double, Int?)] {
      var options = GenerationOptions()
      (options.prompt, options.maxTokens, options.num, options.beams) = (text, 3, num, beams)
      if temperature == 1 { options.sampling = .untouched }
      options.sampling.temperature = temperature
      options.logProbabilities = probabilities
      expectDamage(tensor, "generate \(num) \(beams) \(temperature)") {
        _ = try TextGenerator(model: model, options: options).run { piece in
          Issue.record("text came out: \(piece.bytes)")
        }
      }
    }
  }

  @Test(arguments: RecurrentKind.allCases) func recurrentText(_ kind: RecurrentKind) throws {
    let folder = try TemporaryFolder()
    let path = try recurrent(folder, kind)
    // Of all characters, so that every row of the embedding is read.
    try damaging("\(path)/\(RecurrentFolder.weights)") { tensor in
      try expectNoText({ try RecurrentLanguageModel(folder: path) }, tensor, "abc\nabc")
      let data = try folder.write("data.txt", String(repeating: "abc\nabc", count: 40))
      var recipe = RecurrentRecipe(.lstm, texts: [data])
      recipe.settings.model.context = 16
      expectDamage(tensor, "finetune") {
        _ = try recipe.train(further: path, to: folder.file("further"))
      }
      #expect(!isFolder(folder.file("further")))
    }
  }

  @Test func gpt2Text() throws {
    let folder = try TemporaryFolder()
    try copyGPT2("generation", to: folder)
    let path = folder.file("model")
    // The middle of the tables is no token and no position of the text.
    let unused = ["transformer.wte.weight", "transformer.wpe.weight"]
    try damaging("\(path)/model.safetensors", except: unused) { tensor in
      try expectNoText({ try TransformerLanguageModel(folder: path) }, tensor, "the cat sees it")
      let model = try TransformerLanguageModel(folder: path)
      let cache = folder.file("cache")
      expectDamage(tensor, "prompt cache") {
        _ = try model.makeSession(prompt: model.encode("the cat"), cache: cache)
      }
      #expect(!fileExists(cache))
    }
  }

  // MARK: Images

  private func expectNoImages(
    _ tensor: String, _ model: any ImageGenerator
  ) {
    let (latent, labels) = model.draw(seed: 7)
    expectDamage(tensor, "sample") { _ = try model.images(latents: latent, labels: labels) }
  }

  @Test(arguments: [GANKind.gan, .dcgan]) func generators(_ kind: GANKind) throws {
    let folder = try TemporaryFolder()
    var random = RandomSource(seed: 1)
    var sizes = GANConfiguration(kind, width: 8, height: 8, channels: 1, layers: [4])
    (sizes.latent, sizes.classes) = (3, ["a", "b"])
    let generator = random.drawn { GANGenerator(sizes, using: &$0) }.namedParameters
    try GANFolder.write(sizes, generator: generator, discriminator: nil) { folder.file($0) }
    // Of a class that the seed does not draw.
    try damaging(
      folder.file(GANFolder.generator), except: ["label_emb.weight", "label_embedding.weight"]
    ) { tensor in
      if tensor.hasSuffix("num_batches_tracked") { return }
      expectNoImages(tensor, try GANModel(folder: folder.path))
    }
  }

  @Test(arguments: [VAEKind.vae, .vaegan]) func autoencoders(_ kind: VAEKind) throws {
    let folder = try TemporaryFolder()
    var random = RandomSource(seed: 1)
    var sizes = VAEConfiguration(kind, width: 8, height: 8, channels: 1)
    (sizes.latent, sizes.layers, sizes.network, sizes.hidden) = (2, [5], .convolutional, 6)
    sizes.latents = LatentStatistics.standard(2)
    let networks = random.drawn { VAENetworks(sizes, using: &$0) }
    try VAEFolder.write(sizes, networks) { folder.file($0) }
    let values = (0..<64).map { Float($0) / 32 - 1 }
    try damaging(folder.file(VAEFolder.weights)) { tensor in
      if tensor.hasSuffix("num_batches_tracked") { return }
      let name = tensor.split(separator: "vae.").last.map { String($0) } ?? tensor
      let model = try VAEModel(folder: folder.path)
      expectDamage(name, "score") {
        _ = try AnomalyScorer(model, .elbo).scores(values, labels: [])
      }
      expectDamage(name, "score iw") {
        _ = try AnomalyScorer(model, .iw, draws: 2).scores(values, labels: [])
      }
      expectDamage(name, "reconstruct") {
        _ = try model.images(latents: model.latents(of: values, labels: []), labels: [])
      }
      if name.hasPrefix("decoder") { expectNoImages(name, model) }
      if name.hasPrefix("encoder") {
        expectDamage(name, "encode") {
          _ = try GaussianCoder(model, step: 0.1).symbols(values, labels: [])
        }
      }
    }
  }

  @Test func quantizedAutoencoder() throws {
    let folder = try TemporaryFolder()
    var random = RandomSource(seed: 1)
    var sizes = VAEConfiguration(.vae, width: 8, height: 8, channels: 1)
    sizes.layers = [4]
    var codebook = Codebook()
    (codebook.entries, codebook.dimension) = (6, 3)
    sizes = sizes.quantized(codebook)
    let networks = random.drawn { VQVAENetworks(sizes, codebook, using: &$0) }
    try VQVAEModel(sizes, codebook, networks, prior: nil).write { folder.file($0) }
    // What only training reads, and entries of codes that do not come.
    let unused = [
      "quantizer.embedding.weight", "quantizer.ema_cluster_size", "quantizer.ema_w",
    ]
    let values = (0..<64).map { Float($0) / 32 - 1 }
    try damaging(folder.file(VAEFolder.weights), except: unused) { tensor in
      let model = try VQVAEModel(folder: folder.path)
      expectDamage(tensor, "reconstruct") { _ = try model.images(codes: model.codes(values)) }
      let isEncoder = tensor.hasPrefix("encoder")
      if isEncoder { expectDamage(tensor, "encode") { _ = try model.codes(values) } }
    }
  }

  @Test func classifier() throws {
    let folder = try TemporaryFolder()
    var random = RandomSource(seed: 1)
    var sizes = ClassifierConfiguration(
      size: ImageSize(width: 8, height: 8), channels: 1, classes: ["a", "b", "c"])
    (sizes.stages, sizes.hidden) = ([3], 5)
    try ClassifierFamily().write(
      sizes, random.drawn { ClassifierNetwork(sizes, using: &$0) }, type: .f32,
      to: folder.file("model"))
    let values = (0..<64).map { Float($0) / 32 - 1 }
    try damaging(folder.file("model/\(Classifier.weightsFile)")) { tensor in
      if tensor.hasSuffix("num_batches_tracked") { return }
      let model = try Classifier(folder: folder.file("model"))
      expectDamage(tensor, "classify") { _ = try model.probabilities(values) }
      expectDamage(tensor, "features") { _ = try model.features(values) }
    }
  }

  @Test func forecasts() throws {
    let folder = try TemporaryFolder()
    let options = smallForecast(try folder.write("series.csv", waveTable(60)), steps: 1)
    let path = folder.file("model")
    _ = try options.train(to: path)
    try damaging("\(path)/\(ForecastModel.weightsName)") { tensor in
      let model = try ForecastModel(folder: path)
      expectDamage(tensor, "generate series") {
        _ = try model.forecasts(
          model.configuration.history, from: [model.configuration.history[0].count], horizon: 2)
      }
    }
  }

  /// Weights whose products overflow are no damage of one tensor: that is said.
  @Test func overflows() throws {
    let folder = try TemporaryFolder()
    let path = try recurrent(folder, .rnn)
    let file = "\(path)/\(RecurrentFolder.weights)"
    let tensors = try Checkpoint.open(file).tensors.map { tensor in
      var values = try tensor.floats()
      if tensor.name == "fc.weight" { values = values.map { _ in .greatestFiniteMagnitude } }
      return NewTensor(name: tensor.name, shape: tensor.shape, floats: values)
    }
    try SafetensorsWriter.write(tensors, to: file, sync: false)
    let model = try RecurrentLanguageModel(folder: path)
    let table = try Table(Array("abcabc".utf8))
    let line = refuses([.badInput]) { _ = try model.evaluate(table, name: "t") }
    #expect(line.contains("too large weights"), "\(line)")
  }

  /// Sizes that the file does not hold are refused before memory of them is asked for.
  @Test func sizesWithoutWeights() throws {
    let folder = try TemporaryFolder()
    let path = try recurrent(folder, .lstm)
    for size in ["12000", "65536", "1048576", "1000000000", "\(Int.max)", "6", "0", "-1"] {
      for key in ["embedding_size\" : 3", "hidden_size\" : 5", "layers\" : 2"] {
        let name = key.split(separator: " ")[0]
        try folder.expectRefusal(of: Damage(key, "\(name) : \(size)"), in: "lstm/config.json") {
          _ = try RecurrentLanguageModel(folder: path)
        }
      }
    }
  }
}
