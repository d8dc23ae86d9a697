import Files
import FoundationEssentials
import TestSupport
import Testing
import Training

@testable import Console
@testable import Commands
@testable import Families

/// What messages and help say of flags.
@Suite struct MessageTests {
  private static let sources = "\(packageFolder)/Sources"

  /// The verbs in which the text of a source file can appear, by the start of its path.
  private static let places: [(start: String, verbs: [String])] = [
    ("Families/Classifier", ["train classifier", "classify", "evaluate", "convert"]),
    ("Families/CycleGAN", ["train cyclegan", "translate", "convert"]),
    ("Families/Forecast", ["train lstm", "generate series", "evaluate"]),
    ("Families/GAN", ["train gan", "train dcgan", "sample gan", "convert", "evaluate"]),
    ("Families/Transformer/Distillation", ["distill"]),
    (
      "Families/Transformer",
      [
        "train gpt2", "generate text", "finetune", "update", "convert", "quantize", "merge",
        "score",
      ]
    ),
    (
      "Families/NGram",
      ["train ngram", "update", "quantize", "interpolate", "convert", "generate text", "evaluate"]
    ),
    ("Families/Rewards", ["finetune"]), ("Families/Encoder", ["embed", "similar"]),
    ("Families/Recurrent", ["train lstm", "finetune", "update", "convert", "generate text"]),
    ("Families/StyleGAN", ["train stylegan", "sample stylegan", "convert"]),
    ("Families/Summarizer", ["summarize", "train summarizer"]),
    (
      "Families/VAE",
      [
        "train vae", "train vaegan", "train vqvae", "sample vae", "encode", "reconstruct", "score",
        "evaluate",
        "convert",
      ]
    ),
    (
      "Families/VQVAE",
      ["train vqvae", "train vae", "sample vqvae", "evaluate", "convert", "score"]
    ),
    (
      "Families/TextClassifier",
      ["train sentiment", "train text-classifier", "sentiment", "classify", "evaluate", "update"]
    ),
    ("Families/Anomalies", ["score", "train vae", "train vqvae"]),
    ("Families/Benchmarks", ["bench"]), ("Families/Images", ["sample gan"]),
    ("Families/Protocols/Conversion", ["convert"]),
    ("Families/Protocols/TensorImport", ["convert"]),
    ("Families/Protocols/Anomaly", ["score"]),
    ("Families/Protocols/ImageReading", ["train gan", "classify", "score"]),
    ("Commands/Images/AnomalyArguments", ["score"]), ("Commands/Images/ImageClass", ["classify"]),
    ("Commands/Models/Classify", ["classify", "sentiment"]),
    ("Commands/Text/Sentiment", ["sentiment", "classify"]),
    ("Commands/Text/TextClassification", ["sentiment", "classify"]),
    ("Commands/Images/Encode", ["encode", "reconstruct"]),
    ("Commands/Images/EvaluateImages", ["evaluate"]),
    ("Commands/Images/Reconstruct", ["reconstruct"]), ("Commands/Images/Sampl", ["sample gan"]),
    ("Commands/Images/ScoreAnomalies", ["score"]),
    ("Commands/Images/StyleArguments", ["sample stylegan"]),
    ("Commands/Images/Translate", ["translate"]),
    ("Commands/Models/Bench", ["bench"]), ("Commands/Models/Completion", ["completion"]),
    ("Commands/Models/Convert", ["convert"]), ("Commands/Models/Evaluate", ["evaluate"]),
    ("Commands/Models/Inspect", ["inspect"]), ("Commands/Models/Models", ["models"]),
    ("Commands/Models/Merge", ["merge"]), ("Commands/Models/Play", ["play", "train rl"]),
    ("Commands/Models/Score", ["score"]),
    ("Commands/Series/GenerateSeries", ["generate series"]),
    ("Commands/Text/Constraint", ["generate text", "chat"]),
    ("Commands/Text/Embed", ["embed"]), ("Commands/Text/Similar", ["similar"]),
    ("Commands/Text/EvaluateMixture", ["evaluate", "interpolate"]),
    ("Commands/Text/Chat", ["chat", "generate text"]),
    ("Commands/Text/GenerateText", ["generate text"]),
    ("Commands/Text/Interpolate", ["interpolate"]), ("Commands/Text/Next", ["next"]),
    ("Commands/Text/Quantize", ["quantize"]), ("Commands/Text/NetworkQuantization", ["quantize"]),
    ("Commands/Text/Rouge", ["rouge"]),
    ("Commands/Text/Summarize", ["summarize", "train summarizer"]),
    ("Commands/Text/Tokenize", ["tokenize", "detokenize"]),
    ("Commands/Training/Finetune", ["finetune", "train gpt2", "generate text"]),
    ("Commands/Training/Recipes/Classifier", ["train classifier", "classify"]),
    ("Commands/Training/Recipes/CycleGAN", ["train cyclegan", "translate", "convert"]),
    ("Commands/Training/Recipes/Forecast", ["train lstm"]),
    ("Commands/Training/Recipes/GAN", ["train gan", "train dcgan", "sample gan"]),
    ("Commands/Training/Recipes/Transformer", ["train gpt2", "train llama"]),
    ("Commands/Training/Recipes/Image", ["train gan", "train vae", "train classifier"]),
    ("Commands/Training/Recipes/Reward", ["finetune"]),
    ("Commands/Training/Recipes/Recurrent", ["train lstm", "generate text"]),
    ("Commands/Training/Recipes/Reinforcement", ["train rl", "play"]),
    ("Commands/Training/Recipes/StyleGAN", ["train stylegan", "sample stylegan"]),
    ("Commands/Training/Recipes/TrainSummarizer", ["train summarizer", "summarize"]),
    ("Commands/Training/Recipes/TrainNGram", ["train ngram", "generate text"]),
    (
      "Commands/Training/Recipes/TextClassifier",
      ["train sentiment", "train text-classifier", "sentiment", "classify", "evaluate"]
    ),
    ("Commands/Training/Recipes/VAE", ["train vae", "train vaegan", "sample vae"]),
    ("Commands/Training/Recipes/VQVAE", ["train vqvae", "sample vqvae"]),
    ("Commands/Training/Run", ["train lstm", "train gan"]),
    ("Commands/Training/Train", ["train lstm", "train gan", "train vae", "finetune"]),
    ("Commands/Training/Recipe", ["train lstm", "train gpt2", "generate text"]),
    ("Commands/Training/LoRA", ["finetune"]), ("Commands/Training/Distill", ["distill"]),
    ("Commands/Training/Update", ["update"]),
    ("Commands/Training/DefaultsText", ["train lstm", "train vae"]),
    ("Commands/Flags/CopyArguments", ["generate text"]),
    ("Commands/Flags/Image", ["train gan", "classify", "score", "sample gan"]),
    (
      "Commands/Flags/ModelArguments", ["generate text", "generate series", "evaluate", "score"]
    ),
    ("Commands/Flags/SampledFile", ["sample gan"]),
    ("Commands/Flags/SamplingArguments", ["generate text"]),
    ("Commands/Flags/SamplerArguments", ["generate text"]),
    // Of all families and verbs: `Console` leaves out advice that a command cannot follow.
    ("Families/ReinforcementLearning", ["train rl", "convert", "play"]),
    ("Families/Registry", []), ("Families/Protocols", []), ("Console", []), ("Datasets", []),
    ("Training", []), ("Inference", []), ("Plots", []), ("Weights", []), ("Files", []),
    ("Archives", []), ("Commands/Verbs", []),
    ("Commands/Flags", []),
    ("Checkpoints", []), ("NN", []), ("Kernels", []), ("Autograd", []), ("aigc", []),
  ]

  private static func swiftFiles(_ folder: String) -> [String] {
    folderContents(folder).flatMap { name -> [String] in
      let path = "\(folder)/\(name)"
      if isFolder(path) { return swiftFiles(path) }
      return name.hasSuffix(".swift") ? [path] : []
    }
  }

  /// Every flag that a message or a help text names is one of the verb where the text can appear.
  @Test func namedFlagsExist() throws {
    let flags = Dictionary(
      uniqueKeysWithValues: CommandTree.leaves.map {
        ($0.verb, Set($0.flags.flatMap { $0.longNames }))
      })
    let all = flags.values.reduce(into: Set<String>()) { $0.formUnion($1) }.union([
      "version", "license",
    ])
    let files = Self.swiftFiles(Self.sources)
    #expect(files.count > 300)
    for file in files {
      let name = String(file.dropFirst(Self.sources.count + 1))
      let lines = try text(file).split(separator: "\n")
      for line in lines where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        // Settings that the library names are flags here.
        var shown = String(line)
        if line.utf8.contains(UInt8(ascii: "`")) {
          shown = settingNames.reduce(shown) { $0.replacing("`\($1.key)`", with: $1.value) }
        }
        let named = flagsNamed(in: String(shown.map { "\"[]`.".contains($0) ? " " : $0 }))
        guard !named.isEmpty else { continue }
        guard let place = Self.places.first(where: { name.hasPrefix($0.start) }) else {
          Issue.record("\(name): say in which verbs it is")
          break
        }
        let known =
          place.verbs.isEmpty
          ? all : place.verbs.reduce(into: Set<String>()) { $0.formUnion(flags[$1] ?? []) }
        for flag in named where !known.contains(flag) {
          Issue.record("\(name): --\(flag) is no flag of \(place.verbs): \(line)")
        }
      }
    }
  }

  /// Flags that are nothing unless they are given.
  private static let withoutDefault: Set<String> = [
    "adapter", "arpa", "val", "vocab", "config", "preset", "tokenizer", "labels", "only", "without",
    "features",
    "kimg", "label", "prompt", "file", "max-length", "stop", "logprobs", "prompt-cache",
    "logit-bias",
    "copy-report", "out", "outdir", "from", "num", "csv", "seeds", "class", "frames", "with",
    "tune",
    "rows", "cols", "styles", "direction", "target", "projected-w", "p", "snap",
    "threshold", "anomaly", "normal", "roc", "family", "part", "model", "weights", "eval", "query",
    "logits", "json-schema", "grammar", "choice", "teacher", "student",
  ]

  /// Help says what holds without a flag, or where it says so.
  @Test func helpSaysDefaults() {
    for (verb, arguments) in CommandTree.leaves {
      for argument in arguments where argument.kind == "option" {
        let text = argument.abstract ?? ""
        let isTold =
          argument.defaultValue != nil || text.contains("default")
          || Self.withoutDefault.contains(argument.name)
        #expect(isTold, "aigc \(verb) --\(argument.name): \(text): what holds without it?")
      }
    }
  }

  /// "Defaults: above" is above: the settings that hold are those of the trainer.
  @Test(arguments: ["lstm", "gpt2", "llama", "classifier", "gan", "dcgan", "vae", "vaegan"])
  func helpSaysTheTrainersDefaults(family: String) throws {
    let command = try #require(
      Train.configuration.subcommands.first { $0.configuration.commandName == family })
    let text = command.configuration.discussion
    let run: RunOptions =
      switch family {
      case "lstm": RecurrentRecipe(.lstm).run
      case "gpt2": TransformerRecipe().run
      case "llama": TransformerRecipe(.llama).run
      case "classifier": ClassifierRecipe().run
      case "gan": GANRecipe(.gan).run
      case "dcgan": GANRecipe(.dcgan).run
      default: VAERecipe(.vae).run
      }
    let expected = run.trainer
    #expect(text.contains("--batch-size \(expected.batchSize)"), "\(text)")
    #expect(text.contains("--schedule \(expected.schedule.shape.rawValue)"), "\(text)")
    #expect(text.contains("--lr 0.00"), "\(text)")
  }

  @Test func numbersHaveTheirNouns() {
    #expect(counted(1, "token") == "1 token" && counted(0, "token") == "0 tokens")
    #expect(counted(2, "class", plural: "classes") == "2 classes")
  }

  @Test func sizesOfDCGANsAreNamed() {
    func problem(_ width: Int, _ height: Int) -> String {
      let count = GANConfiguration.doublings(width: width, height: height)
      return GANConfiguration(
        .dcgan, width: width, height: height, channels: 1, layers: (0..<count).map { 64 >> $0 }
      ).problem ?? ""
    }
    #expect(problem(33, 33).hasSuffix("sizes that do are 32x32 and 36x36"), "\(problem(33, 33))")
    #expect(problem(7, 7).hasSuffix("sizes that do are 8x8"), "\(problem(7, 7))")
    #expect(problem(34, 34).contains("32x32 and 36x36"), "\(problem(34, 34))")
    #expect(problem(33, 50).contains("32x48"), "\(problem(33, 50))")
    #expect(problem(32, 32).isEmpty && problem(64, 48).isEmpty)
  }
}
