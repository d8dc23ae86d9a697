import Files

/// What is made of options for a model before texts are written: all texts and answers with the same options share it.
struct PreparedOptions: Sendable {
  let breakers: SequenceBreakers
  let engine: ConstraintEngine?
  private let sampling: SamplingConfiguration
  private let constraint: Constraint?
  private let endTokens: [Int32]

  /// - Parameter endTokens: at which the model's texts end.
  /// - Throws: ``/Files/AIGCError``: as ``Constraint/grammar()``; mismatch where the model cannot write what the
  ///   constraint asks for; interrupted.
  init(
    _ options: GenerationOptions, model: any LanguageModel, endTokens: [Int32]
  ) throws(AIGCError) {
    (sampling, constraint) = (options.sampling, options.constraint)
    self.endTokens = endTokens
    breakers = try SequenceBreakers(sampling, of: model)
    guard let constraint else {
      engine = nil
      return
    }
    engine = try ConstraintEngine(constraint, model: model, endTokens: endTokens)
  }

  /// Whether it is what these options make.
  func serves(_ options: GenerationOptions, endTokens: [Int32]) -> Bool {
    sampling == options.sampling && constraint == options.constraint && self.endTokens == endTokens
  }
}
