import Files
import FoundationEssentials
import Testing

@testable import Commands
@testable import Families

private let tables = trainingVerbs + otherVerbs + summaryVerbs + agentVerbs

/// Of every command: see `CommonOptions`.
private let commonFlags: Set = [
  "quiet", "verbose", "no-color", "threads", "json", "config", "help",
]

/// Every flag of every verb acts, or is refused with a reason: what each is to do is declared in the
/// tables, and small commands are run for it.
@Suite(.enabled(if: program != nil, "build the product aigc first"))
struct FlagWalkTests {
  @Test func everyFlagIsDeclared() {
    #expect(CommandTree.leaves.count > 30)
    for (verb, arguments) in CommandTree.leaves {
      let names = Set(arguments.map { $0.name })
      guard let table = tables.first(where: { $0.verb == verb }) else {
        Issue.record("aigc \(verb): declare what its flags do")
        continue
      }
      let declared = Set(table.flags.keys)
      let missing = names.subtracting(declared).subtracting(commonFlags)
      #expect(missing.isEmpty, "aigc \(verb): declare what these do: \(missing.sorted())")
      let gone = declared.subtracting(names)
      #expect(gone.isEmpty, "aigc \(verb): has no flags \(gone.sorted())")
      #expect(names.isSuperset(of: commonFlags.subtracting(["help"])), "aigc \(verb)")
    }
  }

  @Test(arguments: tables.map { $0.verb }) func flagsActOrAreRefused(verb: String) throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    let table = try #require(tables.first { $0.verb == verb })
    // The same command as another but for its name.
    guard table.sameAs == nil else { return }
    var bases: [String: ProgramRun] = [:]
    func run(_ arguments: String) -> ProgramRun { folder.run("\(verb) \(arguments)") }
    func base(_ arguments: String?) -> ProgramRun {
      let arguments = arguments ?? table.base
      if let known = bases[arguments] { return known }
      bases[arguments] = run(arguments)
      return bases[arguments] ?? ProgramRun()
    }
    for (flag, checks) in table.flags.sorted(by: { $0.key < $1.key }) {
      for check in checks {
        switch check {
        case .isInBase:
          #expect(base(nil).code == 0, "aigc \(verb) \(table.base): \(base(nil).errors)")
        case .acts(let given, let other):
          let (plain, found) = (base(other), run("\(other ?? table.base) \(given)"))
          #expect(plain.code == 0, "aigc \(verb) \(other ?? table.base): \(plain.errors)")
          #expect(found.code == 0, "\(verb), \(flag): \(given): \(found.errors)")
          #expect(found.result != plain.result, "\(verb), \(flag): \(given) changes nothing")
        case .same(let given, let other):
          let (plain, found) = (base(other), run("\(other ?? table.base) \(given)"))
          #expect(found.code == 0, "\(verb), \(flag): \(given): \(found.errors)")
          #expect(found.result == plain.result, "\(verb), \(flag): \(given) changes the answer")
        case .refused(let given, let words, let other):
          let found = run("\(other ?? table.base) \(given)")
          #expect((2...4).contains(found.code), "\(verb), \(flag): \(given): \(found.code)")
          #expect(found.errors.contains(words), "\(verb), \(flag): \(given): \(found.errors)")
          #expect(found.output.isEmpty && found.files.isEmpty, "\(verb), \(flag): \(given)")
        case .allows(let given, let other):
          let (plain, found) = (run(other), run("\(other) \(given)"))
          #expect(plain.code != 0, "aigc \(verb) \(other) goes without \(flag)")
          #expect(found.code == 0, "\(verb), \(flag): \(other) \(given): \(found.errors)")
        }
      }
    }
  }

  /// One object with --json; -q, --no-color, --threads, --config and -v leave the answer as it is.
  @Test(arguments: tables.map { $0.verb }) func commonFlagsAreTaken(verb: String) throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    let table = try #require(tables.first { $0.verb == verb })
    let found = folder.run("\(verb) \(table.json ?? table.base) --json")
    #expect(found.code == 0, "\(verb): \(found.errors)")
    let object = try? JSONDecoder().decode(JSONValue.self, from: Data(found.output.utf8))
    guard case .object(let members)? = object else {
      Issue.record("aigc \(verb) --json: no object: \(found.output.prefix(200))")
      return
    }
    #expect(members.first { $0.name == "schema" }?.value == .int(1), "\(verb)")
    guard table.sameAs == nil else { return }
    let plain = folder.run("\(verb) \(table.base)")
    for flags in ["-q --no-color --threads 1 --config empty.json", "-v"] {
      let other = folder.run("\(verb) \(table.base) \(flags)")
      #expect(other.code == 0, "\(verb) \(flags): \(other.errors)")
      #expect(other.result == plain.result, "\(verb) \(flags)")
    }
  }

  /// What a run keeps is refused when it is to be another; the same again is taken.
  @Test(arguments: [
    ("train lstm a.txt --out lstm", "--hidden 64", "--hidden 8"),
    ("train lstm a.txt --out lstm", "--layers 3", "--layers 2"),
    ("train lstm a.txt --out lstm", "--tokens byte", "--tokens char"),
    ("train lstm a.txt --out lstm", "--embedding 4", "--embedding 8"),
    ("train lstm a.txt --out lstm", "--dropout 0.5", "--dropout 0.0"),
    ("train lstm a.txt --out lstm", "--context 9", "--context 8"),
    ("train lstm a.txt --out lstm", "--tied", ""), ("train lstm a.txt --out lstm", "--half", ""),
    ("train lstm a.txt --out lstm", "--preset article", ""),
    ("train lstm a.txt --out lstm", "--vocab-size 9", ""),
    ("train lstm a.txt --out lstm", "--seed 7", "--seed 1"),
    ("train lstm a.txt --out lstm", "--val-split 0.3", "--val-split 0.1"),
    ("train gpt2 a.txt --out gpt2", "--context 128", "--context 64"),
    ("train gpt2 a.txt --out gpt2", "--preset small", "--preset baby"),
    ("train gpt2 a.txt --out gpt2", "--tokens byte", "--tokens char"),
    ("train gpt2 a.txt --out gpt2", "--heads 4", "--heads 2"),
    ("train gpt2 a.txt --out gpt2", "--width 16 --heads 2", "--width 8 --heads 2"),
    ("train gpt2 a.txt --out gpt2", "--layers 2", "--layers 1"),
    ("train gpt2 a.txt --out gpt2", "--dropout 0.2", ""),
    ("train gpt2 a.txt --out gpt2", "--storage f16", ""),
    ("train gpt2 a.txt --out gpt2", "--tokenizer bpe", ""),
    ("train gpt2 a.txt --out bpe", "--vocab-size 300", "--vocab-size 270"),
    ("train llama a.txt --out llama", "--kv-heads 2", "--kv-heads 1"),
    ("train llama a.txt --out llama", "--rope-base 500", "--rope-base 10000"),
    ("train gemma3 a.txt --out gemma3", "--layers 1", "--layers 2"),
    ("finetune words.txt --model gpt2 --out tuned", "--beta 0.5", "--beta 0.04"),
    ("finetune words.txt --model gpt2 --out tuned", "--reward length:3", "--reward length:2"),
    ("finetune words.txt --model gpt2 --out tuned", "--max-tokens 5", "--max-tokens 4"),
    ("finetune words.txt --model gpt2 --out tuned", "--algorithm ppo", "--algorithm grpo"),
    (
      "distill a.txt --teacher talk2 --student talk --out distilled", "--kd-ratio 0.1",
      ""
    ),
    (
      "distill a.txt --teacher talk2 --student talk --out distilled", "--kd-top-k 3",
      "--context 96"
    ),
    ("distill a.txt --teacher talk2 --student talk --out distilled", "--samples 3", ""),
    ("finetune words.txt --model gpt2 --out tuned", "--max-kl 5", "--max-kl 10"),
    ("finetune a.txt --model gpt2 --out further", "--context 9", "--context 8"),
    ("finetune a.txt --model gpt2 --out further", "--task summary", "--task text"),
    ("finetune a.txt --model gpt2 --out further", "--mask-prompt", ""),
    ("finetune a.txt --model gpt2 --out further", "--checkpoint-activations", ""),
    ("finetune a.txt --model gpt2 --out further", "--reward length:2", ""),
    ("train classifier imgs --out cls", "--stages 8", "--stages 4"),
    ("train classifier imgs --out cls", "--hidden 9", "--hidden 8"),
    ("train classifier imgs --out cls", "--dropout 0.1", "--dropout 0.4"),
    ("train classifier imgs --out cls", "--augment 2", "--augment 1.0"),
    ("train classifier imgs --out cls", "--mirror", ""),
    ("train classifier imgs --out cls", "--convolution exact", "--convolution fast"),
    ("train classifier imgs --out cls", "--image-size 16", "--image-size 28"),
    ("train dcgan imgs --out dcgan", "--latent 5", "--latent 4"),
    ("train dcgan imgs --out dcgan", "--width 4", "--width 8"),
    ("train dcgan imgs --out dcgan", "--conditional", ""),
    ("train dcgan imgs --out dcgan", "--d-norm none", "--d-norm batch"),
    ("train dcgan imgs --out dcgan", "--spectral-norm", ""),
    ("train dcgan imgs --out dcgan", "--channels 3", "--channels 1"),
    ("train dcgan imgs --out dcgan", "--limit 8", ""),
    ("train gan imgs --out gan", "--fit crop", ""),
    ("train gan imgs --out gancond", "--only cats", "--conditional"),
    ("train vae imgs --out vae", "--latent 5", "--latent 3"),
    ("train vae imgs --out vae", "--layers 9", "--layers 8"),
    ("train vae imgs --out vae", "--network convolutional", "--network linear"),
    ("train vae imgs --out vae", "--likelihood gaussian", "--likelihood bernoulli"),
    ("train vae imgs --out vae", "--conditional", ""), ("train vae imgs --out vae", "--vq", ""),
    ("train vae imgs --out vq", "--vq --codes 9", "--vq --codes 8"),
    ("train vae imgs --out vq", "--vq --code-dim 5", "--vq --code-dim 4"),
    ("train vae imgs --out vq", "--vq --codebook gradient", "--vq"),
    ("train vae imgs --out vq", "--vq --commitment 1", "--vq --commitment 0.25"),
    ("train vae imgs --out vq", "--beta 2", ""),
    ("train vae r.csv --out tab", "--latent 3", "--task tabular --latent 2"),
    ("train vae r.csv --out tab", "--task tabular --columns x", "--task tabular --label bad"),
    ("train lstm t.csv --task forecast --out series", "--hidden 5", "--hidden 4"),
    ("train lstm t.csv --task forecast --out series", "--layers 2", ""),
    ("train lstm t.csv --task forecast --out series", "--column b", "--column a"),
    ("train lstm t.csv --task forecast --out series", "--period 7", "--period 0"),
    ("train lstm t.csv --task forecast --out series", "--log", ""),
    ("train lstm t.csv --task forecast --out series", "--val-split 0.4", ""),
    ("train sentiment s.tsv --out senn", "--method lstm", "--method cnn"),
    ("train sentiment s.tsv --out senn", "--maps 3", "--maps 2"),
    ("train sentiment s.tsv --out senn", "--embedding 5", "--embedding 4"),
    ("train sentiment s.tsv --out senn", "--widths 2", "--widths 3,4,5"),
    ("train sentiment s.tsv --out senn", "--balanced", ""),
    ("train sentiment s.tsv --out senn", "--text-column 2", ""),
    ("train rl cartpole --out agent", "--algorithm a2c", "--algorithm ppo"),
    ("train rl cartpole --out agent", "--hidden 5", "--hidden 8"),
    ("train rl --out agent", "--env acrobot", "--env cartpole"),
    ("train rl cartpole --out agent", "--n-envs 3", "--n-envs 2"),
    ("train rl cartpole --out agent", "--gamma 0.5", "--gamma 0.98"),
    ("train rl cartpole --out agent", "--no-observation-scales", ""),
  ])
  func aRunThatGoesOnKeepsItsSettings(command: String, other: String, same: String) throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    let refused = folder.run("\(command) --resume --steps 3 --dry-run \(other)")
    #expect(refused.code == 2, "\(other): \(refused.output)")
    #expect(
      refused.errors.contains("keeps that") || refused.errors.contains("started with")
        || refused.errors.contains("codes cost nothing"), "\(refused.errors)")
    let taken = folder.run("\(command) --resume --steps 3 --dry-run \(same)")
    #expect(taken.code == 0, "\(same): \(taken.errors)")
  }

  /// The plan of a run that goes on, or of a model that is trained further, is that of the model.
  @Test(arguments: [
    ("train lstm a.txt --resume --dry-run --out lstm", "\"hidden\":8"),
    ("train gpt2 a.txt --resume --dry-run --out gpt2", "\"width\":8"),
    ("train classifier imgs --resume --dry-run --out cls", "\"stages\":[4]"),
    ("train dcgan imgs --resume --dry-run --out dcgan", "\"latent\":4"),
    ("train vae imgs --resume --dry-run --out vae", "\"latent\":3"),
    ("train vae imgs --resume --dry-run --out vq", "\"codes\":8"),
    ("train lstm t.csv --task forecast --resume --dry-run --out series", "\"hidden\":4"),
    ("train classifier imgs --resume --dry-run --out cls", "\"image_size\":\"28x28\""),
    ("finetune b.txt --model gpt2 --dry-run --out $OUT", "\"width\":8"),
    ("finetune b.txt --model lstm --dry-run --out $OUT", "\"hidden\":8"),
    ("train qwen3 a.txt --resume --dry-run --out qwen3", "\"kv_heads\":1"),
    ("finetune b.txt --model llama --dry-run --out $OUT", "\"kv_heads\":1"),
    ("finetune b.txt --model gemma3 --dry-run --out $OUT", "\"kv_heads\":1"),
  ])
  func plansAreOfTheModel(command: String, part: String) throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    let found = folder.run(command)
    #expect(found.code == 0 && found.output.contains(part), "\(found)")
  }

  /// A packed tar file is read as the folder that it holds; what is none of both says so.
  @Test func packedArchivesAreRead() throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    func plan(_ data: String) -> ProgramRun {
      folder.run("train gan \(data) --conditional --limit 10 --seed 1 --dry-run --out $OUT")
    }
    #expect(plan("imgs.tgz").code == 0 && plan("imgs.tgz").output == plan("imgs").output)
    #expect(plan("imgs.tgz/imgs/cats").code != 0 || plan("imgs.tgz/imgs").code == 0)
  }

  /// What `--dry-run` shows of a training acts in it.
  @Test(arguments: [
    "--steps 2", "--batch-size 2", "--lr 0.1", "--schedule constant", "--warmup 2",
    "--optimizer sgd",
    "--weight-decay 0.5", "--grad-clip 0.001", "--beta1 0.1", "--beta2 0.1", "--seed 2",
    "--val-split 0.4", "--dropout 0.5", "--embedding 3", "--tied", "--half", "--tokens byte",
    "--eval-every 1", "--tensorboard",
  ])
  func trainingActs(flag: String) throws {
    let folder = FlagFolder.shared
    try #require(folder.problem == "")
    let base =
      "train lstm a.txt --hidden 4 --context 8 --steps 3 --batch-size 4 --seed 1 --out $OUT"
    let found = folder.run("\(base) \(flag)")
    #expect(found.code == 0, "\(found.errors)")
    #expect(found.files != Self.plain.files, "\(flag)")
  }

  private static let plain = FlagFolder.shared.run(
    "train lstm a.txt --hidden 4 --context 8 --steps 3 --batch-size 4 --seed 1 --out $OUT")
}
