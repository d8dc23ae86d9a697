import ArgumentParser
import Console
import Datasets
import Families
import Files
import Training

/// `--with`: a mixture of the model with others, of any family.
struct MixtureArguments: ParsableArguments {
  @Option(
    name: .customLong("with"),
    help: "Mix with this model, token by token; may be given several times.",
    completion: .model)
  var others: [String] = []

  @Option(help: "The models' weights in the mixture: 0.6,0.4 (default: equal ones).")
  var weights: String?

  @Option(help: "Held-out text that the weights are fitted on.", completion: .file())
  var tune: String?

  func validate() throws {
    if others.isEmpty, weights != nil || tune != nil {
      throw ValidationError("--weights and --tune need another model: --with MODEL")
    }
    if weights != nil, tune != nil { throw ValidationError("--weights or --tune, not both") }
    if let weights { _ = try mixtureWeights(weights, count: others.count + 1) }
  }

  /// Measures the mixture of `first` and the others on `file`.
  func evaluate(first: String, file: String) throws -> MixtureEvaluation {
    if tune == "-", file == "-" {
      throw AIGCError.usage("--tune -: standard input is read already")
    }
    var models: [(path: String, model: any LanguageModel)] = []
    for name in [first] + others { models.append(try loadTextModel(name)) }
    let shares: [Double]
    if let tune {
      shares = try ProbabilityMixture.fit(scores(of: models, on: tune))
    } else if let weights {
      shares = try mixtureWeights(weights, count: models.count)
    } else {
      shares = ProbabilityMixture.equalWeights(models.count)
    }
    let scores = try scores(of: models, on: file)
    return MixtureEvaluation(
      perplexity: ProbabilityMixture.perplexity(scores, weights: shares),
      tokens: scores.first?.count ?? 0,
      models: models.indices.map { index in
        .init(
          path: models[index].path, perplexity: ProbabilityMixture.perplexity(scores[index]),
          weight: shares[index])
      })
  }

  private func scores(
    of models: [(path: String, model: any LanguageModel)], on file: String
  ) throws(AIGCError) -> [[Float]] {
    let text = try readText(path: file)
    var aligned = AlignedScores(name: file)
    for (path, model) in models {
      try aligned.add(model.score(text, name: file), model: path)
    }
    return try aligned.common()
  }
}

/// The weights of `--weights`, scaled to a sum of 1.
func mixtureWeights(_ text: String, count: Int) throws -> [Double] {
  let parts = text.split(separator: ",", omittingEmptySubsequences: false)
  let values = parts.compactMap { Double($0) }
  let sum = values.reduce(0, +)
  guard parts.count == count, values.count == count, values.allSatisfy({ $0 >= 0 }), sum > 0,
    sum.isFinite
  else {
    throw ValidationError(
      "--weights \(text): a number of 0 or more for each of \(counted(count, "model"))")
  }
  return values.map { $0 / sum }
}

/// Perplexities of several models and of their mixture on the same tokens.
struct MixtureEvaluation: Report {
  struct Part {
    var path: String
    var perplexity: Double
    var weight: Double
  }

  /// Of the mixture.
  var perplexity: Double
  var tokens: Int
  var models: [Part]

  var members: [JSONValue.Member] {
    let parts = models.map { part in
      JSONValue.object([
        .init("path", .string(part.path)), .init("perplexity", .double(part.perplexity)),
        .init("weight", .double(part.weight)),
      ])
    }
    return [
      .init("perplexity", .double(perplexity)), .init("tokens", .int(tokens)),
      .init("models", .array(parts)),
    ]
  }

  var text: String {
    let rows = models.map { part in
      [part.path, Format.fixed(part.perplexity, 2), Format.fixed(part.weight, 4)]
    }
    return table(
      [["model", "perplexity", "weight"]] + rows + [["mixture", Format.fixed(perplexity, 2), ""]])
  }
}
