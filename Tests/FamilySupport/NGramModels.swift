import Families
import TestSupport

/// A text of the project's own, for models of some size.
package func corpus() throws -> String {
  try text(fixture("ngram/train.txt", of: "FamiliesTests"))
}

extension TemporaryFolder {
  /// Trains an n-gram model on the texts.
  /// - Returns: the model's folder.
  @discardableResult
  package func train(
    _ name: String, _ texts: [String], _ configure: (inout NGramTrainer) -> Void = { _ in }
  ) throws -> String {
    var trainer = NGramTrainer()
    trainer.configuration.tokens = .whitespace
    trainer.configuration.order = 3
    for (index, text) in texts.enumerated() {
      trainer.texts.append(try write("\(name)-\(index).txt", text))
    }
    configure(&trainer)
    try trainer.train(to: file(name))
    return file(name)
  }

  /// Trains an n-gram model on the texts, and opens it.
  package func model(
    _ name: String, _ texts: [String], _ configure: (inout NGramTrainer) -> Void = { _ in }
  ) throws -> NGramLanguageModel {
    try NGramLanguageModel(folder: train(name, texts, configure))
  }
}
