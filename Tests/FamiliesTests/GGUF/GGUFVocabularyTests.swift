import Checkpoints
import Datasets
import Families
import Files
import TestSupport
import Testing

/// Vocabularies of published models in GGUF files, against the ids that llama.cpp gives to its own texts.
@Suite struct GGUFVocabularyTests {
  /// The texts and their ids of a vocabulary.
  private func cases(_ path: String) throws -> [(text: [UInt8], ids: [Int32])] {
    let separator = Array("\n__ggml_vocab_test__\n".utf8)
    let texts = try bytes(path + ".inp").split(
      separator: separator, omittingEmptySubsequences: false)
    let lines = try text(path + ".out").split(separator: "\n", omittingEmptySubsequences: false)
    #expect(texts.count == lines.count)
    return zip(texts, lines).map { (Array($0), $1.split(separator: " ").compactMap { Int32($0) }) }
  }

  @Test(arguments: ["gpt-2", "llama-bpe", "llama-spm", "qwen2"])
  func idsAreLlamaCpps(name: String) throws {
    guard let data = testData() else { return }
    let path = "\(data)/tokenizers/\(name)"
    let folder = try TemporaryFolder()
    let file = try folder.write(
      "\(name).gguf", readText(path: path + ".gguf.gz").array(of: UInt8.self))
    let tokenizer = try BPETokenizer(gguf: file)
    var readers = [tokenizer]
    // What is written is the same tokenizer as tokenizer.json; the larger ones take their time.
    #if DEBUG
      let isWritten = name == "llama-spm"
    #else
      let isWritten = true
    #endif
    if isWritten {
      try tokenizer.write { folder.file($0) }
      readers.append(try BPETokenizer(folder: folder.path))
      // And so is what is written of that to another GGUF file.
      let again = try VocabularyData(
        readers[1], size: tokenizer.vocabularySize + 2, name: "again")
      readers.append(try BPETokenizer(again))
    }
    let cases = try cases(path)
    #expect(cases.count > 45)
    for (text, ids) in cases {
      let table = try Table(text)
      let place = "\(name): \(String(decoding: text, as: UTF8.self).debugDescription)"
      for one in readers {
        #expect(try one.encode(table, name: "t", addsSpecialTokens: false) == ids, "\(place)")
        var decoder = one.makeDecoder()
        let decoded = ids.flatMap { decoder.append($0) } + decoder.finish()
        #expect(decoded == text, "\(place)")
        let ranges = try one.ranges(of: table, name: "t")
        #expect((ranges.last?.upperBound ?? 0) == text.count, "\(place)")
      }
    }
    // Llama's texts begin with a token of their own.
    let start = name == "llama-bpe" ? [128000] : name == "llama-spm" ? [1] : [Int32]()
    #expect(try tokenizer.encode(Table([97]), name: "t").starts(with: start))
    #expect(tokenizer.marks.start == start && tokenizer.marks.end.isEmpty)
  }

  @Test func chats() throws {
    guard let data = testData() else { return }
    let folder = try TemporaryFolder()
    let packed = try readText(path: "\(data)/tokenizers/qwen2.gguf.gz")
    let tokenizer = try BPETokenizer(gguf: folder.write("q.gguf", packed.array(of: UInt8.self)))
    let chat = "<|im_start|>user\nhi<|im_end|>\n"
    #expect(try tokenizer.encode(rendered: chat) == [151644, 872, 198, 6023, 151645, 198])
    #expect(tokenizer.endToken == 151643)
    let controls = tokenizer.specialTokens.filter(\.isControl).map(\.text)
    #expect(controls == ["<|endoftext|>", "<|im_start|>", "<|im_end|>"])
  }

  @Test func refusals() throws {
    let folder = try TemporaryFolder()
    let path = try folder.write(
      "x.gguf", Array("GGUF".utf8) + [3, 0, 0, 0] + [UInt8](repeating: 0, count: 16))
    let line = refusal { _ = try BPETokenizer(gguf: path) }?.line
    #expect(line == "4 \(path): the metadata has no key tokenizer.ggml.model")
    #expect(try GGUFFile.recognizes(path) && !GGUFFile.recognizes(folder.write("y", "GGU")))
  }
}
