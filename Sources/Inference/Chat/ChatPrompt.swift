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
    var conversation = conversation
    var dropped = 0
    while true {
      let text = try template.render(conversation, date: date)
      let tokens = try model.encode(rendered: text)
      let context = model.contextSize ?? .max
      let limit = context == .max ? .max : context - min(room, context / 4)
      if tokens.count <= limit {
        (self.text, self.tokens, droppedTurns) = (text, tokens, dropped)
        break
      }
      guard let shorter = conversation.withoutOldestTurn() else {
        throw .usage(
          "the last turn has \(counted(tokens.count, "token")) with its marks, the model sees \(context) "
            + "at once: shorten it")
      }
      conversation = shorter
      dropped += 1
    }
    let own = model.specialTokens.filter(Self.endsTurn)
    var ends = model.endTokenEndsText ? model.endTokens : []
    for token in own where !ends.contains(token.id) { ends.append(token.id) }
    endTokens = ends
  }
}
