import Datasets
import Files

/// A conversation as the tokens that a model answers behind.
public struct ChatPrompt: Sendable, Equatable {
  /// The text that the template renders, with what an answer begins behind.
  public let text: String
  /// Its tokens: special ones stand for themselves, and none are added.
  public let tokens: [Int32]
  /// The tokens at which an answer ends: those at which the model's texts end, and those that published
  /// templates end a turn with.
  public let endTokens: [Int32]
  /// How many of the oldest turns were left out, so that the rest fits into the model's context.
  public let droppedTurns: Int

  /// What is left of a conversation.
  private struct Part {
    let text: String
    let tokens: [Int32]
    let droppedTurns: Int
  }

  /// What ends a turn in the templates of published models.
  private static let turnEnds: Set<String> = [
    "<|im_end|>", "<|eot_id|>", "<|eom_id|>", "<end_of_turn>", "<|end|>", "<|endoftext|>",
    "<|end_of_text|>", "<|eot|>", "<|return|>", "<|call|>", "<|turn_end|>", "<|end_of_turn|>",
    "<turn|>", "<|role_end|>", "<|message_sep|>", "<|END_OF_TURN_TOKEN|>", "<end_of_utterance>",
    "</s>", "<eos>", "[e~[", "<|assistant_end|>",
  ]

  /// Whether published templates end a turn with a token.
  public static func endsTurn(_ token: SpecialToken) -> Bool {
    token.isControl && turnEnds.contains(token.text)
  }

  /// - Parameters:
  ///   - conversation: ends with what is to be answered.
  ///   - template: renders it.
  ///   - model: answers.
  ///   - room: tokens that an answer may take; where the model's context has less, a quarter of it is
  ///     kept for the answer.
  ///   - date: what the template is told of the time.
  /// - Throws: ``/Files/AIGCError``: as ``ChatTemplate/render(_:addsGenerationPrompt:date:variables:)`` and
  ///   ``LanguageModel/encode(rendered:)``; usage where the last turn alone is longer than the context.
  public init(
    _ conversation: Conversation, template: ChatTemplate, model: any LanguageModel, room: Int,
    date: TemplateDate = .now
  ) throws(AIGCError) {
    let context = model.contextSize ?? .max
    let limit = context == .max ? .max : context - min(room, context / 4)
    func part(_ dropped: Int) throws(AIGCError) -> Part {
      let text = try template.render(conversation.withoutOldestTurns(dropped), date: date)
      return Part(text: text, tokens: try model.encode(rendered: text), droppedTurns: dropped)
    }
    var best = try part(0)
    if best.tokens.count > limit {
      // Each turn left out makes the prompt shorter: halving finds the fewest within some renderings.
      let turns = conversation.droppableTurns
      if turns > 0 { best = try part(turns) }
      guard best.tokens.count <= limit else {
        throw .usage(
          "the last turn has \(counted(best.tokens.count, "token")) with its marks, the model sees "
            + "\(context) at once: shorten it")
      }
      var (tooFew, enough) = (0, turns)
      while enough - tooFew > 1 {
        let middle = (tooFew + enough) / 2
        let next = try part(middle)
        if next.tokens.count <= limit {
          (best, enough) = (next, middle)
        } else {
          tooFew = middle
        }
      }
    }
    (text, tokens, droppedTurns) = (best.text, best.tokens, best.droppedTurns)
    let own = model.specialTokens.filter(Self.endsTurn)
    var ends = model.endTokenEndsText ? model.endTokens : []
    for token in own where !ends.contains(token.id) { ends.append(token.id) }
    endTokens = ends
  }
}
