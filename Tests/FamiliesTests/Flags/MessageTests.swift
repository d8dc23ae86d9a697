import Files
import FoundationEssentials
import Testing
import Training

@testable import Console
@testable import Families

/// What messages and help say of flags.
@Suite struct MessageTests {
  private static let sources =
    parentFolder(
      of: parentFolder(of: parentFolder(of: parentFolder(of: #filePath)))) + "/Sources"

  /// The verbs in which the text of a source file can appear, by the start of its path.
  private static let places: [(start: String, verbs: [String])] = [
    ("Families/Classifier", ["train classifier", "classify", "evaluate", "convert"]),
    ("Families/Forecast", ["train lstm", "generate series", "evaluate"]),
    ("Families/GAN", ["train gan", "train dcgan", "sample gan", "convert", "evaluate"]),
    ("Families/GPT2", ["train gpt2", "generate text", "finetune", "update", "convert", "score"]),
    (
      "Families/NGram",
      ["train ngram", "update", "quantize", "interpolate", "convert", "generate text", "evaluate"]
    ),
    ("Families/Recurrent", ["train lstm", "finetune", "update", "convert", "generate text"]),
    (
      "Families/VAE",
      [
        "train vae", "train vaegan", "sample vae", "encode", "reconstruct", "score", "evaluate",
        "convert",
      ]
    ),
    ("Families/Verbs/AnomalyArguments", ["score"]), ("Families/Verbs/Bench", ["bench"]),
    ("Families/Verbs/Completion", ["completion"]), ("Families/Verbs/Convert", ["convert"]),
    ("Families/Verbs/ConvolutionBenchmarks", ["bench"]),
    ("Families/Verbs/CopyArguments", ["generate text"]),
    ("Families/Verbs/Encode", ["encode", "reconstruct"]),
    ("Families/Verbs/Evaluate", ["evaluate", "interpolate"]),
    ("Families/Verbs/Finetune", ["finetune", "train gpt2"]),
    ("Families/Verbs/GenerateText", ["generate text"]), ("Families/Verbs/Inspect", ["inspect"]),
    ("Families/Verbs/MachineBenchmarks", ["bench"]),
    ("Families/Verbs/ModelArguments", ["generate text", "generate series", "evaluate", "score"]),
    ("Families/Verbs/Models", ["models"]), ("Families/Verbs/Next", ["next"]),
    ("Families/Verbs/PictureArguments", ["train gan", "train vae", "train classifier"]),
    ("Families/Verbs/PictureReading", ["train gan", "classify", "score"]),
    ("Families/Verbs/TensorImport", ["convert"]),
    ("Families/Verbs/PictureSampler", ["sample gan"]),
    ("Families/Verbs/Reconstruct", ["reconstruct"]),
    ("Families/Verbs/RunSettings", ["train lstm", "train gan"]),
    ("Families/Verbs/Sampl", ["sample gan", "generate text"]),
    ("Families/Verbs/Score", ["score"]), ("Families/Verbs/Tokenize", ["tokenize", "detokenize"]),
    ("Families/Verbs/Train", ["train lstm", "train gan", "train vae", "finetune"]),
    ("Families/Verbs/Update", ["update"]),
    // Of all families and verbs: `Console` leaves out advice that a command cannot follow.
    ("Families/Registry", []), ("Console", []), ("Datasets", []), ("Training", []), ("Files", []),
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
      let text = try MappedFile(path: file).bytes()
      let lines = String(decoding: text.indices.map { text[$0] }, as: UTF8.self).split(
        separator: "\n")
      for line in lines where !line.drop(while: { $0 == " " }).hasPrefix("//") {
        let named = flagsNamed(in: String(line.map { "\"[]`.".contains($0) ? " " : $0 }))
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
    "arpa", "val", "vocab", "config", "preset", "tokenizer", "labels", "only", "without",
    "features",
    "kimg", "label", "prompt", "file", "max-length", "stop", "logprobs", "prompt-cache",
    "logit-bias",
    "copy-report", "out", "outdir", "from", "num", "csv", "seeds", "class", "frames", "with",
    "tune",
    "threshold", "anomaly", "normal", "roc", "family", "part", "model", "weights", "eval",
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
  @Test(arguments: ["lstm", "gpt2", "classifier", "gan", "dcgan", "vae", "vaegan"])
  func helpSaysTheTrainersDefaults(family: String) throws {
    let command = try #require(families.first { $0.name == family }?.trainCommand)
    let text = command.configuration.discussion
    let expected: TrainerConfiguration =
      switch family {
      case "lstm": RecurrentTrainer.defaults
      case "gpt2": GPT2Preset.baby.training
      case "classifier": ClassifierTrainer.defaults
      case "gan": GANTrainer.defaults(.gan)
      case "dcgan": GANTrainer.defaults(.dcgan)
      default: VAETrainer.defaults
      }
    #expect(text.contains("--batch-size \(expected.batchSize)"), "\(text)")
    #expect(text.contains("--schedule \(expected.schedule.shape.rawValue)"), "\(text)")
    #expect(text.contains("--lr 0.00"), "\(text)")
  }

  @Test func numbersHaveTheirNouns() {
    #expect(counted(1, "token") == "1 token" && counted(0, "token") == "0 tokens")
    #expect(counted(2, "class", plural: "classes") == "2 classes")
  }

  /// What families say of each other's verbs does not go round in circles.
  @Test func adviceLeadsSomewhere() throws {
    for family in families {
      guard !family.isUpdatable else { continue }
      do {
        try family.update("m", with: ["d"], to: "m", options: UpdateOptions())
        Issue.record("\(family.name) takes data")
      } catch {
        #expect(!"\(error)".contains("finetune") && !"\(error)".contains("update'"), "\(error)")
      }
    }
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
