import Autograd
import Datasets
import Files
import Inference
import Kernels
import NN
import Training

/// Trains a model by another one: knowledge distillation (Hinton et al. 2015). Where both have one tokenizer the student
/// learns the teacher's distribution at each token; otherwise, or as well, texts that the teacher writes.
public struct DistillationRecipe: TrainingRecipe {
  /// The models, the texts and how the teacher is asked.
  public var settings: DistillationSettings
  /// The folder that keeps what the teacher has said and written; is made where it is missing.
  public var cache: String
  /// The run; the last tenth of the data is held out.
  public var run: RunOptions
  /// The family of the student.
  public let family: String

  /// - Parameters:
  ///   - student: a folder.
  ///   - teacher: a folder or a GGUF file.
  ///   - texts: files.
  ///   - cache: a folder; see ``cache``.
  /// - Throws: ``/Files/AIGCError``: badInput and mismatch for a damaged student, usage for a model that does not learn so.
  public init(
    student: String, teacher: String, texts: [String], cache: String
  ) throws(AIGCError) {
    let family = try Families.family(of: student)
    guard isFolder(student), family is TransformerFamily else {
      throw .usage(
        "\(student): the student is a folder of gpt2 or another transformer, whose weights are trained"
      )
    }
    let configuration = try TransformerConfiguration.read(folder: student)
    self.family = configuration.family
    self.cache = cache
    settings = DistillationSettings()
    (settings.student, settings.teacher, settings.texts) = (student, teacher, texts)
    settings.context = min(configuration.shape.context, 256)
    run = TransformerFamily.furtherRun(
      configuration.kind, width: configuration.shape.width, context: settings.context)
  }

  /// The usual run of a small student.
  public static var defaults: RunOptions { TransformerFamily.furtherRun() }

  /// The texts, under the name "data".
  public var sources: [TrainingSource] { [TrainingSource("data", settings.texts)] }

  /// Says what would be learned; the texts are not read, and the teacher is not asked.
  /// - Throws: ``/Files/AIGCError``: usage for settings that do not fit the models, badInput and mismatch for damaged ones.
  public func plan(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> TrainingPlan {
    let models = try models(start)
    let accumulation = run.trainer.gradAccumulation ?? 1
    let (writing, comparison) = (settings.writing, settings.comparison)
    var members: [JSONValue.Member] = [
      .init("student", .string(settings.student)), .init("teacher", .string(settings.teacher)),
      .init("cache", .string(cache)),
      .init("one_tokenizer", .bool(models.haveOneTokenizer)),
      .init("samples", .int(models.samples)),
    ]
    if models.samples > 0 {
      members += [
        .init("max_tokens", .int(writing.maxTokens)),
        .init("prompt_tokens", .int(writing.promptTokens)),
        .init("temperature", .double(writing.temperature)), .init("top_p", .double(writing.topP)),
        .init("keep", .double(writing.keep)),
      ]
    }
    members.append(.init("kd_ratio", .float(models.ratio)))
    if models.ratio > 0 {
      members += [
        .init("kd_temperature", .float(comparison.temperature)),
        .init("kd_top_k", .int(comparison.top)),
      ]
    }
    members += [
      .init("parameters", .int(models.student.configuration.parameterCount)),
      .init("context", .int(settings.context)), .init("grad_accum", .int(accumulation)),
      .init("tokens_per_step", .int(run.trainer.batchSize &* accumulation &* settings.context)),
      .init("checkpoint_activations", .bool(settings.recomputesBlocks)),
    ]
    return TrainingPlan(members, run.trainer, areStepsKnown: run.epochs == nil)
  }

  /// Has the teacher write and read what is missing in the cache, and makes the student's training.
  /// - Throws: ``/Files/AIGCError``: as ``plan(_:_:)``; badInput for texts that cannot be read or are too short and for a
  ///   damaged cache, mismatch for a cache of another teacher's, interrupted after Ctrl-C: the cache then keeps what is
  ///   done.
  public func prepare(
    _ start: TrainingStart, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> PreparedTraining<NoMeasures> {
    let models = try models(start)
    let (stream, heldOut) = try data(models, report)
    var network = try models.student.network()
    network.recomputesBlocks = settings.recomputesBlocks
    let trainer = run.resolved {
      $0 * stream.batchesOfEpoch / Double(run.trainer.gradAccumulation ?? 1)
    }
    var configuration = models.student.configuration
    (configuration.startToken, configuration.endTokens) = models.student.marks
    let task = TransformerTask(
      configuration, network, models.student.tokenizer, stream, heldOut: heldOut, trainer,
      storage: models.student.weights?.type ?? .f32, templates: try models.student.templates())
    return PreparedTraining(task, trainer)
  }

  // MARK: Models

  private struct Models {
    var student: TransformerLanguageModel
    var teacher: any LanguageModel
    var haveOneTokenizer: Bool
    var ratio: Float
    var samples: Int
  }

  private func models(_ start: TrainingStart) throws(AIGCError) -> Models {
    try settings.validate()
    let path =
      switch start {
      case .new: settings.student
      case .model(let path), .resumed(let path): path
      }
    let student = try TransformerLanguageModel(folder: path)
    let teacher = try textFamily(of: settings.teacher).load(settings.teacher)
    guard (1...student.configuration.shape.context).contains(settings.context) else {
      throw .usage(
        "`context` \(settings.context): the student sees \(counted(student.configuration.shape.context, "token")) at most"
      )
    }
    let isOne = teacher.hasTokens(of: student.tokenizer)
    let isAsked =
      settings.kdRatio ?? 0 > 0 || settings.kdTemperature != nil || settings.kdTopK != nil
    guard isOne || !isAsked && settings.samples != 0 else {
      throw .usage(
        "\(settings.teacher): its tokens are not the student's, and probabilities of other tokens cannot be learned: "
          + "without `kdRatio` the student learns texts that the teacher writes, `samples` 1000 say"
      )
    }
    let ratio = settings.kdRatio ?? (isOne ? 0.5 : 0)
    if ratio > 0, let context = teacher.contextSize, context < settings.context {
      throw .usage(
        "`context` \(settings.context): the teacher sees \(counted(context, "token")) at most")
    }
    let samples = settings.samples ?? (isOne ? 0 : 1000)
    try settings.requireUse(samples: samples, ratio: ratio)
    return Models(
      student: student, teacher: teacher, haveOneTokenizer: isOne, ratio: ratio,
      samples: samples)
  }

  // MARK: Data

  private func data(
    _ models: Models, _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> (stream: any TokenBatches, heldOut: TokenSet) {
    let (tokenizer, texts) = (
      models.student.tokenizer, TransformerTexts(settings.texts, run.heldOut, settings.rows)
    )
    var (learned, heldOut) = try texts.data(
      tokenizer, { () throws(AIGCError) in try models.student.chatTemplate() },
      context: settings.context, report)
    if case .rows = learned, models.samples > 0 {
      throw .usage("`samples` \(models.samples): of texts, not of .jsonl files")
    }
    let cache = try TeacherCache(cache, teacher: settings.teacher)
    if models.samples > 0, case .text(var tokens, _) = learned {
      let written = try samples(models, cache, texts, report)
      let end = tokenizer.endTokenEndsText ? tokenizer.endToken : nil
      for text in [nil] + written.map({ Optional($0) }) {
        try Interruption.check()
        if let text { tokens += try tokenizer.encode(prompt: text) }
        if let end, tokens.last != end { tokens.append(end) }
      }
      learned = .text(tokens, length: settings.context)
    }
    guard models.ratio > 0 else { return (learned.stream(run.trainer), heldOut) }
    let rows = learned.rows
    let scores = try TeacherScores(
      rows, models.teacher, vocabulary: models.student.vocabularySize,
      top: settings.comparison.top, temperature: settings.comparison.temperature, cache
    ) { report(.note($0)) }
    let stream = DistillationStream(
      rows, scores, temperature: settings.comparison.temperature, ratio: models.ratio,
      batch: run.trainer.batchSize, seed: run.trainer.seed)
    return (stream, heldOut)
  }

  /// Texts that the teacher has written, those that are learned.
  private func samples(
    _ models: Models, _ cache: TeacherCache, _ texts: TransformerTexts,
    _ report: @escaping (TrainerEvent) -> Void
  ) throws(AIGCError) -> [String] {
    let student = models.student.tokenizer
    let end = student.specialTokens.first { $0.id == student.endToken }?.text
    let documents = Documents(try texts.read().texts, end: student.endTokenEndsText ? end : nil)
    // Not those that the student is measured on.
    let share = run.heldOut?.path == nil ? run.heldOut?.share ?? 0 : 0
    let prompts = try documents.prompts(
      models.teacher, tokens: settings.writing.promptTokens, share: 1 - share)
    let writer = TeacherWriter(
      teacher: models.teacher, settings: settings, cache: cache, prompts: prompts,
      seed: run.trainer.seed
    ) { report(.note($0)) }
    let all = try writer.samples(models.samples)
    let chosen = TeacherSample.chosen(all, share: settings.writing.keep)
    let mean = chosen.reduce(0) { $0 + $1.score } / Double(max(chosen.count, 1))
    report(
      .note(
        "\(chosen.count) of \(counted(all.count, "text")) of the teacher's are learned, "
          + "\(Format.fixed(-mean, 3)) nats a token of its own"))
    return chosen.map { $0.text }
  }
}
