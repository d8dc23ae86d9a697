import Files

/// A text that grows beside others, a token at a time.
protocol GrowingText {
  /// Whether nothing is to follow.
  var isDone: Bool { get }
  /// What the text's session has still to read.
  var lastToken: Int32? { get }

  /// Takes the next token from the scores of a session that stands behind the text.
  mutating func step(_ session: inout any GenerationSession)
  /// The text ends here, since the user wants so.
  mutating func interrupt()
}

/// Texts that grow side by side, so that a model reads its weights once for all of them; where one is done, the next
/// one takes its place (continuous batching; Yu et al. 2022, "Orca"). What a text becomes does not depend on those
/// beside it.
struct RollingBatch<Text: GrowingText> {
  let model: any LanguageModel
  /// Texts that grow at a time.
  let size: Int

  /// Grows texts.
  /// - Parameters:
  ///   - indices: of the texts, which are handed out in this order.
  ///   - begin: a text at its start, and a session that stands there.
  ///   - emit: gets each text when it is done; false: the others are given up.
  /// - Throws: what `begin` and `emit` throw.
  /// - Returns: what is wrong with the model, whose scores are not numbers; else nil.
  func run<Failure: Error>(
    _ indices: Range<Int>,
    begin: (Int) throws(Failure) -> (text: Text, session: any GenerationSession),
    emit: (Text) throws(Failure) -> Bool
  ) throws(Failure) -> AIGCError? {
    var (texts, sessions): ([(index: Int, text: Text)], [any GenerationSession]) = ([], [])
    var done: [Int: Text] = [:]
    var (begun, emitted) = (indices.lowerBound, indices.lowerBound)
    while emitted < indices.upperBound {
      while texts.count < size, begun < indices.upperBound {
        let new = try begin(begun)
        texts.append((begun, new.text))
        sessions.append(new.session)
        begun += 1
      }
      if !Interruption.isRequested { model.read(&sessions) }
      for place in texts.indices where !texts[place].text.isDone {
        // A long text that is read anew stops in its midst.
        if Interruption.isRequested {
          texts[place].text.interrupt()
          continue
        }
        texts[place].text.step(&sessions[place])
        if !sessions[place].areScoresFinite { return model.scoreDamage }
      }
      for place in texts.indices.reversed() {
        if texts[place].text.isDone {
          done[texts[place].index] = texts[place].text
          texts.remove(at: place)
          sessions.remove(at: place)
        } else if let last = texts[place].text.lastToken {
          sessions[place].append(last)
        }
      }
      while let text = done.removeValue(forKey: emitted) {
        guard try emit(text) else { return nil }
        emitted += 1
      }
    }
    return nil
  }
}
