import Archives
import Datasets
import Files
import Kernels
import TestSupport
import Training

@testable import Commands
@testable import Families

/// A target of the n-gram models: what is changed, and what is then done with it.
struct FuzzWork: FuzzSubject {
  let target: FuzzTests.Target
  let folder: String
  private(set) var seeds: [[UInt8]] = []

  private static let sample = """
    the cat sees the dog .
    the dog sees the cat , and the cat sleeps .
    猫 看 狗 。
    a dog , a cat , a boat .
    the cat sees the boat .

    """

  init(_ target: FuzzTests.Target, folder: String) throws {
    self.target = target
    self.folder = folder
    try TestSupport.write(Self.sample, to: "\(folder)/text.txt")
    if target == .bpe {
      seeds = try FuzzBPE(folder: folder).seeds(Self.sample)
      return
    }
    for estimator in [Estimator.kneserNey, .stupidBackoff] {
      for isQuantized in [false, true] {
        var trainer = NGramTrainer()
        trainer.texts = ["\(folder)/text.txt"]
        trainer.configuration.order = 3
        trainer.configuration.estimator = estimator
        trainer.configuration.quantized = isQuantized
        trainer.configuration.sentences = !isQuantized
        try trainer.train(to: "\(folder)/model")
        seeds.append(try seed())
      }
    }
  }

  /// The file of the last model that the target changes.
  private func seed() throws -> [UInt8] {
    switch target {
    case .arpa:
      try writeARPA(NGramLanguageModel(folder: "\(folder)/model"), to: "\(folder)/seed.arpa")
      return try bytes("\(folder)/seed.arpa")
    case .gzip:
      let file = try GzipWriter(path: "\(folder)/seed.gz")
      try file.write(Self.sample)
      try file.commit(sync: false)
      return try bytes("\(folder)/seed.gz")
    case .csv: return csvSeed(seeds.count)
    case .model, .modelRepaired: return try bytes("\(folder)/model/\(NGramFolder.model)")
    case .counts, .countsRepaired: return try bytes("\(folder)/model/\(NGramFolder.counts)")
    case .configuration: return try bytes("\(folder)/model/\(ModelConfiguration.fileName)")
    default: return []
    }
  }

  var dictionary: [String] {
    switch target {
    case .arpa:
      [
        "\\data\\", "\\end\\", "\\1-grams:\n", "\\3-grams:\n", "ngram 4=1\n", "\n", "\t", " ",
        "-99",
        "1e38", "-1e-40", "nan", "-inf", "<unk>", "<s>", "</s>", "\r\n", "9223372036854775807",
      ]
    case .configuration:
      [
        "null", "true", "-1", "0", "1e99", "9223372036854775807", "32", "33", "[]", "{}", "\"",
        "[4294967295]", "[-1]", "[0,1,0]", "\"char\"", "\"byte\"", "\"maximum-likelihood\"",
      ]
    case .bpe: FuzzBPE.dictionary
    case .csv: csvDictionary
    default: []
    }
  }

  /// A changed model or its counts may fit no longer together; more is no excuse.
  var codes: Set<AIGCError.Code> {
    target == .arpa || target == .gzip || target == .bpe ? [.badInput] : [.badInput, .mismatch]
  }

  private var path: String {
    switch target {
    case .arpa: "\(folder)/input.arpa"
    case .gzip: "\(folder)/input.gz"
    case .csv: "\(folder)/input.csv"
    case .model, .modelRepaired: "\(folder)/model/\(NGramFolder.model)"
    case .counts, .countsRepaired: "\(folder)/model/\(NGramFolder.counts)"
    case .configuration: "\(folder)/model/\(ModelConfiguration.fileName)"
    case .bpe: "\(folder)/input.bpe"
    default: "\(folder)/input"
    }
  }

  func write(_ input: [UInt8]) throws {
    var input = input
    if target == .modelRepaired { try repairModel(&input) }
    if target == .countsRepaired { try repairCounts(&input) }
    try TestSupport.write(input, to: path)
    if target == .bpe { try FuzzBPE(folder: folder).split(input) }
  }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }

  func run() throws {
    switch target {
    case .arpa: try use(NGramFamily().open(path))
    case .gzip: _ = try readText(path: path)
    case .bpe: try FuzzBPE(folder: folder).run()
    case .csv: try useTable(path)
    case .model, .modelRepaired: try use(NGramLanguageModel(folder: "\(folder)/model"))
    case .counts, .countsRepaired: try update()
    case .configuration:
      try use(NGramLanguageModel(folder: "\(folder)/model"))
      try update()
    default: break
    }
  }

  private func update() throws {
    var trainer = NGramTrainer()
    trainer.texts = ["\(folder)/text.txt"]
    try trainer.update(model: "\(folder)/model", to: "\(folder)/updated")
    try use(NGramLanguageModel(folder: "\(folder)/updated"))
  }

  /// All that a model is for.
  private func use(_ model: NGramLanguageModel) throws {
    let text = try Table(Array(Self.sample.utf8))
    _ = try model.evaluate(text, name: "sample")
    _ = try model.score(text, name: "sample")
    var options = GenerationOptions()
    options.maxTokens = 12
    _ = try TextGenerator(model: model, options: options).run { _ in }
    options.sampling = .untouched
    options.prompt = "the cat"
    _ = try TextGenerator(model: model, options: options).run { _ in }
    _ = try continuations(of: "the dog", in: model, count: 3)
    try writeARPA(model, to: "\(folder)/output.arpa")
  }

  // MARK: Checksums

  private func word(_ bytes: [UInt8], _ index: Int) -> UInt64 {
    var value: UInt64 = 0
    for offset in 0..<8 where index * 8 + offset < bytes.count {
      value |= UInt64(bytes[index * 8 + offset]) << UInt64(8 * offset)
    }
    return value
  }

  private func set(_ bytes: inout [UInt8], _ index: Int, _ value: UInt64) {
    for offset in 0..<8 where index * 8 + offset < bytes.count {
      bytes[index * 8 + offset] = UInt8(truncatingIfNeeded: value >> UInt64(8 * offset))
    }
  }

  /// Gives the sections and the header the checksums of what they hold now, so that the checks
  /// behind them are reached.
  private func repairModel(_ bytes: inout [UInt8]) throws {
    let header = NGramFile.headerWords
    guard bytes.count >= header * 8 else { return }
    set(&bytes, 5, UInt64(bytes.count))
    let sections = min(Int(clamping: word(bytes, 6)), header / 3)
    for section in 0..<sections where 7 + section * 3 + 2 < header - 1 {
      let entry = 7 + section * 3
      // Elements of sections: bytes, offsets, slots, then for each level as NGramFile lists them.
      let sizes = section < 3 ? [1, 4, 8] : [4, 16, 8, 8, 4, 1, 1, 4]
      let size = sizes[section < 3 ? section : (section - 3) % 8]
      let (offset, count) = (word(bytes, entry), word(bytes, entry + 1))
      guard offset % 64 == 0, offset <= UInt64(bytes.count), count <= UInt64(bytes.count),
        Int(offset) + Int(count) * size <= bytes.count
      else { continue }
      let content = Array(bytes[Int(offset)..<Int(offset) + Int(count) * size])
      set(&bytes, entry + 2, try checksum(content, size))
    }
    let words = (0..<header - 1).map { word(bytes, $0) }
    set(&bytes, header - 1, try Checksum.of(Table(words)))
  }

  /// The checksum of a table of elements of `size` bytes.
  private func checksum(_ content: [UInt8], _ size: Int) throws -> UInt64 {
    func read<Element>(_ type: Element.Type) throws -> UInt64
    where Element: BitwiseCopyable & Sendable {
      try TestSupport.write(content, to: "\(folder)/section")
      let file = try MappedFile(path: "\(folder)/section")
      return try Checksum.of(file.table(of: type, at: 0, count: content.count / size))
    }
    switch size {
    case 16: return try read(ContextNode.self)
    case 8: return try read(UInt64.self)
    case 4: return try read(UInt32.self)
    default: return try read(UInt8.self)
    }
  }

  /// One part that holds all of the payload.
  private func repairCounts(_ bytes: inout [UInt8]) throws {
    let order = Int(clamping: word(bytes, 1))
    let start = (CountRun.fixedHeaderWords + min(order, 64)) * 8
    let payload = Int(clamping: word(bytes, 3))
    guard bytes.count > start, payload > 0, payload <= bytes.count - start else { return }
    set(&bytes, 4, try Checksum.of(Table(Array(bytes[start..<start + payload]))))
    bytes.removeLast(bytes.count - start - payload)
    while bytes.count % 8 != 0 { bytes.append(0) }
    bytes += [UInt8](repeating: 0, count: 8)
    set(&bytes, bytes.count / 8 - 1, UInt64(payload))
  }
}
