import Datasets
import Files
import Kernels
import TestSupport
import Training

@testable import Families

/// Damaged tables of labelled texts, and damaged classifiers of texts.
final class TextClassifierFuzz: FuzzSubject {
  private let target: FuzzTests.Target
  private let folder: String
  private let path: String
  let seeds: [[UInt8]]
  let dictionary: [String]
  let codes: Set<AIGCError.Code> = [.badInput, .mismatch, .usage]
  private static let table =
    "a good film\tpos\na bad one\tneg\na fine , fine day\tpos\nnot good\tneg\n"

  init(_ target: FuzzTests.Target, folder: String) throws {
    (self.target, self.folder) = (target, folder)
    let data = "\(folder)/data.tsv"
    try TestSupport.write(Array(Self.table.utf8), to: data)
    switch target {
    case .labelled:
      path = "\(folder)/texts.txt"
      dictionary = [
        "\t", "\n", "\"", "__label__", "{\"text\":", "\"label\":", "text", "label", ",",
      ]
      seeds = [
        Array(Self.table.utf8), Array("__label__a good\n__label__b bad\n".utf8),
        Array("{\"text\": \"good\", \"label\": 1}\n{\"text\": \"bad\", \"label\": 0}\n".utf8),
      ]
    default:
      let isNetwork = target == .textNetwork
      var recipe = TextClassifierRecipe(
        data, task: .sentiment, method: isNetwork ? .cnn : .weightedRegression)
      (recipe.settings.network.embedding, recipe.settings.network.maps) = (3, 2)
      recipe.run.epochs = isNetwork ? 1 : nil
      recipe.run.heldOut = HeldOutData(share: 0)
      _ = try recipe.train(to: "\(folder)/model")
      path = "\(folder)/model/model.safetensors"
      dictionary = ["keys", "weight", "weight_scale", "bias", "I8", "I32", "F32", "[1,2]"]
      seeds = [try bytes(path)]
    }
  }

  func write(_ input: [UInt8]) throws { try TestSupport.write(input, to: path) }

  func run() throws {
    guard target != .labelled else {
      let texts = try LabelledTexts.read(path)
      _ = texts.withPolarities.split(share: 0.3, seed: 1)
      return
    }
    let classifier = try TextClassifier(folder: "\(folder)/model")
    let texts = TextList(["a good day", "", "not bad at all"])
    _ = try classifier.probabilities(texts)
    _ = try classifier.explain(texts[2], label: 1)
    _ = try TextClassifierFamily().inspect("\(folder)/model")
  }

  func keep(_ execution: Int) throws {
    try TestSupport.write(bytes(path), to: "\(folder)-\(execution).kept")
  }
}
