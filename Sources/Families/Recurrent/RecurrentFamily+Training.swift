import Checkpoints
import Console
import Datasets
import Files
import Kernels
import NN
import Training

extension RecurrentFamily: FinetunableFamily {
  func finetune(
    _ path: String, on data: [String], _ arguments: FinetuneArguments, json: Bool
  ) throws(AIGCError) {
    let (training, memory) = (arguments.training, arguments.memory)
    guard memory.gradAccum == nil, !memory.checkpointActivations else {
      throw .usage("--grad-accum and --checkpoint-activations are of gpt2 models, not of \(name)")
    }
    let folder = try training.folder(family: name, data: data[0])
    var trainer = RecurrentTrainer()
    trainer.texts.paths = data
    trainer.model = RecurrentModelOptions(of: try .read(folder: path))
    if let context = arguments.context { trainer.model.context = context }
    try training.configure(&trainer, folder: folder)
    if training.lr == nil {
      trainer.trainer.schedule.peak = RecurrentTrainer.furtherDefaults.schedule.peak
    }
    if training.steps == nil, training.epochs == nil { trainer.epochs = 3 }
    try runRecurrent(trainer, training, folder: folder, json: json) {
      (trainer) throws(AIGCError) in
      try trainer.finetune(
        path, to: folder, grows: false, context: arguments.context)
    }
  }

  var isUpdatable: Bool { true }

  @discardableResult
  func update(
    _ path: String, with data: [String], to output: String, options: UpdateOptions
  ) throws(AIGCError) -> [JSONValue.Member] {
    var trainer = RecurrentTrainer()
    trainer.texts.paths = data
    trainer.texts.heldOutShare = 0
    trainer.trainer = TrainerConfiguration(
      steps: options.steps ?? 1, schedule: Schedule(.constant, peak: options.rate ?? 5e-4))
    trainer.trainer.optimizer.gradClip = 1
    trainer.trainer.seed = options.seed ?? SeedOption.random()
    trainer.epochs = options.epochs ?? (options.steps == nil ? 1 : nil)
    let progress = TrainerProgressLine()
    trainer.report = { progress.show($0) }
    let summary = try trainer.finetune(path, to: output, grows: true)
    progress.finish()
    Diagnostics.note(
      "\(counted(summary.steps, "step")), \(counted(summary.items, "token"))")
    return updateMembers(summary)
  }
}

extension RecurrentFamily {
  var takesVocabulary: Bool { true }

  var importForm: ImportForm? {
    let gates = Name.kind.gates == 1 ? "" : "\(Name.kind.gates) x "
    return ImportForm(
      tensors: "embedding.weight [vocabulary, embedding], \(Name.kind.rawValue).weight_ih_l0 "
        + "[\(gates)hidden, embedding], \(Name.kind.rawValue).weight_hh_l0 [\(gates)hidden, hidden], "
        + "their biases, and fc.weight [vocabulary, hidden]")
  }

  /// Makes a model folder of a `state_dict` such as the article's `LSTMLanguageModel` has: sizes from
  /// the shapes, tokens from a file with one a line; without it they are called by their numbers.
  func importer(
    of checkpoint: Checkpoint, options: ImportOptions, folder: String
  ) throws(AIGCError) -> TensorImporter? {
    guard checkpoint["embedding.weight"] != nil,
      checkpoint["\(Name.kind.rawValue).weight_hh_l0"] != nil
    else { return nil }
    let shapes = try RecurrentShapes(checkpoint, Name.kind)
    let tokenizer = try vocabulary(options.vocabulary, count: shapes.vocabulary)
    var configuration = RecurrentConfiguration(
      Name.kind, tokens: .auto, vocabularySize: shapes.vocabulary,
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
