import Autograd
import Checkpoints
import Datasets
import FamilySupport
import Files
import Inference
import NN
import TestSupport
import Testing
import Training

@testable import Families

/// Runs that train adapters, on a GGUF file of few bits.
@Suite struct AdapterTrainingTests {
  private var base: String { fixture("chat.gguf", of: "FamiliesTests") }

  private func recipe(_ folder: TemporaryFolder) throws -> AdapterRecipe {
    let text = try folder.write("a.txt", String(repeating: "the cat saw a dog. ", count: 40))
    var recipe = try AdapterRecipe(base: base, texts: [text])
    recipe.settings.adapters.rank = 2
    recipe.settings.context = 8
    recipe.run.trainer.schedule.shape = .constant
    recipe.run.trainer.schedule.peak = 1e-2
    recipe.run.trainer.steps = 8
    (recipe.run.trainer.batchSize, recipe.run.trainer.saveEvery) = (2, 3)
    return recipe
  }

  /// A run that stopped and went on has the files of one that did not; the base's weights are in none of them.
  @Test func resumes() throws {
    let folder = try TemporaryFolder()
    let (_, path) = try expectResumes(
      recipe(folder), at: 3, files: ["adapter_model.safetensors", "adapter_config.json"],
      in: folder)
    let file = try Checkpoint.open("\(path)/training.safetensors")
    #expect(!file.tensors.contains { $0.name.hasSuffix("proj.weight") })
  }

  /// What was trained is what a model with the adapter does, and a merged one.
  @Test func trainedAppliedAndMerged() throws {
    let folder = try TemporaryFolder()
    let result = try recipe(folder).train(to: folder.file("run"))
    #expect(result.summary.bestValidationLoss ?? 9 < 7)
    let tokens: [Int32] = [5, 9, 11, 7]
    func states(_ path: String, _ adapters: [AdapterChoice]) throws -> [Float] {
      var options = ModelLoadOptions()
      (options.adapters, options.activations, options.cacheType) = (adapters, .f32, .f32)
      if isFolder(path) { options.activations = nil }
      let model = try TransformerLanguageModel(path: path, options: options)
      return try #require(try model.hiddenStates(of: tokens, layer: 1)).values
    }
    func worst(_ a: [Float], _ b: [Float]) -> Float {
      zip(a, b).reduce(0) { max($0, abs($1.0 - $1.1)) }
    }
    let plain = try states(base, [])
    let adapted = try states(base, [AdapterChoice(folder.file("run"))])
    #expect(worst(plain, adapted) > 1e-2)
    try AdapterFiles.convert(
      folder.file("run"), base: nil, to: folder.file("run.gguf"), force: false)
    #expect(try worst(states(base, [AdapterChoice(folder.file("run.gguf"))]), adapted) < 1e-5)
    var options = MergeOptions()
    options.type = .f32
    for name in ["merged", "merged.gguf"] {
      try TransformerFamily(.llama).merge(
        base, with: [AdapterChoice(folder.file("run"))], to: folder.file(name), options: options)
      guard name != "merged.gguf" else { continue }
      #expect(try worst(states(folder.file(name), []), adapted) < 1e-3)
    }
  }

  @Test func wholeGGUFIsRefused() throws {
    do {
      _ = try TransformerFamily(.llama).recipe(further: base, on: ["a"], FinetuneOptions())
      Issue.record("no refusal")
    } catch { #expect("\(error)".contains("convert")) }
  }
}

/// Lines of JSONL as rows.
@Suite struct RowReaderTests {
  private let template = try? ChatTemplate(
    """
    {% for m in messages %}<{{ m.role }}>{{ m.content }}
    {% endfor %}{% if add_generation_prompt %}<assistant>{% endif %}
    """)

  private func rows(
    _ text: String, mask: Bool = false, skip: Bool = false, context: Int = 100
  ) throws -> (rows: [TokenRow], notes: [String]) {
    let folder = try TemporaryFolder()
    let path = try folder.write("a.jsonl", text)
    var options = RowOptions()
    (options.masksPrompts, options.skipsBadLines) = (mask, skip)
    var reader = RowReader(ByteTokenizer(), template, options, context: context)
    let rows = try reader.read(path)
    return (rows, reader.notes)
  }

  private func learned(_ row: TokenRow) -> String {
    String(
      decoding: row.learned.flatMap { row.tokens[$0] }.compactMap { UInt8(exactly: $0) },
      as: UTF8.self)
  }

  @Test func textsAndCompletions() throws {
    let text = #"{"text": "abc"}"# + "\n\n" + #"{"prompt": "ab", "completion": "cd"}"# + "\n"
    let whole = try rows(text).rows
    #expect(learned(whole[0]) == "abc" && learned(whole[1]).hasPrefix("abcd"))
    let masked = try rows(text, mask: true).rows
    #expect(learned(masked[0]).hasPrefix("abc") && learned(masked[1]).hasPrefix("cd"))
    #expect(masked[1].targets.prefix(1) == [-1])
  }

  @Test func conversations() throws {
    let text =
      #"{"messages": [{"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}, "#
      + #"{"role": "user", "content": "so"}, {"role": "assistant", "content": "la"}]}"#
    let masked = try rows(text, mask: true).rows[0]
    #expect(learned(masked) == "ho\nla\n")
    let all = String(decoding: masked.tokens.map { UInt8($0) }, as: UTF8.self)
    #expect(all == "<user>hi\n<assistant>ho\n<user>so\n<assistant>la\n")
  }

  @Test func badLines() throws {
    let text = #"{"text": "abc"}"# + "\n{]\n" + #"{"words": 1}"# + "\n" + #"{"text": ""}"# + "\n"
    do {
      _ = try rows(text)
      Issue.record("no refusal")
    } catch { #expect("\(error)".contains("line 2")) }
    let (found, notes) = try rows(text, skip: true)
    #expect(found.count == 1 && notes.first?.hasPrefix("3 bad lines left out") == true)
    #expect(notes.first?.contains("line 3") == true)
  }

  @Test func cutRows() throws {
    let (found, notes) = try rows(#"{"text": "abcdefgh"}"#, context: 4)
    #expect(found[0].tokens.count == 5 && notes == ["1 row cut to 4 tokens"])
    #expect(throws: AIGCError.self) {
      try rows(#"{"prompt": "abcdefgh", "completion": "i"}"#, mask: true, context: 4)
    }
  }

  /// Each row once in a pass, in other orders, and the same again from any place.
  @Test func orderOfBatches() {
    let rows = (0..<10).map { row in
      TokenRow(tokens: (0...row + 1).map { _ in Int32(row) }, learned: [0..<row + 2])
    }
    var stream = RowStream(rows, batch: 3, seed: 1)
    var passes: [[Int32]] = []
    for _ in 0..<3 {
      var seen: [Int32] = []
      for _ in 0..<4 {
        let batch = stream.next()
        let (inputs, targets) = (batch.inputs, batch.targets)
        #expect(inputs.values.count == targets.count)
        seen +=
          inputs.shape.dimensions[0] == 0
          ? []
          : stride(from: 0, to: inputs.values.count, by: inputs.shape[1]).map {
            inputs.values[$0]
          }
      }
      #expect(seen.sorted() == (0..<10).map { Int32($0) })
      passes.append(seen)
    }
    #expect(passes[0] != passes[1])
    var again = RowStream(rows, batch: 3, seed: 1)
    again.position = 4
    #expect(again.next().inputs.values.first == passes[1].first)
  }
}
