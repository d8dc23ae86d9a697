import Files
import Glibc
import Synchronization
import TestSupport

/// What a run of the program left.
struct ProgramRun: Equatable {
  var code: Int32 = -1
  var output = ""
  var errors = ""
  /// Names and checksums of the files at `$OUT`.
  var files = ""

  /// The answer and the files, without what depends on where and when it ran.
  var result: [String] {
    let measured = ["\"seconds_per_step\":", "\"hours\":", "\"memory_mb\":"]
    let parts = output.split(separator: ",", omittingEmptySubsequences: false)
    return [
      parts.filter { part in !measured.contains { part.hasPrefix($0) } }.joined(separator: ","),
      files,
    ]
  }
}

/// A folder with small texts, tables, images and models of every family, in which commands run.
final class FlagFolder: Sendable {
  static let shared = FlagFolder()
  private let folder: TemporaryFolder?
  let path: String
  /// What went wrong; empty when nothing did.
  let problem: String

  private init() {
    do {
      let folder = try TemporaryFolder()
      try Self.fill(folder)
      (self.folder, path, problem) = (folder, folder.path, Self.make(in: folder.path))
    } catch {
      (folder, path, problem) = (nil, "/none/such", "\(error)")
    }
    // It serves all tests of the process.
    atexit { removeTree(FlagFolder.shared.path) }
  }

  /// Texts, tables and images.
  private static func fill(_ folder: TemporaryFolder) throws {
    try folder.write("a.txt", text(1))
    try folder.write("b.txt", text(9))
    try folder.write("empty.json", "{}")
    try fillChat(folder)
    try fillSummaries(folder)
    try fillEncoder(folder)
    let row = #"{"prompt": "the cat", "completion": " sees it"}"# + "\n"
    try folder.write("rows.jsonl", String(repeating: row, count: 20))
    try folder.write("bad.jsonl", String(repeating: row, count: 20) + "{\n")
    try folder.write("words.txt", "the\ncat\ndog\n")
    let series = (0..<60).map { "2020-\($0),\($0 % 7 + $0 + 1),\($0 % 5)\n" }
    try folder.write("t.csv", "day,a,b\n" + series.joined())
    try folder.write("t2.csv", "day,a,b\n" + series.dropLast(9).joined())
    try folder.write("gaps.csv", "day,a,b\n" + series.joined() + "x,,1\ny,4,4\n")
    let rows = (0..<60).map { "\($0 % 7),\($0 % 3),\(["u", "v"][$0 % 2]),\($0 % 9 == 8 ? 1 : 0)\n" }
    try folder.write("r.csv", "x,y,w,bad\n" + rows.joined())
    let others = rows.enumerated().map { "\($0.element.dropLast()),\($0.offset % 2)\n" }
    try folder.write("r2.csv", "x,y,w,bad,other\n" + others.joined())
    try folder.write("plain.csv", "x,y,w\n1,2,u\n3,4,v\n")
    var pixels: [UInt8] = [0, 0, 8, 3, 0, 0, 0, 12, 0, 0, 0, 8, 0, 0, 0, 8]
    pixels += (0..<12 * 64).map { UInt8($0 * 7 % 256) }
    try folder.write("p.idx", pixels)
    let texts = (0..<40).map { place -> (String, String) in
      let isGood = place % 2 == 0
      let word = [["good", "fine", "warm"], ["bad", "dull", "cold"]][place % 2][place % 3]
      return ("a \(word) tale of \(place % 7) days", isGood ? "pos" : "neg")
    }
    try folder.write("s.tsv", texts.map { "\($0.0)\t\($0.1)\n" }.joined())
    try folder.write("turned.tsv", texts.map { "\($0.1)\t\($0.0)\n" }.joined())
    let tokenizer = fixture("tokenizer-kinds/llama3.json", of: "DatasetsTests")
    try folder.write("marks.json", bytes(tokenizer))
    try folder.write("little.gguf", bytes(fixture("chat.gguf", of: "FamiliesTests")))
    try folder.write("lexicon.txt", "yucky\t-4\ntale\t3\n")
    try folder.write("v.vec", "good 1 0\nbad 0 1\n")
    try folder.write("labels.idx", [0, 0, 8, 1, 0, 0, 0, 12] + (0..<12).map { UInt8($0 % 2) })
  }

  /// Messages, and how they are written for a model.
  private static func fillChat(_ folder: TemporaryFolder) throws {
    try folder.write(
      "t.jinja",
      """
      {% for m in messages %}{{ m.role }}: {{ m.content }}
      {% endfor %}{% if add_generation_prompt %}model: {% endif %}
      """)
    try folder.write("form.gbnf", "root ::= \"a\" [b-d]{3}\n")
    try folder.write("form.json", #"{"type": "array", "items": {"enum": [1, 2]}, "maxItems": 3}"#)
    try folder.write("t2.jinja", "{{ messages[-1].content }} -")
    try folder.write("m.json", "[{\"role\": \"user\", \"content\": \"the cat\"}]")
    try folder.write(
      "m2.json", "{\"messages\": [{\"role\": \"user\", \"content\": \"dog\"}], \"tools\": []}")
  }

  /// A model that makes vectors of texts.
  private static func fillEncoder(_ folder: TemporaryFolder) throws {
    for name in [
      "config.json", "model.safetensors", "modules.json", "sentence_bert_config.json",
      "tokenizer.json", "1_Pooling/config.json",
    ] {
      let data = try bytes(fixture("bert/odd/\(name)", of: "FamiliesTests"))
      try folder.write("bert/\(name)", data)
    }
    let blocks = try bytes(fixture("bert/blocks-q8_0.gguf", of: "FamiliesTests"))
    try folder.write("bert.gguf", blocks)
  }

  /// Articles of five sentences, what is to be said of them, and what was said.
  private static func fillSummaries(_ folder: TemporaryFolder) throws {
    let articles = (0..<12).map { line in
      let article = (0..<5).map { place in
        let many = String(repeating: "and the fish of river \(place) ", count: (line + place) % 3)
        return "In this paper the cat \(line * place) wanted \(many)a bird \(place)."
      }
      return
        "{\"article\": \"\(article.joined(separator: " "))\", \"query\": \"river \(line % 5)\", "
        + "\"summary\": \"the cat wanted\\nfishes of rivers \(line)\"}\n"
    }
    try folder.write("sums.jsonl", articles.joined())
    let references = (0..<12).map { line in
      "{\"references\": [\"fishes want the river\\nthe cats wanting \(line)\", \"a bird\"]}\n"
    }
    try folder.write("refs.jsonl", references.joined())
    let sentences = (0..<40).map { "The bird \($0) saw \($0 % 7) fish of river \($0 % 9)." }
    try folder.write("story.txt", sentences.joined(separator: " "))
  }

  /// Two sentences a line.
  private static func text(_ seed: Int) -> String {
    let (who, does) = (["cat", "dog", "bird", "fish"], ["sees", "hears", "wants"])
    return (0..<60).map { line in
      let place = line * 7 + seed
      return "the \(who[place % 4]) \(does[place % 3]) the \(who[(place / 3) % 4]) . "
        + "a \(who[(place / 2) % 4]) \(does[(place / 5) % 3]) it .\n"
    }.joined()
  }

  private static func make(in folder: String) -> String {
    let images = "imgs --steps 1 --batch-size 4 --seed 1"
    let commands = [
      "sample gan --outdir imgs/cats --num 6 --seed 1",
      "sample gan --outdir imgs/dogs --num 6 --seed 50",
      "train ngram a.txt --out ngram --order 3", "train ngram b.txt --out ngram2 --order 3",
      "train summarizer sums.jsonl --out sumr", "train summarizer sums.jsonl --out spare3",
      "train ngram b.txt --out spare2", "convert ngram m.arpa",
      "train lstm a.txt --hidden 8 --context 8 --steps 1 --batch-size 2 --seed 1 --out lstm",
      "train gpt2 a.txt --layers 1 --heads 2 --width 8 --steps 1 --batch-size 2 --seed 1 --out gpt2",
      "train llama a.txt --layers 2 --heads 2 --kv-heads 1 --width 8 --steps 1 --batch-size 2 --seed 1 "
        + "--out llama",
      "train qwen3 a.txt --layers 2 --heads 2 --kv-heads 1 --width 8 --steps 1 --batch-size 2 --seed 1 "
        + "--out qwen3",
      "train gemma3 a.txt --layers 2 --heads 2 --kv-heads 1 --width 8 --steps 1 --batch-size 2 --seed 1 "
        + "--out gemma3",
      "finetune words.txt --model gpt2 --reward length:2 --max-tokens 4 --num-generations 2 --steps 1 "
        + "--batch-size 1 --seed 1 --out tuned",
      "finetune a.txt --model gpt2 --context 8 --steps 1 --batch-size 2 --seed 1 --out further",
      "finetune a.txt --model little.gguf --lora --rank 2 --context 8 --steps 3 --batch-size 2 --lr 0.1 "
        + "--seed 1 --out lora", "convert gpt2 spare4",
      "finetune a.txt --model gpt2 --lora --rank 2 --context 8 --steps 3 --batch-size 2 --lr 0.1 --seed 1 "
        + "--out loragpt2",
      "train gpt2 a.txt --layers 1 --heads 1 --width 8 --context 8 --steps 1 --batch-size 2 --out bpe "
        + "--tokens bpe --vocab-size 270",
      "train gpt2 a.txt --layers 1 --heads 1 --width 8 --context 96 --steps 1 --batch-size 2 --seed 1 "
        + "--out talk --tokens bpe --vocab-size 270",
      "train gpt2 a.txt --layers 2 --heads 1 --width 8 --context 96 --steps 2 --batch-size 2 --seed 2 "
        + "--out talk2 --tokenizer talk",
      "distill a.txt --teacher talk2 --student talk --steps 1 --batch-size 1 --seed 1 --out distilled",
      "train gpt2 a.txt --layers 1 --heads 1 --width 8 --context 8 --steps 1 --batch-size 2 --out "
        + "gpt2byte --tokens byte",
      "convert gpt2 spare", "convert gpt2/model.safetensors w.safetensors",
      "train lstm a.txt --tokens word --hidden 8 --layers 1 --context 8 --steps 1 --batch-size 2 --out lw",
      "convert lw/model.safetensors lstm.safetensors",
      "train lstm t.csv --task forecast --column a --hidden 4 --steps 2 --period 0 --out series",
      "train classifier \(images) --stages 4 --hidden 8 --out cls",
      "train gan \(images) --width 8 --latent 4 --out gan",
      "train gan \(images) --width 8 --latent 4 --conditional --out gancond",
      "train dcgan \(images) --width 8 --latent 4 --out dcgan",
      "train vae \(images) --layers 8 --latent 3 --out vae",
      "train vaegan \(images) --layers 8 --latent 3 --out vaegan",
      "train vae \(images) --vq --layers 4,4 --codes 8 --code-dim 4 --out vq",
      "train vqvae \(images) --layers 4,4 --codes 8 --code-dim 4 --out vqvae",
      "train cyclegan --a imgs/cats --b imgs/dogs --preset article --ngf 4 --ndf 4 --blocks 1 --steps 2 "
        + "--image-size 16 --seed 1 --out cycle",
      "train stylegan \(images) --cbase 32 --cmax 4 --z-dim 4 --w-dim 4 --map-depth 2 --out stylegan",
      "sample stylegan --model stylegan --target imgs/cats/seed0001.png --num-steps 1 --out w1.safetensors",
      "train vae r.csv --task tabular --label bad --layers 4 --latent 2 --steps 2 --seed 1 "
        + "--val-split 0.2 --out tab", "encode vae imgs --out i.aigl",
      "train sentiment s.tsv --out sent",
      "train sentiment s.tsv --method cnn --embedding 4 --maps 2 --epochs 1 --seed 1 --out senn",
      "train rl cartpole --hidden 8 --n-envs 2 --steps 1 --eval-episodes 2 --seed 1 --out agent",
    ]
    for command in commands {
      let run = Self.run(command, in: folder, number: 0)
      if run.code != 0 { return "aigc \(command): \(run.code) \(run.errors)" }
    }
    let code = system(
      "cd \(folder) && mkdir broken && cp imgs/cats/*.png broken && echo x >broken/b.png && tar czf imgs.tgz imgs && grep -v ^# m.arpa >bare.arpa && cp t.jinja talk/chat_template.jinja"
    )
    return code == 0 ? "" : "cannot copy images"
  }

  private static let count = Atomic<Int>(0)

  /// Runs a command line of the program; `$OUT` is a new path.
  /// - Parameter addressSpace: KiB that it may have; nil: as many as there are.
  func run(_ arguments: String, addressSpace: Int? = nil) -> ProgramRun {
    Self.run(
      arguments, in: path, number: Self.count.add(1, ordering: .relaxed).newValue,
      limit: addressSpace.map { "ulimit -v \($0) && " } ?? "")
  }

  private static func run(
    _ arguments: String, in folder: String, number: Int, limit: String = ""
  ) -> ProgramRun {
    guard let program else { return ProgramRun() }
    let name = "run\(number)"
    let command = arguments.replacing("$OUT", with: "\(name)/out")
    // Files with times in them are named only; what an image of a loss shows is in the log too.
    let script = """
      cd '\(folder)' && mkdir -p \(name) && \(limit)'\(program)' \(command) >\(name).1 2>\(name).2 </dev/null
      code=$?; cd \(name) && find . -type f | sort | while read -r f; do
        case $f in *log.jsonl|*loss.png|*reward.png|*events*) echo "$f" ;; *) cksum "$f" ;; esac
      done >../\(name).3; exit $code
      """
    let status = system(script)
    func text(_ number: Int) -> String {
      let found = try? TestSupport.text("\(folder)/\(name).\(number)")
      return (found ?? "").replacing("\(name)/", with: "$/")
    }
    return ProgramRun(
      code: (status >> 8) & 0xFF, output: text(1), errors: text(2), files: text(3))
  }
}
