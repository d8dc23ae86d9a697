import Checkpoints
import Datasets
import Files
import Kernels
import NN
import Training

extension RecurrentFamily: FinetunableFamily {
  /// A recipe of 3 epochs with a peak learning rate of 5e-4, a quarter of that of a new model, with
  /// the model's sizes and context where no other is asked for.
  /// - Throws: ``/Files/AIGCError``: badInput for a damaged model, usage for gradient accumulation and for
  ///   blocks that are computed again.
  public func recipe(
    further path: String, on data: [String], _ options: FinetuneOptions
  ) throws(AIGCError) -> any FinetuningRecipe {
    guard options.gradAccumulation == nil, !options.recomputesBlocks else {
      throw .usage("`gradAccumulation` and `recomputesBlocks` are of gpt2 models, not of \(name)")
    }
    var recipe = RecurrentRecipe(network, texts: data)
    recipe.settings.model = RecurrentModelOptions(of: try .read(folder: path))
    if let context = options.context { recipe.settings.model.context = context }
    recipe.settings.growsVocabulary = options.growsVocabulary
    recipe.settings.areArticles = options.areArticles ? true : nil
    // A trained model takes smaller steps.
    recipe.run.trainer.schedule.peak = 5e-4
    recipe.run.epochs = 3
    return recipe
  }
}

extension RecurrentSettings: FinetuningSettings {
  /// The context, and whether words join the vocabulary.
  public var options: FinetuneOptions {
    var result = FinetuneOptions()
    result.context = model.context
    (result.areArticles, result.growsVocabulary) = (areArticles == true, growsVocabulary)
    return result
  }
}

extension RecurrentFamily {
  /// Always true: the words of a vocabulary are in no tensor.
  public var takesVocabulary: Bool { true }

  /// The names and shapes of the tensors in a `state_dict`, for this kind of recurrent layers.
  public var importForm: ImportForm? {
    let gates = network.gates == 1 ? "" : "\(network.gates) x "
    return ImportForm(
      tensors: "embedding.weight [vocabulary, embedding], \(network.rawValue).weight_ih_l0 "
        + "[\(gates)hidden, embedding], \(network.rawValue).weight_hh_l0 [\(gates)hidden, hidden], "
        + "their biases, and fc.weight [vocabulary, hidden]")
  }

  /// Makes a model folder of a `state_dict` such as the article's `LSTMLanguageModel` has: sizes from
  /// the shapes, tokens from a file with one a line; without it they are called by their numbers.
  public func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? {
    guard checkpoint["embedding.weight"] != nil,
      checkpoint["\(network.rawValue).weight_hh_l0"] != nil
    else { return nil }
    let shapes = try RecurrentShapes(checkpoint, network)
    let tokenizer = try vocabulary(options.vocabulary, count: shapes.vocabulary)
    var configuration = RecurrentConfiguration(
      network, tokens: .auto, vocabularySize: shapes.vocabulary,
      embeddingSize: shapes.embedding, hiddenSize: shapes.hidden, layers: shapes.layers)
    configuration.context = 64
    if let problem = configuration.problem {
      throw .mismatch("\(checkpoint.path): \(problem)")
    }
    let network = ParameterPlan.shapes { RecurrentNetwork(configuration.sizes, using: &$0) }
    try StateDictionary.load(network.namedParameters, from: checkpoint)
    return { [configuration] () throws(AIGCError) in
      let output = try OutputFolder(path: folder)
      try tokenizer.write { output.file($0) }
      try StateDictionary.write(
        network.namedParameters, to: output.file(RecurrentFolder.weights))
      try configuration.write(to: output.file(ModelConfiguration.fileName))
      try output.commit()
    }
  }

  /// The first three tokens have fixed meanings, whatever their names in the file.
  private func vocabulary(_ path: String?, count: Int) throws(AIGCError) -> WordTokenizer {
    var words: [[UInt8]] = (0..<count).map { Array("\($0)".utf8) }
    if let path {
      let text = try readText(path: path)
      words = lines(of: text)
      guard words.count == count else {
        throw .mismatch("\(path): \(counted(words.count, "token")), the model has \(count)")
      }
    }
    let tokenizer = try WordTokenizer(mode: .auto, words: words.dropFirst(3))
    guard tokenizer.vocabularySize == count else {
      throw .badInput("\(path ?? "vocabulary"): tokens that are empty or stand twice")
    }
    return tokenizer
  }
}

/// The sizes of a recurrent language model, as the shapes of its tensors have them.
private struct RecurrentShapes {
  let vocabulary: Int
  let embedding: Int
  let hidden: Int
  let layers: Int

  init(_ checkpoint: Checkpoint, _ kind: RecurrentKind) throws(AIGCError) {
    let table = try checkpoint.tensor("embedding.weight").shape
    let recurrent = try checkpoint.tensor("\(kind.rawValue).weight_hh_l0").shape
    guard table.count == 2, recurrent.count == 2, table[0] >= 3, table[1] > 0, recurrent[1] > 0,
      recurrent[0] == kind.gates * recurrent[1]
    else {
      throw .mismatch(
        "\(checkpoint.path): embedding.weight \(table) and \(kind.rawValue).weight_hh_l0 "
          + "\(recurrent) make no \(kind.rawValue) language model")
    }
    (vocabulary, embedding, hidden) = (table[0], table[1], recurrent[1])
    var layers = 1
    while layers < 64, checkpoint["\(kind.rawValue).weight_hh_l\(layers)"] != nil { layers += 1 }
    self.layers = layers
  }
}
